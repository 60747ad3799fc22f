//! The text of a fragmented message.

use crate::{
    error::DecodeError,
    wire::utf8::{NotUtf8, Utf8},
};

/// The text of a fragmented message so far.
///
/// Growing a `String` is what spares a second validation: it becomes a `ByteString` as it is.
#[derive(Debug, Default)]
pub(super) struct Text {
    valid: String,
    utf8: Utf8,
}

impl Text {
    /// Appends what came; a code point may be cut anywhere, but a wrong byte is told at once.
    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let Self { valid, utf8 } = self;
        Ok(utf8.extend(bytes, |whole| valid.push_str(whole))?)
    }

    #[cfg(any(fuzzing, test))]
    pub(super) fn capacity(&self) -> usize {
        self.valid.capacity()
    }

    /// The text of the whole message, which must not end amid a code point.
    pub(super) fn finish(self) -> Result<String, NotUtf8> {
        self.utf8.finish().map(|()| self.valid)
    }
}
