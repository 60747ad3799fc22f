//! 10. Bad input from the server is `Decode` with the right close code on the wire; bad input from the user is an `Err`
//!     at the call.

use fresh::{
    Action, CloseCode, Error, ErrorKind, Frame, Options, Recovery,
    error::DecodeError,
    options::BackoffOptions,
    testing::{Server, WireFrame},
};

use crate::support::{
    script::{Then, Told, accept, start},
    time::soon,
};

fn frame(opcode: u8, payload: &[u8]) -> WireFrame {
    WireFrame::new(opcode, payload.to_vec())
}

fn close(code: u16) -> Vec<u8> {
    frame(8, &code.to_be_bytes()).encode().into()
}

/// What a server may not send: its name, its bytes, the code that our close frame has, and what is told of it.
fn violations() -> Vec<(String, Vec<u8>, u16, DecodeError)> {
    let open = WireFrame { fin: false, ..frame(1, b"open") }.encode();
    let amid = |next: WireFrame| [open.clone(), next.encode()].concat();
    let with_rsv = |rsv, opcode| WireFrame { rsv, ..frame(opcode, b"x") }.encode().to_vec();
    let masked = |opcode| WireFrame { mask: Some([1, 2, 3, 4]), ..frame(opcode, b"x") }.encode().to_vec();
    let rsv = |bits| DecodeError::ReservedBits { bits };
    let mut all: Vec<(&str, Vec<u8>, u16, DecodeError)> = vec![
        ("RSV1 without an extension", with_rsv(4, 1), 1002, rsv(4)),
        ("RSV2", with_rsv(2, 2), 1002, rsv(2)),
        ("RSV3 on a ping", with_rsv(1, 9), 1002, rsv(1)),
        ("RSV1 on a close frame", with_rsv(4, 8), 1002, rsv(4)),
        ("RSV2 on a continuation", amid(WireFrame { rsv: 2, ..frame(0, b"x") }), 1002, rsv(2)),
        ("a masked text", masked(1), 1002, DecodeError::Masked),
        ("a masked ping", masked(9), 1002, DecodeError::Masked),
        ("a masked close frame", masked(8), 1002, DecodeError::Masked),
        ("5 as a 16-bit length", vec![0x82, 126, 0, 5, 1, 2, 3, 4, 5], 1002, DecodeError::NonMinimalLength),
        ("5 as a 64-bit length", vec![0x82, 127, 0, 0, 0, 0, 0, 0, 0, 5], 1002, DecodeError::NonMinimalLength),
        ("65,535 as a 64-bit length", vec![0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255], 1002, DecodeError::NonMinimalLength),
        ("a frame of 2^63 bytes", vec![0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002, DecodeError::NegativeLength),
        ("a continuation of nothing", frame(0, b"x").encode().into(), 1002, DecodeError::UnexpectedContinuation),
        ("a message amid another", amid(frame(2, b"x")), 1002, DecodeError::ExpectedContinuation),
        (
            "a start amid a message",
            amid(WireFrame { fin: false, ..frame(1, b"") }),
            1002,
            DecodeError::ExpectedContinuation,
        ),
        ("a close payload of one byte", frame(8, &[3]).encode().into(), 1002, DecodeError::ClosePayload),
        ("a close reason that is no UTF-8", frame(8, &[3, 232, 0xFF]).encode().into(), 1007, DecodeError::CloseReason),
        ("text that is no UTF-8", frame(1, &[b'a', 0xFF]).encode().into(), 1007, DecodeError::Utf8),
        ("text that ends amid a code point", frame(1, &[0xE2, 0x82]).encode().into(), 1007, DecodeError::Utf8),
        ("text that goes wrong in a later fragment", amid(frame(0, &[0xC0])), 1007, DecodeError::Utf8),
        // The rest of that frame never comes.
        ("text that is wrong from its first byte on", vec![0x81, 100, 0xFF], 1007, DecodeError::Utf8),
        (
            "a frame of more than 16 MiB",
            vec![0x82, 127, 0, 0, 0, 0, 1, 0, 0, 1],
            1009,
            DecodeError::FrameTooBig { limit: 16 << 20 },
        ),
        (
            "a frame of 2^63 - 1 bytes",
            vec![0x82, 127, 0x7F, 255, 255, 255, 255, 255, 255, 255],
            1009,
            DecodeError::FrameTooBig { limit: 16 << 20 },
        ),
    ];
    for (name, opcode) in [("a ping", 9), ("a pong", 10), ("a close frame", 8)] {
        let fragment = WireFrame { fin: false, ..frame(opcode, &[3, 232]) };
        all.push((name, fragment.encode().into(), 1002, DecodeError::FragmentedControl));
        all.push((name, frame(opcode, &[0; 126]).encode().into(), 1002, DecodeError::ControlTooLong));
    }
    let opcodes = (3..=7).chain(11..=15).map(|opcode| {
        let bytes = frame(opcode, b"x").encode().into();
        (format!("the opcode {opcode}"), bytes, 1002, DecodeError::ReservedOpcode { opcode })
    });
    let codes = [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535].into_iter().map(|code| {
        (format!("the close code {code}"), close(code), 1002, DecodeError::CloseCode(CloseCode::from(code)))
    });
    let all = all.into_iter().map(|(name, bytes, code, error)| (name.to_owned(), bytes, code, error));
    all.chain(opcodes).chain(codes).collect()
}

#[tokio::test(start_paused = true)]
async fn promise_10_what_breaks_the_protocol_is_told_as_decode_and_on_the_wire_by_its_code() {
    for (what, bytes, code, expected) in violations() {
        let server = Server::in_memory();
        let (client, mut log) = start(server.options(), |told| match told {
            Told::Error(_) => Then::Recover(Recovery::Close),
            _ => Then::Default,
        });
        let mut connection = server.accept().await;
        connection.send("before").await;
        connection.raw(bytes).await;
        // Whatever comes behind it counts for nothing.
        connection.send("behind").await;
        // The server is told what was wrong, too.
        assert_eq!(soon(connection.expect_close(code)).await, expected.to_string(), "{what}");
        connection.drop_connection();
        client.closed().await;
        let (mut told, mut error) = (Vec::new(), None);
        while told.last().is_none_or(|told: &String| !told.starts_with("terminate")) {
            let next = log.next().await;
            told.push(next.words());
            if let Told::Error(told) = next {
                error = Some(told);
            }
        }
        assert_eq!(told, ["connect", "in before", "error Decode", "terminate Normal"], "{what}");
        let Some(Error::Decode(error)) = error else { panic!("{what}: {error:?}") };
        assert_eq!((error, error.close_code().as_u16()), (expected, code), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_10_a_violation_in_bytes_that_come_one_by_one_is_the_same() {
    for (_, bytes, code, _) in violations().into_iter().filter(|(_, bytes, ..)| bytes.len() < 50) {
        let server = Server::in_memory();
        let (_client, _log) = start(server.options(), |_| Then::Default);
        let mut connection = server.accept().await;
        for byte in bytes {
            connection.raw([byte]).await;
            tokio::task::yield_now().await;
        }
        soon(connection.expect_close(code)).await;
    }
}

fn unsendable() -> [Frame; 6] {
    [
        Frame::ping(vec![0; 126]),
        Frame::pong(vec![0; 126]),
        Frame::close(1005, ""),
        Frame::close(1006, ""),
        Frame::close(2999, ""),
        Frame::close(1000, "x".repeat(124)),
    ]
}

#[tokio::test(start_paused = true)]
async fn promise_10_a_frame_that_may_not_be_sent_is_an_error_at_the_call_that_gives_it_back() {
    let server = Server::in_memory();
    let (client, _log) = start(server.options(), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    for frame in unsendable() {
        let refusals = [
            client.try_send(frame.clone()),
            client.send(frame.clone()).await,
            client.send_confirmed(frame.clone()).await,
        ];
        for refusal in refusals {
            let refusal = refusal.unwrap_err();
            assert_eq!(refusal.cause().kind(), ErrorKind::Encode);
            assert!(!refusal.is_transient());
            assert_eq!(refusal.into_frame().as_ref(), Some(&frame));
        }
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] {
        assert_eq!(client.close(code, "").unwrap_err().kind(), ErrorKind::Encode, "{code}");
    }
    assert_eq!(client.close(1000, "x".repeat(124)).unwrap_err().kind(), ErrorKind::Encode);
    // None of it reached the wire, and the connection is as it was.
    client.send("fine").await.unwrap();
    connection.expect_text("fine").await;
}

#[tokio::test(start_paused = true)]
async fn promise_10_a_reply_that_may_not_be_sent_is_told_and_the_others_go_out() {
    let server = Server::in_memory();
    let (_client, mut log) = start(server.options(), |told| match told {
        Told::In(_) => {
            let mut frames = vec![Frame::text("first")];
            frames.extend(unsendable());
            frames.push(Frame::text("last"));
            Then::Do(Action::reply(frames))
        }
        Told::Control(_) => Then::Do(Action::close(1005, "")),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("x").await;
    connection.expect_text("first").await;
    connection.expect_text("last").await;
    connection.send(Frame::pong("")).await;
    for _ in 0..=unsendable().len() {
        log.until("error Encode").await;
    }
    connection.send("y").await;
    connection.expect_text("first").await;
}

#[test]
fn promise_10_an_option_that_cannot_be_used_is_an_error_where_it_is_given() {
    for url in ["", "host", "http://host", "ws://", "ws://host/#fragment", "ws://host:99999"] {
        assert!(Options::new(url).is_err(), "{url}");
    }
    let options = || Options::new("ws://host").unwrap();
    for (name, value) in [("a b", "x"), ("x", "line\r\nfeed"), ("Connection", "close"), ("Sec-WebSocket-Key", "x")] {
        assert!(options().header(name, value).is_err(), "{name}: {value}");
    }
    for protocol in ["", "a b", "a,b", "é"] {
        assert!(options().protocol(protocol).is_err(), "{protocol}");
    }
    for factor in [0.0, -1.0, 0.99, f64::NAN, f64::INFINITY] {
        assert!(BackoffOptions::new().factor(factor).is_err(), "{factor}");
    }
}

#[test]
fn promise_10_a_client_outside_of_a_runtime_is_an_error_and_no_panic() {
    let (recorder, _log) = crate::support::script::plain();
    assert!(fresh::Client::start(Options::new("ws://host").unwrap(), recorder).is_err());
}

#[tokio::test(start_paused = true)]
async fn promise_10_every_code_that_may_be_sent_is_sent() {
    for code in [1000, 1003, 1007, 1014, 3000, 4999] {
        let server = Server::in_memory();
        let (client, mut log) = start(server.options(), |_| Then::Default);
        let mut connection = server.accept().await;
        log.until("connect").await;
        client.close(CloseCode::from(code), "x".repeat(123)).unwrap();
        assert_eq!(connection.expect_close(code).await.len(), 123);
    }
}
