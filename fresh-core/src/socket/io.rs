//! A socket as a byte stream: `AsyncRead` and `AsyncWrite` over binary messages.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::StreamReader;

use super::{Socket, SocketError, SocketState};
use crate::{
    connection::{Disconnect, Initiator},
    frame::{CloseCode, Frame, Message},
};

/// The most bytes of a written message.
const MOST_BYTES: usize = 64 << 10;

impl Socket {
    /// Turns the socket into a byte stream, to tunnel another protocol.
    pub fn into_io(self) -> SocketIo {
        SocketIo { reader: StreamReader::new(Payloads(self.clone())), writer: self }
    }
}

/// A [`Socket`] as a byte stream: binary messages, one after the other, whose boundaries mean nothing.
///
/// It carries byte protocols such as MQTT and SSH, and works with `tokio::io::copy_bidirectional` and `tokio::io::split`.
///
/// Reading returns the bytes of the binary messages. The stream ends when the close handshake has ended, if we began it or
/// the server closed with 1000, 1001 or no code. Any other end of the connection is an error (`ConnectionAborted`, or
/// `UnexpectedEof` if TCP ended without a close frame), and so is a text message (`InvalidData`). The error inside is a
/// [`SocketError`].
///
/// A write becomes one binary message of at most 64 KiB; several are sent together. A flush waits until they are written.
/// A shutdown sends a close frame with 1000 behind them; what the server sends until it answers can still be read.
#[derive(Debug)]
pub struct SocketIo {
    reader: StreamReader<Payloads, Bytes>,
    writer: Socket,
}

impl SocketIo {
    /// The socket under the stream.
    pub fn socket(&self) -> &Socket {
        &self.writer
    }
}

/// The payloads of the binary messages.
#[derive(Debug)]
struct Payloads(Socket);

impl Stream for Payloads {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.0.poll_message(cx)) {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            Ok(Message::Text(_)) => Some(Err(io::Error::new(io::ErrorKind::InvalidData, "a text message amid bytes"))),
            Err(SocketError::Closed(disconnect)) if is_end_of_bytes(&disconnect) => None,
            Err(SocketError::WrongState { state: SocketState::Closed }) => None,
            Err(error) => Some(Err(error.into())),
        })
    }
}

/// Whether both sides agree that everything was sent.
fn is_end_of_bytes(disconnect: &Disconnect) -> bool {
    let is_in_order = match (disconnect.initiator, disconnect.code) {
        (Initiator::Local, _) | (Initiator::Remote, None) => true,
        (Initiator::Remote, Some(code)) => matches!(code, CloseCode::NORMAL_CLOSURE | CloseCode::GOING_AWAY),
    };
    disconnect.clean && is_in_order
}

impl AsyncRead for SocketIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, buffer)
    }
}

impl AsyncBufRead for SocketIo {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut self.get_mut().reader).poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        Pin::new(&mut self.reader).consume(count);
    }
}

impl AsyncWrite for SocketIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.writer).poll_ready(cx))?;
        let bytes = &bytes[..bytes.len().min(MOST_BYTES)];
        Pin::new(&mut self.writer).start_send(Frame::Binary(Bytes::copy_from_slice(bytes)))?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx).map_err(io::Error::from)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_close(cx).map_err(io::Error::from)
    }
}
