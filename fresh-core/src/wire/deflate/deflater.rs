//! Our messages, compressed (RFC 7692 §7.2.1), without I/O.

mod pieces;

use std::fmt;

use flate2::{Compress, Compression, FlushCompress};

use self::pieces::Pieces;
use super::{Agreed, TAIL, Tally};
use crate::options::DeflateOptions;

/// The smallest window that the library compresses with.
///
/// It points no further back than 250 bytes with that (a window less the longest match and its surroundings), so it
/// keeps to a window of 8 bits as well.
const LEAST_BITS: u8 = 9;

/// The least room that is added for the output; with less than 7 bytes, a flush might be marked twice.
const LEAST_ROOM: usize = 64;

/// Compresses the messages of one connection.
pub(crate) struct Deflater {
    threshold: usize,
    level: u8,
    window_bits: u8,
    context_takeover: bool,
    /// Allocated for the first message over the threshold.
    window: Option<Compress>,
    pieces: Pieces,
    tally: Tally,
}

impl Deflater {
    pub(crate) fn new(agreed: Agreed, options: &DeflateOptions) -> Self {
        Self {
            // Nothing cannot become less.
            threshold: options.threshold.max(1),
            level: options.level,
            window_bits: agreed.client_window_bits.max(LEAST_BITS),
            context_takeover: !agreed.client_no_context_takeover,
            window: None,
            pieces: Pieces::Plain,
            tally: Tally::default(),
        }
    }

    /// The compressed message; `None` where it goes out as it is, because it is short or does not shrink (RFC 7692
    /// §6: each message may be compressed or not).
    pub(crate) fn deflate(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        if message.len() < self.threshold {
            return None;
        }
        let compressed = self.compress(message)?;
        if !self.context_takeover {
            self.forget();
        }
        self.count(message, &compressed);
        Some(compressed)
    }

    /// The blocks of these bytes, without the flush's tail; `None` where they are not shorter.
    fn compress(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let window = self.window.get_or_insert_with(|| {
            Compress::new_with_window_bits(Compression::new(self.level.into()), false, self.window_bits)
        });
        let compressed = compress(window, bytes);
        // What goes out as it is never gets into the server's window: nothing after it may point back there.
        if compressed.is_none() {
            window.reset();
        }
        compressed
    }

    /// Nothing that comes may point back to what was.
    fn forget(&mut self) {
        if let Some(window) = &mut self.window {
            window.reset();
        }
    }

    fn count(&mut self, plain: &[u8], compressed: &[u8]) {
        self.tally.plain += plain.len() as u64;
        self.tally.compressed += compressed.len() as u64;
    }

    /// What was compressed since this was last asked.
    pub(crate) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Gives back the window where no message needs it any more.
    pub(crate) fn shrink(&mut self) {
        if !self.context_takeover && self.pieces == Pieces::Plain {
            self.window = None;
        }
    }
}

/// The message as one run of blocks up to a sync flush, without the flush's tail; `None` where that is not shorter.
fn compress(window: &mut Compress, message: &[u8]) -> Option<Vec<u8>> {
    let mut compressed = Vec::with_capacity(message.len() / 2 + LEAST_ROOM);
    let mut rest = message;
    loop {
        let read = window.total_in();
        window.compress_vec(rest, &mut compressed, FlushCompress::Sync).ok()?;
        rest = &rest[(window.total_in() - read) as usize..];
        // The flush is complete where it left room (as zlib's manual says of `deflate`).
        if compressed.len() < compressed.capacity() {
            break;
        }
        if compressed.len() > message.len() + TAIL.len() {
            return None;
        }
        compressed.reserve(LEAST_ROOM);
    }
    let len = compressed.len().checked_sub(TAIL.len())?;
    let shorter = rest.is_empty() && compressed[len..] == TAIL && len < message.len();
    compressed.truncate(len);
    shorter.then_some(compressed)
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater")
            .field("window_bits", &self.window_bits)
            .field("context_takeover", &self.context_takeover)
            .field("allocated", &self.window.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
