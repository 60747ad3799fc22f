//! Bytes → frames, without I/O: every check of RFC 6455 §5 that one frame allows.
//!
//! What a frame means for its message (order, size, UTF-8) is the assembler's.

mod payload;

use bytes::{Buf, BytesMut};

pub(crate) use self::payload::Payload;
use crate::error::DecodeError;

/// The payload of a control frame has at most so many bytes (RFC 6455 §5.5).
const MAX_CONTROL: u8 = 125;

const FIN: u8 = 0x80;
const RSV: u8 = 0x70;
const RSV1: u8 = 0x40;
const MASK: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;

/// What a frame is (RFC 6455 §5.2), without the values that are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

impl Opcode {
    fn of(nibble: u8) -> Result<Self, DecodeError> {
        match nibble {
            0x0 => Ok(Self::Continuation),
            0x1 => Ok(Self::Text),
            0x2 => Ok(Self::Binary),
            0x8 => Ok(Self::Close),
            0x9 => Ok(Self::Ping),
            0xA => Ok(Self::Pong),
            opcode => Err(DecodeError::ReservedOpcode { opcode }),
        }
    }

    fn is_control(self) -> bool {
        match self {
            Self::Close | Self::Ping | Self::Pong => true,
            Self::Continuation | Self::Text | Self::Binary => false,
        }
    }

    /// Whether a data message begins with it, which is where an extension may mark the message (RFC 7692 §6.1).
    fn begins_message(self) -> bool {
        match self {
            Self::Text | Self::Binary => true,
            Self::Continuation | Self::Close | Self::Ping | Self::Pong => false,
        }
    }
}

/// The header of a frame, checked; its payload may still be on the way.
///
/// Its first byte stays as it is, so that a header fits into two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    first: u8,
    /// What the header declares. Where memory has fewer addresses, it is more than any limit either way.
    pub len: usize,
}

impl Header {
    #[cfg(any(test, feature = "instructions"))]
    pub(crate) fn new(fin: bool, rsv1: bool, opcode: Opcode, len: usize) -> Self {
        let first = opcode as u8 | if fin { FIN } else { 0 } | if rsv1 { RSV1 } else { 0 };
        Self { first, len }
    }

    /// The last frame of its message.
    #[inline]
    pub(crate) fn fin(self) -> bool {
        self.first & FIN != 0
    }

    /// The message is compressed (RFC 7692 §6); only ever set on its first frame.
    #[inline]
    pub(crate) fn rsv1(self) -> bool {
        self.first & RSV1 != 0
    }

    #[inline]
    pub(crate) fn opcode(self) -> Opcode {
        match self.first & 0x0F {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            _ => Opcode::Pong,
        }
    }

    /// The frame is a message by itself, uncompressed.
    #[inline]
    pub(crate) fn is_message(self) -> bool {
        self.fin() && !self.rsv1() && self.opcode().begins_message()
    }
}

/// Takes frames off the front of a buffer. It holds no byte itself and can be asked again at any time.
///
/// An error is final: the connection has failed, and nothing more may be decoded.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// The reserved bits that an extension gave a meaning, where they stand in a header's first byte.
    agreed: u8,
    /// The header that was taken off the buffer while its payload is incomplete.
    pending: Option<Header>,
}

impl Decoder {
    /// `compressed`: permessage-deflate was agreed on, so the first frame of a data message may have RSV1.
    pub(crate) fn new(compressed: bool) -> Self {
        Self { agreed: if compressed { RSV1 } else { 0 }, pending: None }
    }

    /// The next frame, or `None` until more bytes came; errors are told by the first byte that shows them.
    #[inline]
    pub(crate) fn decode<'a>(
        &mut self,
        buffer: &'a mut BytesMut,
    ) -> Result<Option<(Header, Payload<'a>)>, DecodeError> {
        let (header, head) = match self.pending {
            Some(header) => (header, 0),
            None => {
                // Checks go byte by byte, so that a header which comes in pieces gives the error that it would give whole.
                let Some((&first, rest)) = buffer.split_first() else { return Ok(None) };
                let opcode = self.opcode(first)?;
                let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
                // RFC 6455 §5.1: "A server MUST NOT mask any frames that it sends to the client."
                if second & MASK != 0 {
                    return Err(DecodeError::Masked);
                }
                // RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less".
                if opcode.is_control() && second > MAX_CONTROL {
                    return Err(DecodeError::ControlTooLong);
                }
                let Some((len, extended)) = length(second, rest)? else { return Ok(None) };
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                (Header { first, len }, 2 + extended)
            }
        };
        if buffer.len() - head < header.len {
            buffer.advance(head);
            self.pending = Some(header);
            return Ok(None);
        }
        self.pending = None;
        Ok(Some((header, Payload::new(buffer, head, header.len))))
    }

    /// The frame at the front of `bytes`, where it is a whole data message, uncompressed, of less than 64 KiB: whether it
    /// is text, the size of its header, and that of its payload.
    ///
    /// `None` says nothing: [`decode`](Self::decode) has to be asked. It says the same of such a frame, and takes longer.
    #[inline]
    pub(crate) fn plain(&self, bytes: &[u8]) -> Option<(bool, usize, usize)> {
        let &[first, second, ..] = bytes else { return None };
        let text = first == FIN | TEXT;
        let (head, len) = match second {
            0..126 => (2, usize::from(second)),
            126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
            127.. => return None,
        };
        let minimal = head == 2 || len > 125;
        let whole = bytes.len() - 2 >= len + (head - 2) && self.pending.is_none();
        ((text || first == FIN | BINARY) && minimal && whole).then_some((text, head, len))
    }

    /// The header of the unfinished frame; the bytes of its payload so far are what is in the buffer.
    #[inline]
    pub(crate) fn pending(&self) -> Option<Header> {
        self.pending
    }

    /// All that the first byte of a header can tell.
    #[inline]
    fn opcode(&self, first: u8) -> Result<Opcode, DecodeError> {
        let opcode = Opcode::of(first & 0x0F);
        if first & RSV != 0 {
            self.check_reserved(first, opcode.is_ok_and(Opcode::begins_message))?;
        }
        let opcode = opcode?;
        // RFC 6455 §5.5: control frames "MUST NOT be fragmented".
        if opcode.is_control() && first & FIN == 0 {
            return Err(DecodeError::FragmentedControl);
        }
        Ok(opcode)
    }

    /// Whether each reserved bit has a meaning in such a frame.
    #[cold]
    fn check_reserved(&self, first: u8, begins_message: bool) -> Result<(), DecodeError> {
        // RFC 6455 §5.2: RSV bits "MUST be 0 unless an extension is negotiated that defines meanings for non-zero
        // values"; RFC 7692 §6.1 defines RSV1 for the first fragment of a message and no other frame.
        let unknown = first & RSV & !(if begins_message { self.agreed } else { 0 });
        if unknown == 0 { Ok(()) } else { Err(DecodeError::ReservedBits { bits: unknown >> 4 }) }
    }
}

/// The payload length and the size of its extension, from the 7-bit length and what follows it (RFC 6455 §5.2).
#[inline]
fn length(short: u8, extension: &[u8]) -> Result<Option<(u64, usize)>, DecodeError> {
    // "the minimal number of bytes MUST be used to encode the length"
    let (len, size, least) = match short {
        126 => {
            let Some(&field) = extension.first_chunk::<2>() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(field)), 2, 126)
        }
        127 => {
            // "the most significant bit MUST be 0"
            if extension.first().is_some_and(|byte| byte & 0x80 != 0) {
                return Err(DecodeError::NegativeLength);
            }
            let Some(&field) = extension.first_chunk::<8>() else { return Ok(None) };
            (u64::from_be_bytes(field), 8, 1 << 16)
        }
        short => (u64::from(short), 0, 0),
    };
    if len < least { Err(DecodeError::NonMinimalLength) } else { Ok(Some((len, size))) }
}

#[cfg(test)]
mod tests;
