//! Both directions through the codec: frames, fragments, control frames, bytes cut anywhere.

use bytes::{Buf, BytesMut};
use flate2::{Compress, Compression, FlushCompress};

use super::*;
use crate::{
    error::DecodeError,
    frame::Frame,
    options::{DeflateOptions, Limits},
    wire::{encoder::Outgoing, inbound::Inbound},
};

fn agreed(server_no_context_takeover: bool) -> Agreed {
    Agreed { server_no_context_takeover, client_no_context_takeover: false, client_window_bits: 15 }
}

fn inbound(limits: &Limits, server_no_context_takeover: bool) -> Inbound {
    Inbound::new(limits, Some(Box::new(Inflater::new(agreed(server_no_context_takeover), limits))))
}

/// What was told, and the error that ended it, of bytes that come in pieces of the sizes that `size` gives.
fn feed(mut inbound: Inbound, bytes: &[u8], mut size: impl FnMut() -> usize) -> (Vec<Frame>, Option<DecodeError>) {
    let (mut buffer, mut rest, mut told) = (BytesMut::new(), bytes, Vec::new());
    loop {
        match inbound.next(&mut buffer) {
            Ok(Some(frame)) => told.push(frame),
            Ok(None) if rest.is_empty() => return (told, None),
            Ok(None) => {
                let (piece, after) = rest.split_at(size().clamp(1, rest.len()));
                buffer.extend_from_slice(piece);
                rest = after;
            }
            Err(error) => return (told, Some(error)),
        }
    }
}

/// A frame as a server sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..=125 => bytes.push(len as u8),
        len @ 126..=0xFFFF => bytes.extend([&[126][..], &(len as u16).to_be_bytes()].concat()),
        len => bytes.extend([&[127][..], &(len as u64).to_be_bytes()].concat()),
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// A server that compresses.
struct Server {
    compress: Compress,
    no_context_takeover: bool,
}

impl Server {
    fn new(rng: &mut fastrand::Rng, no_context_takeover: bool) -> Self {
        let compress = Compress::new_with_window_bits(Compression::new(rng.u32(0..=9)), false, rng.u8(9..=15));
        Self { compress, no_context_takeover }
    }

    fn compress(&mut self, message: &[u8]) -> Vec<u8> {
        if message.is_empty() {
            // RFC 7692 §7.2.3.6; a second flush in a row would give nothing at all.
            return vec![0x00];
        }
        let mut bytes = Vec::with_capacity(message.len() + message.len() / 8 + 64);
        self.compress.compress_vec(message, &mut bytes, FlushCompress::Sync).unwrap();
        bytes.truncate(bytes.len() - TAIL.len());
        if self.no_context_takeover {
            self.compress.reset();
        }
        bytes
    }
}

/// Messages, some compressed, some in fragments, with pings between; the bytes and what they say.
fn conversation(rng: &mut fastrand::Rng, server: &mut Server) -> (Vec<u8>, Vec<Frame>) {
    let (mut bytes, mut frames) = (Vec::new(), Vec::new());
    for _ in 0..rng.usize(1..6) {
        let scale = if rng.u8(..8) == 0 { 70_000 } else { 200 };
        let text: String = (0..rng.usize(..scale)).map(|_| *rng.choice(&['a', 'é', '€', '😀']).unwrap()).collect();
        let compressed = rng.u8(..4) > 0;
        let payload = if compressed { server.compress(text.as_bytes()) } else { text.clone().into_bytes() };
        let (opcode, message) =
            if rng.bool() { (0x1, Frame::text(text)) } else { (0x2, Frame::binary(text.into_bytes())) };
        let (mut first, mut rest) = (opcode | if compressed { 0x40 } else { 0 }, &payload[..]);
        while rng.u8(..3) > 0 {
            let (piece, after) = rest.split_at(rng.usize(..=rest.len()));
            bytes.extend(frame(first, piece));
            (first, rest) = (0x0, after);
            if rng.bool() {
                bytes.extend(frame(0x89, b"between"));
                frames.push(Frame::ping("between"));
            }
        }
        bytes.extend(frame(0x80 | first, rest));
        frames.push(message);
    }
    (bytes, frames)
}

#[test]
fn a_compressed_conversation_says_the_same_however_its_bytes_are_cut() {
    let mut rng = fastrand::Rng::with_seed(1951);
    for round in 0..200 {
        let no_context_takeover = round % 2 == 0;
        let mut server = Server::new(&mut rng, no_context_takeover);
        let (bytes, frames) = conversation(&mut rng, &mut server);
        let expected = (frames, None);
        let told =
            |size: &mut dyn FnMut() -> usize| feed(inbound(&Limits::default(), no_context_takeover), &bytes, size);
        assert_eq!(told(&mut || usize::MAX), expected);
        assert_eq!(told(&mut || 1), expected);
        assert_eq!(told(&mut || rng.usize(1..500)), expected);
    }
}

#[test]
fn a_damaged_conversation_fails_the_same_however_its_bytes_are_cut() {
    let limits = Limits { max_frame: 2000, max_message: 3000, max_fragments: 4, ..Limits::default() };
    let mut rng = fastrand::Rng::with_seed(7692);
    let mut failed = 0;
    for round in 0..2000 {
        let no_context_takeover = round % 2 == 0;
        let mut server = Server::new(&mut rng, no_context_takeover);
        let (mut bytes, _) = conversation(&mut rng, &mut server);
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..bytes.len().min(300));
            bytes[at] ^= 1 << rng.u8(..8);
        }
        let expected = feed(inbound(&limits, no_context_takeover), &bytes, || usize::MAX);
        failed += usize::from(expected.1.is_some());
        assert_eq!(feed(inbound(&limits, no_context_takeover), &bytes, || 1), expected);
        assert_eq!(feed(inbound(&limits, no_context_takeover), &bytes, || rng.usize(1..100)), expected);
    }
    assert!(failed > 1000, "only {failed} were damaged badly enough to prove anything");
}

/// Our frames, as a server would send them: without their masks.
fn unmasked(outgoing: &mut Outgoing) -> (Vec<u8>, usize) {
    let mut bytes = outgoing.copy_to_bytes(outgoing.remaining());
    let (mut frames, mut compressed) = (Vec::new(), 0);
    while bytes.has_remaining() {
        let first = bytes.get_u8();
        compressed += usize::from(first & 0x40 != 0);
        let len = match bytes.get_u8() & 0x7F {
            126 => usize::from(bytes.get_u16()),
            127 => bytes.get_u64() as usize,
            len => usize::from(len),
        };
        let key = bytes.get_u32().to_be_bytes();
        let payload: Vec<u8> =
            bytes.split_to(len).iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        frames.extend(frame(first, &payload));
    }
    (frames, compressed)
}

#[test]
fn what_we_compress_is_what_was_meant_whatever_was_agreed_on() {
    let mut rng = fastrand::Rng::with_seed(15);
    let mut total = 0;
    for _ in 0..200 {
        let alone = rng.bool();
        let agreed = Agreed {
            server_no_context_takeover: false,
            client_no_context_takeover: alone,
            client_window_bits: rng.u8(8..=15),
        };
        let threshold = rng.usize(..300);
        let options = DeflateOptions::new().level(rng.u8(1..=9)).unwrap().threshold(threshold);
        let mut outgoing = Outgoing::new(Some(Box::new(Deflater::new(agreed, &options))));
        let mut sent = Vec::new();
        for _ in 0..rng.usize(1..8) {
            let scale = if rng.u8(..8) == 0 { 100_000 } else { 500 };
            let len = rng.usize(..scale);
            // From noise to one letter.
            let letters = 1 << rng.u8(..8);
            let payload: Vec<u8> = (0..len).map(|_| rng.u8(..letters)).collect();
            let frame = match rng.u8(..4) {
                0 => Frame::ping(vec![7; rng.usize(..126)]),
                1 if payload.is_ascii() => Frame::text(String::from_utf8(payload).unwrap()),
                _ => Frame::binary(payload),
            };
            sent.push(frame.clone());
            outgoing.push(frame);
            if rng.bool() {
                outgoing.shrink();
            }
        }
        let (bytes, compressed) = unmasked(&mut outgoing);
        let over = sent.iter().filter(|frame| !matches!(frame, Frame::Ping(_)) && frame.payload_len() >= threshold);
        assert!(compressed <= over.count());
        total += compressed;
        assert_eq!(feed(inbound(&Limits::default(), alone), &bytes, || usize::MAX), (sent, None));
    }
    assert!(total > 200, "only {total} messages were compressed");
}

#[test]
fn a_message_that_shrinks_has_rsv1_and_a_control_frame_never() {
    let deflater = Deflater::new(agreed(false), &DeflateOptions::new());
    let mut outgoing = Outgoing::new(Some(Box::new(deflater)));
    let firsts = [
        (Frame::text("a".repeat(128)), 0xC1),
        (Frame::binary(vec![0; 128]), 0xC2),
        (Frame::text("a".repeat(127)), 0x81),
        (Frame::ping(vec![0; 125]), 0x89),
        (Frame::close(1000, "a".repeat(123)), 0x88),
    ];
    for (frame, first) in firsts {
        outgoing.push(frame);
        assert_eq!(outgoing.copy_to_bytes(outgoing.remaining())[0], first);
    }
}

#[test]
fn bad_text_fails_with_the_fragment_that_spoils_it() {
    let mut server = Server { compress: Compress::new(Compression::fast(), false), no_context_takeover: false };
    let spoilt = server.compress(b"spoilt \xFF text");
    let mut buffer = BytesMut::from(&frame(0x41, &[&spoilt[..], &TAIL].concat())[..]);
    let mut inbound = inbound(&Limits::default(), false);
    assert_eq!(inbound.next(&mut buffer), Err(DecodeError::Utf8), "though the message goes on");
}

#[test]
fn a_code_point_may_be_cut_by_blocks_and_frames_but_not_by_the_end() {
    let mut server = Server { compress: Compress::new(Compression::fast(), false), no_context_takeover: false };
    let mut blocks: Vec<_> = "😀".bytes().map(|byte| [&server.compress(&[byte])[..], &TAIL].concat()).collect();
    let last = blocks.pop().unwrap();
    let last = &last[..last.len() - TAIL.len()];
    let whole = [frame(0x41, &blocks[0]), frame(0x00, &blocks[1]), frame(0x00, &blocks[2]), frame(0x80, last)].concat();
    let told = feed(inbound(&Limits::default(), false), &whole, || usize::MAX);
    assert_eq!(told, (vec![Frame::text("😀")], None));

    let mut server = Server { compress: Compress::new(Compression::fast(), false), no_context_takeover: false };
    let cut = frame(0xC1, &server.compress(&"😀".as_bytes()[..3]));
    let told = feed(inbound(&Limits::default(), false), &cut, || usize::MAX);
    assert_eq!(told, (vec![], Some(DecodeError::Utf8)));
}

#[test]
fn rsv1_stands_in_the_first_frame_alone() {
    let reserved = Err(DecodeError::ReservedBits { bits: 0b100 });
    for bytes in [frame(0xC0, b""), frame(0xC9, b""), frame(0xC8, b"")] {
        let mut buffer = BytesMut::from(&bytes[..]);
        assert_eq!(inbound(&Limits::default(), false).next(&mut buffer), reserved);
    }
}

#[test]
fn compressed_fragments_are_counted_as_others_are() {
    let limits = Limits { max_fragments: 3, ..Limits::default() };
    let bytes = [frame(0x42, b""), frame(0x00, b""), frame(0x00, b""), frame(0x80, &[0x00])].concat();
    let told = feed(inbound(&limits, false), &bytes, || usize::MAX);
    assert_eq!(told, (vec![], Some(DecodeError::TooManyFragments { limit: 3 })));
}

#[test]
fn the_limit_of_a_message_holds_for_what_it_becomes() {
    let limits = Limits { max_message: 1000, ..Limits::default() };
    let mut server = Server { compress: Compress::new(Compression::best(), false), no_context_takeover: false };
    let told = |bytes: &[u8]| feed(inbound(&limits, false), bytes, || usize::MAX);
    // 1000 bytes of noise take more than 1000 compressed.
    let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(1000).collect();
    let payload = server.compress(&noise);
    assert!(payload.len() > 1000);
    assert_eq!(told(&frame(0xC2, &payload)), (vec![Frame::binary(noise)], None));

    let mut server = Server { compress: Compress::new(Compression::best(), false), no_context_takeover: false };
    let bomb = frame(0xC2, &server.compress(&vec![0; 1 << 24]));
    let too_big = DecodeError::MessageTooBig { limit: 1000 };
    assert_eq!(told(&bomb), (vec![], Some(too_big)));
    assert_eq!(too_big.close_code(), crate::frame::CloseCode::MESSAGE_TOO_BIG);
}

/// Bytes that do not shrink.
fn noise(rng: &mut fastrand::Rng, len: usize) -> Vec<u8> {
    (0..len).map(|_| rng.u8(..)).collect()
}

#[test]
fn what_fits_uncompressed_fits_as_well_where_compression_makes_it_larger() {
    let mut rng = fastrand::Rng::with_seed(20);
    for size in [0, 1, 125, 126, 1000, 1 << 16, 1 << 20] {
        let limits = Limits { max_frame: size, max_message: size, ..Limits::default() };
        for level in 0..=9 {
            let message = noise(&mut rng, size);
            let mut server =
                Server { compress: Compress::new(Compression::new(level), false), no_context_takeover: true };
            let payload = server.compress(&message);
            assert!(payload.len() > size, "{} bytes of {size}", payload.len());
            let wire = frame(0xC2, &payload);
            let told = feed(inbound(&limits, true), &wire, || usize::MAX);
            assert!(told == (vec![Frame::binary(message)], None), "{size} bytes at level {level}: {:?}", told.1);
        }
    }
}

#[test]
fn a_compressed_frame_over_the_limit_and_what_compression_adds_is_refused_by_its_header() {
    let limits = Limits { max_frame: 640, ..Limits::default() };
    let too_big = Err(DecodeError::FrameTooBig { limit: 640 });
    // 640, an eighth, a 64th and 16 bytes more.
    let most: u16 = 640 + 80 + 10 + 16;
    let declare = |before: &[u8], first: u8, len: u16| {
        let mut inbound = inbound(&limits, false);
        let [high, low] = len.to_be_bytes();
        inbound.next(&mut BytesMut::from(&[before, &[first, 126, high, low]].concat()[..]))
    };
    let compressed = frame(0x42, &[0x00]);
    let plain = frame(0x02, b"plain");
    for (before, first, most) in [
        (&[][..], 0xC2, most),
        (&[], 0x41, most),
        (&compressed, 0x80, most),
        (&compressed, 0x00, most),
        (&[], 0x82, 640),
        (&plain, 0x80, 640),
    ] {
        assert_eq!(declare(before, first, most), Ok(None), "{before:02x?} {first:#x}");
        assert_eq!(declare(before, first, most + 1), too_big, "{before:02x?} {first:#x}");
    }
}
