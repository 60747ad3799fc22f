//! The error of a call on a socket.

use std::{io, time::Duration};

use super::{
    event::Ending,
    state::{Active, SocketState},
};
use crate::{
    client::StartError,
    connection::Disconnect,
    error::{Error, SendError, SendFailure, StreamError},
    exit::ExitReason,
};

/// The error of a call on a [`Socket`](super::Socket).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// The state does not allow the call. hackney_ws's `not_connected`, `upgrading`, `closing`, `closed`.
    #[error("the socket is {state}")]
    WrongState {
        /// The state that it was in.
        state: SocketState,
    },
    /// A `recv` while the frames go to the owner. hackney_ws's `{active_mode, Mode}`.
    #[error("the socket is in active mode: {0}")]
    Active(Active),
    /// An active mode was asked for, and there is no owner.
    #[error("there is no owner that could be sent frames")]
    NoOwner,
    /// The transport has no addresses, such as a Unix socket.
    #[error("the transport has no address")]
    NoAddress,
    /// No frame arrived in time; the socket is as before.
    #[error("no frame arrived within {after:?}")]
    Timeout {
        /// The time that `recv` waited.
        after: Duration,
    },
    /// The close handshake ended; reported once. hackney_ws's `{closed, Code, Reason}`.
    #[error("{0}")]
    Closed(Disconnect),
    /// Connecting failed, or the connection was lost; reported once.
    #[error(transparent)]
    Failed(Error),
    /// The frame was not sent.
    #[error(transparent)]
    Send(SendError),
    /// The socket could not be started.
    #[error(transparent)]
    Start(StartError),
    /// The socket was stopped by the name in its options, or with the runtime; reported once.
    #[error("the socket has ended: {0}")]
    Ended(ExitReason),
}

impl SocketError {
    pub(super) const CLOSED: Self = Self::WrongState { state: SocketState::Closed };

    /// The state that did not allow the call.
    pub fn state(&self) -> Option<SocketState> {
        match self {
            Self::WrongState { state } => Some(*state),
            Self::Active(_)
            | Self::NoOwner
            | Self::NoAddress
            | Self::Timeout { .. }
            | Self::Closed(_)
            | Self::Failed(_)
            | Self::Send(_)
            | Self::Start(_)
            | Self::Ended(_) => None,
        }
    }

    /// The runtime's error below this one: its [kind](Error::kind), and the status of a refused upgrade.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Send(error) => Some(error.cause()),
            Self::Ended(ExitReason::Error(error)) => Some(error),
            Self::WrongState { .. }
            | Self::Active(_)
            | Self::NoOwner
            | Self::NoAddress
            | Self::Timeout { .. }
            | Self::Closed(_)
            | Self::Start(_)
            | Self::Ended(_) => None,
        }
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::WrongState { state } => *state == SocketState::Closed,
            Self::Closed(_) | Self::Failed(_) | Self::Ended(_) => true,
            Self::Active(_)
            | Self::NoOwner
            | Self::NoAddress
            | Self::Timeout { .. }
            | Self::Send(_)
            | Self::Start(_) => false,
        }
    }

    /// Whether this is a [`Timeout`](Self::Timeout).
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout { .. })
    }

    /// Whether the same call may succeed later: on this socket after a timeout, otherwise on a new one.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Timeout { .. } => true,
            Self::Failed(error) => error.is_transient(),
            Self::Send(error) => error.is_transient(),
            Self::WrongState { .. }
            | Self::Active(_)
            | Self::NoOwner
            | Self::NoAddress
            | Self::Closed(_)
            | Self::Start(_)
            | Self::Ended(_) => false,
        }
    }
}

impl From<Ending> for SocketError {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Closed(disconnect) => Self::Closed(disconnect),
            Ending::Failed(error) => Self::Failed(error),
            Ending::Ended(reason) => reason.into(),
        }
    }
}

impl From<ExitReason> for SocketError {
    fn from(reason: ExitReason) -> Self {
        let taken = match &reason {
            ExitReason::Failed(reason) => reason.downcast_ref::<StartError>(),
            ExitReason::Normal
            | ExitReason::Stopped
            | ExitReason::Error(_)
            | ExitReason::GaveUp { .. }
            | ExitReason::Panicked(_)
            | ExitReason::Aborted
            | ExitReason::Intensity { .. } => None,
        };
        match taken {
            Some(error) => Self::Start(error.clone()),
            None => Self::Ended(reason),
        }
    }
}

impl From<SendError> for SocketError {
    /// If the connection was closing, the frame was sent in the wrong state; any other failure is the frame's own.
    fn from(error: SendError) -> Self {
        match error.cause() {
            Error::Send(SendFailure::Closing) => Self::WrongState { state: SocketState::Closing },
            Error::Send(SendFailure::Ended) => Self::CLOSED,
            Error::Send(_)
            | Error::Connect(_)
            | Error::Upgrade(_)
            | Error::Establish(_)
            | Error::Process(_)
            | Error::Stream(_)
            | Error::Decode(_)
            | Error::Encode(_)
            | Error::Handler(_) => Self::Send(error),
        }
    }
}

impl From<SocketError> for io::Error {
    fn from(error: SocketError) -> Self {
        Self::new(io_kind(&error), error)
    }
}

/// The kind that a byte stream over TCP would have.
fn io_kind(error: &SocketError) -> io::ErrorKind {
    match error {
        SocketError::WrongState { state: SocketState::Idle | SocketState::Upgrading } => io::ErrorKind::NotConnected,
        SocketError::WrongState { state: SocketState::Connected | SocketState::Closing | SocketState::Closed } => {
            io::ErrorKind::BrokenPipe
        }
        SocketError::Timeout { .. } => io::ErrorKind::TimedOut,
        SocketError::Failed(Error::Stream(StreamError::Eof)) => io::ErrorKind::UnexpectedEof,
        SocketError::Failed(Error::Stream(StreamError::Read(error) | StreamError::Write(error))) => error.kind(),
        SocketError::Closed(_) | SocketError::Failed(_) | SocketError::Ended(_) => io::ErrorKind::ConnectionAborted,
        SocketError::Send(_) => io::ErrorKind::BrokenPipe,
        SocketError::Active(_) | SocketError::NoOwner | SocketError::NoAddress | SocketError::Start(_) => {
            io::ErrorKind::InvalidInput
        }
    }
}
