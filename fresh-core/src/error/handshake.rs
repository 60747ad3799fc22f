//! Why the opening handshake did not end in a WebSocket connection (RFC 6455 §4.1).

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::Reason;

/// Why the upgrade request did not get out.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The request could not be built: a header or the URL does not fit HTTP. The reason is an
    /// [`OptionsError`](crate::options::OptionsError) where a request hook asked for what the options refuse.
    #[error("the request could not be built: {0}")]
    Request(Reason),
    /// The request hook answered with an error.
    #[error("the request hook failed: {0}")]
    Hook(Reason),
    /// The transport failed while the request was written.
    #[error("the request could not be sent: {0}")]
    Send(Arc<io::Error>),
}

impl UpgradeError {
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Request(_) => false,
            Self::Hook(_) | Self::Send(_) => true,
        }
    }
}

/// Why the server's answer is no agreement (RFC 6455 §4.1, "the client MUST validate the server's response").
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EstablishError {
    /// A status other than 101.
    #[error("the server answered {}", .0.status)]
    Refused(Arc<Refusal>),
    /// No `Upgrade: websocket`.
    #[error("the answer lacks `Upgrade: websocket`")]
    NoUpgrade,
    /// No `Connection: upgrade`.
    #[error("the answer lacks `Connection: upgrade`")]
    NoConnectionUpgrade,
    /// `Sec-WebSocket-Accept` is missing or does not belong to the key of this request.
    #[error("`Sec-WebSocket-Accept` does not answer the key")]
    Accept,
    /// A subprotocol that was not offered, or more than one.
    #[error("the subprotocol {0:?} was not offered")]
    Protocol(String),
    /// An extension that was not offered, or one whose parameters were not.
    #[error("the extension {0:?} was not offered")]
    Extension(String),
    /// The head of the answer is larger than `max_handshake`.
    #[error("the answer's head is larger than {limit} bytes")]
    HeadTooLarge {
        /// The `max_handshake` that was in force, in bytes.
        limit: usize,
    },
}

impl EstablishError {
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_transient(),
            Self::NoUpgrade
            | Self::NoConnectionUpgrade
            | Self::Accept
            | Self::Protocol(_)
            | Self::Extension(_)
            | Self::HeadTooLarge { .. } => false,
        }
    }
}

/// A server's refusal of the upgrade.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The status, never 101.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The first 8 KiB of the body, as far as it came within a second. It is read inside the connect timeout.
    pub body: Bytes,
    /// `Retry-After`, as seconds or as a date, counted from the answer's arrival.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Whether the status speaks of a passing condition: 408, 425, 429 and every 5xx.
    fn is_transient(&self) -> bool {
        matches!(self.status.as_u16(), 408 | 425 | 429) || self.status.is_server_error()
    }
}

/// How the HTTP exchange of the upgrade broke.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The server closed the connection before it had answered.
    #[error("the server closed the connection before it answered")]
    Eof,
    /// The transport failed while the answer was read.
    #[error(transparent)]
    Io(Arc<io::Error>),
    /// The server sent something before it was asked: what listens there speaks another protocol.
    #[error("the server spoke before it was asked")]
    SpokeFirst,
    /// A 101 in HTTP/1.0, which knows no upgrade (RFC 9110 §7.8).
    #[error("a 101 in HTTP/1.0, which knows no upgrade")]
    Version,
    /// What came is no HTTP/1.1 answer.
    #[error("{0}")]
    Http(Reason),
}
