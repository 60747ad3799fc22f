//! A byte stream whose failed writes can be told from its failed reads: hyper reports both alike.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::options::Io;

/// The stream under an HTTP exchange.
pub(crate) struct Tagged(pub(crate) Box<dyn Io>);

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
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tagged {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf).map(tag)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs).map(tag)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx).map(tag)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
