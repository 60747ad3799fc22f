//! Whether a frame may be sent: one function of the state, the policy and the queue, for every way to send a frame.

use crate::{connection::ConnectionState, error::SendFailure, frame::Frame, options::Offline};

/// What happens to a frame.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// It is sent on the open connection.
    Accept,
    /// It is kept for the next connection.
    Queue,
    /// It is dropped. The loss is reported to the sender that waits for the result of this frame; if none does, the loss
    /// is counted and logged, and the call succeeds.
    Drop,
    /// It is refused, and the sender gets this reason.
    Refuse(SendFailure),
}

/// Decides about a frame while `queued` frames wait for a connection.
///
/// For a frame that is meant for the open connection alone, the policy is [`Offline::Reject`]: see [`policy_for`].
#[inline]
pub(crate) fn verdict(state: ConnectionState, policy: Offline, queued: usize) -> Verdict {
    match state {
        ConnectionState::Connected => Verdict::Accept,
        ConnectionState::Closing => Verdict::Refuse(SendFailure::Closing),
        ConnectionState::Draining | ConnectionState::Ended => Verdict::Refuse(SendFailure::Ended),
        ConnectionState::Idle
        | ConnectionState::Connecting
        | ConnectionState::Upgrading
        | ConnectionState::Deciding
        | ConnectionState::Waiting => match policy {
            Offline::Reject => Verdict::Refuse(SendFailure::NotConnected),
            Offline::Queue(most) if queued >= most => Verdict::Refuse(SendFailure::QueueFull),
            Offline::Queue(_) => Verdict::Queue,
            Offline::Drop => Verdict::Drop,
        },
    }
}

/// The policy for this frame: a close frame is meant for the open connection, so it is never queued and never dropped.
///
/// The same holds for a message in pieces, whose sender waits to be asked for the next piece.
#[inline]
pub(crate) fn policy_for(frame: &Frame, policy: Offline) -> Offline {
    match frame {
        Frame::Close(_) => Offline::Reject,
        Frame::Text(_) | Frame::Binary(_) | Frame::Ping(_) | Frame::Pong(_) => policy,
    }
}

impl Verdict {
    /// Why the frame is not sent; `None` if it is sent now or later.
    pub(crate) fn failure(self) -> Option<SendFailure> {
        match self {
            Self::Accept | Self::Queue => None,
            Self::Drop => Some(SendFailure::Dropped),
            Self::Refuse(failure) => Some(failure),
        }
    }
}
