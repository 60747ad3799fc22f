mod blocks;
mod pieces;

use flate2::{Decompress, FlushDecompress};

use super::*;

fn deflater(context_takeover: bool, window_bits: u8, options: &DeflateOptions) -> Deflater {
    let agreed = Agreed {
        server_no_context_takeover: false,
        client_no_context_takeover: !context_takeover,
        client_window_bits: window_bits,
    };
    Deflater::new(agreed, options)
}

fn everything() -> DeflateOptions {
    DeflateOptions::new().threshold(0)
}

/// What a server reads.
fn inflated(inflate: &mut Decompress, compressed: &[u8]) -> Vec<u8> {
    let bytes = [compressed, &TAIL].concat();
    let mut message = Vec::with_capacity(1 << 20);
    let read = inflate.total_in();
    inflate.decompress_vec(&bytes, &mut message, FlushDecompress::Sync).unwrap();
    assert_eq!((inflate.total_in() - read) as usize, bytes.len());
    message
}

/// Text of which parts come again, some near and some far.
fn text(rng: &mut fastrand::Rng, len: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(len + 300);
    while text.len() < len {
        let most = 1 << rng.u32(4..16);
        let back = rng.usize(1..=most).min(text.len());
        let start = text.len() - back;
        let end = (start + rng.usize(1..200)).min(text.len());
        text.extend_from_within(start..end);
        text.extend([rng.u8(b'a'..=b'z'), rng.u8(b'a'..=b'z')]);
    }
    text.truncate(len);
    text
}

#[test]
fn the_examples_of_rfc_7692_come_out_byte_for_byte() {
    let options = everything().level(9).unwrap();
    let mut shared = deflater(true, 15, &options);
    // A single "Hello" takes 7 bytes, so it would go out as it is: the flush is looked at below that decision.
    let window = |bits| Compress::new_with_window_bits(Compression::new(9), false, bits);
    let raw = |window: &mut Compress, message: &[u8]| {
        let mut bytes = Vec::with_capacity(100);
        window.compress_vec(message, &mut bytes, FlushCompress::Sync).unwrap();
        assert!(bytes.ends_with(&TAIL));
        bytes.truncate(bytes.len() - TAIL.len());
        bytes
    };
    let mut first = window(15);
    assert_eq!(raw(&mut first, b"Hello"), [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], "§7.2.3.1");
    let again = raw(&mut first, b"Hello");
    assert_eq!(again, [0xF2, 0x00, 0x11, 0x00, 0x00], "§7.2.3.2");

    let message = b"HelloHelloHelloHello";
    assert_eq!(shared.deflate(message).unwrap(), raw(&mut window(15), message));
}

#[test]
fn a_message_that_does_not_shrink_goes_out_as_it_is() {
    let mut deflater = deflater(true, 15, &everything());
    assert_eq!(deflater.deflate(b"Hello"), None);
    assert_eq!(deflater.deflate(b""), None);
    let mut rng = fastrand::Rng::with_seed(1);
    for len in [1, 63, 64, 65, 1000, 100_000] {
        let noise: Vec<u8> = (0..len).map(|_| rng.u8(..)).collect();
        assert_eq!(deflater.deflate(&noise), None, "{len}");
    }
    assert_eq!(deflater.take_tally(), Tally::default());
}

#[test]
fn nothing_points_back_into_a_message_that_went_out_as_it_is() {
    let mut rng = fastrand::Rng::with_seed(2);
    let noise: Vec<u8> = (0..1000).map(|_| rng.u8(..)).collect();
    let (first, then) = (text(&mut rng, 500), [&noise[..], &noise].concat());
    let mut deflater = deflater(true, 15, &everything());
    let mut inflate = Decompress::new(false);
    let compressed = deflater.deflate(&first).unwrap();
    assert!(inflated(&mut inflate, &compressed) == first);
    assert_eq!(deflater.deflate(&noise), None);
    // The server has the first message in its window and never saw the noise.
    let compressed = deflater.deflate(&then).unwrap();
    assert!(compressed.len() > 1000);
    assert!(inflated(&mut inflate, &compressed) == then);
}

#[test]
fn a_message_below_the_threshold_goes_out_as_it_is() {
    let mut deflater = deflater(true, 15, &DeflateOptions::new().threshold(100));
    assert_eq!(deflater.deflate(&[b'a'; 99]), None);
    assert!(deflater.window.is_none(), "and allocates nothing");
    assert!(deflater.deflate(&[b'a'; 100]).is_some());
    let mut never = self::deflater(true, 15, &DeflateOptions::new().threshold(usize::MAX));
    assert_eq!(never.deflate(&[b'a'; 1 << 20]), None);
}

#[test]
fn messages_share_the_window_unless_agreed_otherwise() {
    let message = text(&mut fastrand::Rng::with_seed(3), 1000);
    let (mut shared, mut alone) = (deflater(true, 15, &everything()), deflater(false, 15, &everything()));
    let (first, again) = (shared.deflate(&message).unwrap(), shared.deflate(&message).unwrap());
    assert!(again.len() * 2 < first.len(), "{} and {}", first.len(), again.len());
    assert_eq!(alone.deflate(&message).unwrap(), alone.deflate(&message).unwrap());
}

#[test]
fn no_message_points_further_back_than_the_window_agreed_on() {
    let mut rng = fastrand::Rng::with_seed(13_005);
    for bits in 8..=15 {
        for level in 1..=9 {
            for takeover in [true, false] {
                let mut deflater = deflater(takeover, bits, &everything().level(level).unwrap());
                let mut farthest = 0;
                let (mut all, mut stream) = (Vec::new(), Vec::new());
                for len in [1000, 70_000, 300, 5000] {
                    let message = text(&mut rng, len);
                    let compressed = deflater.deflate(&message).unwrap();
                    let before = if takeover { all.clone() } else { Vec::new() };
                    let read = blocks::read(&[&compressed[..], &TAIL].concat(), before);
                    farthest = farthest.max(read.farthest);
                    all = read.message;
                    stream.push(message);
                    let expected = if takeover { stream.concat() } else { stream.pop().unwrap() };
                    assert!(all == expected, "{bits} bits, level {level}, takeover {takeover}");
                }
                let window = 1 << bits;
                assert!(farthest <= window, "{farthest} with {bits} bits, level {level}, takeover {takeover}");
                assert!(bits == 8 || farthest > window / 4, "the window of {bits} bits is hardly used: {farthest}");
            }
        }
    }
}

#[test]
fn the_window_is_allocated_for_the_first_message_and_given_back_where_none_points_back() {
    let (mut shared, mut alone) = (deflater(true, 15, &everything()), deflater(false, 15, &everything()));
    assert!(shared.window.is_none() && alone.window.is_none());
    for deflater in [&mut shared, &mut alone] {
        assert!(deflater.deflate(&[b'a'; 100]).is_some());
        assert!(deflater.window.is_some());
        deflater.shrink();
    }
    assert!(shared.window.is_some() && alone.window.is_none());
    assert!(alone.deflate(&[b'a'; 100]).is_some());
}

#[test]
fn the_tally_counts_what_was_compressed() {
    let mut deflater = deflater(true, 15, &everything());
    let compressed = deflater.deflate(&[b'a'; 1000]).unwrap();
    deflater.deflate(b"no");
    assert_eq!(deflater.take_tally(), Tally { plain: 1000, compressed: compressed.len() as u64 });
    assert_eq!(deflater.take_tally(), Tally::default());
}
