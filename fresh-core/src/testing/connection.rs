//! The server's end of one connection, in the hands of the test.

use std::panic::Location;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio_util::either::Either;

use super::{
    patience::{Caller, patiently},
    server::Stream,
    wire::WireFrame,
};
use crate::frame::CloseFrame;

/// One connection of a client, which acts only while the test awaits a method.
///
/// Everything the client sends is checked: each frame masked, with the shortest length and no reserved bit,
/// fragments in order, text in UTF-8, a close code that may be sent, nothing after the close frame.
///
/// Every method may be cancelled: what was not read or written stays for the next one. Dropping the connection
/// ends it without a close frame.
#[derive(Debug)]
pub struct Connection {
    pub(super) stream: Stream,
    pub(super) inbound: BytesMut,
    pub(super) outbound: BytesMut,
    /// The message whose last fragment has not come: its opcode and what came.
    pub(super) partial: Option<(u8, BytesMut)>,
    pub(super) auto_pong: bool,
    pub(super) close_sent: bool,
    /// The client's close frame, once it came; inside, what it said.
    pub(super) close_received: Option<Option<CloseFrame>>,
}

/// What came from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole text message.
    Text(String),
    /// A whole binary message.
    Binary(Bytes),
    /// A ping; only where pings are reported.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// A close frame: what it said, if it said anything.
    Close(Option<CloseFrame>),
    /// The end of the stream, orderly or by a reset.
    Eof,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            inbound: BytesMut::new(),
            outbound: BytesMut::new(),
            partial: None,
            auto_pong: true,
            close_sent: false,
            close_received: None,
        }
    }

    /// Whether pings are answered as they are read. Default: yes, and then only
    /// [`expect_ping`](Self::expect_ping) reports them.
    pub fn auto_pong(&mut self, on: bool) {
        self.auto_pong = on;
    }

    /// What the client sends next: a whole message, a control frame or the end.
    #[track_caller]
    pub fn receive(&mut self) -> impl Future<Output = Received> {
        self.receive_for(Location::caller(), "nothing came from the client")
    }

    /// The next single frame of the client, with its fragment and reserved bits and its masking key: for tests of
    /// extensions. It is not answered, and no message is put together from it.
    #[track_caller]
    pub fn receive_frame(&mut self) -> impl Future<Output = Option<WireFrame>> {
        let at = Location::caller();
        patiently(at, "no frame came from the client", self.read_frame(at))
    }

    /// What the client wrote, unparsed: at least one byte, or none at the end of the stream.
    #[track_caller]
    pub fn raw_read(&mut self) -> impl Future<Output = Bytes> {
        let at = Location::caller();
        async move {
            if self.inbound.is_empty() {
                patiently(at, "no byte came from the client", self.fill()).await;
            }
            self.inbound.split().freeze()
        }
    }

    /// The next bytes of the client, unparsed, exactly this many.
    #[track_caller]
    pub fn raw_read_exact(&mut self, length: usize) -> impl Future<Output = Bytes> {
        let at = Location::caller();
        async move {
            while self.inbound.len() < length {
                let came = self.inbound.len();
                let missing = format!("of {length} bytes only {came} came from the client");
                assert!(patiently(at, &missing, self.fill()).await, "{missing}, and the end (read at {at})");
            }
            self.inbound.split_to(length).freeze()
        }
    }

    /// Reads and writes nothing, and keeps the connection open while the guard lives.
    pub fn freeze(self) -> Frozen {
        Frozen { connection: self }
    }

    /// Ends the connection without a close frame: the client sees the end of the stream. (TCP sends a reset
    /// instead where bytes of the client were not read.)
    pub fn drop_connection(self) {
        drop(self);
    }

    /// Ends a TCP connection by a reset.
    ///
    /// # Panics
    ///
    /// In memory, where there is no reset.
    #[track_caller]
    pub fn reset(self) {
        let Either::Left(stream) = self.stream else { panic!("only a connection of `Server::tcp` can be reset") };
        stream.set_zero_linger().unwrap_or_else(|error| panic!("the socket takes no linger: {error}"));
    }

    pub(super) async fn receive_for(&mut self, at: Caller, missing: &str) -> Received {
        let answered = self.auto_pong;
        let next = async {
            loop {
                let received = self.read(at).await;
                if !(answered && matches!(received, Received::Ping(_))) {
                    return received;
                }
            }
        };
        patiently(at, missing, next).await
    }

    /// Whether more bytes came; an end of any kind brings none.
    pub(super) async fn fill(&mut self) -> bool {
        self.inbound.reserve(4096);
        self.stream.read_buf(&mut self.inbound).await.is_ok_and(|count| count > 0)
    }
}

/// A connection that is held open and left alone. Dropping it ends the connection without a close frame.
#[derive(Debug)]
#[must_use = "dropping it ends the connection"]
pub struct Frozen {
    connection: Connection,
}

impl Frozen {
    /// Goes on where the connection was frozen.
    pub fn thaw(self) -> Connection {
        self.connection
    }
}
