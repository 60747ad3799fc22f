//! A socket, and its halves, as `Stream` and `Sink`.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{Sink, Stream};

use super::{ReadHalf, Socket, SocketError, SocketState, WriteHalf, readers::Reader};
use crate::{
    error::SendError,
    frame::{Frame, Message},
};

/// The received messages, without pongs. The stream ends with the close handshake, and after an error that ends the
/// connection.
///
/// It is `recv` in another form, so it needs passive mode; the option `recv_timeout` does not apply. If another handle
/// reads too, a frame goes to the one that polls first.
impl Stream for Socket {
    type Item = Result<Message, SocketError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match ready!(self.poll_message(cx)) {
            Ok(message) => Some(Ok(message)),
            Err(SocketError::Closed(disconnect)) if disconnect.clean => None,
            Err(SocketError::WrongState { state: SocketState::Closed }) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

impl Socket {
    pub(super) fn poll_message(&self, cx: &mut Context<'_>) -> Poll<Result<Message, SocketError>> {
        self.readable()?;
        loop {
            match ready!(self.shared.inbox.poll_take(Reader::Stream(self.handle), cx))? {
                Frame::Text(text) => return Poll::Ready(Ok(Message::Text(text))),
                Frame::Binary(bytes) => return Poll::Ready(Ok(Message::Binary(bytes))),
                Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_) => {}
            }
        }
    }
}

/// Sends frames. They are collected up to 64 frames or 64 KiB, and written when flushed or when there are more.
///
/// To close the sink is what [`Socket::finish`] does. A method call `socket.close()` is never the sink's `close`, but
/// [`Socket::close`], which stops reading too.
impl Sink<Frame> for Socket {
    type Error = SocketError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        let client = self.connected()?;
        self.outbox().poll_ready(&client, cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), SocketError> {
        match frame.check() {
            Ok(()) => {
                self.outbox().push(frame);
                Ok(())
            }
            Err(error) => Err(SocketError::Send(SendError::new(Some(frame), error))),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        match self.shared.client() {
            Some(client) => self.outbox().poll_flush(&client, cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        self.readable()?;
        match self.shared.client() {
            Some(client) => self.outbox().poll_close(&client, cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl Stream for ReadHalf {
    type Item = Result<Message, SocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl Sink<Frame> for WriteHalf {
    type Error = SocketError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), SocketError> {
        Pin::new(&mut self.0).start_send(frame)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}
