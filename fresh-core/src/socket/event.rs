//! The events that a socket sends to its owner.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::sync::mpsc;

use crate::{connection::Disconnect, error::Error, exit::ExitReason, frame::Frame};

/// Identifies a socket in its events; unique in the process. The pid in hackney_ws's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(u64);

impl SocketId {
    pub(super) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An event for the owner of an active [`Socket`](super::Socket): hackney_ws's messages to the controlling process.
///
/// The last event of a connection is `Closed`, `Failed` or `Ended`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SocketEvent {
    /// A frame arrived: a text or binary message, a pong that answers no ping of the keepalive, or a ping, which is
    /// already answered. hackney_ws's `{hackney_ws, Ref, Frame}`.
    Frame(SocketId, Frame),
    /// The close handshake ended. hackney_ws's `{hackney_ws, Ref, {close, Code, Reason}}`.
    Closed(SocketId, Disconnect),
    /// The connection was lost. hackney_ws's `{hackney_ws, Ref, closed}` if the server ended TCP without a close frame, and
    /// its `{hackney_ws_error, Ref, Reason}`.
    Failed(SocketId, Error),
    /// The socket was stopped by the name in its options, or the runtime was shut down.
    Ended(SocketId, ExitReason),
}

impl SocketEvent {
    /// The socket that sent the event.
    pub fn socket(&self) -> SocketId {
        match self {
            Self::Frame(socket, _) | Self::Closed(socket, _) | Self::Failed(socket, _) | Self::Ended(socket, _) => {
                *socket
            }
        }
    }

    /// The frame, if the event is one.
    pub fn into_frame(self) -> Option<Frame> {
        match self {
            Self::Frame(_, frame) => Some(frame),
            Self::Closed(..) | Self::Failed(..) | Self::Ended(..) => None,
        }
    }
}

/// The channel of an owner. Two owners are equal if they are the same channel.
#[derive(Clone, Debug)]
pub(super) struct Owner(pub(super) mpsc::Sender<SocketEvent>);

impl PartialEq for Owner {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }
}

/// How a connection ended.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    Closed(Disconnect),
    Failed(Error),
    Ended(ExitReason),
}

impl Ending {
    pub(super) fn event(self, socket: SocketId) -> SocketEvent {
        match self {
            Self::Closed(disconnect) => SocketEvent::Closed(socket, disconnect),
            Self::Failed(error) => SocketEvent::Failed(socket, error),
            Self::Ended(reason) => SocketEvent::Ended(socket, reason),
        }
    }
}
