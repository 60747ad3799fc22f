//! What the gateway and its clients say to each other: one JSON object a message, its kind in `op`.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum FromServer {
    /// The first word on every connection: how often the client has to send a heartbeat.
    Hello {
        heartbeat_ms: u64,
    },
    /// A new session has begun.
    Ready {
        session: String,
    },
    /// The old session goes on; everything that was missed has been sent again.
    Resumed {
        replayed: u64,
    },
    /// The session to be resumed is unknown.
    InvalidSession,
    HeartbeatAck,
    Chat(Chat),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum FromClient {
    /// Begins a session.
    Identify {
        token: String,
    },
    /// Goes on with one, behind the last message that was received.
    Resume {
        session: String,
        seq: u64,
    },
    Heartbeat {
        seq: u64,
    },
}

/// Something said in the chat; the first message of a session has the number 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chat {
    pub(crate) seq: u64,
    pub(crate) author: String,
    pub(crate) text: String,
}

/// As one line, for those who watch.
impl fmt::Display for FromServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello { heartbeat_ms } => write!(f, "hello, a heartbeat every {heartbeat_ms} ms"),
            Self::Ready { session } => write!(f, "ready, session {session}"),
            Self::Resumed { replayed } => write!(f, "resumed, {replayed} messages replayed"),
            Self::InvalidSession => f.write_str("invalid session"),
            Self::HeartbeatAck => f.write_str("heartbeat acknowledged"),
            Self::Chat(Chat { seq, author, text }) => write!(f, "#{seq} {author}: {text}"),
        }
    }
}
