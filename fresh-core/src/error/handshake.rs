//! Why the opening handshake did not end in a WebSocket connection (RFC 6455 §4.1).

use std::{error::Error as StdError, fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::Reason;

/// Why the upgrade request was not sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The request could not be built: a header or the URL does not fit HTTP. The reason is an
    /// [`OptionsError`](crate::options::OptionsError) where a request hook asked for something that the options refuse.
    Request(Reason),
    /// The request hook returned an error.
    Hook(Reason),
    /// The connection failed while the request was written.
    Send(Arc<io::Error>),
}

impl UpgradeError {
    /// Whether a later attempt may succeed: not for a request that cannot be built.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Request(_) => false,
            Self::Hook(_) | Self::Send(_) => true,
        }
    }
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request(_) => "the request could not be built",
            Self::Hook(_) => "the request hook failed",
            Self::Send(_) => "the request could not be sent",
        })
    }
}

impl StdError for UpgradeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Request(reason) | Self::Hook(reason) => Some(reason.as_error()),
            Self::Send(cause) => Some(&**cause),
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
    #[error("the head of the response is larger than the {limit} bytes of `max_handshake`")]
    HeadTooLarge {
        /// The `max_handshake` that was in force, in bytes.
        limit: usize,
    },
}

impl EstablishError {
    /// Whether a later attempt may succeed: only a refusal with the status 408, 425, 429 or 5xx.
    pub fn is_transient(&self) -> bool {
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

/// Why the HTTP exchange of the upgrade failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ProcessError {
    /// The server closed the connection before it answered.
    Eof,
    /// The connection failed while the response was read.
    Io(Arc<io::Error>),
    /// The server's bytes are not the response that HTTP/1.1 requires.
    Malformed {
        /// What is wrong with the response.
        response: MalformedResponse,
        /// How many attempts in a row have ended like this, with this one: the count restarts after any other failure
        /// and after a connection.
        in_a_row: u32,
    },
}

/// What is wrong with a response that is not the one that HTTP/1.1 requires: most often another protocol is spoken on
/// that port.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MalformedResponse {
    /// The server sent bytes before it received the request, as a mail or SSH server does.
    SpokeFirst,
    /// The server answered 101 in HTTP/1.0, which has no upgrade (RFC 9110 §7.8).
    Version,
    /// The bytes cannot be parsed as HTTP/1.1; the reason says where parsing failed.
    Http(Reason),
}

impl ProcessError {
    /// How many malformed responses in a row are one too many to retry.
    ///
    /// A single one may come from a proxy that restarts. A server that repeats it speaks another protocol.
    pub const MOST_MALFORMED: u32 = 3;

    /// Whether a later attempt may succeed: always, except for the third malformed response in a row
    /// ([`MOST_MALFORMED`](Self::MOST_MALFORMED)) and those that follow it.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Eof | Self::Io(_) => true,
            Self::Malformed { in_a_row, .. } => *in_a_row < Self::MOST_MALFORMED,
        }
    }
}

impl From<MalformedResponse> for ProcessError {
    /// The first in a row; the owner of the attempts counts on.
    fn from(response: MalformedResponse) -> Self {
        Self::Malformed { response, in_a_row: 1 }
    }
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eof => f.write_str("the server closed the connection before it answered"),
            Self::Io(_) => f.write_str("the response could not be read"),
            Self::Malformed { response, in_a_row: 0 | 1 } => fmt::Display::fmt(response, f),
            Self::Malformed { response, in_a_row } => write!(f, "{response} ({in_a_row} times in a row)"),
        }
    }
}

impl StdError for ProcessError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Eof => None,
            Self::Io(cause) => Some(&**cause),
            Self::Malformed { response, .. } => response.source(),
        }
    }
}

impl fmt::Display for MalformedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SpokeFirst => "the server sent bytes before it received the request",
            Self::Version => "the server answered 101 in HTTP/1.0, which has no upgrade",
            Self::Http(_) => "the response is not valid HTTP/1.1",
        })
    }
}

impl StdError for MalformedResponse {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::SpokeFirst | Self::Version => None,
            Self::Http(reason) => Some(reason.as_error()),
        }
    }
}
