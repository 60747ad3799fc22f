//! The key of a handshake, and the proof that the server read it (RFC 6455 §1.3).

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use sha1::{Digest as _, Sha1};

/// What RFC 6455 §1.3 appends to the key, so that only a WebSocket server knows the answer.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A new `Sec-WebSocket-Key`: 16 bytes of the system's randomness (RFC 6455 §4.1).
pub(crate) fn generate() -> Result<String, getrandom::Error> {
    let mut nonce = [0; 16];
    getrandom::getrandom(&mut nonce)?;
    Ok(BASE64.encode(nonce))
}

/// The `Sec-WebSocket-Accept` that answers this key (RFC 6455 §4.2.2).
pub(crate) fn accept(key: &str) -> String {
    BASE64.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_6455_holds() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_16_bytes_and_never_the_same() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_eq!(BASE64.decode(&one).unwrap().len(), 16);
        assert_ne!(one, other);
    }
}
