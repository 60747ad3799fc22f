//! A reader of DEFLATE (RFC 1951) that knows how far back it was pointed: no window hides what was wrong.

/// The message, and the farthest distance in it.
pub(super) struct Read {
    pub(super) message: Vec<u8>,
    pub(super) farthest: usize,
}

/// Reads blocks up to the end of these bytes, behind what was said before.
pub(super) fn read(bytes: &[u8], before: Vec<u8>) -> Read {
    let mut bits = Bits { bytes, at: 0 };
    let mut read = Read { message: before, farthest: 0 };
    while bits.at < bytes.len() * 8 {
        assert_eq!(bits.take(1), 0, "BFINAL");
        match bits.take(2) {
            0 => stored(&mut bits, &mut read),
            1 => {
                let lengths: Vec<u8> = (0..288).map(|symbol| [8, 9, 7, 8][class(symbol)]).collect();
                compressed(&mut bits, &Code::new(&lengths), &Code::new(&[5; 30]), &mut read);
            }
            2 => {
                let (literals, distances) = codes(&mut bits);
                compressed(&mut bits, &literals, &distances, &mut read);
            }
            _ => panic!("a reserved block"),
        }
    }
    read
}

/// Which of the four ranges of the fixed code (RFC 1951 §3.2.6) a symbol is in.
fn class(symbol: usize) -> usize {
    [144, 256, 280].iter().filter(|&&first| symbol >= first).count()
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> usize {
        (0..count).fold(0, |value, place| {
            let bit = self.bytes[self.at / 8] >> (self.at % 8) & 1;
            self.at += 1;
            value | usize::from(bit) << place
        })
    }
}

/// A Huffman code, by the number of codes of each length and the symbols in their order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 16];
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|&symbol| lengths[symbol] > 0).collect();
        symbols.sort_by_key(|&symbol| lengths[symbol]);
        for &symbol in &symbols {
            counts[usize::from(lengths[symbol])] += 1;
        }
        Self { counts, symbols }
    }

    fn take(&self, bits: &mut Bits<'_>) -> usize {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1);
            if code < first + count {
                return self.symbols[index + code - first];
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        panic!("no symbol has this code");
    }
}

fn stored(bits: &mut Bits<'_>, read: &mut Read) {
    bits.at = bits.at.next_multiple_of(8);
    let (length, check) = (bits.take(16), bits.take(16));
    assert_eq!(length, check ^ 0xFFFF);
    for _ in 0..length {
        read.message.push(bits.take(8) as u8);
    }
}

/// RFC 1951 §3.2.7
fn codes(bits: &mut Bits<'_>) -> (Code, Code) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (literals, distances, lengths) = (bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4);
    let mut of_lengths = [0; 19];
    for &symbol in &ORDER[..lengths] {
        of_lengths[symbol] = bits.take(3) as u8;
    }
    let code = Code::new(&of_lengths);
    let mut all: Vec<u8> = Vec::new();
    while all.len() < literals + distances {
        let (length, times) = match code.take(bits) {
            16 => (*all.last().unwrap(), bits.take(2) + 3),
            17 => (0, bits.take(3) + 3),
            18 => (0, bits.take(7) + 11),
            length => (length as u8, 1),
        };
        all.extend(std::iter::repeat_n(length, times));
    }
    (Code::new(&all[..literals]), Code::new(&all[literals..]))
}

/// RFC 1951 §3.2.5
fn compressed(bits: &mut Bits<'_>, literals: &Code, distances: &Code, read: &mut Read) {
    loop {
        match literals.take(bits) {
            literal @ 0..256 => read.message.push(literal as u8),
            256 => return,
            length => {
                let length = match length - 257 {
                    28 => 258,
                    short @ 0..8 => short + 3,
                    code => {
                        let extra = code / 4 - 1;
                        ((4 + code % 4) << extra) + 3 + bits.take(extra as u32)
                    }
                };
                let distance = match distances.take(bits) {
                    short @ 0..4 => short + 1,
                    code => {
                        let extra = code / 2 - 1;
                        ((2 + code % 2) << extra) + 1 + bits.take(extra as u32)
                    }
                };
                read.farthest = read.farthest.max(distance);
                for _ in 0..length {
                    read.message.push(read.message[read.message.len() - distance]);
                }
            }
        }
    }
}
