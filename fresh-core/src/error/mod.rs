//! What can go wrong: an [`Error`] says whose fault it is (its variant), whether a retry is worthwhile
//! ([`Error::is_transient`]) and whether the connection is gone ([`Error::ends_connection`]).
//!
//! Each variant corresponds to one of Fresh's `error()` atoms. It holds a cause of a type of its own, so that a handler
//! matches on what happened instead of reading a text.
//!
//! The `Display` of an error says what its own level knows and never repeats its
//! [`source`](std::error::Error::source). The sources lead down to the `io::Error`, the `rustls::Error` or the user's own
//! error where there was one. [`Chain`] displays all of them in one line.

mod callback;
mod chain;
mod connect;
mod handshake;
mod name;
mod protocol;
mod reason;
mod send;
mod stream;

use std::{error::Error as StdError, fmt, time::Duration};

pub use callback::{Callback, HandlerError};
pub use chain::Chain;
pub use connect::{ConnectError, FileError, TlsError};
pub use handshake::{EstablishError, MalformedResponse, ProcessError, Refusal, UpgradeError};
pub use name::NameError;
pub use protocol::DecodeError;
pub use reason::Reason;
pub use send::{InfoError, SendError, SendFailure};
pub use stream::StreamError;

pub use crate::frame::EncodeError;

/// Any error of the user's code, as a callback returns it.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// What callbacks return: `?` works on every error type.
pub type Result<T, E = BoxError> = std::result::Result<T, E>;

/// Why something failed: the argument of `handle_error`.
///
/// Cheap to clone. Its text contains neither credentials nor the query of the URL.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// No connection could be opened: DNS, TCP, TLS or the connect timeout. Fresh's `connecting_failed`.
    Connect(ConnectError),
    /// The upgrade request could not be built or sent. Fresh's `upgrading_failed`.
    Upgrade(UpgradeError),
    /// The server answered and did not agree to the upgrade. Fresh's `establishing_failed`.
    Establish(EstablishError),
    /// The HTTP exchange failed midway. Fresh's `processing_failed`.
    Process(ProcessError),
    /// An open connection was lost. Fresh's `streaming_failed`.
    Stream(StreamError),
    /// The server broke the protocol. Fresh's `decoding_failed`.
    Decode(DecodeError),
    /// A frame that must not be sent. Fresh's `encoding_failed`.
    Encode(EncodeError),
    /// A frame that was not sent. Fresh's `casting_failed`.
    Send(SendFailure),
    /// A callback returned an error. In Fresh, a raise.
    Handler(HandlerError),
}

/// The variant of an [`Error`] without its cause: a `Copy` value to compare, to count by and to label metrics with, where a
/// `match` on the variants themselves is too much.
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

    /// Whether a retry is worthwhile: the same attempt, or the same frame, may succeed later although nobody changes
    /// anything. The cause decides, for example [`EstablishError::is_transient`].
    ///
    /// The default `handle_error` ignores `Encode` and `Send`; of the others it reconnects after those that are transient
    /// and ends the client after those that are not.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect(cause) => cause.is_transient(),
            Self::Upgrade(cause) => cause.is_transient(),
            Self::Establish(cause) => cause.is_transient(),
            Self::Process(cause) => cause.is_transient(),
            Self::Stream(cause) => cause.is_transient(),
            Self::Decode(cause) => cause.is_transient(),
            Self::Encode(cause) => cause.is_transient(),
            Self::Send(cause) => cause.is_transient(),
            Self::Handler(cause) => cause.is_transient(),
        }
    }

    /// Whether the connection, or the attempt to open one, is gone: after `Connect`, `Upgrade`, `Establish`, `Process`,
    /// `Stream` and `Decode`.
    ///
    /// `Encode`, `Send` and `Handler` cost one frame or one callback, and the connection stays. A write that failed is
    /// first reported as `Send`, for the frame, and then as `Stream`, for the connection.
    pub fn ends_connection(&self) -> bool {
        match self {
            Self::Connect(_)
            | Self::Upgrade(_)
            | Self::Establish(_)
            | Self::Process(_)
            | Self::Stream(_)
            | Self::Decode(_) => true,
            Self::Encode(_) | Self::Send(_) | Self::Handler(_) => false,
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
            Self::Handler(cause) => cause,
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
        self.cause().source()
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
    HandlerError => Handler,
}

#[cfg(test)]
mod tests;
