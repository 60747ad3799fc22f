//! Frames as the server writes and reads them (RFC 6455 §5.2).

use bytes::{Buf, Bytes, BytesMut};

pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// A frame of the server: the first byte holds FIN, the reserved bits and the opcode.
pub(super) fn encode(first: u8, payload: &[u8]) -> Bytes {
    let len = payload.len();
    let mut frame = vec![first];
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ 0..126), _) => frame.push(short),
        (_, Ok(long)) => {
            frame.push(126);
            frame.extend(long.to_be_bytes());
        }
        (_, Err(_)) => {
            frame.push(127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame.into()
}

/// A frame of the client, unmasked.
pub(super) struct Received {
    pub(super) is_final: bool,
    pub(super) opcode: u8,
    pub(super) payload: Bytes,
}

/// Takes the client's next frame out of the buffer, once all of it has arrived.
///
/// # Errors
///
/// The frame is not masked.
pub(super) fn decode(buffer: &mut BytesMut) -> Result<Option<Received>, &'static str> {
    let &[first, second, ..] = &buffer[..] else { return Ok(None) };
    if second & 0x80 == 0 {
        return Err("a frame of the client is not masked");
    }
    let (len, start) = match (second & 0x7F, &buffer[2..]) {
        (126, &[a, b, ..]) => (usize::from(u16::from_be_bytes([a, b])), 4),
        (127, &[_, _, _, _, a, b, c, d, ..]) => (u32::from_be_bytes([a, b, c, d]) as usize, 10),
        (126 | 127, _) => return Ok(None),
        (short, _) => (usize::from(short), 2),
    };
    let Some(&mask) = buffer.get(start..).and_then(|rest| rest.first_chunk::<4>()) else { return Ok(None) };
    if buffer.len() < start + 4 + len {
        return Ok(None);
    }
    buffer.advance(start + 4);
    let mut payload = buffer.split_to(len);
    payload.iter_mut().zip(mask.into_iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    Ok(Some(Received { is_final: first & 0x80 != 0, opcode: first & 0xF, payload: payload.freeze() }))
}
