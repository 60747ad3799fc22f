//! Why a frame or an info was not sent.
//!
//! [`SendFailure`] is the reason. [`SendError`] and [`InfoError`] are the errors of the calls: each gives back the frame or
//! the info together with the reason. A frame that may never be sent is an [`EncodeError`](super::EncodeError).

use std::{error::Error as StdError, fmt, io, sync::Arc, time::Duration};

use super::{Callback, Error, NameError, Reason};
use crate::frame::Frame;

/// Why a well-formed frame, or an info, was not sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SendFailure {
    /// There is no connection, and `Offline::Reject` is in force; or the connection was lost before the frame was
    /// written.
    NotConnected,
    /// There is no connection, and the queue of `Offline::Queue(n)` is full.
    QueueFull,
    /// There is no connection, and `Offline::Drop` is in force.
    Dropped,
    /// The close handshake has begun; nothing is sent after a close frame (RFC 6455 §5.5.1).
    Closing,
    /// The client has ended.
    Ended,
    /// The frame was sent by a name that leads to no client.
    Name(NameError),
    /// The call was made inside this callback of the same client, and could only resolve after the callback returns: see
    /// [`Client`](crate::Client#calls-inside-a-callback). A retry inside the same callback fails again.
    WithinCallback(Callback),
    /// The mailbox is full: `try_send`, `try_info`, and `info` inside a callback of the same client.
    MailboxFull,
    /// The socket accepted no byte within [`write_timeout`](crate::Options::write_timeout).
    Timeout {
        /// The `write_timeout` that was in force.
        after: Duration,
    },
    /// Writing to the socket failed.
    Io(Arc<io::Error>),
    /// The stream of a message's pieces failed, with this error; only `send_stream` returns this.
    Source(Reason),
}

impl SendFailure {
    /// Whether the same frame may be sent later: not once the client has ended, nor where the client of that name takes
    /// another `Info`, nor where the user's own stream failed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NotConnected
            | Self::QueueFull
            | Self::Dropped
            | Self::Closing
            | Self::MailboxFull
            | Self::Timeout { .. }
            | Self::Io(_) => true,
            Self::Name(cause) => cause.is_transient(),
            Self::Ended | Self::Source(_) | Self::WithinCallback(_) => false,
        }
    }

    /// Whether there is no connection, whatever the [`Offline`](crate::Offline) policy:
    /// [`NotConnected`](Self::NotConnected), [`QueueFull`](Self::QueueFull) or [`Dropped`](Self::Dropped).
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::NotConnected | Self::QueueFull | Self::Dropped)
    }

    /// Whether there is no room: [`MailboxFull`](Self::MailboxFull) or [`QueueFull`](Self::QueueFull).
    pub fn is_full(&self) -> bool {
        matches!(self, Self::MailboxFull | Self::QueueFull)
    }
}

impl fmt::Display for SendFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => f.write_str("there is no connection"),
            Self::QueueFull => f.write_str("there is no connection, and the queue is full"),
            Self::Dropped => f.write_str("there is no connection, and `Offline::Drop` is in force"),
            Self::Closing => f.write_str("the connection is closing"),
            Self::Ended => f.write_str("the client has ended"),
            Self::Name(cause) => fmt::Display::fmt(cause, f),
            Self::WithinCallback(callback) => {
                write!(f, "called inside `{callback}` of the same client, which has to return first")
            }
            Self::MailboxFull => f.write_str("the mailbox is full"),
            Self::Timeout { after } => {
                write!(f, "the socket accepted no byte within the `write_timeout` of {after:?}")
            }
            Self::Io(_) => f.write_str("writing to the socket failed"),
            Self::Source(_) => f.write_str("the stream of the message failed"),
        }
    }
}

impl StdError for SendFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Io(cause) => Some(&**cause),
            Self::Source(reason) => Some(reason.as_error()),
            Self::Name(cause) => cause.source(),
            Self::NotConnected
            | Self::QueueFull
            | Self::Dropped
            | Self::Closing
            | Self::Ended
            | Self::WithinCallback(_)
            | Self::MailboxFull
            | Self::Timeout { .. } => None,
        }
    }
}

impl From<NameError> for SendFailure {
    fn from(cause: NameError) -> Self {
        Self::Name(cause)
    }
}

/// A frame that was not sent, and why.
#[derive(Clone)]
pub struct SendError {
    frame: Option<Frame>,
    cause: Error,
}

impl SendError {
    pub(crate) fn new(frame: Option<Frame>, cause: impl Into<Error>) -> Self {
        Self { frame, cause: cause.into() }
    }

    /// Returns the reason: [`Error::Encode`] where the frame may never be sent, [`Error::Send`] where it could not be sent
    /// now.
    pub fn cause(&self) -> &Error {
        &self.cause
    }

    /// Whether the same frame may be sent later: [`Error::is_transient`] of the cause.
    pub fn is_transient(&self) -> bool {
        self.cause.is_transient()
    }

    /// Whether the frame was not sent because there is no connection: [`SendFailure::is_offline`].
    pub fn is_offline(&self) -> bool {
        matches!(&self.cause, Error::Send(failure) if failure.is_offline())
    }

    /// Whether the frame was not sent because there is no room for it: [`SendFailure::is_full`].
    pub fn is_full(&self) -> bool {
        matches!(&self.cause, Error::Send(failure) if failure.is_full())
    }

    /// Gives back the frame; `None` where part of it may have been written, and for `send_stream`.
    pub fn into_frame(self) -> Option<Frame> {
        self.frame
    }
}

impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frame = self.frame.as_ref().map(|frame| format!("{} bytes", frame.payload_len()));
        f.debug_struct("SendError").field("cause", &self.cause).field("frame", &frame).finish()
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

impl StdError for SendError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source()
    }
}

/// An info that was not delivered: the client has ended, no client has the name, or (only `try_info`) the mailbox is full.
#[derive(Clone)]
pub struct InfoError<I> {
    info: I,
    failure: SendFailure,
}

impl<I> InfoError<I> {
    pub(crate) fn new(info: I, failure: SendFailure) -> Self {
        Self { info, failure }
    }

    /// Returns the reason.
    pub fn failure(&self) -> &SendFailure {
        &self.failure
    }

    /// Whether the same info may be delivered later: [`SendFailure::is_transient`].
    pub fn is_transient(&self) -> bool {
        self.failure.is_transient()
    }

    /// Whether the mailbox for infos is full.
    pub fn is_full(&self) -> bool {
        self.failure.is_full()
    }

    /// Gives back the info.
    pub fn into_info(self) -> I {
        self.info
    }
}

impl<I> fmt::Debug for InfoError<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InfoError").field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl<I> fmt::Display for InfoError<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.failure, f)
    }
}

impl<I> StdError for InfoError<I> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.failure.source()
    }
}
