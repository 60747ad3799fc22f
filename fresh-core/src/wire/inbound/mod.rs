//! Bytes → what the server says: the decoder and the assembler in one, for whoever reads the socket.

use bytes::BytesMut;

use super::{
    assembler::Assembler,
    decoder::Decoder,
    deflate::{Inflater, Tally},
};
use crate::{error::DecodeError, frame::Frame, options::Limits};

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
