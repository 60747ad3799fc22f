//! How a server broke the protocol, and the close code that tells it so.

use crate::frame::CloseCode;

/// What was wrong with what the server sent. Each closes with the code of [`DecodeError::close_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A reserved bit is set that no extension gave a meaning (RFC 6455 §5.2).
    #[error("reserved bits {bits:#05b} without an agreed extension")]
    ReservedBits {
        /// RSV1, RSV2, RSV3 as the bits 4, 2, 1.
        bits: u8,
    },
    /// An opcode that RFC 6455 §5.2 reserves.
    #[error("the reserved opcode {opcode:#x}")]
    ReservedOpcode {
        /// 3–7 or 11–15.
        opcode: u8,
    },
    /// A server must not mask (RFC 6455 §5.1).
    #[error("a masked frame from a server")]
    Masked,
    /// A control frame without FIN (RFC 6455 §5.5).
    #[error("a fragmented control frame")]
    FragmentedControl,
    /// A control frame with more than 125 bytes (RFC 6455 §5.5).
    #[error("a control frame of more than 125 bytes")]
    ControlTooLong,
    /// A length in more bytes than it needs (RFC 6455 §5.2).
    #[error("a length that is not encoded in the fewest bytes")]
    NonMinimalLength,
    /// A 64-bit length whose most significant bit is set (RFC 6455 §5.2).
    #[error("a 64-bit length with the most significant bit set")]
    NegativeLength,
    /// A continuation frame with nothing to continue (RFC 6455 §5.4).
    #[error("a continuation without a message to continue")]
    UnexpectedContinuation,
    /// A new data frame amid a fragmented message (RFC 6455 §5.4).
    #[error("a new message amid a fragmented one")]
    ExpectedContinuation,
    /// A close payload of one byte (RFC 6455 §5.5.1).
    #[error("a close frame of one byte")]
    ClosePayload,
    /// A close code that must not be on the wire (RFC 6455 §7.4).
    #[error("the close code {0}, which must not be sent")]
    CloseCode(CloseCode),
    /// The reason of a close frame is not UTF-8 (RFC 6455 §5.5.1).
    #[error("a close reason that is not UTF-8")]
    CloseReason,
    /// A text message is not UTF-8 (RFC 6455 §8.1).
    #[error("text that is not UTF-8")]
    Utf8,
    /// A compressed message that is no DEFLATE data (RFC 7692 §7.2.2).
    #[error("a compressed message that cannot be decompressed")]
    Deflate,
    /// A frame that declares more than [`max_frame`](crate::options::Limits::max_frame) allows.
    #[error("a frame of more than {limit} bytes")]
    FrameTooBig {
        /// The `max_frame` that was in force, in bytes.
        limit: usize,
    },
    /// A message that grew over `max_message`, or would when decompressed.
    #[error("a message of more than {limit} bytes")]
    MessageTooBig {
        /// The `max_message` that was in force, in bytes.
        limit: usize,
    },
    /// A message in more frames than `max_fragments`.
    #[error("a message in more than {limit} frames")]
    TooManyFragments {
        /// The `max_fragments` that was in force.
        limit: usize,
    },
}

impl DecodeError {
    /// Returns `true`: another connection may end at a server, or hold messages, for which it does not happen.
    pub fn is_transient(self) -> bool {
        true
    }

    /// The code our close frame carries: 1002, 1007 or 1009 (RFC 6455 §7.4.1).
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBits { .. }
            | Self::ReservedOpcode { .. }
            | Self::Masked
            | Self::FragmentedControl
            | Self::ControlTooLong
            | Self::NonMinimalLength
            | Self::NegativeLength
            | Self::UnexpectedContinuation
            | Self::ExpectedContinuation
            | Self::ClosePayload
            | Self::CloseCode(_) => CloseCode::PROTOCOL_ERROR,
            Self::CloseReason | Self::Utf8 | Self::Deflate => CloseCode::INVALID_PAYLOAD,
            Self::FrameTooBig { .. } | Self::MessageTooBig { .. } | Self::TooManyFragments { .. } => {
                CloseCode::MESSAGE_TOO_BIG
            }
        }
    }
}
