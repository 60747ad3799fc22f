//! The bytes that have come, and the masked frames in them (RFC 6455 §5.2).

/// What a frame of a client begins with, before the eight bytes a length may have.
const SHORTEST: usize = 6;

pub(super) struct Inbox {
    bytes: Vec<u8>,
    taken: usize,
    filled: usize,
}

/// A whole frame.
pub(super) struct Frame<'a> {
    /// FIN and opcode.
    pub(super) first: u8,
    pub(super) mask: [u8; 4],
    /// Still masked.
    pub(super) payload: &'a [u8],
}

impl Inbox {
    pub(super) fn new(room: usize) -> Self {
        Self { bytes: vec![0; room], taken: 0, filled: 0 }
    }

    /// Where to read to. It grows for a frame that does not fit.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.bytes.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        if self.filled == self.bytes.len() {
            self.bytes.resize(2 * self.filled, 0);
        }
        &mut self.bytes[self.filled..]
    }

    /// So many bytes were read into the room.
    pub(super) fn add(&mut self, read: usize) {
        self.filled += read;
    }

    /// The next frame that is there as a whole.
    pub(super) fn next(&mut self) -> Option<Frame<'_>> {
        let bytes = &self.bytes[self.taken..self.filled];
        if bytes.len() < SHORTEST {
            return None;
        }
        let (len, mask_at) = match bytes[1] & 0x7f {
            126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
            127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
            len => (usize::from(len), 2),
        };
        let start = mask_at + 4;
        let mask = bytes.get(mask_at..start)?.try_into().ok()?;
        let payload = bytes.get(start..start + len)?;
        self.taken += start + len;
        Some(Frame { first: bytes[0], mask, payload })
    }
}
