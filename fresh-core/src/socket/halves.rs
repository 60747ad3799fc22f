//! A socket in two, for a task that reads and another one that writes.

use std::time::Duration;

use bytestring::ByteString;

use super::{Socket, SocketError};
use crate::frame::{CloseCode, Frame};

impl Socket {
    /// Splits the socket into halves, for a task that reads and another one that writes. Each is a handle of the same
    /// socket, which closes when both are dropped.
    pub fn split(self) -> (ReadHalf, WriteHalf) {
        (ReadHalf(self.clone()), WriteHalf(self))
    }
}

/// The half of a [`Socket`] that reads: `recv`, and a `Stream` of messages.
#[derive(Debug)]
pub struct ReadHalf(pub(super) Socket);

impl ReadHalf {
    /// Takes the next frame; see [`Socket::recv`].
    ///
    /// # Errors
    ///
    /// Those of `Socket::recv`.
    pub async fn recv(&self) -> Result<Frame, SocketError> {
        self.0.recv().await
    }

    /// Takes the next frame if it arrives in time; see [`Socket::recv_timeout`].
    ///
    /// # Errors
    ///
    /// Those of `Socket::recv_timeout`.
    pub async fn recv_timeout(&self, after: Duration) -> Result<Frame, SocketError> {
        self.0.recv_timeout(after).await
    }

    /// The whole socket, for everything else.
    pub fn socket(&self) -> &Socket {
        &self.0
    }
}

/// The half of a [`Socket`] that writes: `send`, and a `Sink` of frames.
#[derive(Debug)]
pub struct WriteHalf(pub(super) Socket);

impl WriteHalf {
    /// Sends a frame; see [`Socket::send`].
    ///
    /// # Errors
    ///
    /// Those of `Socket::send`.
    pub async fn send(&self, frame: impl Into<Frame>) -> Result<(), SocketError> {
        self.0.send(frame).await
    }

    /// Closes the socket; see [`Socket::close`].
    ///
    /// # Errors
    ///
    /// Those of `Socket::close`.
    pub async fn close(&self) -> Result<(), SocketError> {
        self.0.close().await
    }

    /// Closes the socket with a code and a reason; see [`Socket::close_with`].
    ///
    /// # Errors
    ///
    /// Those of `Socket::close_with`.
    pub async fn close_with(
        &self,
        code: impl Into<CloseCode>,
        reason: impl Into<ByteString>,
    ) -> Result<(), SocketError> {
        self.0.close_with(code, reason).await
    }

    /// Ends the writing, so that the other half can read what the server still sends; see [`Socket::finish`].
    ///
    /// # Errors
    ///
    /// Those of `Socket::finish`.
    pub async fn finish(&mut self) -> Result<(), SocketError> {
        self.0.finish().await
    }

    /// The whole socket, for everything else.
    pub fn socket(&self) -> &Socket {
        &self.0
    }
}
