//! What can go wrong: [`Error`] says whose fault it is ([`Error::kind`]) and whether another try is worth it
//! ([`Error::is_transient`]).
//!
//! Each kind answers to one of Fresh's `error()` atoms; the causes below it are types of their own, so that a
//! handler matches on what happened instead of reading a text.
//!
//! A text tells everything down to the innermost cause that is known here, so one line of a log is enough. `source()`
//! gives the same causes as values, down to the `io::Error`.

mod callback;
mod connect;
mod handshake;
mod name;
mod protocol;
mod reason;
mod send;
mod stream;
mod unsent;

use std::{error::Error as StdError, fmt, time::Duration};

pub use callback::Callback;
pub use connect::{ConnectError, FileError, TlsError};
pub use handshake::{EstablishError, ProcessError, Refusal, UpgradeError};
pub use name::NameError;
pub use protocol::DecodeError;
pub use reason::Reason;
pub use send::SendFailure;
pub use stream::StreamError;
pub use unsent::SendError;

pub use crate::frame::EncodeError;

/// Any error of the user's code, as a callback returns it.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// What callbacks return: `?` works on every error type.
pub type Result<T, E = BoxError> = std::result::Result<T, E>;

/// Why something failed, as `handle_error` is told it.
///
/// Cheap to clone. Its text names neither credentials nor the query of the URL.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// No transport came up: DNS, TCP, TLS or the connect timeout. Fresh's `connecting_failed`.
    Connect(ConnectError),
    /// The upgrade request could not be built or sent. Fresh's `upgrading_failed`.
    Upgrade(UpgradeError),
    /// The server answered, and it is no agreement. Fresh's `establishing_failed`.
    Establish(EstablishError),
    /// The HTTP exchange broke midway. Fresh's `processing_failed`.
    Process(ProcessError),
    /// An open connection was lost. Fresh's `streaming_failed`.
    Stream(StreamError),
    /// The server broke the protocol. Fresh's `decoding_failed`.
    Decode(DecodeError),
    /// A frame that may not be sent. Fresh's `encoding_failed`.
    Encode(EncodeError),
    /// A frame that did not get out. Fresh's `casting_failed`.
    Send(SendFailure),
    /// A callback returned an error: what is a raise in Fresh.
    Handler(Reason),
}

/// The kind of an [`Error`], for a `match` that needs no detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// [`Error::Connect`]
    Connect,
    /// [`Error::Upgrade`]
    Upgrade,
    /// [`Error::Establish`]
    Establish,
    /// [`Error::Process`]
    Process,
    /// [`Error::Stream`]
    Stream,
    /// [`Error::Decode`]
    Decode,
    /// [`Error::Encode`]
    Encode,
    /// [`Error::Send`]
    Send,
    /// [`Error::Handler`]
    Handler,
}

impl Error {
    /// Which kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect(_) => ErrorKind::Connect,
            Self::Upgrade(_) => ErrorKind::Upgrade,
            Self::Establish(_) => ErrorKind::Establish,
            Self::Process(_) => ErrorKind::Process,
            Self::Stream(_) => ErrorKind::Stream,
            Self::Decode(_) => ErrorKind::Decode,
            Self::Encode(_) => ErrorKind::Encode,
            Self::Send(_) => ErrorKind::Send,
            Self::Handler(_) => ErrorKind::Handler,
        }
    }

    /// Whether the same attempt may succeed later without anybody changing anything.
    ///
    /// The default `handle_error` reconnects on these and ends the client on the others.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect(cause) => cause.is_transient(),
            Self::Upgrade(cause) => cause.is_transient(),
            Self::Establish(cause) => cause.is_transient(),
            Self::Encode(_)
            | Self::Handler(_)
            | Self::Send(SendFailure::Source(_) | SendFailure::WithinCallback(_)) => false,
            Self::Process(_) | Self::Stream(_) | Self::Decode(_) | Self::Send(_) => true,
        }
    }

    /// How long the server asked to wait: the `Retry-After` of a refused upgrade (RFC 9110 §10.2.3).
    ///
    /// It is a floor under the backoff's next delay.
    pub fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_after)
    }

    /// The server's answer where it refused the upgrade: status, headers and the first 8 KiB of the body.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Establish(EstablishError::Refused(refusal)) => Some(refusal),
            Self::Connect(_)
            | Self::Upgrade(_)
            | Self::Establish(_)
            | Self::Process(_)
            | Self::Stream(_)
            | Self::Decode(_)
            | Self::Encode(_)
            | Self::Send(_)
            | Self::Handler(_) => None,
        }
    }

    /// The status of a refused upgrade.
    pub fn status(&self) -> Option<http::StatusCode> {
        self.refusal().map(|refusal| refusal.status)
    }

    fn cause(&self) -> &(dyn StdError + 'static) {
        match self {
            Self::Connect(cause) => cause,
            Self::Upgrade(cause) => cause,
            Self::Establish(cause) => cause,
            Self::Process(cause) => cause,
            Self::Stream(cause) => cause,
            Self::Decode(cause) => cause,
            Self::Encode(cause) => cause,
            Self::Send(cause) => cause,
            Self::Handler(reason) => reason.as_error(),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting failed",
            Self::Upgrade => "upgrading failed",
            Self::Establish => "establishing failed",
            Self::Process => "processing failed",
            Self::Stream => "streaming failed",
            Self::Decode => "decoding failed",
            Self::Encode => "encoding failed",
            Self::Send => "sending failed",
            Self::Handler => "a callback failed",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind(), self.cause())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.cause())
    }
}

macro_rules! from_cause {
    ($($cause:ty => $variant:ident),* $(,)?) => {$(
        impl From<$cause> for Error {
            fn from(cause: $cause) -> Self {
                Self::$variant(cause)
            }
        }
    )*};
}

from_cause! {
    ConnectError => Connect,
    UpgradeError => Upgrade,
    EstablishError => Establish,
    ProcessError => Process,
    StreamError => Stream,
    DecodeError => Decode,
    EncodeError => Encode,
    SendFailure => Send,
}

#[cfg(test)]
mod tests;
