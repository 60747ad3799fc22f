//! `send_stream`: one message in pieces (RFC 6455 §5.4).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, reason = "a test")]

#[path = "../support/mod.rs"]
mod support;

mod backpressure;
#[cfg(feature = "deflate")]
mod compression;
mod ending;
mod failing;
mod fragments;
mod waiting;

use std::{convert::Infallible, io};

use fresh::{
    Client, Error, MessageType,
    bytes::Bytes,
    client::SendError,
    error::SendFailure,
    testing::{Connection, WireFrame},
};
use futures_util::{Stream, stream};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
};

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;

/// The pieces of a message, in the hands of the test.
struct Pieces(UnboundedSender<io::Result<Bytes>>);

impl Pieces {
    fn give(&self, piece: impl Into<Bytes>) {
        self.0.send(Ok(piece.into())).unwrap();
    }

    fn fail(&self) {
        self.0.send(Err(io::ErrorKind::PermissionDenied.into())).unwrap();
    }

    /// No more pieces come.
    fn end(self) {}
}

fn pieces() -> (Pieces, impl Stream<Item = io::Result<Bytes>> + Send + 'static) {
    let (sender, mut pieces): (_, UnboundedReceiver<_>) = unbounded_channel();
    (Pieces(sender), stream::poll_fn(move |cx| pieces.poll_recv(cx)))
}

/// A stream that gives all of its pieces at once.
fn ready<P: Into<Bytes>>(pieces: impl IntoIterator<Item = P>) -> impl Stream<Item = Result<P, Infallible>> {
    stream::iter(pieces.into_iter().map(Ok))
}

type Sending = JoinHandle<Result<(), SendError>>;

/// A message of which the first piece is out.
async fn begun<I: Send + 'static>(client: &Client<I>, connection: &mut Connection) -> (Pieces, Sending) {
    let (pieces, sending) = spawn(client, MessageType::Text);
    pieces.give("first");
    assert_eq!(next(connection).await, frame(TEXT, false, "first"));
    (pieces, sending)
}

fn spawn<I: Send + 'static>(client: &Client<I>, message_type: MessageType) -> (Pieces, Sending) {
    let (given, pieces) = pieces();
    let client = client.clone();
    (given, tokio::spawn(async move { client.send_stream(message_type, pieces).await }))
}

fn frame(opcode: u8, fin: bool, payload: impl Into<Bytes>) -> WireFrame {
    WireFrame { fin, ..WireFrame::new(opcode, payload) }
}

/// The next frame of the client, without its masking key.
async fn next(connection: &mut Connection) -> WireFrame {
    WireFrame { mask: None, ..connection.receive_frame().await.expect("the client is still there") }
}

#[track_caller]
fn failure(sent: Result<(), SendError>) -> SendFailure {
    let refused = sent.expect_err("it was not sent");
    let Error::Send(failure) = refused.cause() else { panic!("{refused:?}") };
    failure.clone()
}
