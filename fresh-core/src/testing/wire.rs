//! Frames as bytes, read strictly and written freely.

use bytes::{Buf, Bytes, BytesMut};
use fastwebsockets::{Frame as Encoder, OpCode, Payload, unmask};

use crate::frame::Frame;

pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;

/// One frame as it stands on the wire (RFC 6455 §5.2), for what [`Frame`] cannot say: fragments, reserved bits,
/// unknown opcodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireFrame {
    /// Whether it is the last frame of its message.
    pub fin: bool,
    /// The reserved bits: 4 is RSV1, 2 is RSV2, 1 is RSV3.
    pub rsv: u8,
    /// The opcode, 0 to 15.
    pub opcode: u8,
    /// The masking key. A client's frame has one, a server's frame must not.
    pub mask: Option<[u8; 4]>,
    /// The payload, unmasked.
    pub payload: Bytes,
}

impl WireFrame {
    /// A final frame of this opcode, unmasked, without reserved bits; change the fields for another.
    pub fn new(opcode: u8, payload: impl Into<Bytes>) -> Self {
        Self { fin: true, rsv: 0, opcode, mask: None, payload: payload.into() }
    }

    /// The bytes of the frame, with the shortest length that fits; nothing is checked.
    pub fn encode(&self) -> Bytes {
        let payload = Payload::Owned(self.payload.to_vec());
        let mut frame = Encoder::new(self.fin, OpCode::Binary, self.mask, payload);
        if self.mask.is_some() {
            frame.mask();
        }
        let mut buffer = Vec::new();
        let mut bytes = frame.write(&mut buffer).to_vec();
        // Not every opcode, and no reserved bit, has a name there.
        bytes[0] = u8::from(self.fin) << 7 | (self.rsv & 0x7) << 4 | (self.opcode & 0xF);
        bytes.into()
    }
}

impl From<&Frame> for WireFrame {
    fn from(frame: &Frame) -> Self {
        match frame {
            Frame::Text(text) => Self::new(TEXT, text.as_bytes().clone()),
            Frame::Binary(bytes) => Self::new(BINARY, bytes.clone()),
            Frame::Ping(payload) => Self::new(PING, payload.clone()),
            Frame::Pong(payload) => Self::new(PONG, payload.clone()),
            Frame::Close(None) => Self::new(CLOSE, Bytes::new()),
            Frame::Close(Some(close)) => {
                Self::new(CLOSE, [&close.code.as_u16().to_be_bytes(), close.reason.as_bytes().as_ref()].concat())
            }
        }
    }
}

/// Takes the client's next frame out of the buffer, once all of it is there.
///
/// # Errors
///
/// In words, what RFC 6455 §5 forbids every client, whatever was negotiated.
pub(super) fn parse(buffer: &mut BytesMut) -> Result<Option<WireFrame>, String> {
    let &[first, second, ..] = &buffer[..] else { return Ok(None) };
    let (fin, rsv, opcode) = (first & 0x80 != 0, first >> 4 & 0x7, first & 0xF);
    if second & 0x80 == 0 {
        return Err("its frame is not masked".into());
    }
    if !matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
        return Err(format!("its frame has the opcode {opcode}, which means nothing"));
    }
    let Some((length, start)) = length(second & 0x7F, &buffer[2..])? else { return Ok(None) };
    if opcode >= CLOSE && (!fin || length > 125) {
        return Err(format!("its control frame has {length} bytes and FIN {fin}"));
    }
    let Some(&[a, b, c, d]) = buffer.get(start..start + 4) else { return Ok(None) };
    if buffer.len() - start - 4 < length {
        return Ok(None);
    }
    buffer.advance(start + 4);
    let mut payload = buffer.split_to(length);
    unmask(&mut payload, [a, b, c, d]);
    Ok(Some(WireFrame { fin, rsv, opcode, mask: Some([a, b, c, d]), payload: payload.freeze() }))
}

/// The length of the payload and where the masking key begins, once the length is there.
fn length(code: u8, extended: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let (length, start, least) = match (code, extended) {
        (126, &[a, b, ..]) => (u64::from(u16::from_be_bytes([a, b])), 4, 126),
        (127, &[a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 10, 65_536),
        (126 | 127, _) => return Ok(None),
        (short, _) => (u64::from(short), 2, 0),
    };
    if length < least {
        return Err(format!("its frame spends {} bytes on the length {length}", start - 2));
    }
    let length = usize::try_from(length).map_err(|_| format!("its frame claims {length} bytes"))?;
    Ok(Some((length, start)))
}
