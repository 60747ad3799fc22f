//! The whole runtime over a byte stream in memory.

use std::{
    io,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{MESSAGES, wire_frame};
use crate::{
    action::{Action, Recovery},
    client::Client,
    error::{BoxError, Error, Result},
    frame::Message,
    handler::Handler,
    options::{Connector, Options, Target, Transport},
    wire::key,
};

/// Turns of the driver: a read that brings 32 text messages of 64 bytes, 32 callbacks that reply, a write. The socket is
/// found empty after each.
///
/// Outside of a tokio runtime there is no time, so it has to be polled in one.
pub async fn turn(rounds: usize, options: Options) {
    let line = Line { piece: wire_frame().repeat(MESSAGES), pieces: rounds, next: Next::Request(None) };
    let (_client, running) = Client::new(options.connector(Memory(Mutex::new(Some(line)))), Echo);
    running.await;
}

struct Echo;

impl Handler for Echo {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        Ok(Action::reply(message))
    }

    /// The line is at its end.
    async fn handle_error(&mut self, _error: &Error) -> Recovery {
        Recovery::Close
    }
}

/// Opens its line once.
struct Memory(Mutex<Option<Line>>);

#[async_trait]
impl Connector for Memory {
    async fn connect(&self, _target: &Target) -> std::result::Result<Transport, BoxError> {
        let line = self.0.lock().ok().and_then(|mut line| line.take());
        Ok(Transport::new(line.ok_or("the line has ended")?))
    }
}

/// A server in memory: it answers the upgrade, then brings one piece a turn and takes whatever is written.
struct Line {
    piece: Vec<u8>,
    pieces: usize,
    next: Next,
}

/// What the next read finds.
enum Next {
    /// Nothing until the request has come.
    Request(Option<Waker>),
    Answer(String),
    /// Nothing for now.
    Nothing,
    /// A piece, of which so much has been read.
    Piece(usize),
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match &mut this.next {
            Next::Request(waiting) => {
                *waiting = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Next::Answer(answer) => {
                into.put_slice(answer.as_bytes());
                this.next = Next::Nothing;
            }
            Next::Nothing => {
                this.next = Next::Piece(0);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            // Behind the last piece nothing is read, which is the end of the line.
            Next::Piece(_) if this.pieces == 0 => {}
            Next::Piece(read) => {
                let end = this.piece.len().min(*read + into.remaining());
                into.put_slice(&this.piece[*read..end]);
                if end < this.piece.len() {
                    this.next = Next::Piece(end);
                } else {
                    this.pieces -= 1;
                    this.next = Next::Nothing;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Next::Request(waiting) = &mut self.next {
            let waiting = waiting.take();
            self.next = Next::Answer(answer(bytes));
            if let Some(waker) = waiting {
                waker.wake();
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The answer to an upgrade, whose request is written at once.
fn answer(request: &[u8]) -> String {
    let request = String::from_utf8_lossy(request);
    let mut headers = request.lines().filter_map(|line| line.split_once(": "));
    let key = headers.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")).map_or("", |(_, key)| key);
    let accept = key::accept(key);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n"
    )
}
