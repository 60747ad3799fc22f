//! Bytes → what the server says: the decoder and the assembler in one, for whoever reads the socket.

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;

use super::{
    assembler::Assembler,
    decoder::Decoder,
    deflate::{Inflater, Tally},
    shared_text::shared_text,
};
use crate::{
    error::DecodeError,
    frame::{Frame, Message},
    options::Limits,
};

/// Reads messages and control frames off the front of a buffer.
#[derive(Debug)]
pub(crate) struct Inbound {
    decoder: Decoder,
    assembler: Assembler,
}

impl Inbound {
    /// `inflater`: where permessage-deflate was agreed on.
    pub(crate) fn new(limits: &Limits, inflater: Option<Box<Inflater>>) -> Self {
        Self { decoder: Decoder::new(inflater.is_some()), assembler: Assembler::new(limits, inflater) }
    }

    /// What was decompressed since this was last asked; `None` where nothing can be.
    pub(crate) fn take_tally(&mut self) -> Option<Tally> {
        self.assembler.inflater().map(Inflater::take_tally)
    }

    /// Gives back memory that no message needs.
    pub(crate) fn shrink(&mut self) {
        if let Some(inflater) = self.assembler.inflater() {
            inflater.shrink();
        }
    }

    /// How many bytes are missing of the frame whose header was read last; 0 where no header waits for its payload.
    pub(crate) fn missing(&self, buffer: &BytesMut) -> usize {
        self.decoder.pending().map_or(0, |header| header.len.saturating_sub(buffer.len()))
    }

    /// The next message, where it came in one frame, whole, uncompressed and right, and nothing is left of one before it.
    ///
    /// `None` says nothing about what comes next: [`next`](Self::next) has to be asked. What it would give is the same,
    /// but not as soon: this way carries what comes most without a turn.
    #[inline]
    pub(crate) fn next_whole(&mut self, buffer: &mut BytesMut) -> Option<Result<Message, DecodeError>> {
        let (is_text, head, len) = self.decoder.plain(buffer)?;
        if !self.assembler.takes_whole(len) {
            return None;
        }
        if len == 0 {
            // An empty message must not keep the read buffer alive.
            buffer.advance(head);
            return Some(Ok(if is_text { Message::Text(ByteString::new()) } else { Message::Binary(Bytes::new()) }));
        }
        let mut payload = buffer.split_to(head + len).freeze();
        payload.advance(head);
        if !is_text {
            return Some(Ok(Message::Binary(payload)));
        }
        Some(shared_text(payload).map(Message::Text).map_err(DecodeError::from))
    }

    /// The next message or control frame, or `None` until more bytes were added to the end of the buffer.
    ///
    /// # Errors
    ///
    /// What the server did wrong, as soon as its bytes show it, but after everything that it said before. An
    /// error is final: the connection has failed, and this must not be called again.
    #[inline]
    pub(crate) fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, DecodeError> {
        while let Some((header, payload)) = self.decoder.decode(buffer)? {
            if header.is_message() {
                return self.assembler.message(header, payload);
            }
            if let Some(frame) = self.assembler.push(header, payload)? {
                return Ok(Some(frame));
            }
        }
        if let Some(header) = self.decoder.pending() {
            self.assembler.peek(header, buffer)?;
        }
        Ok(None)
    }
}

#[cfg(any(fuzzing, test))]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests;
