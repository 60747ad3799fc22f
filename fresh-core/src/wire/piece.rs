//! A message that is sent in several frames (RFC 6455 §5.4), piece by piece.

use bytes::Bytes;

use crate::frame::MessageType;

/// What goes out as one frame of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) message_type: MessageType,
    pub(crate) place: Place,
    pub(crate) bytes: Bytes,
}

/// Where in its message a piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the whole message.
    Only,
    First,
    Middle,
    Last,
}

impl Place {
    pub(crate) fn new(begins: bool, ends: bool) -> Self {
        match (begins, ends) {
            (true, true) => Self::Only,
            (true, false) => Self::First,
            (false, false) => Self::Middle,
            (false, true) => Self::Last,
        }
    }

    pub(crate) fn begins(self) -> bool {
        matches!(self, Self::Only | Self::First)
    }

    pub(crate) fn ends(self) -> bool {
        matches!(self, Self::Only | Self::Last)
    }
}
