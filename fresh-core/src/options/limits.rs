//! How much a server may make us hold.

/// Bounds on what a server sends; past them the connection is closed with 1009 (RFC 6455 §7.4.1), or the
/// handshake fails.
///
/// There is no "off": give larger numbers. Raising them lets a hostile server use that much memory; lowering them
/// refuses honest messages. RFC 6455 §10.4 asks for such limits; Fresh has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(::serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Limits {
    /// The payload of one frame, in bytes, judged by its header. Default: 16 MiB. Past it:
    /// [`DecodeError::FrameTooBig`](crate::error::DecodeError::FrameTooBig).
    ///
    /// A frame of a compressed message (RFC 7692) is counted as it is on the wire. It may be larger by what compression
    /// adds to data that does not shrink: an eighth, a 64th and 16 bytes.
    pub max_frame: usize,
    /// The payload of one message, in bytes, after decompression. Default: 64 MiB. Past it:
    /// [`DecodeError::MessageTooBig`](crate::error::DecodeError::MessageTooBig).
    pub max_message: usize,
    /// The frames of one message. Default: 131,072. Past it:
    /// [`DecodeError::TooManyFragments`](crate::error::DecodeError::TooManyFragments).
    pub max_fragments: usize,
    /// The head of the server's answer to the upgrade, in bytes. Default: 64 KiB; less than 8 KiB counts as 8 KiB. Past
    /// it, and past 1024 header fields: [`EstablishError::HeadTooLarge`](crate::error::EstablishError::HeadTooLarge).
    pub max_handshake: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_frame: 16 << 20, max_message: 64 << 20, max_fragments: 131_072, max_handshake: 64 << 10 }
    }
}
