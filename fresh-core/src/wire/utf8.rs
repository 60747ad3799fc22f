//! UTF-8 that comes in pieces (RFC 6455 §8.1), in either direction.

use crate::error::{DecodeError, EncodeError};

/// A text that comes in pieces, as far as its last code point is concerned: it may be cut anywhere.
#[derive(Debug, Default)]
pub(crate) struct Utf8 {
    /// The first bytes of a code point whose last ones have not come.
    truncated: [u8; 4],
    truncated_len: usize,
}

/// A byte that no text goes on with, or an end amid a code point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotUtf8;

impl Utf8 {
    /// Takes the next piece, and gives the code points that it completes; a wrong byte is told at once.
    pub(crate) fn extend(&mut self, mut bytes: &[u8], mut valid: impl FnMut(&str)) -> Result<(), NotUtf8> {
        while self.truncated_len > 0 {
            let Some((&next, rest)) = bytes.split_first() else { return Ok(()) };
            bytes = rest;
            self.truncated[self.truncated_len] = next;
            self.truncated_len += 1;
            match std::str::from_utf8(&self.truncated[..self.truncated_len]) {
                Ok(whole) => {
                    valid(whole);
                    self.truncated_len = 0;
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(NotUtf8),
            }
        }
        let (whole, truncated) = validate(bytes)?;
        valid(whole);
        self.truncated[..truncated.len()].copy_from_slice(truncated);
        self.truncated_len = truncated.len();
        Ok(())
    }

    /// The text must not end amid a code point.
    pub(crate) fn finish(&self) -> Result<(), NotUtf8> {
        if self.truncated_len == 0 { Ok(()) } else { Err(NotUtf8) }
    }
}

/// The text in `bytes`, and what begins a code point at their end without completing it (at most 3 bytes).
pub(crate) fn validate(bytes: &[u8]) -> Result<(&str, &[u8]), NotUtf8> {
    let (whole, truncated) = bytes.split_at(bytes.len() - truncated(bytes));
    let whole = simdutf8::basic::from_utf8(whole).map_err(|_| NotUtf8)?;
    Ok((whole, truncated))
}

/// How many bytes at the end are the right beginning of a code point.
fn truncated(bytes: &[u8]) -> usize {
    let end = &bytes[bytes.len().saturating_sub(3)..];
    let Some(lead) = end.iter().rposition(|byte| byte & 0b1100_0000 == 0b1100_0000) else { return 0 };
    let cut = std::str::from_utf8(&end[lead..]).is_err_and(|error| error.error_len().is_none());
    if cut { end.len() - lead } else { 0 }
}

impl From<NotUtf8> for DecodeError {
    fn from(NotUtf8: NotUtf8) -> Self {
        Self::Utf8
    }
}

impl From<NotUtf8> for EncodeError {
    fn from(NotUtf8: NotUtf8) -> Self {
        Self::Utf8
    }
}
