//! Code that may be the user's: a panic in it becomes a value, and a panic of a byte stream an error of the connection.

use std::{
    fmt,
    future::Future,
    io::{self, IoSlice},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{exit::panic_message, options::Io};

/// Runs code that may be the user's; the message of its panic, if it panics.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Arc<str>> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_message(&*panic))
}

/// As [`caught`], for a future.
///
/// Only `handle_down` and `handle_terminate` see what a panicking callback leaves behind, as OTP's `terminate` sees the
/// last state of a crashed process.
pub(super) async fn caught_future<F: Future>(future: F) -> Result<F::Output, Arc<str>> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| panic_message(&*panic))
}

/// A byte stream whose panics are caught. After one, it is never used again.
pub(super) struct Guarded(Option<Box<dyn Io>>);

/// The panic of a user's byte stream, as an `io::Error` carries it.
#[derive(Debug)]
struct Panicked(Arc<str>);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the byte stream panicked: {}", self.0)
    }
}

impl std::error::Error for Panicked {}

/// The message of the panic that caused this error, if a panic did.
pub(super) fn panic_of(error: &io::Error) -> Option<Arc<str>> {
    let panicked = error.get_ref()?.downcast_ref::<Panicked>()?;
    Some(Arc::clone(&panicked.0))
}

impl Guarded {
    pub(super) fn new(io: Box<dyn Io>) -> Self {
        Self(Some(io))
    }

    /// Drops the byte stream; the message of its panic, if it panics.
    pub(super) fn close(&mut self) -> Result<(), Arc<str>> {
        let io = self.0.take();
        caught(move || drop(io))
    }

    fn guard<T>(&mut self, poll: impl FnOnce(Pin<&mut Box<dyn Io>>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let Some(io) = &mut self.0 else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        match caught(|| poll(Pin::new(io))) {
            Ok(polled) => polled,
            Err(message) => {
                // Its drop may panic as well, which says no more than the first panic.
                let _ = self.close();
                Poll::Ready(Err(io::Error::other(Panicked(message))))
            }
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Where the panic matters, `close` was called before.
        let _ = self.close();
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.guard(|io| io.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.guard(|io| io.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.guard(|io| io.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.0.as_ref().is_some_and(|io| caught(|| io.is_write_vectored()).unwrap_or(false))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.guard(|io| io.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.guard(|io| io.poll_shutdown(cx))
    }
}
