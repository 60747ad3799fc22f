//! Frames → bytes, on fastwebsockets' `Frame`: head and masking.

mod outgoing;

use fastwebsockets::{Frame as WireFrame, OpCode, Payload};

pub(crate) use self::outgoing::Outgoing;

/// The longest head: two bytes, a 64-bit length and the masking key (RFC 6455 §5.2).
const MAX_HEAD: usize = 14;

/// RSV1, by which permessage-deflate marks a message (RFC 7692 §6).
const RSV1: u8 = 0x40;

/// What stands in the head of a frame besides its length and key.
#[derive(Clone, Copy, Debug)]
struct Kind {
    fin: bool,
    rsv1: bool,
    opcode: OpCode,
}

impl Kind {
    /// A message or control frame in one frame, uncompressed.
    fn whole(opcode: OpCode) -> Self {
        Self { fin: true, rsv1: false, opcode }
    }
}

/// The size of the head of a masked frame with so many bytes of payload (RFC 6455 §5.2).
fn head_len(payload: usize) -> usize {
    match payload {
        0..=125 => MAX_HEAD - 8,
        126..=0xFFFF => MAX_HEAD - 6,
        _ => MAX_HEAD,
    }
}

/// Masks the payload in place and writes the head, which is [`head_len`] bytes long.
///
/// The key is new for every frame and drawn from a generator that cannot be predicted (RFC 6455 §5.3).
fn seal(kind: Kind, head: &mut [u8], payload: &mut [u8]) {
    let mut frame = WireFrame::new(kind.fin, kind.opcode, None, Payload::BorrowedMut(payload));
    frame.mask();
    frame.fmt_head(head);
    if kind.rsv1 {
        head[0] |= RSV1;
    }
}

#[cfg(test)]
mod tests;
