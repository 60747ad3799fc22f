//! How an open connection was lost.

use std::{io, sync::Arc, time::Duration};

/// How an open connection was lost without a proper close handshake: what RFC 6455 §7.1.5 calls 1006, but for
/// [`Unfinished`](Self::Unfinished).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The server ended TCP without a close frame.
    #[error("the server ended the connection without a close frame")]
    Eof,
    /// Reading failed: reset, TLS failure.
    #[error("reading failed: {0}")]
    Read(#[source] Arc<io::Error>),
    /// Writing failed or timed out; the frame concerned is told apart as [`Error::Send`](super::Error::Send).
    #[error("writing failed: {0}")]
    Write(#[source] Arc<io::Error>),
    /// Nothing came within the pong timeout after a ping.
    #[error("no sign of life within {after:?} after a ping")]
    PongTimeout {
        /// The `pong_timeout` that was in force.
        after: Duration,
    },
    /// Nothing came within the read idle timeout.
    #[error("nothing was received for {after:?}")]
    IdleTimeout {
        /// The `idle_timeout` that was in force.
        after: Duration,
    },
    /// A message of [`send_stream`](crate::Client::send_stream) had begun to go out, and then its stream failed or the
    /// call was dropped. Nothing but its rest may follow (RFC 6455 §5.4), so the connection was closed with 1011.
    #[error("a message was left unfinished")]
    Unfinished,
}
