//! A TCP stream that a test looks into.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use fresh::options::{Connector, Target, Transport};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// What happens on the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tapped {
    /// The client calls for a write.
    Write,
    /// The client calls for a read, and nothing has come.
    NothingToRead,
    /// The client ends its side.
    Shutdown,
    /// The client drops the stream.
    Drop,
}

/// What the client is shown of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// What there is.
    Go,
    /// The end of the server's side.
    End,
    /// As many messages as there is room for, whatever else wants to run.
    Flood,
    /// One message, whatever else wants to run.
    OneMore,
}

/// A binary message of two bytes, as a server sends it.
const MESSAGE: [u8; 4] = *b"\x82\x02hi";

type Tap = Arc<dyn Fn(Tapped) -> Verdict + Send + Sync>;

/// Connects to this URL's host and port by streams that tell a test what happens on them.
pub(crate) fn tcp(url: &fresh::url::Url, tap: impl Fn(Tapped) -> Verdict + Send + Sync + 'static) -> TapConnector {
    let addr = url.socket_addrs(|| None).expect("the URL names an address")[0];
    TapConnector { addr, tap: Arc::new(tap) }
}

/// The way to one address, by streams that tell a test what happens on them.
pub(crate) struct TapConnector {
    addr: std::net::SocketAddr,
    tap: Tap,
}

#[async_trait::async_trait]
impl Connector for TapConnector {
    async fn connect(&self, _: &Target) -> fresh::Result<Transport> {
        let stream = TcpStream::connect(self.addr).await?;
        stream.set_nodelay(true)?;
        Ok(Transport::new(TapStream { stream, tap: Arc::clone(&self.tap) }))
    }
}

struct TapStream {
    stream: TcpStream,
    tap: Tap,
}

impl AsyncRead for TapStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_ready() {
            return read;
        }
        match (self.tap)(Tapped::NothingToRead) {
            Verdict::Go => Poll::Pending,
            Verdict::End => Poll::Ready(Ok(())),
            Verdict::OneMore => {
                buffer.put_slice(&MESSAGE);
                Poll::Ready(Ok(()))
            }
            Verdict::Flood => {
                buffer.put_slice(&MESSAGE.repeat(buffer.remaining() / MESSAGE.len()));
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for TapStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        (self.tap)(Tapped::Write);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        (self.tap)(Tapped::Write);
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        (self.tap)(Tapped::Shutdown);
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for TapStream {
    fn drop(&mut self) {
        (self.tap)(Tapped::Drop);
    }
}
