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

/// No message that is written holds more bytes than this.
const MOST_BYTES: usize = 64 << 10;

impl Socket {
    /// The socket as a byte stream, to tunnel another protocol.
    pub fn into_io(self) -> SocketIo {
        SocketIo { reader: StreamReader::new(Payloads(self.clone())), writer: self }
    }
}

/// A [`Socket`] as a byte stream: binary messages, one after the other, whose bounds mean nothing.
///
/// It is what MQTT, SSH and their like need, and fits `tokio::io::copy_bidirectional` and `tokio::io::split`.
///
/// To read gives the bytes of the binary messages, as they are in memory. The end comes where the close handshake has
/// ended, by us, or by the server with 1000, 1001 or no code. All else that ends the connection is an error
/// (`ConnectionAborted`, `UnexpectedEof` where TCP ended without it), and so is a text message (`InvalidData`).
/// [`SocketError`] is the error inside.
///
/// A write becomes one binary message of at most 64 KiB; several go out together. To flush waits until they are written.
/// To shut down sends a close frame with 1000 behind them; what the server says until it answers can still be read.
#[derive(Debug)]
pub struct SocketIo {
    reader: StreamReader<Payloads, Bytes>,
    writer: Socket,
}

impl SocketIo {
    /// The socket under it.
    pub fn socket(&self) -> &Socket {
        &self.writer
    }
}

/// What the binary messages hold.
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

/// Whether both sides agree that all was said.
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
