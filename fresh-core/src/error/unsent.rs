//! A frame on its way back to whoever wanted to send it.

use std::{error::Error as StdError, fmt};

use super::{Error, SendFailure};
use crate::frame::Frame;

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
        use SendFailure::{Ended, Source, WithinCallback};
        matches!(self.cause, Error::Send(_))
            && !matches!(self.cause, Error::Send(Ended | Source(_) | WithinCallback(_)))
    }

    /// The frame, given back; `None` where part of it may have been written, for `send_stream`, and where the frame stays
    /// in the queue ([`SendFailure::WithinCallback`]).
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
