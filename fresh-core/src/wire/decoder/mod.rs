//! Bytes → frames, without I/O: every check of RFC 6455 §5 that one frame allows.
//!
//! What a frame means for its message (order, size, UTF-8) is the assembler's.

use std::mem;

use bytes::{Buf, Bytes, BytesMut};

use crate::error::DecodeError;

/// The payload of a control frame has at most so many bytes (RFC 6455 §5.5).
const MAX_CONTROL: u8 = 125;

/// A payload of so many bytes is worth a buffer of its own.
const LARGE: usize = 64 << 10;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const MASK: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;

/// One frame as it stood on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawFrame {
    /// The last frame of its message.
    pub fin: bool,
    /// The message is compressed (RFC 7692 §6); only ever set on its first frame.
    pub rsv1: bool,
    pub opcode: Opcode,
    /// Shares the memory of the read buffer.
    pub payload: Bytes,
}

/// What a frame is (RFC 6455 §5.2), without the values that are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn of(nibble: u8) -> Result<Self, DecodeError> {
        match nibble {
            0x0 => Ok(Self::Continuation),
            TEXT => Ok(Self::Text),
            BINARY => Ok(Self::Binary),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub fin: bool,
    pub rsv1: bool,
    pub opcode: Opcode,
    /// What the header declares. Where memory has fewer addresses, it is more than any limit either way.
    pub len: usize,
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
    pub(crate) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<RawFrame>, DecodeError> {
        let header = match self.pending.take() {
            Some(header) => header,
            None => match self.parse(buffer)? {
                Some((header, size)) => {
                    buffer.advance(size);
                    header
                }
                None => return Ok(None),
            },
        };
        if buffer.len() < header.len {
            self.pending = Some(header);
            return Ok(None);
        }
        let payload = match header.len {
            // An empty frame must not keep the read buffer alive.
            0 => Bytes::new(),
            // A large one that fills the buffer gets all of it: nobody else holds it then, so it can be changed in place.
            len if len == buffer.len() && len >= LARGE => mem::take(buffer).freeze(),
            len => buffer.split_to(len).freeze(),
        };
        Ok(Some(RawFrame { fin: header.fin, rsv1: header.rsv1, opcode: header.opcode, payload }))
    }

    /// The frame at the front of `bytes`, where it is a whole data message, uncompressed, of less than 64 KiB: whether it is text, the size of its header, and that of its payload.
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

    /// The header at the front of `bytes` and its size. Checks go byte by byte, so that a header which comes in
    /// pieces gives the error that it would give whole.
    #[inline]
    fn parse(&self, bytes: &[u8]) -> Result<Option<(Header, usize)>, DecodeError> {
        let Some((&first, bytes)) = bytes.split_first() else { return Ok(None) };
        let opcode = self.opcode(first)?;
        let Some((&second, bytes)) = bytes.split_first() else { return Ok(None) };
        // RFC 6455 §5.1: "A server MUST NOT mask any frames that it sends to the client."
        if second & MASK != 0 {
            return Err(DecodeError::Masked);
        }
        // RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less".
        if opcode.is_control() && second > MAX_CONTROL {
            return Err(DecodeError::ControlTooLong);
        }
        let Some((len, extended)) = length(second, bytes)? else { return Ok(None) };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        Ok(Some((Header { fin: first & FIN != 0, rsv1: first & RSV1 != 0, opcode, len }, 2 + extended)))
    }

    /// All that the first byte of a header can tell.
    #[inline]
    fn opcode(&self, first: u8) -> Result<Opcode, DecodeError> {
        let reserved = (first >> 4) & 0b111;
        let opcode = Opcode::of(first & 0x0F);
        let begins = opcode.is_ok_and(Opcode::begins_message);
        // RFC 6455 §5.2: RSV bits "MUST be 0 unless an extension is negotiated that defines meanings for non-zero
        // values"; RFC 7692 §6.1 defines RSV1 for the first fragment of a message and no other frame.
        let unknown = reserved & !(if begins { self.agreed >> 4 } else { 0 });
        if unknown != 0 {
            return Err(DecodeError::ReservedBits { bits: unknown });
        }
        let opcode = opcode?;
        // RFC 6455 §5.5: control frames "MUST NOT be fragmented".
        if opcode.is_control() && first & FIN == 0 {
            return Err(DecodeError::FragmentedControl);
        }
        Ok(opcode)
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
