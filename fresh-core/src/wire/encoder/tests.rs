use std::io::IoSlice;

use bytes::{Buf, Bytes};

use super::*;
use crate::{
    frame::{Frame, MessageType},
    wire::piece::{Piece, Place},
};

/// A client's frame as a server reads it.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    first: u8,
    head: usize,
    key: [u8; 4],
    payload: Vec<u8>,
}

/// Reads the frames in these bytes by RFC 6455 §5.2, with nothing of ours.
fn read(mut bytes: &[u8]) -> Vec<Read> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let before = bytes.len();
        let first = bytes.get_u8();
        let second = bytes.get_u8();
        assert_eq!(second & 0x80, 0x80, "a client must mask");
        let len = match second & 0x7F {
            126 => u64::from(bytes.get_u16()),
            127 => bytes.get_u64(),
            len => u64::from(len),
        };
        let key = bytes.get_u32().to_be_bytes();
        let head = before - bytes.len();
        let (masked, rest) = bytes.split_at(len as usize);
        let payload = masked.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        frames.push(Read { first, head, key, payload });
        bytes = rest;
    }
    frames
}

/// Everything that waits, by writes that take `most` bytes each.
fn drain(outgoing: &mut Outgoing, most: usize) -> Vec<u8> {
    let mut written = Vec::new();
    while outgoing.has_remaining() {
        let mut slices = [IoSlice::new(&[]); 64];
        let count = outgoing.chunks_vectored(&mut slices);
        let ready: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter().copied()).take(most).collect();
        assert!(!ready.is_empty());
        assert!(ready.starts_with(&outgoing.chunk()[..outgoing.chunk().len().min(ready.len())]));
        outgoing.advance(ready.len());
        written.extend(ready);
    }
    written
}

fn encode(frame: Frame) -> Read {
    let mut outgoing = Outgoing::default();
    outgoing.push(frame);
    read(&drain(&mut outgoing, usize::MAX)).pop().unwrap()
}

#[test]
fn each_frame_has_its_opcode_and_payload() {
    let cases = [
        (Frame::text("é"), 0x81, "é".as_bytes()),
        (Frame::binary(vec![0xFF, 0]), 0x82, &[0xFF, 0]),
        (Frame::ping("p"), 0x89, b"p"),
        (Frame::pong(""), 0x8A, b""),
        (Frame::Close(None), 0x88, b""),
        (Frame::close(1000, "bye"), 0x88, b"\x03\xE8bye"),
    ];
    for (frame, first, payload) in cases {
        let read = encode(frame);
        assert_eq!((read.first, &read.payload[..]), (first, payload));
    }
}

#[test]
fn a_head_is_as_short_as_the_length_allows() {
    for (len, head) in [(0, 6), (125, 6), (126, 8), (65_535, 8), (65_536, 14), (1 << 20, 14)] {
        let payload: Vec<u8> = (0..len).map(|at| at as u8).collect();
        let read = encode(Frame::binary(payload.clone()));
        assert_eq!((read.head, head_len(len)), (head, head), "{len}");
        assert!(read.payload == payload, "{len}");
    }
}

#[test]
fn rsv1_and_a_missing_fin_stand_in_the_first_byte() {
    let mut head = [0; 6];
    seal(Kind { fin: false, rsv1: true, opcode: OpCode::Text }, &mut head, &mut []);
    assert_eq!(head[0], 0x41);
    seal(Kind { fin: true, rsv1: false, opcode: OpCode::Continuation }, &mut head, &mut []);
    assert_eq!(head[0], 0x80);
}

#[test]
fn no_two_frames_have_the_same_key() {
    let mut outgoing = Outgoing::default();
    for _ in 0..100 {
        outgoing.push(Frame::text("the same"));
    }
    let mut keys: Vec<_> = read(&drain(&mut outgoing, usize::MAX)).iter().map(|frame| frame.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(keys.len() >= 99, "100 random keys of 32 bits hardly meet even once");
}

#[test]
fn frames_go_out_in_the_order_of_push_however_little_a_write_takes() {
    let sizes = [3, 0, 16 << 10, (16 << 10) + 1, 5, 100_000, 100_000, 16 << 10, 16 << 10, 16 << 10, 16 << 10, 9];
    for most in [1, 7, 20_000, usize::MAX] {
        let mut outgoing = Outgoing::default();
        for (at, size) in sizes.into_iter().enumerate() {
            outgoing.push(Frame::binary(vec![at as u8; size]));
        }
        let read = read(&drain(&mut outgoing, most));
        let read: Vec<_> = read.into_iter().map(|frame| frame.payload).collect();
        let pushed: Vec<_> = sizes.into_iter().enumerate().map(|(at, size)| vec![at as u8; size]).collect();
        assert!(read == pushed, "{most}");
    }
}

#[test]
fn frames_that_are_pushed_amid_a_write_follow_what_waits() {
    let mut rng = fastrand::Rng::with_seed(1);
    let (mut outgoing, mut pushed, mut written) = (Outgoing::default(), Vec::new(), Vec::new());
    for _ in 0..500 {
        let payload = vec![rng.u8(..); rng.usize(..40_000)];
        outgoing.push(Frame::binary(payload.clone()));
        pushed.push(payload);
        for _ in 0..rng.usize(..4) {
            let chunk = outgoing.chunk();
            let count = rng.usize(..=chunk.len());
            written.extend_from_slice(&chunk[..count]);
            outgoing.advance(count);
        }
        assert_eq!(outgoing.is_empty(), !outgoing.has_remaining());
    }
    written.extend(drain(&mut outgoing, usize::MAX));
    let read: Vec<_> = read(&written).into_iter().map(|frame| frame.payload).collect();
    assert!(read == pushed);
}

#[test]
fn a_frame_is_out_once_written_reached_its_position() {
    let mut outgoing = Outgoing::default();
    let first = outgoing.push(Frame::text("hello"));
    let second = outgoing.push(Frame::binary(vec![0; 20_000]));
    assert_eq!((first, second, outgoing.len()), (11, 11 + 8 + 20_000, 20_019));
    outgoing.advance(10);
    assert!(outgoing.written() < first);
    outgoing.advance(1);
    assert_eq!((outgoing.written(), outgoing.len()), (first, 20_008));
    outgoing.advance(20_008);
    assert_eq!(outgoing.written(), second);
    assert!(outgoing.is_empty());
    assert_eq!(outgoing.push(Frame::ping("")), second + 6);
}

#[test]
fn a_large_payload_that_nobody_else_holds_is_not_copied() {
    let payload = Bytes::from(vec![0; 100_000]);
    let start = payload.as_ptr();
    let mut outgoing = Outgoing::default();
    outgoing.push(Frame::text("before"));
    outgoing.push(Frame::Binary(payload));
    outgoing.push(Frame::text("after"));

    let mut slices = [IoSlice::new(&[]); 8];
    assert_eq!(outgoing.chunks_vectored(&mut slices), 3);
    assert_eq!((slices[0].len(), slices[1].len(), slices[2].len()), (12 + 14, 100_000, 11));
    assert_eq!(slices[1].as_ptr(), start);
    assert_eq!(outgoing.chunks_vectored(&mut [IoSlice::new(&[]); 2]), 2, "no more than there is room for");
}

#[test]
fn a_large_payload_that_somebody_else_holds_is_left_as_it_is() {
    let payload = Bytes::from(vec![1; 100_000]);
    let mut outgoing = Outgoing::default();
    outgoing.push(Frame::Binary(payload.clone()));
    outgoing.push(Frame::Binary(Bytes::from_static(&[2; 20_000])));
    assert!(payload.iter().all(|&byte| byte == 1));
    let frames = read(&drain(&mut outgoing, usize::MAX));
    assert!(frames[0].payload == payload && frames[1].payload == [2; 20_000]);
}

#[test]
#[should_panic(expected = "advanced past")]
fn more_than_waits_cannot_be_written() {
    Outgoing::default().advance(1);
}

#[test]
fn memory_is_given_back_when_all_is_written() {
    let mut outgoing = Outgoing::default();
    for _ in 0..1000 {
        outgoing.push(Frame::binary(vec![0; 16 << 10]));
    }
    drain(&mut outgoing, usize::MAX);
    assert!(outgoing.capacity() <= 64 << 10, "{}", outgoing.capacity());

    outgoing.push(Frame::binary(vec![0; 10_000]));
    outgoing.shrink();
    assert_eq!(outgoing.len(), 10_008, "what waits is kept");
    drain(&mut outgoing, usize::MAX);
    outgoing.shrink();
    assert!(outgoing.capacity() <= 4 << 10, "{}", outgoing.capacity());
}

#[test]
fn a_small_buffer_is_kept_for_the_next_frame() {
    let mut outgoing = Outgoing::default();
    outgoing.push(Frame::text("hello"));
    drain(&mut outgoing, usize::MAX);
    outgoing.shrink();
    assert!(outgoing.capacity() > 0);
}

fn piece(message_type: MessageType, place: Place, bytes: &'static [u8]) -> Piece {
    Piece { message_type, place, bytes: Bytes::from_static(bytes) }
}

#[test]
fn only_the_first_piece_names_the_type_and_only_the_last_one_has_fin() {
    for (message_type, opcode) in [(MessageType::Text, 1), (MessageType::Binary, 2)] {
        let mut outgoing = Outgoing::default();
        outgoing.piece(piece(message_type, Place::First, b"a"));
        outgoing.push(Frame::ping("between"));
        outgoing.piece(piece(message_type, Place::Middle, b"b"));
        let end = outgoing.piece(piece(message_type, Place::Last, b""));
        assert_eq!(end, outgoing.len() as u64);
        outgoing.piece(piece(message_type, Place::Only, b"c"));
        let frames = read(&drain(&mut outgoing, 5));
        let frames: Vec<_> = frames.iter().map(|frame| (frame.first, &frame.payload[..])).collect();
        let expected: [(u8, &[u8]); 5] =
            [(opcode, b"a"), (0x89, b"between"), (0, b"b"), (0x80, b""), (0x80 | opcode, b"c")];
        assert_eq!(frames, expected);
    }
}
