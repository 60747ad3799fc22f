//! How a connection ended, as `handle_down` receives it: [`Down`].

use std::fmt;

use crate::{connection::Disconnect, error::Error, exit::ExitReason};

/// How a connection ended, as [`handle_down`](crate::Handler::handle_down) receives it.
///
/// Each variant names the callback that follows. Corresponds to OTP's `'DOWN'` message; Fresh has no counterpart.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Down {
    /// The close handshake ended or timed out (RFC 6455 §7.1.4).
    /// [`handle_disconnect`](crate::Handler::handle_disconnect) follows.
    Closed(Disconnect),
    /// The connection failed. [`handle_error`](crate::Handler::handle_error) follows.
    Lost(Error),
    /// `client.reconnect()`, or an earlier verdict of the handler, closed or dropped the connection in order to open
    /// another one. The [`handle_connect`](crate::Handler::handle_connect) of the next connection follows.
    Replaced,
    /// The connection ended together with the client: after `client.stop()`, a panic in a callback, or a verdict that
    /// ends the client. [`handle_terminate`](crate::Handler::handle_terminate) follows.
    Ended(ExitReason),
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(disconnect) => disconnect.fmt(f),
            Self::Lost(error) => write!(f, "lost: {error}"),
            Self::Replaced => f.write_str("replaced by another connection"),
            Self::Ended(reason) => write!(f, "ended with the client: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::StreamError;

    #[test]
    fn a_down_says_how_the_connection_ended() {
        let lost = Error::from(StreamError::Eof);
        for (down, text) in [
            (Down::Closed(Disconnect::unanswered()), "closed by us without a code".to_owned()),
            (Down::Lost(lost.clone()), format!("lost: {lost}")),
            (Down::Replaced, "replaced by another connection".to_owned()),
            (Down::Ended(ExitReason::Stopped), format!("ended with the client: {}", ExitReason::Stopped)),
        ] {
            assert_eq!(down.to_string(), text);
        }
    }
}
