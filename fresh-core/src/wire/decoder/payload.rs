//! The payload of a frame that came whole, while it is still in the read buffer.

use std::mem;

use bytes::{Buf as _, Bytes, BytesMut};

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

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.buffer[self.head..self.head + self.len]
    }

    /// Takes the frame off the buffer.
    pub(crate) fn discard(self) {
        self.buffer.advance(self.head + self.len);
    }

    /// The payload in memory of its own.
    pub(crate) fn copy(self) -> Bytes {
        let copy = Bytes::copy_from_slice(self.as_slice());
        self.discard();
        copy
    }

    /// Whether [`split`](Self::split) is the right way to take the payload, as it is for most.
    #[inline]
    pub(crate) fn is_ordinary(&self) -> bool {
        self.len > 0 && self.len < LARGE
    }

    /// The payload, in the memory of the read buffer.
    #[inline(always)]
    pub(crate) fn split(self) -> Bytes {
        let mut payload = self.buffer.split_to(self.head + self.len).freeze();
        payload.advance(self.head);
        payload
    }

    /// The payload, which may be empty or large.
    pub(crate) fn take(self) -> Bytes {
        self.buffer.advance(self.head);
        match self.len {
            // An empty message must not keep the read buffer alive.
            0 => Bytes::new(),
            // A large payload that fills the buffer gets all of it: the message can be changed in place then.
            len if len >= LARGE && len == self.buffer.len() => mem::take(self.buffer).freeze(),
            len => self.buffer.split_to(len).freeze(),
        }
    }
}
