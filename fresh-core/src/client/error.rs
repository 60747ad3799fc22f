//! What a call on the handle can answer.

use std::{error::Error as StdError, fmt};

use crate::{
    error::{Error, SendFailure},
    exit::ExitReason,
    frame::Frame,
};

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

    /// Why: an `Encode` error where the frame may never be sent, a `Send` error where it could not be sent now.
    pub fn cause(&self) -> &Error {
        &self.cause
    }

    /// Whether the same frame may get out later.
    pub fn is_transient(&self) -> bool {
        matches!(self.cause, Error::Send(_)) && !matches!(self.cause, Error::Send(SendFailure::Ended))
    }

    /// The frame, given back; `None` where part of it may have been written.
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

/// An info that was not delivered: the client has ended, or (only `try_info`) the mailbox is full.
#[derive(Clone)]
pub struct InfoError<I> {
    info: I,
    failure: SendFailure,
}

impl<I> InfoError<I> {
    pub(crate) fn new(info: I, failure: SendFailure) -> Self {
        Self { info, failure }
    }

    /// Why.
    pub fn failure(&self) -> &SendFailure {
        &self.failure
    }

    /// The info, given back.
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

impl<I> StdError for InfoError<I> {}

/// The client ended before there was a connection.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the client has ended: {0}")]
pub struct EndedError(pub ExitReason);

/// Why a client could not be started.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// `start` was called outside of a tokio runtime; `Client::new` gives a future that can be spawned anywhere.
    #[error("there is no tokio runtime here")]
    NoRuntime,
}
