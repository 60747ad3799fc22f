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

/// The policy for a frame, or for a message in pieces (`None`).
///
/// A close frame and a message in pieces are meant for the open connection alone, so they are never queued and never
/// dropped, whatever the client's policy is.
#[inline]
pub(crate) fn policy_for(frame: Option<&Frame>, policy: Offline) -> Offline {
    match frame {
        None | Some(Frame::Close(_)) => Offline::Reject,
        Some(Frame::Text(_) | Frame::Binary(_) | Frame::Ping(_) | Frame::Pong(_)) => policy,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many frames the queue of the table keeps.
    const MOST: usize = 2;

    /// The policies, and how many frames wait: the columns of the table.
    const COLUMNS: [(Offline, usize); 4] =
        [(Offline::Reject, 0), (Offline::Queue(MOST), MOST - 1), (Offline::Queue(MOST), MOST), (Offline::Drop, 0)];

    /// Every state, and the verdict for each column.
    const TABLE: [(ConnectionState, [&str; 4]); 9] = [
        (ConnectionState::Idle, ["`NotConnected`", "queued", "`QueueFull`", "dropped"]),
        (ConnectionState::Connecting, ["`NotConnected`", "queued", "`QueueFull`", "dropped"]),
        (ConnectionState::Upgrading, ["`NotConnected`", "queued", "`QueueFull`", "dropped"]),
        (ConnectionState::Connected, ["accepted", "accepted", "accepted", "accepted"]),
        (ConnectionState::Closing, ["`Closing`", "`Closing`", "`Closing`", "`Closing`"]),
        (ConnectionState::Deciding, ["`NotConnected`", "queued", "`QueueFull`", "dropped"]),
        (ConnectionState::Waiting, ["`NotConnected`", "queued", "`QueueFull`", "dropped"]),
        (ConnectionState::Draining, ["`Ended`", "`Ended`", "`Ended`", "`Ended`"]),
        (ConnectionState::Ended, ["`Ended`", "`Ended`", "`Ended`", "`Ended`"]),
    ];

    fn cell(verdict: &Verdict) -> String {
        match verdict {
            Verdict::Accept => "accepted".into(),
            Verdict::Queue => "queued".into(),
            Verdict::Drop => "dropped".into(),
            Verdict::Refuse(failure) => format!("`{failure:?}`"),
        }
    }

    #[test]
    fn each_cell_of_the_table_has_its_verdict() {
        assert_eq!(TABLE.map(|(state, _)| state), ConnectionState::ALL);
        for (state, expected) in TABLE {
            let found = COLUMNS.map(|(policy, queued)| cell(&verdict(state, policy, queued)));
            assert_eq!(found, expected, "{state}");
        }
    }

    #[test]
    fn the_guide_has_the_same_table() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sending.md");
        let page = std::fs::read_to_string(page).unwrap();
        for (state, cells) in TABLE {
            let row = format!("| `{state:?}` | {} |", cells.join(" | "));
            assert!(page.lines().any(|line| line == row), "docs/sending.md has no line: {row}");
        }
    }

    #[test]
    fn a_close_frame_and_a_message_in_pieces_are_neither_queued_nor_dropped() {
        for policy in [Offline::Reject, Offline::Queue(MOST), Offline::Drop] {
            assert_eq!(policy_for(Some(&Frame::close(1000, "")), policy), Offline::Reject);
            assert_eq!(policy_for(None, policy), Offline::Reject);
            for frame in [Frame::text(""), Frame::binary(""), Frame::ping(""), Frame::pong("")] {
                assert_eq!(policy_for(Some(&frame), policy), policy);
            }
        }
    }

    #[test]
    fn a_frame_that_is_not_sent_has_a_failure() {
        assert!(Verdict::Accept.failure().is_none() && Verdict::Queue.failure().is_none());
        assert!(matches!(Verdict::Drop.failure(), Some(SendFailure::Dropped)));
        assert!(matches!(Verdict::Refuse(SendFailure::Closing).failure(), Some(SendFailure::Closing)));
    }
}
