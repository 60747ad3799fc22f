use bytes::BufMut;

use super::*;
use crate::frame::CloseCode;

/// A frame as a server sends it: its first byte, then length and payload, unmasked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..=125 => bytes.put_u8(len as u8),
        len @ 126..=0xFFFF => {
            bytes.put_u8(126);
            bytes.put_u16(len as u16);
        }
        len => {
            bytes.put_u8(127);
            bytes.put_u64(len as u64);
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// What was told, and the error that ended it.
type Told = (Vec<Frame>, Option<DecodeError>);

/// Feeds the bytes in pieces of the sizes that `size` gives.
fn feed(limits: &Limits, bytes: &[u8], mut size: impl FnMut() -> usize) -> Told {
    let mut inbound = Inbound::new(limits, None);
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

fn random_control(rng: &mut fastrand::Rng) -> (Vec<u8>, Frame) {
    let payload: Vec<u8> = (0..rng.usize(..=125)).map(|_| rng.u8(..)).collect();
    if rng.bool() {
        (frame(0x89, &payload), Frame::ping(payload))
    } else {
        (frame(0x8A, &payload), Frame::pong(payload))
    }
}

/// Messages, some in fragments that cut code points, with control frames between; the bytes and what they say.
fn conversation(rng: &mut fastrand::Rng) -> (Vec<u8>, Vec<Frame>) {
    let (mut bytes, mut frames) = (Vec::new(), Vec::new());
    for _ in 0..rng.usize(1..6) {
        let scale = if rng.u8(..8) == 0 { 70_000 } else { 200 };
        let text: String = (0..rng.usize(..scale)).map(|_| *rng.choice(&['a', 'é', '€', '😀']).unwrap()).collect();
        let (opcode, message) =
            if rng.bool() { (0x1, Frame::text(text.clone())) } else { (0x2, Frame::binary(text.clone().into_bytes())) };
        let mut rest = text.as_bytes();
        let mut first = opcode;
        while rng.u8(..3) > 0 {
            let (piece, after) = rest.split_at(rng.usize(..=rest.len()));
            bytes.extend(frame(first, piece));
            (first, rest) = (0x0, after);
            if rng.bool() {
                let (wire, control) = random_control(rng);
                bytes.extend(wire);
                frames.push(control);
            }
        }
        bytes.extend(frame(0x80 | first, rest));
        frames.push(message);
    }
    bytes.extend(frame(0x88, b"\x03\xE8bye"));
    frames.push(Frame::close(CloseCode::NORMAL_CLOSURE, "bye"));
    (bytes, frames)
}

#[test]
fn a_conversation_says_the_same_however_its_bytes_are_cut() {
    let mut rng = fastrand::Rng::with_seed(6455);
    for _ in 0..100 {
        let (bytes, frames) = conversation(&mut rng);
        let expected = (frames, None);
        assert_eq!(feed(&Limits::default(), &bytes, || usize::MAX), expected);
        assert_eq!(feed(&Limits::default(), &bytes, || 1), expected);
        assert_eq!(feed(&Limits::default(), &bytes, || rng.usize(1..500)), expected);
        assert_eq!(feed(&Limits::default(), &bytes, || rng.usize(1..5)), expected);
    }
}

#[test]
fn a_damaged_conversation_fails_the_same_however_its_bytes_are_cut() {
    let limits = Limits { max_frame: 2000, max_message: 3000, max_fragments: 4, ..Limits::default() };
    let mut rng = fastrand::Rng::with_seed(7692);
    let mut failed = 0;
    for _ in 0..1000 {
        let (mut bytes, _) = conversation(&mut rng);
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..bytes.len().min(300));
            bytes[at] ^= 1 << rng.u8(..8);
        }
        let expected = feed(&limits, &bytes, || usize::MAX);
        failed += usize::from(expected.1.is_some());
        assert_eq!(feed(&limits, &bytes, || 1), expected);
        assert_eq!(feed(&limits, &bytes, || rng.usize(1..100)), expected);
    }
    assert!(failed > 500, "only {failed} were damaged badly enough to prove anything");
}

#[test]
fn what_was_said_before_an_error_is_told_before_it() {
    let bytes = [frame(0x81, b"first"), frame(0x89, b"second"), frame(0x83, b"")].concat();
    let told = vec![Frame::text("first"), Frame::ping("second")];
    let expected = (told, Some(DecodeError::ReservedOpcode { opcode: 3 }));
    assert_eq!(feed(&Limits::default(), &bytes, || usize::MAX), expected);
}

#[test]
fn bad_text_fails_with_the_byte_that_spoils_it() {
    let mut inbound = Inbound::new(&Limits::default(), None);
    let mut buffer = BytesMut::from(&frame(0x01, b"fragment \xE2\x82")[..]);
    buffer.extend_from_slice(&[0x80, 126, 0xFF, 0xFF, 0xAC, b'o', b'k']);
    assert_eq!(inbound.next(&mut buffer), Ok(None));
    buffer.put_u8(0xC3);
    assert_eq!(inbound.next(&mut buffer), Ok(None));
    buffer.put_u8(b'!');
    assert_eq!(inbound.next(&mut buffer), Err(DecodeError::Utf8));
}

#[test]
fn a_message_over_the_limit_fails_when_its_last_header_came() {
    let limits = Limits { max_message: 1000, ..Limits::default() };
    let mut inbound = Inbound::new(&limits, None);
    let mut buffer = BytesMut::from(&frame(0x02, &[0; 900])[..]);
    buffer.extend_from_slice(&[0x80, 101]);
    assert_eq!(inbound.next(&mut buffer), Err(DecodeError::MessageTooBig { limit: 1000 }));
}

#[test]
fn long_text_that_comes_byte_by_byte_takes_linear_work() {
    // Quadratic work would take minutes.
    let text = "é".repeat(1 << 19);
    let fragmented = [frame(0x01, text.as_bytes()), frame(0x80, text.as_bytes())].concat();
    let (told, error) = feed(&Limits::default(), &fragmented, || 1);
    assert_eq!((told, error), (vec![Frame::text(text.repeat(2))], None));
    let (told, error) = feed(&Limits::default(), &frame(0x81, text.as_bytes()), || 1);
    assert_eq!((told, error), (vec![Frame::text(text)], None));
}
