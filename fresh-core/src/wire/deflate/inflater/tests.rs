use flate2::{Compress, Compression, FlushCompress};

use super::*;

fn inflater(context_takeover: bool, max_message: usize) -> Inflater {
    let agreed = Agreed {
        server_no_context_takeover: !context_takeover,
        client_no_context_takeover: false,
        client_window_bits: 15,
    };
    Inflater::new(agreed, &Limits { max_message, ..Limits::default() })
}

/// What a message in these frames becomes.
fn inflate(inflater: &mut Inflater, frames: &[&[u8]]) -> Result<Vec<u8>, DecodeError> {
    let mut inflated = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        inflater.inflate(frame, at + 1 == frames.len(), |bytes| {
            inflated.extend_from_slice(bytes);
            Ok(())
        })?;
    }
    Ok(inflated)
}

/// The message as any server may compress it.
fn compressed(compress: &mut Compress, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + message.len() / 8 + 64);
    compress.compress_vec(message, &mut bytes, FlushCompress::Sync).unwrap();
    assert!(bytes.ends_with(&TAIL));
    bytes.truncate(bytes.len() - TAIL.len());
    bytes
}

const HELLO: [u8; 7] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];

#[test]
fn the_examples_of_rfc_7692_inflate() {
    for takeover in [true, false] {
        let one = |frames: &[&[u8]]| inflate(&mut inflater(takeover, 100), frames);
        // §7.2.3.1, whole and in two frames.
        assert_eq!(one(&[&HELLO]).unwrap(), b"Hello");
        assert_eq!(one(&[&HELLO[..3], &HELLO[3..]]).unwrap(), b"Hello");
        // §7.2.3.3: a block without compression.
        assert_eq!(one(&[b"\x00\x05\x00\xFA\xFFHello\x00"]).unwrap(), b"Hello");
        // §7.2.3.4: a block with BFINAL.
        assert_eq!(one(&[&[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]]).unwrap(), b"Hello");
        // §7.2.3.5: two blocks.
        let two = [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00];
        assert_eq!(one(&[&two]).unwrap(), b"Hello");
        // §7.2.3.6: an empty message.
        assert_eq!(one(&[&[0x00]]).unwrap(), b"");
        assert_eq!(one(&[&[], &[0x00], &[]]).unwrap(), b"");
    }
}

#[test]
fn a_message_may_point_back_into_the_one_before() {
    // §7.2.3.2
    let again = [0xF2, 0x00, 0x11, 0x00, 0x00];
    let mut shared = inflater(true, 100);
    assert_eq!(inflate(&mut shared, &[&HELLO]).unwrap(), b"Hello");
    assert_eq!(inflate(&mut shared, &[&again]).unwrap(), b"Hello");

    let mut alone = inflater(false, 100);
    assert_eq!(inflate(&mut alone, &[&HELLO]).unwrap(), b"Hello");
    assert_eq!(inflate(&mut alone, &[&again]), Err(DecodeError::Deflate), "the server agreed not to");
}

#[test]
fn a_block_with_bfinal_ends_and_another_may_follow() {
    for takeover in [true, false] {
        let mut inflater = inflater(takeover, 100);
        assert_eq!(inflate(&mut inflater, &[&[0x03, 0x80]]).unwrap(), b"", "empty, and no zero byte behind it");
        assert_eq!(inflate(&mut inflater, &[&[0x03, 0x00]]).unwrap(), b"");
        let last = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
        assert_eq!(inflate(&mut inflater, &[&last]).unwrap(), b"Hello");
        assert_eq!(inflate(&mut inflater, &[&last, &last, &HELLO]).unwrap(), b"HelloHelloHello");
        assert_eq!(inflate(&mut inflater, &[&HELLO]).unwrap(), b"Hello");
    }
}

#[test]
fn empty_blocks_inflate_to_nothing_in_any_number() {
    let empty = [0x00, 0x00, 0x00, 0xFF, 0xFF].repeat(100_000);
    let mut inflater = inflater(true, 0);
    assert_eq!(inflate(&mut inflater, &[&empty, &[0x00]]).unwrap(), b"");
    let four_of_10_bits = [0x02, 0x08, 0x20, 0x80, 0x00];
    assert_eq!(inflate(&mut inflater, &[&four_of_10_bits, &four_of_10_bits, &[0x00]]).unwrap(), b"");
}

#[test]
fn what_is_no_deflate_data_is_refused() {
    for takeover in [true, false] {
        for garbage in [&b"\x07"[..], b"\xFF\xFF", b"\x00\x05\x00\x00\x00Hello", b"\xF2\x00\x11\x00\x00"] {
            let answer = inflate(&mut inflater(takeover, 100), &[garbage]);
            assert_eq!(answer, Err(DecodeError::Deflate), "{garbage:02x?}");
        }
    }
}

#[test]
fn a_message_without_a_byte_is_empty_and_leaves_the_window_as_it_is() {
    // §7.2.3.2: "Hello" again, which points back into the first one.
    let again = [0xF2, 0x00, 0x11, 0x00, 0x00];
    for empty in [&[&b""[..]][..], &[b"", b"", b""]] {
        let mut shared = inflater(true, 5);
        assert_eq!(inflate(&mut shared, &[&HELLO]).unwrap(), b"Hello");
        assert_eq!(inflate(&mut shared, empty).unwrap(), b"");
        assert_eq!(inflate(&mut shared, empty).unwrap(), b"");
        assert_eq!(inflate(&mut shared, &[&again]).unwrap(), b"Hello");
        assert_eq!(shared.take_tally(), Tally { plain: 10, compressed: 12 });

        for takeover in [true, false] {
            let mut first = inflater(takeover, 5);
            assert_eq!(inflate(&mut first, empty).unwrap(), b"");
            assert!(first.window.is_none(), "an empty message takes no memory");
            assert_eq!(inflate(&mut first, &[b"", &HELLO, b""]).unwrap(), b"Hello");
            assert_eq!(inflate(&mut first, empty).unwrap(), b"");
            assert_eq!(inflate(&mut first, &[&HELLO]).unwrap(), b"Hello");
        }
    }
}

#[test]
fn what_zlib_flushes_directly_behind_a_flush_is_an_empty_message() {
    let mut compress = Compress::new(Compression::default(), false);
    let mut inflater = inflater(true, 100);
    let first = compressed(&mut compress, b"tick tock tick tock");
    let mut nothing = Vec::with_capacity(100);
    compress.compress_vec(b"", &mut nothing, FlushCompress::Sync).unwrap();
    assert_eq!(nothing, b"");
    let last = compressed(&mut compress, b"tick tock tick tock");
    assert!(last.len() < first.len(), "it points back");
    assert_eq!(inflate(&mut inflater, &[&first]).unwrap(), b"tick tock tick tock");
    assert_eq!(inflate(&mut inflater, &[&nothing]).unwrap(), b"");
    assert_eq!(inflate(&mut inflater, &[&last]).unwrap(), b"tick tock tick tock");
}

#[test]
fn a_message_that_stops_amid_a_block_is_refused_where_none_points_back() {
    let mut inflater = inflater(false, 100);
    for end in 1..HELLO.len() - 1 {
        assert_eq!(inflate(&mut inflater, &[&HELLO[..end]]), Err(DecodeError::Deflate), "{end}");
        inflater = self::inflater(false, 100);
    }
}

#[test]
fn a_message_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    for size in [0, 1, 100, STEP - 1, STEP, STEP + 1, 3 * STEP] {
        let message = vec![b'x'; size];
        let bytes = compressed(&mut Compress::new(Compression::best(), false), &message);
        assert!(inflate(&mut inflater(true, size), &[&bytes]).unwrap() == message, "{size}");
        if let Some(limit) = size.checked_sub(1) {
            assert_eq!(inflate(&mut inflater(true, limit), &[&bytes]), Err(DecodeError::MessageTooBig { limit }));
        }
    }
}

#[test]
fn the_limit_is_one_for_all_frames_of_a_message_and_new_for_the_next() {
    let mut compress = Compress::new(Compression::fast(), false);
    let (mut one, mut both) = (inflater(true, 10), inflater(true, 10));
    let first = compressed(&mut compress, b"1234567");
    let second = compressed(&mut compress, b"1234");
    assert!(inflate(&mut one, &[&first]).is_ok());
    assert!(inflate(&mut one, &[&second]).is_ok());
    let whole = [&first[..], &TAIL].concat();
    assert_eq!(inflate(&mut both, &[&whole, &second]), Err(DecodeError::MessageTooBig { limit: 10 }));
}

#[test]
fn a_bomb_of_one_gibibyte_is_refused_before_it_takes_memory() {
    const LIMIT: usize = 1 << 20;
    let mut compress = Compress::new(Compression::best(), false);
    let (zeros, mut bomb) = (vec![0; 1 << 20], Vec::new());
    for _ in 0..1024 {
        bomb.extend(compressed(&mut compress, &zeros));
        bomb.extend(TAIL);
    }
    bomb.truncate(bomb.len() - TAIL.len());

    let mut message = bytes::BytesMut::new();
    let mut inflater = inflater(true, LIMIT);
    let answer = inflater.inflate(&bomb, true, |bytes| {
        message.extend_from_slice(bytes);
        Ok(())
    });
    assert_eq!(answer, Err(DecodeError::MessageTooBig { limit: LIMIT }));
    assert!(message.capacity() <= 2 * LIMIT, "{} bytes for a bomb of {}", message.capacity(), bomb.len());
    let read = inflater.window.unwrap().inflate.total_in() as usize;
    assert!(read < bomb.len() / 500, "{read} of {} bytes were looked at", bomb.len());
}

#[test]
fn what_is_too_large_and_then_broken_is_too_large_in_any_frames() {
    let mut bytes = compressed(&mut Compress::new(Compression::fast(), false), &[b'x'; 101]);
    bytes.extend(TAIL);
    bytes.push(0x07);
    let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
    for frames in [&[&bytes[..]][..], &bytewise] {
        let answer = inflate(&mut inflater(true, 100), frames);
        assert_eq!(answer, Err(DecodeError::MessageTooBig { limit: 100 }));
        let answer = inflate(&mut inflater(true, 101), frames);
        assert_eq!(answer, Err(DecodeError::Deflate));
    }
}

#[test]
fn what_the_taker_refuses_ends_the_message_at_once() {
    let mut compress = Compress::new(Compression::fast(), false);
    let bytes = compressed(&mut compress, &vec![b'x'; 10 * STEP]);
    let mut asked = 0;
    let answer = inflater(true, usize::MAX).inflate(&bytes, true, |_| {
        asked += 1;
        Err(DecodeError::Utf8)
    });
    assert_eq!((answer, asked), (Err(DecodeError::Utf8), 1));
}

#[test]
fn the_window_is_allocated_for_the_first_message_and_given_back_where_none_points_back() {
    let (mut shared, mut alone) = (inflater(true, 100), inflater(false, 100));
    assert!(shared.window.is_none() && alone.window.is_none());
    alone.inflate(&HELLO[..3], false, |_| Ok(())).unwrap();
    alone.shrink();
    assert!(alone.window.is_some(), "amid a message");
    inflate(&mut alone, &[&HELLO[3..]]).unwrap();
    inflate(&mut shared, &[&HELLO]).unwrap();
    shared.shrink();
    alone.shrink();
    assert!(shared.window.is_some() && alone.window.is_none());
    assert_eq!(inflate(&mut alone, &[&HELLO]).unwrap(), b"Hello");
}

#[test]
fn the_tally_counts_payloads_before_and_after() {
    let mut inflater = inflater(true, 100);
    inflate(&mut inflater, &[&HELLO]).unwrap();
    inflate(&mut inflater, &[&HELLO[..3], &HELLO[3..]]).unwrap();
    assert_eq!(inflater.take_tally(), Tally { plain: 10, compressed: 14 });
    assert_eq!(inflater.take_tally(), Tally::default());
}

#[test]
fn random_bytes_and_damaged_messages_never_panic_and_never_exceed_the_limit() {
    let mut rng = fastrand::Rng::with_seed(7692);
    let mut refused = 0;
    for round in 0..20_000 {
        let mut bytes: Vec<u8> = if round % 2 == 0 {
            (0..rng.usize(..64)).map(|_| rng.u8(..)).collect()
        } else {
            let message: Vec<u8> = (0..rng.usize(1..2000)).map(|_| b'a' + rng.u8(..4)).collect();
            let level = Compression::new(rng.u32(1..=9));
            compressed(&mut Compress::new(level, false), &message)
        };
        for _ in 0..rng.usize(..3) {
            if !bytes.is_empty() {
                let at = rng.usize(..bytes.len());
                bytes[at] ^= 1 << rng.u8(..8);
            }
        }
        let mut inflater = inflater(rng.bool(), 1000);
        for _ in 0..3 {
            let cut = rng.usize(..=bytes.len());
            match inflate(&mut inflater, &[&bytes[..cut], &bytes[cut..]]) {
                Ok(message) => assert!(message.len() <= 1000),
                Err(error) => {
                    assert!(matches!(error, DecodeError::Deflate | DecodeError::MessageTooBig { limit: 1000 }));
                    refused += 1;
                    break;
                }
            }
        }
    }
    assert!(refused > 5000, "only {refused}");
}
