//! Bytes → text that shares their memory; the only place of this library that the compiler cannot check.
#![expect(
    unsafe_code,
    reason = "the safe way looks at each byte once more, nine times as long where text is not ASCII"
)]

use bytes::Bytes;
use bytestring::ByteString;

use super::utf8::NotUtf8;

/// The text that these bytes are (RFC 6455 §8.1).
#[inline(always)]
pub(crate) fn shared_text(bytes: Bytes) -> Result<ByteString, NotUtf8> {
    simdutf8::basic::from_utf8(&bytes).map_err(|_| NotUtf8)?;
    // SAFETY: all of `bytes` has just been found to be UTF-8, and nobody can change it: `Bytes` gives out shared
    // references, and turns into something mutable only where no other handle is left.
    Ok(unsafe { ByteString::from_bytes_unchecked(bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shares_the_memory_of_its_bytes() {
        let bytes = Bytes::from("grüße".repeat(100));
        let text = shared_text(bytes.clone()).unwrap();
        assert_eq!((text.as_bytes().as_ptr(), &text[..]), (bytes.as_ptr(), &*"grüße".repeat(100)));
    }

    #[test]
    fn what_std_refuses_is_refused() {
        let mut wrong: Vec<Vec<u8>> = (0x80..=0xFF).map(|byte| vec![byte]).collect();
        wrong.extend(
            [&b"\xC0\x80"[..], b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\xE2\x82", b"\xF0\x9F\x98"].map(Vec::from),
        );
        for end in wrong {
            // Alone, and where a block of the vectorised check ends.
            for before in [0, 1, 15, 31, 63, 64, 1000] {
                let bytes = [vec![b'x'; before], end.clone()].concat();
                assert!(std::str::from_utf8(&bytes).is_err());
                assert_eq!(shared_text(bytes.into()), Err(NotUtf8), "{end:x?} behind {before} bytes");
            }
        }
    }
}
