//! The server's compressed messages (RFC 7692 §7.2.2), without I/O.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

use super::{Agreed, TAIL, Tally};
use crate::{error::DecodeError, options::Limits};

/// How many bytes are inflated at once: what a message gains before it is held against its limit.
const STEP: usize = 8 << 10;

/// An empty last block: where nothing points back, it proves that the message ended where a block does.
const LAST: [u8; 5] = [0x01, 0x00, 0x00, 0xFF, 0xFF];

/// Inflates the messages of one connection, each in as many pieces as it has frames.
pub(crate) struct Inflater {
    max_message: usize,
    context_takeover: bool,
    /// Allocated for the first compressed message.
    window: Option<Window>,
    stream: Deflated,
    /// What the message has become so far, in bytes.
    len: usize,
    tally: Tally,
}

/// How far the DEFLATE data of a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deflated {
    /// No byte of it has come.
    Awaited,
    /// Amid its blocks.
    Open,
    /// A block with BFINAL was the last thing that came.
    Ended,
}

/// What inflating needs.
///
/// The window is the largest one, whatever the server agreed to: the library takes the same memory for any, and
/// only the largest can be reset without being allocated anew.
struct Window {
    inflate: Decompress,
    step: Box<[u8]>,
}

impl Inflater {
    pub(crate) fn new(agreed: Agreed, limits: &Limits) -> Self {
        Self {
            max_message: limits.max_message,
            context_takeover: !agreed.server_no_context_takeover,
            window: None,
            stream: Deflated::Awaited,
            len: 0,
            tally: Tally::default(),
        }
    }

    /// Inflates the payload of a message's next frame, and tells what it becomes in small pieces.
    ///
    /// # Errors
    ///
    /// A message that becomes larger than `max_message`, with the byte that makes it so; what is no DEFLATE data; and
    /// what `take` answers.
    pub(crate) fn inflate(
        &mut self,
        payload: &[u8],
        last: bool,
        mut take: impl FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.tally.compressed += payload.len() as u64;
        self.run(payload, &mut take)?;
        if last { self.finish(&mut take) } else { Ok(()) }
    }

    /// What was inflated since this was last asked.
    pub(crate) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Gives back the window where no message needs it any more.
    pub(crate) fn shrink(&mut self) {
        if !self.context_takeover && self.stream == Deflated::Awaited {
            self.window = None;
        }
    }

    /// Ends the message.
    fn finish(&mut self, take: &mut impl FnMut(&[u8]) -> Result<(), DecodeError>) -> Result<(), DecodeError> {
        match self.stream {
            // RFC 7692 §7.2.3.6 compresses an empty message to one zero byte. Some servers send no byte at all, because
            // zlib's flush adds nothing directly behind another flush. Both windows are then as they were.
            Deflated::Awaited => {}
            Deflated::Open => {
                self.run(&TAIL, take)?;
                if !self.context_takeover {
                    self.run(&LAST, take)?;
                    if self.stream != Deflated::Ended {
                        return Err(DecodeError::Deflate);
                    }
                }
            }
            // RFC 7692 §7.2.3.4 has a zero byte after such a block, which opens the one that the tail ends; without
            // it, the message is whole as it is.
            Deflated::Ended => {}
        }
        self.stream = Deflated::Awaited;
        self.len = 0;
        Ok(())
    }

    fn run(
        &mut self,
        mut input: &[u8],
        take: &mut impl FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if input.is_empty() {
            return Ok(());
        }
        let Window { inflate, step } = self.window.get_or_insert_with(Window::new);
        loop {
            // One byte over the limit is enough to tell.
            let room = self.max_message - self.len;
            let step = &mut step[..STEP.min(room.saturating_add(1))];
            let (read, made) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(input, step, FlushDecompress::Sync);
            let (read, made) = ((inflate.total_in() - read) as usize, (inflate.total_out() - made) as usize);
            if made > room {
                return Err(DecodeError::MessageTooBig { limit: self.max_message });
            }
            self.len += made;
            self.tally.plain += made as u64;
            take(&step[..made])?;
            // What came before the error counts, so that it is the same however the message is cut into frames.
            let status = status.map_err(|_| DecodeError::Deflate)?;
            input = &input[read..];
            self.stream = Deflated::Open;
            match status {
                Status::StreamEnd => {
                    // A block with BFINAL: what follows is a stream of its own (RFC 7692 §7.2.3.4).
                    inflate.reset(false);
                    self.stream = Deflated::Ended;
                    if input.is_empty() {
                        return Ok(());
                    }
                }
                // There may be more where all the room was used.
                Status::Ok | Status::BufError if made == step.len() => {}
                Status::Ok | Status::BufError if input.is_empty() => return Ok(()),
                Status::Ok | Status::BufError => return Err(DecodeError::Deflate),
            }
        }
    }
}

impl Window {
    fn new() -> Self {
        Self { inflate: Decompress::new(false), step: vec![0; STEP].into() }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("context_takeover", &self.context_takeover)
            .field("allocated", &self.window.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
