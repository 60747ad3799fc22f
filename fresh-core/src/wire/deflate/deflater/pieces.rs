//! Messages that go out in pieces, compressed as they come (RFC 7692 §7.2.1).

use super::{Deflater, TAIL};
use crate::wire::piece::Place;

/// The most bytes of a stored block (RFC 1951 §3.2.4).
const MOST_STORED: usize = 0xFFFF;

/// How the message goes out whose pieces come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pieces {
    /// As they are, or there is none.
    Plain,
    Compressed,
}

impl Deflater {
    /// The compressed piece; `None` where its message goes out as it is. The first piece decides that, by the rules of
    /// a whole message. Each ends with a flush, so that the server can read all of it; what both sides leave out is
    /// left out at the end of the message only.
    pub(crate) fn deflate_piece(&mut self, place: Place, piece: &[u8]) -> Option<Vec<u8>> {
        let begun = self.pieces;
        self.pieces = Pieces::Plain;
        let mut compressed = match (place, begun) {
            (Place::Only | Place::First, _) if piece.len() < self.threshold => return None,
            (Place::Only | Place::First, _) => self.compress(piece)?,
            (Place::Middle | Place::Last, Pieces::Plain) => return None,
            // It is too late to send it as it is.
            (Place::Middle | Place::Last, Pieces::Compressed) => self.compress(piece).unwrap_or_else(|| stored(piece)),
        };
        if place.ends() {
            if !self.context_takeover {
                self.forget();
            }
        } else {
            self.pieces = Pieces::Compressed;
            compressed.extend(TAIL);
        }
        self.count(piece, &compressed);
        Some(compressed)
    }
}

/// The bytes as they are, in stored blocks, and a flush without its tail: behind another flush.
fn stored(piece: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(piece.len() + piece.len() / MOST_STORED * 5 + 6);
    for block in piece.chunks(MOST_STORED) {
        let len = block.len() as u16;
        blocks.push(0);
        blocks.extend(len.to_le_bytes());
        blocks.extend((!len).to_le_bytes());
        blocks.extend(block);
    }
    blocks.push(0);
    blocks
}
