//! What waits to be written, in as few and as large pieces as can be without copying.

use std::{collections::VecDeque, io::IoSlice, mem};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use fastwebsockets::OpCode;

use super::{Kind, head_len, seal};
use crate::{
    frame::{CloseFrame, Frame, MessageType},
    wire::{
        deflate::{Deflater, Tally},
        piece::{Piece, Place},
    },
};

/// A payload over this many bytes is written from where it lies; below, a copy is cheaper than a piece of its own.
const COPIED: usize = 16 << 10;

/// Copied frames are collected in pieces of about this size, so that appending never moves much that waits.
const PIECE: usize = 64 << 10;

/// What a buffer that became empty may keep, in bytes.
const KEPT: usize = 64 << 10;

/// What the buffer of an idle connection may keep, in bytes.
const KEPT_IDLE: usize = 4 << 10;

/// The encoded frames that were accepted and not yet written, in order.
///
/// As a [`Buf`] it shows them to one vectored write. What was written is counted by [`advance`](Buf::advance).
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Where permessage-deflate was agreed on.
    deflater: Option<Box<Deflater>>,
    /// The pieces that take no more frames; they go out before `tail`.
    full: VecDeque<Bytes>,
    /// The piece that small frames are appended to.
    tail: Vec<u8>,
    /// How much of the first piece has been written.
    offset: usize,
    pushed: u64,
    written: u64,
}

impl Outgoing {
    pub(crate) fn new(deflater: Option<Box<Deflater>>) -> Self {
        Self { deflater, ..Self::default() }
    }

    /// Encodes a frame behind all others and masks it; [`Frame::check`] must have passed it.
    ///
    /// Returns the position at which it ends: it is out once [`written`](Self::written) reached that.
    #[inline(always)]
    pub(crate) fn push(&mut self, frame: Frame) -> u64 {
        debug_assert_eq!(frame.check(), Ok(()));
        let (opcode, payload) = match frame {
            Frame::Text(text) => (OpCode::Text, text.into_bytes()),
            Frame::Binary(payload) => (OpCode::Binary, payload),
            Frame::Ping(payload) => return self.control(OpCode::Ping, payload),
            Frame::Pong(payload) => return self.control(OpCode::Pong, payload),
            Frame::Close(close) => return self.control(OpCode::Close, close_payload(close)),
        };
        self.message(opcode, payload)
    }

    /// Apart, so that the way of a message is short enough to be inlined.
    #[inline(never)]
    fn control(&mut self, opcode: OpCode, payload: Bytes) -> u64 {
        self.encode(Kind::whole(opcode), payload)
    }

    /// Encodes a piece of a message, behind its other pieces, as [`push`](Self::push) does a frame; only control frames
    /// may have been pushed between them (RFC 6455 §5.4).
    pub(crate) fn piece(&mut self, Piece { message_type, place, bytes }: Piece) -> u64 {
        let opcode = match message_type {
            MessageType::Text => OpCode::Text,
            MessageType::Binary => OpCode::Binary,
        };
        if place == Place::Only {
            return self.message(opcode, bytes);
        }
        let opcode = if place.begins() { opcode } else { OpCode::Continuation };
        let compressed = self.deflater.as_mut().and_then(|deflater| deflater.deflate_piece(place, &bytes));
        // Only the first frame of a compressed message is marked (RFC 7692 §6.1).
        let kind = Kind { fin: place.ends(), rsv1: place.begins() && compressed.is_some(), opcode };
        self.encode(kind, compressed.map_or(bytes, Bytes::from))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pushed == self.written
    }

    /// How many bytes wait to be written.
    pub(crate) fn len(&self) -> usize {
        (self.pushed - self.written) as usize
    }

    /// How many bytes have been written since the connection opened.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// What was compressed since this was last asked; `None` where nothing can be.
    pub(crate) fn take_tally(&mut self) -> Option<Tally> {
        self.deflater.as_deref_mut().map(Deflater::take_tally)
    }

    /// Gives back memory: the window where no message needs it any more, and the buffers where nothing waits, down to
    /// what an idle connection may hold (4 KiB).
    pub(crate) fn shrink(&mut self) {
        if let Some(deflater) = &mut self.deflater {
            deflater.shrink();
        }
        if self.is_empty() {
            self.full = VecDeque::new();
            self.release(KEPT_IDLE);
        }
    }

    #[inline(always)]
    fn message(&mut self, opcode: OpCode, payload: Bytes) -> u64 {
        if self.deflater.is_some() {
            return self.deflated(opcode, payload);
        }
        self.encode(Kind::whole(opcode), payload)
    }

    #[inline(never)]
    fn deflated(&mut self, opcode: OpCode, payload: Bytes) -> u64 {
        let kind = Kind::whole(opcode);
        match self.deflater.as_mut().and_then(|deflater| deflater.deflate(&payload)) {
            Some(compressed) => self.encode(Kind { rsv1: true, ..kind }, compressed.into()),
            None => self.encode(kind, payload),
        }
    }

    #[inline(always)]
    fn encode(&mut self, kind: Kind, payload: Bytes) -> u64 {
        self.pushed += (head_len(payload.len()) + payload.len()) as u64;
        if payload.len() > COPIED {
            self.append_piece(kind, payload);
        } else {
            self.append(kind, &payload);
        }
        self.pushed
    }

    /// A frame that is copied into the last piece.
    #[inline(never)]
    fn append(&mut self, kind: Kind, payload: &[u8]) {
        let size = head_len(payload.len());
        if self.tail.len() + size + payload.len() > PIECE {
            self.finish_tail();
            // What follows so much is likely to be as much.
            self.tail.reserve(PIECE);
        }
        let start = self.tail.len();
        self.tail.reserve(size + payload.len());
        self.tail.resize(start + size, 0);
        self.tail.extend_from_slice(payload);
        let (head, payload) = self.tail[start..].split_at_mut(size);
        seal(kind, head, payload);
    }

    /// A frame whose payload becomes a piece of its own: masked where it lies if nobody else can see it.
    #[inline(never)]
    fn append_piece(&mut self, kind: Kind, payload: Bytes) {
        let mut payload = payload.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        let start = self.tail.len();
        self.tail.resize(start + head_len(payload.len()), 0);
        seal(kind, &mut self.tail[start..], &mut payload);
        self.finish_tail();
        self.full.push_back(payload.freeze());
    }

    fn finish_tail(&mut self) {
        if !self.tail.is_empty() {
            self.full.push_back(mem::take(&mut self.tail).into());
        }
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.full.iter().map(Bytes::as_ref).chain(Some(self.tail.as_slice()))
    }

    /// The memory that the empty buffer holds, in bytes.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.tail.capacity() + self.full.capacity() * size_of::<Bytes>()
    }

    fn release(&mut self, kept: usize) {
        if self.tail.capacity() > kept {
            self.tail = Vec::new();
        }
        self.full.shrink_to(kept.saturating_sub(self.tail.capacity()) / size_of::<Bytes>());
    }
}

impl Buf for Outgoing {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        let first = self.full.front().map_or(self.tail.as_slice(), Bytes::as_ref);
        &first[self.offset..]
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut offset = self.offset;
        let mut filled = 0;
        for (slice, piece) in slices.iter_mut().zip(self.pieces().filter(|piece| !piece.is_empty())) {
            *slice = IoSlice::new(&piece[mem::take(&mut offset)..]);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, count: usize) {
        assert!(count <= self.len(), "advanced past what waits to be written");
        self.written += count as u64;
        self.offset += count;
        while let Some(first) = self.full.front()
            && self.offset >= first.len()
        {
            self.offset -= first.len();
            self.full.pop_front();
        }
        if self.is_empty() {
            self.tail.clear();
            self.offset = 0;
            self.release(KEPT);
        }
    }
}

/// What a close frame holds (RFC 6455 §5.5.1).
fn close_payload(close: Option<CloseFrame>) -> Bytes {
    let Some(CloseFrame { code, reason }) = close else { return Bytes::new() };
    let mut payload = BytesMut::with_capacity(2 + reason.len());
    payload.put_u16(code.as_u16());
    payload.put_slice(reason.as_bytes());
    payload.freeze()
}
