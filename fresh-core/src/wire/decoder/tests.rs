use bytes::BufMut;

use super::*;

fn decoder() -> Decoder {
    Decoder::new(false)
}

/// The next frame, and its payload in memory of its own.
fn next(decoder: &mut Decoder, buffer: &mut BytesMut) -> Result<Option<(Header, Vec<u8>)>, DecodeError> {
    let frame = decoder.decode(buffer)?;
    Ok(frame.map(|(header, payload)| (header, payload.copy().into())))
}

/// The one frame in these bytes.
fn decode(bytes: &[u8]) -> (Header, Vec<u8>) {
    let mut buffer = BytesMut::from(bytes);
    let frame = next(&mut decoder(), &mut buffer).unwrap().unwrap();
    assert!(buffer.is_empty());
    frame
}

/// Each line has the fewest bytes that show the error; none needs a byte of the payload.
fn errors() -> Vec<(&'static [u8], DecodeError)> {
    vec![
        (&[0xC1], DecodeError::ReservedBits { bits: 0b100 }),
        (&[0xA1], DecodeError::ReservedBits { bits: 0b010 }),
        (&[0x92], DecodeError::ReservedBits { bits: 0b001 }),
        (&[0xF9], DecodeError::ReservedBits { bits: 0b111 }),
        (&[0x83], DecodeError::ReservedOpcode { opcode: 3 }),
        (&[0x07], DecodeError::ReservedOpcode { opcode: 7 }),
        (&[0x8B], DecodeError::ReservedOpcode { opcode: 11 }),
        (&[0x8F], DecodeError::ReservedOpcode { opcode: 15 }),
        (&[0x08], DecodeError::FragmentedControl),
        (&[0x09], DecodeError::FragmentedControl),
        (&[0x0A], DecodeError::FragmentedControl),
        (&[0x81, 0x80], DecodeError::Masked),
        (&[0x89, 0xFF], DecodeError::Masked),
        (&[0x88, 126], DecodeError::ControlTooLong),
        (&[0x89, 126], DecodeError::ControlTooLong),
        (&[0x8A, 127], DecodeError::ControlTooLong),
        (&[0x82, 126, 0, 125], DecodeError::NonMinimalLength),
        (&[0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], DecodeError::NonMinimalLength),
        (&[0x82, 127, 0x80], DecodeError::NegativeLength),
        (&[0x82, 127, 0xFF], DecodeError::NegativeLength),
    ]
}

#[test]
fn an_error_is_told_by_the_first_byte_that_shows_it() {
    for (bytes, error) in errors() {
        let mut decoder = decoder();
        let mut buffer = BytesMut::new();
        let (last, before) = bytes.split_last().unwrap();
        for &byte in before {
            buffer.put_u8(byte);
            assert_eq!(next(&mut decoder, &mut buffer), Ok(None), "{bytes:02x?}");
        }
        buffer.put_u8(*last);
        assert_eq!(next(&mut decoder, &mut buffer), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn an_error_is_the_same_when_all_bytes_come_at_once() {
    for (bytes, error) in errors() {
        let mut buffer = BytesMut::from(&[bytes, &[0xFF; 300]].concat()[..]);
        assert_eq!(next(&mut decoder(), &mut buffer), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn every_opcode_is_told_with_its_fin_bit() {
    let opcodes = [
        (0x0, Opcode::Continuation),
        (0x1, Opcode::Text),
        (0x2, Opcode::Binary),
        (0x8, Opcode::Close),
        (0x9, Opcode::Ping),
        (0xA, Opcode::Pong),
    ];
    for (nibble, opcode) in opcodes {
        let frame = decode(&[0x80 | nibble, 1, b'x']);
        assert_eq!(frame, (Header::new(true, false, opcode, 1), b"x".to_vec()));
        assert_eq!((frame.0.fin(), frame.0.rsv1(), frame.0.opcode()), (true, false, opcode));
    }
    assert!(!decode(&[0x01, 0]).0.fin());
}

#[test]
fn each_form_of_the_length_holds_from_its_first_to_its_last_value() {
    let heads: [(usize, &[u8]); 5] = [
        (0, &[0x82, 0]),
        (125, &[0x82, 125]),
        (126, &[0x82, 126, 0, 126]),
        (65_535, &[0x82, 126, 0xFF, 0xFF]),
        (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ];
    for (len, head) in heads {
        let payload = vec![7; len];
        assert_eq!(decode(&[head, &payload].concat()).1, payload);
    }
}

#[test]
fn a_length_of_two_to_the_63_is_negative_and_one_less_is_a_length() {
    let declare = |len: u64| {
        let mut decoder = decoder();
        let mut buffer = BytesMut::from(&[0x82, 127][..]);
        buffer.put_u64(len);
        next(&mut decoder, &mut buffer).map(|frame| (frame, decoder.pending().map(|header| header.len)))
    };
    assert_eq!(declare(1 << 63), Err(DecodeError::NegativeLength));
    assert_eq!(declare((1 << 63) - 1), Ok((None, Some(usize::try_from(u64::MAX >> 1).unwrap_or(usize::MAX)))));
}

#[test]
fn with_compression_only_the_first_frame_of_a_data_message_may_have_rsv1() {
    let decode = |first: u8| next(&mut Decoder::new(true), &mut BytesMut::from(&[first, 0][..]));
    for first in [0xC1, 0xC2, 0x41, 0x42] {
        assert!(decode(first).unwrap().unwrap().0.rsv1(), "{first:#x}");
    }
    for first in [0xC0, 0x40, 0xC8, 0xC9, 0xCA, 0xC3] {
        assert_eq!(decode(first), Err(DecodeError::ReservedBits { bits: 0b100 }), "{first:#x}");
    }
    assert!(!decode(0x81).unwrap().unwrap().0.rsv1());
    assert_eq!(decode(0xE1), Err(DecodeError::ReservedBits { bits: 0b010 }));
    assert_eq!(decode(0x91), Err(DecodeError::ReservedBits { bits: 0b001 }));
}

#[test]
fn a_header_is_taken_once_and_remembered_while_its_payload_comes() {
    let mut decoder = decoder();
    let mut buffer = BytesMut::from(&[0x82, 126, 1][..]);
    assert_eq!(next(&mut decoder, &mut buffer), Ok(None));
    assert_eq!((buffer.len(), decoder.pending()), (3, None));

    buffer.put_u8(0);
    assert_eq!(next(&mut decoder, &mut buffer), Ok(None));
    let header = Header::new(true, false, Opcode::Binary, 256);
    assert_eq!((buffer.len(), decoder.pending()), (0, Some(header)));

    buffer.put_bytes(1, 255);
    assert_eq!(next(&mut decoder, &mut buffer), Ok(None));

    buffer.put_bytes(1, 3);
    assert_eq!(next(&mut decoder, &mut buffer).unwrap().unwrap().1, vec![1; 256]);
    assert_eq!((buffer.len(), decoder.pending()), (2, None));
}

#[test]
fn a_payload_is_in_the_read_buffer_until_it_is_taken_copied_or_discarded() {
    let mut buffer = BytesMut::from(&b"\x82\x05hello\x81\x05world\x82\x03bye"[..]);
    let start = buffer.as_ptr();
    let mut decoder = decoder();
    let (_, payload) = decoder.decode(&mut buffer).unwrap().unwrap();
    assert_eq!(payload.as_slice(), b"hello");
    let taken = payload.take();
    assert_eq!((taken.as_ptr(), &taken[..]), (start.wrapping_add(2), &b"hello"[..]));
    let (_, payload) = decoder.decode(&mut buffer).unwrap().unwrap();
    assert_eq!(payload.as_slice().as_ptr(), start.wrapping_add(9));
    let copied = payload.copy();
    assert_ne!(copied.as_ptr(), start.wrapping_add(9));
    assert_eq!(&copied[..], b"world");
    decoder.decode(&mut buffer).unwrap().unwrap().1.discard();
    assert!(buffer.is_empty());
}

#[test]
fn a_large_payload_that_fills_the_read_buffer_gets_all_of_it() {
    let message = vec![7; 1 << 17];
    let mut buffer = BytesMut::from(&[0x82, 127, 0, 0, 0, 0, 0, 2, 0, 0][..]);
    buffer.extend_from_slice(&message);
    let (_, payload) =
        decoder().decode(&mut buffer).unwrap().map(|(header, payload)| (header, payload.take())).unwrap();
    assert_eq!(buffer.capacity(), 0);
    assert!(payload.try_into_mut().is_ok_and(|payload| payload == message), "nobody else holds it");
}

#[test]
fn what_a_header_declares_is_not_reserved() {
    let mut buffer = BytesMut::with_capacity(64);
    buffer.extend_from_slice(&[0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0]);
    let mut decoder = decoder();
    assert_eq!(next(&mut decoder, &mut buffer), Ok(None));
    assert!(buffer.capacity() <= 64);
}
