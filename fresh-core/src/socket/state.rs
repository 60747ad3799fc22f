//! The state and the mode of a socket.

use std::fmt;

use crate::connection::ConnectionState;

/// The state of a [`Socket`](super::Socket): one of hackney_ws's five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocketState {
    /// Started, and `connect` has not been called. hackney_ws's `idle`.
    Idle,
    /// The connection is being made: DNS, TCP, TLS, and the HTTP upgrade. hackney_ws's `upgrading`.
    Upgrading,
    /// Frames can be sent and received. hackney_ws's `connected`.
    Connected,
    /// The close handshake is under way. hackney_ws's `closing`.
    Closing,
    /// The connection, or the attempt, has ended. hackney_ws's `closed`.
    Closed,
}

impl From<ConnectionState> for SocketState {
    /// A socket has one connection, so every state of a client after the loss of its connection is `Closed`.
    fn from(state: ConnectionState) -> Self {
        match state {
            ConnectionState::Connecting | ConnectionState::Upgrading => Self::Upgrading,
            ConnectionState::Connected => Self::Connected,
            ConnectionState::Closing => Self::Closing,
            ConnectionState::Idle
            | ConnectionState::Deciding
            | ConnectionState::Waiting
            | ConnectionState::Draining
            | ConnectionState::Ended => Self::Closed,
        }
    }
}

impl fmt::Display for SocketState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Upgrading => "upgrading",
            Self::Connected => "connected",
            Self::Closing => "closing",
            Self::Closed => "closed",
        })
    }
}

/// The mode of a [`Socket`](super::Socket): who gets the received frames. hackney_ws's option `active`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Active {
    /// Passive: `recv` takes the frames, one by one. hackney_ws's `false`.
    #[default]
    Off,
    /// The owner is sent every frame. hackney_ws's `true`.
    On,
    /// The owner is sent exactly one frame, a ping and a pong count too, or the end; then the socket is passive.
    /// hackney_ws's `once`.
    Once,
}

impl fmt::Display for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Once => "once",
        })
    }
}
