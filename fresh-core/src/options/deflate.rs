//! How messages are compressed.

use super::OptionsError;

/// How messages are compressed: permessage-deflate (RFC 7692), which a server may decline. Off until
/// [`Options::deflate`](crate::Options::deflate) is given them.
///
/// The windows are allocated with the first compressed message of their direction: about 54 KiB to read, 371 KiB to
/// write with the default window. An idle connection that never saw one has neither.
///
/// Compression costs time where the message is sent and read: about 10 µs for 1 KiB of JSON at the default level. Do
/// not compress a secret beside text that others can choose: the length tells how alike they are (the attacks CRIME
/// and BREACH).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeflateOptions {
    pub(crate) client_max_window_bits: u8,
    pub(crate) server_max_window_bits: u8,
    pub(crate) client_no_context_takeover: bool,
    pub(crate) server_no_context_takeover: bool,
    pub(crate) level: u8,
    pub(crate) threshold: usize,
}

/// The largest window of DEFLATE: 32 KiB.
const MAX_BITS: u8 = 15;
/// The smallest that every implementation can compress with: 512 bytes.
const MIN_BITS: u8 = 9;

impl Default for DeflateOptions {
    fn default() -> Self {
        Self {
            client_max_window_bits: MAX_BITS,
            server_max_window_bits: MAX_BITS,
            client_no_context_takeover: false,
            server_no_context_takeover: false,
            level: 3,
            threshold: 128,
        }
    }
}

impl DeflateOptions {
    /// The defaults: windows of 32 KiB, context takeover both ways, level 3, messages from 128 bytes on.
    pub fn new() -> Self {
        Self::default()
    }

    /// The window that what we send is compressed with, as the power of two of its bytes: 9 (512 bytes) to 15
    /// (32 KiB). Default: 15. The server may ask for a smaller one; one that answers a larger one is refused (RFC 7692
    /// §7.1.2.2).
    ///
    /// A smaller window needs less memory and finds less to compress: 245 KiB with 9, 259 KiB with 12, 371 KiB
    /// with 15.
    ///
    /// # Errors
    ///
    /// Less than 9 or more than 15.
    pub fn client_max_window_bits(mut self, bits: u8) -> Result<Self, OptionsError> {
        self.client_max_window_bits = checked_bits(bits)?;
        Ok(self)
    }

    /// The window that the server may compress with, as the power of two of its bytes: 9 to 15. Default: 15, which
    /// asks for nothing. A server that does not agree to less is refused (RFC 7692 §7.1.2.1).
    ///
    /// It spares the server memory, not us: to decompress takes about 54 KiB with any window.
    ///
    /// # Errors
    ///
    /// Less than 9 or more than 15.
    pub fn server_max_window_bits(mut self, bits: u8) -> Result<Self, OptionsError> {
        self.server_max_window_bits = checked_bits(bits)?;
        Ok(self)
    }

    /// Whether each message that we send is compressed on its own. Default: off, so that a message may point back into
    /// those before it, which is what makes small ones small. The server may ask for it, too (RFC 7692 §7.1.1.2).
    ///
    /// Where it is on, an idle connection gives the memory of its window back.
    pub fn client_no_context_takeover(mut self, on: bool) -> Self {
        self.client_no_context_takeover = on;
        self
    }

    /// Whether the server is asked to compress each message on its own. Default: off. A server that does not agree is
    /// refused; one that does so unasked is not (RFC 7692 §7.1.1.1).
    ///
    /// Where it is agreed on, an idle connection gives the memory of its window back.
    pub fn server_no_context_takeover(mut self, on: bool) -> Self {
        self.server_no_context_takeover = on;
        self
    }

    /// How hard what we send is compressed: 1 (fast) to 9 (small). Default: 3, which takes half the time of zlib's
    /// usual 6 and gives about a tenth more bytes.
    ///
    /// # Errors
    ///
    /// Less than 1 or more than 9. To send nothing compressed, set [`threshold`](Self::threshold) to `usize::MAX`.
    pub fn level(mut self, level: u8) -> Result<Self, OptionsError> {
        if !(1..=9).contains(&level) {
            return Err(OptionsError::DeflateLevel(level));
        }
        self.level = level;
        Ok(self)
    }

    /// Messages of fewer bytes are sent as they are. Default: 128 bytes, below which JSON on its own hardly shrinks
    /// (128 bytes become 106, 64 become 66). Zero compresses everything; `usize::MAX` only decompresses.
    ///
    /// With context takeover even 32 bytes shrink, to a third where messages are alike: lower it where bandwidth is
    /// worth some microseconds a message.
    pub fn threshold(mut self, bytes: usize) -> Self {
        self.threshold = bytes;
        self
    }
}

fn checked_bits(bits: u8) -> Result<u8, OptionsError> {
    if !(MIN_BITS..=MAX_BITS).contains(&bits) {
        return Err(OptionsError::DeflateWindow(bits));
    }
    Ok(bits)
}
