//! UTF-8 that comes in pieces (RFC 6455 §8.1).

use crate::error::DecodeError;

/// The text of a fragmented message so far.
///
/// Growing a `String` is what spares a second validation: it becomes a `ByteString` as it is.
#[derive(Debug, Default)]
pub(super) struct Text {
    valid: String,
    /// The first bytes of a code point whose last ones have not come.
    truncated: [u8; 4],
    truncated_len: usize,
}

impl Text {
    /// Appends what came; a code point may be cut anywhere, but a wrong byte is told at once.
    pub(super) fn extend(&mut self, mut bytes: &[u8]) -> Result<(), DecodeError> {
        while self.truncated_len > 0 {
            let Some((&next, rest)) = bytes.split_first() else { return Ok(()) };
            bytes = rest;
            self.truncated[self.truncated_len] = next;
            self.truncated_len += 1;
            match std::str::from_utf8(&self.truncated[..self.truncated_len]) {
                Ok(whole) => {
                    self.valid.push_str(whole);
                    self.truncated_len = 0;
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(DecodeError::Utf8),
            }
        }
        let (whole, truncated) = validate(bytes)?;
        self.valid.push_str(whole);
        self.truncated[..truncated.len()].copy_from_slice(truncated);
        self.truncated_len = truncated.len();
        Ok(())
    }

    #[cfg(any(fuzzing, test))]
    pub(super) fn capacity(&self) -> usize {
        self.valid.capacity()
    }

    /// The text of the whole message, which must not end amid a code point.
    pub(super) fn finish(self) -> Result<String, DecodeError> {
        if self.truncated_len == 0 { Ok(self.valid) } else { Err(DecodeError::Utf8) }
    }
}

/// The text in `bytes`, and what begins a code point at their end without completing it (at most 3 bytes).
pub(super) fn validate(bytes: &[u8]) -> Result<(&str, &[u8]), DecodeError> {
    let (whole, truncated) = bytes.split_at(bytes.len() - truncated(bytes));
    let whole = simdutf8::basic::from_utf8(whole).map_err(|_| DecodeError::Utf8)?;
    Ok((whole, truncated))
}

/// How many bytes at the end are the right beginning of a code point.
fn truncated(bytes: &[u8]) -> usize {
    let end = &bytes[bytes.len().saturating_sub(3)..];
    let Some(lead) = end.iter().rposition(|byte| byte & 0b1100_0000 == 0b1100_0000) else { return 0 };
    let cut = std::str::from_utf8(&end[lead..]).is_err_and(|error| error.error_len().is_none());
    if cut { end.len() - lead } else { 0 }
}
