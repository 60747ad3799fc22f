use super::*;

fn assembler() -> Assembler {
    Assembler::new(&Limits { max_message: 10, max_fragments: 3, ..Limits::default() }, None)
}

/// A whole frame.
#[derive(Clone, Debug)]
struct Sent {
    header: Header,
    payload: Vec<u8>,
}

fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Sent {
    Sent { header: header(fin, opcode, payload.len()), payload: payload.to_vec() }
}

impl Assembler {
    /// Takes a frame as [`Inbound`](crate::wire::inbound::Inbound) gives it.
    fn take(&mut self, Sent { header, payload }: Sent) -> Result<Option<Frame>, DecodeError> {
        let mut buffer = BytesMut::from(&payload[..]);
        let payload = Payload::new(&mut buffer, 0, header.len);
        let taken = if header.is_message() { self.message(header, payload) } else { self.push(header, payload) };
        assert!(taken.is_err() || buffer.is_empty(), "the frame is still in the buffer");
        taken
    }
}

fn first(opcode: Opcode, payload: &[u8]) -> Sent {
    frame(false, opcode, payload)
}

fn middle(payload: &[u8]) -> Sent {
    frame(false, Opcode::Continuation, payload)
}

fn last(payload: &[u8]) -> Sent {
    frame(true, Opcode::Continuation, payload)
}

fn whole(opcode: Opcode, payload: &[u8]) -> Sent {
    frame(true, opcode, payload)
}

fn header(fin: bool, opcode: Opcode, len: usize) -> Header {
    Header::new(fin, false, opcode, len)
}

/// What the last of these frames gives; those before give nothing.
fn assemble(frames: impl IntoIterator<Item = Sent>) -> Result<Option<Frame>, DecodeError> {
    let mut assembler = assembler();
    let mut answer = Ok(None);
    for frame in frames {
        assert_eq!(answer, Ok(None));
        answer = assembler.take(frame);
    }
    answer
}

#[test]
fn a_frame_with_fin_is_a_message() {
    assert_eq!(assemble([whole(Opcode::Text, b"hello")]), Ok(Some(Frame::text("hello"))));
    assert_eq!(assemble([whole(Opcode::Binary, b"\xFF")]), Ok(Some(Frame::binary(vec![0xFF]))));
    assert_eq!(assemble([whole(Opcode::Text, b"")]), Ok(Some(Frame::text(""))));
    assert_eq!(assemble([whole(Opcode::Binary, b"")]), Ok(Some(Frame::binary(""))));
}

#[test]
fn a_message_in_one_frame_shares_the_memory_of_the_read_buffer_and_an_empty_one_does_not_keep_it() {
    for (len, shares) in [(0, false), (1, true), (4096, true)] {
        for opcode in [Opcode::Text, Opcode::Binary] {
            let mut buffer = BytesMut::from(&vec![b'x'; 8192][..]);
            let start = buffer.as_ptr();
            let payload = Payload::new(&mut buffer, 10, len);
            let mut assembler = Assembler::new(&Limits::default(), None);
            let message = match assembler.message(header(true, opcode, len), payload) {
                Ok(Some(Frame::Text(text))) => text.into_bytes(),
                Ok(Some(Frame::Binary(bytes))) => bytes,
                other => panic!("{other:?}"),
            };
            assert_eq!(message, vec![b'x'; len]);
            assert_eq!(message.as_ptr() == start.wrapping_add(10), shares, "{len} bytes");
            assert_eq!(buffer.len(), 8192 - 10 - len);
        }
    }
}

#[test]
fn fragments_join_into_one_message() {
    let text = [first(Opcode::Text, b"he"), middle(b"ll"), last(b"o")];
    assert_eq!(assemble(text), Ok(Some(Frame::text("hello"))));
    let binary = [first(Opcode::Binary, b"\xFF"), last(b"\xFE")];
    assert_eq!(assemble(binary), Ok(Some(Frame::binary(vec![0xFF, 0xFE]))));
    let empty = [first(Opcode::Text, b""), middle(b""), last(b"")];
    assert_eq!(assemble(empty), Ok(Some(Frame::text(""))));
}

#[test]
fn control_frames_between_fragments_come_at_once_and_disturb_nothing() {
    let mut assembler = assembler();
    assert_eq!(assembler.take(first(Opcode::Text, b"\xC3")), Ok(None));
    let ping = assembler.take(whole(Opcode::Ping, b"p"));
    assert_eq!(ping, Ok(Some(Frame::ping("p"))));
    assert_eq!(assembler.take(whole(Opcode::Pong, b"")), Ok(Some(Frame::pong(""))));
    assert_eq!(assembler.take(last(b"\xA9")), Ok(Some(Frame::text("é"))));
}

#[test]
fn a_continuation_needs_a_message_and_a_message_its_end() {
    assert_eq!(assemble([last(b"")]), Err(DecodeError::UnexpectedContinuation));
    assert_eq!(assemble([middle(b"")]), Err(DecodeError::UnexpectedContinuation));
    for opcode in [Opcode::Text, Opcode::Binary] {
        let amid = [first(Opcode::Text, b""), whole(opcode, b"")];
        assert_eq!(assemble(amid), Err(DecodeError::ExpectedContinuation));
    }
    let mut assembler = assembler();
    assembler.take(first(Opcode::Text, b"")).unwrap();
    assembler.take(last(b"")).unwrap();
    assert_eq!(assembler.take(last(b"")), Err(DecodeError::UnexpectedContinuation));
}

#[test]
fn a_frame_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    let limits = Limits { max_frame: 5, max_message: 10, ..Limits::default() };
    for opcode in [Opcode::Text, Opcode::Binary, Opcode::Ping, Opcode::Pong] {
        let too_big = Err(DecodeError::FrameTooBig { limit: 5 });
        assert_eq!(Assembler::new(&limits, None).peek(header(true, opcode, 5), b""), Ok(()));
        assert_eq!(Assembler::new(&limits, None).peek(header(true, opcode, 6), b""), too_big);
        assert_eq!(Assembler::new(&limits, None).peek(header(true, opcode, usize::MAX), b""), too_big);
        assert!(Assembler::new(&limits, None).take(whole(opcode, &[0; 5])).is_ok());
        assert_eq!(Assembler::new(&limits, None).take(whole(opcode, &[0; 6])).map(|_| ()), too_big);
    }
}

#[test]
fn a_message_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    let too_big = Err(DecodeError::MessageTooBig { limit: 10 });
    assert!(assemble([whole(Opcode::Binary, &[0; 10])]).is_ok());
    assert_eq!(assemble([whole(Opcode::Binary, &[0; 11])]), too_big);
    assert!(assemble([first(Opcode::Binary, &[0; 5]), last(&[0; 5])]).is_ok());
    assert_eq!(assemble([first(Opcode::Text, &[0; 5]), last(&[0; 6])]), too_big);
}

#[test]
fn as_many_fragments_as_the_limit_pass_and_one_more_does_not_even_if_empty() {
    assert!(assemble([first(Opcode::Text, b""), middle(b""), last(b"")]).is_ok());
    let too_many = [first(Opcode::Text, b""), middle(b""), middle(b""), last(b"")];
    assert_eq!(assemble(too_many), Err(DecodeError::TooManyFragments { limit: 3 }));
}

#[test]
fn empty_fragments_take_no_memory() {
    let mut assembler = Assembler::new(&Limits { max_fragments: usize::MAX, ..Limits::default() }, None);
    assembler.take(first(Opcode::Binary, b"")).unwrap();
    for _ in 0..1_000_000 {
        assert_eq!(assembler.take(middle(b"")), Ok(None));
    }
    let Some(Partial { data: Data::Binary(bytes), .. }) = &assembler.message else { panic!() };
    assert_eq!(bytes.capacity(), 0);
}

#[test]
fn what_a_header_declares_is_judged_before_its_payload_comes() {
    let declare = |before: &[Sent], header| {
        let mut assembler = assembler();
        for frame in before {
            assembler.take(frame.clone()).unwrap();
        }
        assembler.peek(header, b"")
    };
    let begun = [first(Opcode::Text, b"12345")];
    let end = [first(Opcode::Text, b""), middle(b""), middle(b"")];
    let cases: [(&[Sent], Header, Result<(), DecodeError>); 8] = [
        (&[], header(true, Opcode::Text, 10), Ok(())),
        (&[], header(true, Opcode::Text, 11), Err(DecodeError::MessageTooBig { limit: 10 })),
        (&begun, header(false, Opcode::Continuation, 5), Ok(())),
        (&begun, header(false, Opcode::Continuation, 6), Err(DecodeError::MessageTooBig { limit: 10 })),
        (&begun, header(true, Opcode::Binary, 1), Err(DecodeError::ExpectedContinuation)),
        (&[], header(true, Opcode::Continuation, 1), Err(DecodeError::UnexpectedContinuation)),
        (&end, header(true, Opcode::Continuation, 1), Err(DecodeError::TooManyFragments { limit: 3 })),
        (&end, header(true, Opcode::Ping, 100), Ok(())),
    ];
    for (before, header, answer) in cases {
        assert_eq!(declare(before, header), answer, "{header:?}");
    }
}

#[test]
fn a_compressed_message_is_refused_where_nothing_inflates_it() {
    let compressed = Sent { header: Header::new(true, true, Opcode::Text, 0), payload: Vec::new() };
    assert_eq!(assemble([compressed]), Err(DecodeError::ReservedBits { bits: 0b100 }));
}

#[test]
fn text_that_is_not_utf8_is_refused_whole_and_in_fragments() {
    for bad in [&b"\xFF"[..], b"\xC0\xAF", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"a\x80"] {
        assert_eq!(assemble([whole(Opcode::Text, bad)]), Err(DecodeError::Utf8), "{bad:02x?}");
        assert_eq!(assemble([first(Opcode::Text, bad)]), Err(DecodeError::Utf8), "{bad:02x?}");
        let across = [first(Opcode::Text, &bad[..1]), middle(&bad[1..])];
        let mut assembler = assembler();
        let answers = across.map(|frame| assembler.take(frame));
        assert!(answers.contains(&Err(DecodeError::Utf8)), "{bad:02x?}");
    }
}

#[test]
fn a_code_point_may_be_cut_between_fragments_but_not_at_the_end_of_the_message() {
    let face = "😀".as_bytes();
    for cut in 0..=4 {
        let (start, end) = face.split_at(cut);
        let parts = [first(Opcode::Text, start), middle(b""), last(end)];
        assert_eq!(assemble(parts), Ok(Some(Frame::text("😀"))));
    }
    for len in 1..4 {
        assert_eq!(assemble([whole(Opcode::Text, &face[..len])]), Err(DecodeError::Utf8));
        assert_eq!(assemble([first(Opcode::Text, b"a"), last(&face[..len])]), Err(DecodeError::Utf8));
    }
    let bytewise = [first(Opcode::Text, &face[..1]), middle(&face[1..3]), last(&face[3..])];
    assert_eq!(assemble(bytewise), Ok(Some(Frame::text("😀"))));
}

#[test]
fn bad_text_fails_amid_an_unfinished_frame() {
    let text = header(true, Opcode::Text, 10);
    assert_eq!(assembler().peek(text, b"ok"), Ok(()));
    assert_eq!(assembler().peek(text, b"ok\xFF"), Err(DecodeError::Utf8));
    // The second byte already makes it a surrogate, and an overlong form.
    assert_eq!(assembler().peek(text, b"ok\xED\xA0"), Err(DecodeError::Utf8));
    assert_eq!(assembler().peek(text, b"ok\xE0\x80"), Err(DecodeError::Utf8));
    assert_eq!(assembler().peek(text, b"ok\xE2\x82"), Ok(()));

    let mut assembler = assembler();
    assembler.take(first(Opcode::Text, b"\xE2\x82")).unwrap();
    let rest = header(true, Opcode::Continuation, 5);
    assert_eq!(assembler.peek(rest, b"\xAC"), Ok(()));
    assert_eq!(assembler.peek(rest, b"\xAC\x80"), Err(DecodeError::Utf8));
}

#[test]
fn binary_data_and_control_payloads_are_not_taken_for_text() {
    let mut assembler = assembler();
    assert_eq!(assembler.peek(header(true, Opcode::Binary, 5), b"\xFF"), Ok(()));
    assembler.take(first(Opcode::Binary, b"\xFF")).unwrap();
    assert_eq!(assembler.peek(header(true, Opcode::Continuation, 5), b"\xFF"), Ok(()));
    assert_eq!(assembler.peek(header(true, Opcode::Ping, 5), b"\xFF"), Ok(()));
    assert_eq!(assembler.take(last(b"\xFE")), Ok(Some(Frame::binary(vec![0xFF, 0xFE]))));
}

#[test]
fn text_that_was_seen_is_not_looked_at_again_while_its_frame_comes() {
    // Were the first bytes read again, they would be found spoilt.
    let mut assembler = assembler();
    let text = header(false, Opcode::Text, 9);
    assert_eq!(assembler.peek(text, b"aaaa\xC3"), Ok(()));
    assert_eq!(assembler.peek(text, b"\xFF\xFF\xFF\xFF\xC3\xA9"), Ok(()));
    assembler.take(first(Opcode::Text, "aaaaéaaa".as_bytes())).unwrap();

    let rest = header(true, Opcode::Continuation, 1);
    assert_eq!(assembler.peek(rest, b"\xC3"), Ok(()));
    assert_eq!(assembler.take(last(b"\xFF")), Err(DecodeError::Utf8), "the code point has no end");
}

#[test]
fn a_continued_text_takes_each_byte_once() {
    let mut assembler = assembler();
    assembler.take(first(Opcode::Text, b"a")).unwrap();
    let rest = header(true, Opcode::Continuation, 4);
    for len in 1..4 {
        assert_eq!(assembler.peek(rest, &"é€".as_bytes()[..len]), Ok(()));
        assert_eq!(assembler.peek(rest, &"é€".as_bytes()[..len]), Ok(()), "asked again with nothing new");
    }
    assert_eq!(assembler.take(last("é€".as_bytes())), Ok(Some(Frame::text("aé€"))));
    assert_eq!(assembler.take(whole(Opcode::Text, b"next")), Ok(Some(Frame::text("next"))));
}

#[test]
fn a_close_frame_is_empty_or_has_a_code_and_a_reason() {
    let close = |payload: &[u8]| assemble([whole(Opcode::Close, payload)]);
    assert_eq!(close(b""), Ok(Some(Frame::Close(None))));
    assert_eq!(close(b"\x03\xE8"), Ok(Some(Frame::close(1000, ""))));
    assert_eq!(close(b"\x0B\xB8bye \xC3\xA9"), Ok(Some(Frame::close(3000, "bye é"))));
    assert_eq!(close(b"\x03"), Err(DecodeError::ClosePayload));
    assert_eq!(close(b"\x03\xE8\xFF"), Err(DecodeError::CloseReason));
    assert_eq!(close(b"\x03\xE8\xC3"), Err(DecodeError::CloseReason));
}

#[test]
fn exactly_the_sendable_close_codes_are_accepted() {
    for code in 0..=u16::MAX {
        let answer = assemble([whole(Opcode::Close, &code.to_be_bytes())]);
        let code = CloseCode::from(code);
        let expected =
            if code.is_sendable() { Ok(Some(Frame::close(code, ""))) } else { Err(DecodeError::CloseCode(code)) };
        assert_eq!(answer, expected);
    }
}
