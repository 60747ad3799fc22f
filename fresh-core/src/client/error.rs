//! Why a client could not be started, and how it ended.

use std::{error::Error as StdError, fmt};

use crate::{
    error::Callback,
    exit::ExitReason,
    registry::{AnyClient, Taken},
};

/// The client has ended; the reason.
#[derive(Clone, Debug)]
pub struct EndedError(pub ExitReason);

impl fmt::Display for EndedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client has ended: ")?;
        self.0.fmt_without_sources(f)
    }
}

impl StdError for EndedError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.error()?.source()
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

/// Why [`connected`](crate::Client::connected) returned without a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WaitError {
    /// The client ended before there was a connection; the reason.
    Ended(ExitReason),
    /// The call was made inside this callback of the same client, and there can be no connection before the callback
    /// returns: see [`Client`](crate::Client#calls-inside-a-callback).
    WithinCallback(Callback),
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(reason) => {
                f.write_str("the client has ended: ")?;
                reason.fmt_without_sources(f)
            }
            Self::WithinCallback(callback) => {
                write!(f, "called inside `{callback}` of the same client, which has to return first")
            }
        }
    }
}

impl StdError for WaitError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Ended(reason) => reason.error()?.source(),
            Self::WithinCallback(_) => None,
        }
    }
}

impl From<Callback> for WaitError {
    fn from(callback: Callback) -> Self {
        Self::WithinCallback(callback)
    }
}

/// Why a client could not be started.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// `start` was called outside of a tokio runtime; `Client::new` gives a future that can be spawned anywhere.
    #[error("there is no tokio runtime here")]
    NoRuntime,
    /// Another client has the name that the options give. Erlang's `{error, {already_started, Pid}}`.
    #[error("a client named {name:?} is already started")]
    AlreadyStarted {
        /// The name.
        name: String,
        /// The client that has the name.
        client: AnyClient,
    },
}

impl From<Taken> for StartError {
    fn from(Taken { name, client }: Taken) -> Self {
        Self::AlreadyStarted { name, client }
    }
}
