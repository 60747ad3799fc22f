//! What a test expects to come next, and the close handshake.

use std::panic::Location;

use bytes::Bytes;
use bytestring::ByteString;

use super::{
    connection::{Connection, Received},
    patience::{Caller, patiently},
};
use crate::frame::{CloseCode, CloseFrame, Frame};

impl Connection {
    /// Asserts that the client's next message is this text.
    #[track_caller]
    pub fn expect_text(&mut self, text: impl AsRef<str>) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let text = text.as_ref();
            let received = self.receive_for(at, &format!("no text {text:?} came from the client")).await;
            assert_eq!(received, Received::Text(text.into()), "expected at {at}");
        }
    }

    /// Asserts that the client's next message is binary and has these bytes.
    #[track_caller]
    pub fn expect_binary(&mut self, bytes: impl AsRef<[u8]>) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let expected = Received::Binary(Bytes::copy_from_slice(bytes.as_ref()));
            let received = self.receive_for(at, "no binary message came from the client").await;
            assert_eq!(received, expected, "expected at {at}");
        }
    }

    /// Asserts that the client sends a ping next, and gives its payload; answers it unless told not to.
    #[track_caller]
    pub fn expect_ping(&mut self) -> impl Future<Output = Bytes> {
        let at = Location::caller();
        async move {
            let received = patiently(at, "no ping came from the client", self.read(at)).await;
            let Received::Ping(payload) = received else { unexpected(at, "a ping", &received) };
            payload
        }
    }

    /// Asserts that the client sends a pong next, and gives its payload.
    #[track_caller]
    pub fn expect_pong(&mut self) -> impl Future<Output = Bytes> {
        let at = Location::caller();
        async move {
            let received = self.receive_for(at, "no pong came from the client").await;
            let Received::Pong(payload) = received else { unexpected(at, "a pong", &received) };
            payload
        }
    }

    /// Asserts that the client sends a close frame of this code next, and gives its reason. It is not answered:
    /// [`finish_close`](Self::finish_close) does that.
    #[track_caller]
    pub fn expect_close(&mut self, code: impl Into<CloseCode>) -> impl Future<Output = String> {
        let (at, code) = (Location::caller(), code.into());
        async move {
            let received = self.receive_for(at, &format!("no close frame {code} came from the client")).await;
            let Received::Close(Some(CloseFrame { code: came, reason })) = &received else {
                unexpected(at, &format!("a close frame {code}"), &received)
            };
            assert_eq!((*came, &**reason), (code, &**reason), "the code of the close frame expected at {at}");
            reason.to_string()
        }
    }

    /// Asserts that the client ends the connection next.
    #[track_caller]
    pub fn expect_eof(&mut self) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let received = self.receive_for(at, "the client did not end the connection").await;
            assert_eq!(received, Received::Eof, "expected at {at}");
        }
    }

    /// Sends a close frame, and does nothing more: [`finish_close`](Self::finish_close) does the rest.
    #[track_caller]
    pub fn close(&mut self, code: impl Into<CloseCode>, reason: impl Into<ByteString>) -> impl Future<Output = ()> {
        self.send(Frame::close(code, reason))
    }

    /// Completes the close handshake from where it stands (RFC 6455 §7.1.2) and ends the connection, as a server
    /// does first. Gives what the client's close frame said.
    ///
    /// Where the client's close frame has not come, it is awaited and messages before it are passed over; where
    /// none was sent, the client's is echoed.
    #[track_caller]
    pub fn finish_close(mut self) -> impl Future<Output = Option<CloseFrame>> {
        let at = Location::caller();
        async move {
            let theirs = loop {
                if let Some(theirs) = self.close_received.take() {
                    break theirs;
                }
                if self.receive_for(at, "no close frame came from the client").await == Received::Eof {
                    unexpected(at, "a close frame", &Received::Eof);
                }
            };
            if !self.close_sent {
                self.send_for(at, &Frame::Close(theirs.clone())).await;
            }
            theirs
        }
    }
}

fn unexpected(at: Caller, expected: &str, came: &Received) -> ! {
    panic!("expected {expected}, and there came {came:?} (expected at {at})");
}
