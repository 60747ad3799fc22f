//! The stream under the HTTP exchange: it does what hyper leaves undone.
//!
//! hyper reports failed writes and failed reads alike; this stream marks the writes. hyper cannot write
//! `Sec-WebSocket-Key`, only `Sec-Websocket-Key` or `sec-websocket-key`; this stream restores the case.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::options::Io;

/// The stream under an HTTP exchange.
pub(crate) struct Tagged {
    io: Box<dyn Io>,
    case: HeaderCase,
}

impl Tagged {
    pub(crate) fn new(io: Box<dyn Io>) -> Self {
        Self { io, case: HeaderCase::default() }
    }

    pub(crate) fn into_inner(self) -> Box<dyn Io> {
        self.io
    }
}

/// A header line as hyper writes it. A header's value contains no CRLF, and the request has no body, so these bytes are
/// always the start of a header line; and only the handshake's own headers have such names.
const TITLE_CASE: &[u8] = b"\r\nSec-Websocket-";
/// The same bytes in the case of RFC 6455 §11.3.
const RFC_CASE: &[u8] = b"\r\nSec-WebSocket-";

/// Gives the handshake's header names the case of RFC 6455, whatever the pieces that the transport accepts.
#[derive(Default)]
struct HeaderCase {
    /// The end of what was accepted so far, as hyper wrote it: a header line may have begun in it.
    accepted: Vec<u8>,
}

impl HeaderCase {
    /// The same bytes in the right case.
    fn restore(&self, buf: &[u8]) -> Vec<u8> {
        let mut bytes = [&self.accepted, buf].concat();
        for start in 0..bytes.len() {
            if bytes[start..].starts_with(TITLE_CASE) {
                bytes[start..start + RFC_CASE.len()].copy_from_slice(RFC_CASE);
            }
        }
        bytes.split_off(self.accepted.len())
    }

    fn accept(&mut self, bytes: &[u8]) {
        self.accepted.extend_from_slice(bytes);
        let surplus = self.accepted.len().saturating_sub(TITLE_CASE.len() - 1);
        self.accepted.drain(..surplus);
    }
}

/// The mark on the error of a write.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct WriteFailed(io::Error);

/// Whether this is the error of a write, and the error as the stream gave it.
pub(crate) fn untag(error: &io::Error) -> (bool, &io::Error) {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<WriteFailed>()) {
        Some(WriteFailed(cause)) => (true, cause),
        // This one is hyper's own: it never gets as far as the stream's error.
        None => (error.kind() == io::ErrorKind::WriteZero, error),
    }
}

fn tag<T>(outcome: io::Result<T>) -> io::Result<T> {
    outcome.map_err(|error| io::Error::new(error.kind(), WriteFailed(error)))
}

impl AsyncRead for Tagged {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

/// Vectored writes are not forwarded, as each write is a copy.
impl AsyncWrite for Tagged {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let restored = self.case.restore(buf);
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, &restored).map(tag))?;
        self.case.accept(&buf[..written.min(buf.len())]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx).map(tag)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a transport receives that accepts so many bytes at a time.
    fn sent_in_pieces_of(size: usize, written: &[u8]) -> String {
        let (mut case, mut sent, mut rest) = (HeaderCase::default(), Vec::new(), written);
        while !rest.is_empty() {
            let accepted = size.min(rest.len());
            sent.extend_from_slice(&case.restore(rest)[..accepted]);
            case.accept(&rest[..accepted]);
            rest = &rest[accepted..];
        }
        String::from_utf8(sent).unwrap()
    }

    #[test]
    fn the_case_is_restored_whatever_the_pieces_that_the_transport_accepts() {
        let head = b"GET /Sec-Websocket-Key HTTP/1.1\r\nSec-Websocket-Key: Sec-Websocket-\r\nSec-Websocket-Version: 13\r\n\r\n";
        for size in 1..=head.len() {
            assert_eq!(
                sent_in_pieces_of(size, head),
                "GET /Sec-Websocket-Key HTTP/1.1\r\nSec-WebSocket-Key: Sec-Websocket-\r\nSec-WebSocket-Version: 13\r\n\r\n",
                "{size}"
            );
        }
    }
}
