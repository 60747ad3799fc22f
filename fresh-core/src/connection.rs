//! What is told about a connection, as plain data: [`Upgrade`], [`Disconnect`], [`ConnectionState`].

use std::{fmt, net::SocketAddr};

use bytestring::ByteString;
use http::{HeaderMap, StatusCode};

use crate::frame::{CloseCode, CloseFrame};

/// The answer that opened a connection, as `handle_connect` is told it (RFC 6455 §4.2.2).
///
/// Answers to the `status` and `headers` of Fresh's `handle_connect/3`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Upgrade {
    /// Always 101.
    pub status: StatusCode,
    /// All headers of the answer.
    pub headers: HeaderMap,
    /// The subprotocol that the server chose among the offered ones.
    pub protocol: Option<String>,
    /// The extensions in force, each with its parameters, as the server wrote them.
    pub extensions: Vec<String>,
    /// The server's address, where the transport has one.
    pub peer_addr: Option<SocketAddr>,
    /// Our address, where the transport has one.
    pub local_addr: Option<SocketAddr>,
    /// The number of the attempt that led here: 1 for the client's first, counted over its whole life.
    pub attempt: u64,
}

impl Upgrade {
    pub(crate) fn new(headers: HeaderMap) -> Self {
        Self {
            status: StatusCode::SWITCHING_PROTOCOLS,
            headers,
            protocol: None,
            extensions: Vec::new(),
            peer_addr: None,
            local_addr: None,
            attempt: 0,
        }
    }
}

/// Who began a close handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initiator {
    /// This client: `client.close()`, `Action::Close` or a close frame among the replies.
    Local,
    /// The server.
    Remote,
}

impl fmt::Display for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "us",
            Self::Remote => "the server",
        })
    }
}

/// How a connection was closed, as `handle_disconnect` is told it.
///
/// Answers to the `code` and `reason` of Fresh's `handle_disconnect/3`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnect {
    /// The code of the server's close frame; `None` where it held none, or where no close frame came.
    pub code: Option<CloseCode>,
    /// The reason of the server's close frame.
    pub reason: ByteString,
    /// Who began.
    pub initiator: Initiator,
    /// Whether close frames went both ways (RFC 6455 §7.1.4). `false` where the server did not answer our close
    /// frame in time, or where there was no connection to close.
    pub clean: bool,
}

impl Disconnect {
    /// What is told of a handshake in which the server's close frame was this one.
    pub(crate) fn clean(initiator: Initiator, theirs: Option<CloseFrame>) -> Self {
        let (code, reason) = match theirs {
            Some(close) => (Some(close.code), close.reason),
            None => (None, ByteString::new()),
        };
        Self { code, reason, initiator, clean: true }
    }

    /// What is told where we closed and no close frame came.
    pub(crate) fn unanswered() -> Self {
        Self { code: None, reason: ByteString::new(), initiator: Initiator::Local, clean: false }
    }
}

impl fmt::Display for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "closed by {}", self.initiator)?;
        match self.code {
            Some(code) => write!(f, " with {code}")?,
            None => f.write_str(" without a code")?,
        }
        if !self.reason.is_empty() {
            write!(f, ": {}", self.reason)?;
        }
        Ok(())
    }
}

/// Where a client stands; what `state()` and `watch()` show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionState {
    /// There is no connection and none is sought: it was lost and the handler said `Recovery::Ignore`.
    /// `client.reconnect()` leads out of it.
    Idle,
    /// DNS, TCP and TLS are under way.
    Connecting,
    /// The HTTP upgrade is under way.
    Upgrading,
    /// Messages travel.
    Connected,
    /// The close handshake is under way.
    Closing,
    /// The connection is gone and the handler is being asked what comes next.
    Deciding,
    /// The next attempt comes when the backoff's delay has passed.
    Waiting,
    /// The connection is gone for good; a callback that still runs may finish.
    Draining,
    /// The client has ended.
    Ended,
}

impl ConnectionState {
    /// Every state, in the order of its number.
    pub(crate) const ALL: [Self; 9] = [
        Self::Idle,
        Self::Connecting,
        Self::Upgrading,
        Self::Connected,
        Self::Closing,
        Self::Deciding,
        Self::Waiting,
        Self::Draining,
        Self::Ended,
    ];
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Upgrading => "upgrading",
            Self::Connected => "connected",
            Self::Closing => "closing",
            Self::Deciding => "deciding",
            Self::Waiting => "waiting",
            Self::Draining => "draining",
            Self::Ended => "ended",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_stands_at_its_number() {
        for (number, state) in ConnectionState::ALL.into_iter().enumerate() {
            assert_eq!(state as usize, number, "{state}");
        }
    }

    #[test]
    fn a_disconnect_says_who_closed_and_why() {
        let theirs = CloseFrame::new(CloseCode::SERVICE_RESTART, "back soon");
        let told = Disconnect::clean(Initiator::Remote, Some(theirs));
        assert_eq!(told.to_string(), "closed by the server with 1012 (service restart): back soon");
        assert_eq!(Disconnect::unanswered().to_string(), "closed by us without a code");
    }
}
