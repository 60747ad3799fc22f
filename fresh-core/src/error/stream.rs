//! How an open connection was lost.

use std::{error::Error as StdError, fmt, io, sync::Arc, time::Duration};

/// How an open connection was lost without a proper close handshake. All variants but
/// [`Unfinished`](Self::Unfinished) are what RFC 6455 §7.1.5 calls 1006.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StreamError {
    /// The server ended the connection without a close frame: it ended TCP, over `wss` with or without close_notify
    /// (RFC 8446 §6.1).
    Eof,
    /// Reading failed: a reset, or a TLS failure.
    Read(Arc<io::Error>),
    /// Writing failed or timed out. The frame that could not be written is reported on its own, as
    /// [`Error::Send`](super::Error::Send).
    Write(Arc<io::Error>),
    /// No byte arrived within [`pong_timeout`](crate::Options::pong_timeout) after a ping.
    PongTimeout {
        /// The `pong_timeout` that was in force.
        after: Duration,
    },
    /// No byte arrived within [`idle_timeout`](crate::Options::idle_timeout).
    IdleTimeout {
        /// The `idle_timeout` that was in force.
        after: Duration,
    },
    /// Part of a message of [`send_stream`](crate::Client::send_stream) was sent, and then its stream failed or the call
    /// was dropped. Only the rest of that message may follow (RFC 6455 §5.4), so the connection was closed with 1011.
    Unfinished,
}

impl StreamError {
    /// A failed read. A TLS connection that ends without close_notify fails with `UnexpectedEof`; a killed server is
    /// reported in the same way over `ws` and `wss`.
    pub(crate) fn from_read(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Eof } else { Self::Read(Arc::new(error)) }
    }

    /// Returns `true`: a new connection may stay up.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Eof
            | Self::Read(_)
            | Self::Write(_)
            | Self::PongTimeout { .. }
            | Self::IdleTimeout { .. }
            | Self::Unfinished => true,
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eof => f.write_str("the server ended the connection without a close frame"),
            Self::Read(_) => f.write_str("reading from the connection failed"),
            Self::Write(_) => f.write_str("writing to the connection failed"),
            Self::PongTimeout { after } => {
                write!(f, "the server sent no byte within the `pong_timeout` of {after:?} after a ping")
            }
            Self::IdleTimeout { after } => write!(f, "the server sent no byte within the `idle_timeout` of {after:?}"),
            Self::Unfinished => f.write_str("a message was left unfinished"),
        }
    }
}

impl StdError for StreamError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Read(cause) | Self::Write(cause) => Some(&**cause),
            Self::Eof | Self::PongTimeout { .. } | Self::IdleTimeout { .. } | Self::Unfinished => None,
        }
    }
}
