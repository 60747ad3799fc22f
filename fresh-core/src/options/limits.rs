//! How much a server may make us hold.

/// Bounds on what a server sends; past them the connection is closed with 1009 (RFC 6455 §7.4.1), or the
/// handshake fails.
///
/// Raising them lets a hostile server use that much memory; lowering them refuses honest messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(::serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Limits {
    /// The payload of one frame, in bytes, judged by its header. Default: 16 MiB.
    pub max_frame: usize,
    /// The payload of one message, in bytes, after decompression. Default: 64 MiB.
    pub max_message: usize,
    /// The frames of one message. Default: 131,072.
    pub max_fragments: usize,
    /// The head of the server's answer to the upgrade, in bytes. Default: 64 KiB; at least 8 KiB are read.
    pub max_handshake: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_frame: 16 << 20, max_message: 64 << 20, max_fragments: 131_072, max_handshake: 64 << 10 }
    }
}
