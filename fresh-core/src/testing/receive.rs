//! From the client's bytes to what it said, with every check of RFC 6455 on the way.

use bytes::{Bytes, BytesMut};

use super::{
    connection::{Connection, Received},
    patience::Caller,
    wire::{self, BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WireFrame},
};
use crate::frame::{CloseCode, CloseFrame, Frame};

impl Connection {
    /// The next whole message, control frame or end. A ping is answered where pings are, and reported always.
    pub(super) async fn read(&mut self, at: Caller) -> Received {
        loop {
            let Some(frame) = self.read_frame(at).await else { return Received::Eof };
            let received = self.take(&frame).unwrap_or_else(|fault| broken(at, &fault));
            match received {
                None => {}
                Some(Received::Ping(payload)) if self.auto_pong => {
                    self.queue_frame(&Frame::Pong(payload.clone()));
                    // Where the client is gone, the end is what is read next.
                    let _ = self.flush().await;
                    return Received::Ping(payload);
                }
                Some(received) => return received,
            }
        }
    }

    pub(super) async fn read_frame(&mut self, at: Caller) -> Option<WireFrame> {
        loop {
            if let Some(frame) = wire::parse(&mut self.inbound).unwrap_or_else(|fault| broken(at, &fault)) {
                return Some(frame);
            }
            if !self.fill().await {
                if !self.inbound.is_empty() {
                    broken(at, &format!("it ended amid a frame, after {:?}", self.inbound));
                }
                return None;
            }
        }
    }

    /// What the frame completes, if anything.
    fn take(&mut self, frame: &WireFrame) -> Result<Option<Received>, String> {
        if frame.rsv != 0 {
            return Err(format!("its frame has the reserved bits {:03b}", frame.rsv));
        }
        if self.close_received.is_some() {
            return Err(format!("it sent {frame:?} after its close frame"));
        }
        Ok(Some(match frame.opcode {
            PING => Received::Ping(frame.payload.clone()),
            PONG => Received::Pong(frame.payload.clone()),
            CLOSE => {
                let said = close_frame(&frame.payload)?;
                self.close_received = Some(said.clone());
                Received::Close(said)
            }
            _ => return self.assemble(frame),
        }))
    }

    fn assemble(&mut self, frame: &WireFrame) -> Result<Option<Received>, String> {
        let (opcode, mut message) = match (frame.opcode, self.partial.take()) {
            (CONTINUATION, Some(begun)) => begun,
            (CONTINUATION, None) => return Err("it continued a message that it did not begin".into()),
            (_, Some(_)) => return Err("it began a message amid another".into()),
            (opcode, None) => (opcode, BytesMut::new()),
        };
        message.extend_from_slice(&frame.payload);
        if !frame.fin {
            self.partial = Some((opcode, message));
            return Ok(None);
        }
        Ok(Some(match opcode {
            TEXT => Received::Text(utf8(&message)?),
            BINARY => Received::Binary(message.freeze()),
            other => return Err(format!("its frame has the opcode {other}")),
        }))
    }
}

fn close_frame(payload: &Bytes) -> Result<Option<CloseFrame>, String> {
    match &payload[..] {
        [] => Ok(None),
        [_] => Err("its close frame has one byte".into()),
        [high, low, reason @ ..] => {
            let code = CloseCode::from(u16::from_be_bytes([*high, *low]));
            if !code.is_sendable() {
                return Err(format!("its close frame has the code {code}"));
            }
            Ok(Some(CloseFrame::new(code, utf8(reason)?)))
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| format!("its text is not UTF-8: {error}"))
}

fn broken(at: Caller, fault: &str) -> ! {
    panic!("the client broke the protocol: {fault} (read at {at})");
}
