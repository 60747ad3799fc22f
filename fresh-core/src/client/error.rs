//! What a call on the handle can answer.

use std::{error::Error as StdError, fmt};

use crate::{
    error::{Callback, SendFailure},
    exit::ExitReason,
    registry::AnyClient,
};

/// An info that was not delivered: the client has ended, or the mailbox is full (`try_info`, and `info` inside a callback
/// of the same client).
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

/// How a client ended that was to go on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the client has ended: {0}")]
pub struct EndedError(pub ExitReason);

/// Why [`connected`](crate::Client::connected) returned without a connection.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The client ended before there was a connection; why.
    #[error("the client has ended: {0}")]
    Ended(ExitReason),
    /// The call was made inside this callback of the same client, and there can be no connection before the callback
    /// returns: see [`Client`](crate::Client#calls-inside-a-callback).
    #[error("called inside `{0}` of the same client, which has to return first")]
    WithinCallback(Callback),
}

impl From<Callback> for WaitError {
    fn from(callback: Callback) -> Self {
        Self::WithinCallback(callback)
    }
}

impl ExitReason {
    /// `Ok` where the end is not [abnormal](Self::is_abnormal), so that a `main` can end with `?`.
    ///
    /// # Errors
    ///
    /// The reason, as an error.
    pub fn into_result(self) -> Result<(), EndedError> {
        if self.is_abnormal() { Err(EndedError(self)) } else { Ok(()) }
    }
}

/// Why a client could not be started.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// `start` was called outside of a tokio runtime; `Client::new` gives a future that can be spawned anywhere.
    #[error("there is no tokio runtime here")]
    NoRuntime,
    /// The options' name is taken; whose it is. Erlang's `{error, {already_started, Pid}}`.
    #[error("a client of this name is already started")]
    AlreadyStarted(AnyClient),
}
