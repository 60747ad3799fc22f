//! The payload of a frame that came whole, while it is still in the read buffer.

use std::mem;

use bytes::{Buf as _, Bytes, BytesMut};

use crate::wire::utf8::NotUtf8;

/// A payload of at most this many bytes is copied: a copy costs less than sharing the read buffer, and a message that the
/// user keeps does not keep the whole buffer alive.
const COPIED: usize = 512;

/// A payload of this many bytes is worth a buffer of its own.
const LARGE: usize = 64 << 10;

/// The payload of the frame at the front of the read buffer. Each method that consumes it also takes the frame off the
/// buffer.
#[derive(Debug)]
pub(crate) struct Payload<'a> {
    buffer: &'a mut BytesMut,
    /// The size of the header before it.
    head: usize,
    len: usize,
}

impl<'a> Payload<'a> {
    /// The bytes `head..head + len` of the buffer, which must have as many.
    #[inline]
    pub(crate) fn new(buffer: &'a mut BytesMut, head: usize, len: usize) -> Self {
        Self { buffer, head, len }
    }

    /// Whether the payload is worth a copy.
    #[inline]
    pub(crate) fn is_small(&self) -> bool {
        self.len <= COPIED
    }

    /// A copy of the payload.
    #[inline]
    pub(crate) fn copy(self) -> Box<[u8]> {
        let copy = self.as_slice().into();
        self.discard();
        copy
    }

    /// A copy of the payload, which must be text.
    #[inline]
    pub(crate) fn copy_text(self) -> Result<Box<str>, NotUtf8> {
        let copy = simdutf8::basic::from_utf8(self.as_slice()).map_err(|_| NotUtf8)?.into();
        self.discard();
        Ok(copy)
    }

    /// The payload in the memory of the read buffer.
    pub(crate) fn share(self) -> Bytes {
        self.buffer.advance(self.head);
        if self.len >= LARGE && self.len == self.buffer.len() {
            // Nobody else holds the buffer then, so the message can be changed in place.
            mem::take(self.buffer).freeze()
        } else {
            self.buffer.split_to(self.len).freeze()
        }
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.buffer[self.head..self.head + self.len]
    }

    /// Takes the frame off the buffer.
    #[inline]
    pub(crate) fn discard(self) {
        self.buffer.advance(self.head + self.len);
    }
}
