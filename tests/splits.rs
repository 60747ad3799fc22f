//! A conversation is told the same, and answered the same, however its bytes are split: handshake, messages, close.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::time::Duration;

use fresh::{
    Action, Options, Recovery,
    options::DeflateOptions,
    testing::{Connection, Server, WireFrame},
};

use support::{
    script::{Then, Told, start},
    time::{settle, soon},
};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CONTINUATION: u8 = 0;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const RSV1: u8 = 4;

/// "Hello" as RFC 7692 §7.2.3.1 compresses it, and once more with the window that it leaves (§7.2.3.2).
const HELLO: &[u8] = &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
const HELLO_AGAIN: &[u8] = &[0xF2, 0x00, 0x11, 0x00, 0x00];

fn frame(opcode: u8, payload: &[u8]) -> WireFrame {
    WireFrame::new(opcode, payload.to_vec())
}

fn part(opcode: u8, payload: &[u8]) -> WireFrame {
    WireFrame { fin: false, ..frame(opcode, payload) }
}

fn compressed(frame: WireFrame) -> WireFrame {
    WireFrame { rsv: RSV1, ..frame }
}

/// Every kind of frame, up to the one that ends it.
fn conversation(end: &[u8]) -> Vec<u8> {
    let frames = [
        frame(TEXT, "é€😀".as_bytes()),
        frame(PING, b"first"),
        part(TEXT, &"😀".as_bytes()[..1]),
        frame(PING, b""),
        part(CONTINUATION, &"😀".as_bytes()[1..3]),
        part(CONTINUATION, b""),
        frame(CONTINUATION, &["😀".as_bytes()[3..].to_vec(), b"!".to_vec()].concat()),
        frame(BINARY, &[0xFF; 126]),
        frame(TEXT, b""),
        compressed(frame(TEXT, HELLO)),
        compressed(part(TEXT, &HELLO_AGAIN[..2])),
        frame(PONG, b"unasked"),
        frame(CONTINUATION, &HELLO_AGAIN[2..]),
        part(BINARY, &[1; 3]),
        frame(CONTINUATION, &[2; 130]),
    ];
    let mut bytes: Vec<u8> = frames.iter().flat_map(WireFrame::encode).collect();
    bytes.extend_from_slice(end);
    bytes
}

/// How conversations end: in order, and by what breaks the protocol amid a frame or amid a message.
fn ends() -> Vec<Vec<u8>> {
    vec![
        frame(CLOSE, b"\x03\xE8bye").encode().into(),
        frame(CLOSE, b"").encode().into(),
        [part(TEXT, b"open").encode(), frame(CLOSE, b"\x0F\xA0amid").encode()].concat(),
        [part(TEXT, b"open").encode(), frame(TEXT, b"another").encode()].concat(),
        [&part(TEXT, b"\xE2\x82").encode()[..], &[0x80, 100, 0xC3]].concat(),
        vec![0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
        compressed(frame(BINARY, b"\xFF\xFF")).encode().into(),
        frame(CLOSE, &1005_u16.to_be_bytes()).encode().into(),
    ]
}

fn options(server: &Server) -> Options {
    let deflate = DeflateOptions::new().threshold(0);
    server.options().deflate(deflate).ping_interval(Duration::ZERO)
}

/// What the handler is told, and what the server gets.
type Course = (Vec<String>, Vec<WireFrame>);

/// A client that sends back what it gets, and a server that speaks as `speak` does.
async fn course(server: &Server, speak: impl AsyncFnOnce(&mut Connection)) -> Course {
    let (_client, log) = start(options(server), |told| match told {
        Told::In(message) => Then::Do(Action::reply(message.clone())),
        Told::Disconnect(_) | Told::Error(_) => Then::Recover(Recovery::Close),
        _ => Then::Default,
    });
    let agreement = [("sec-websocket-extensions", "permessage-deflate")];
    let mut connection = server.pending().await.accept_with(&agreement).await;
    speak(&mut connection).await;
    let mut heard: Vec<WireFrame> = Vec::new();
    while heard.last().is_none_or(|frame| frame.opcode != CLOSE) {
        let frame = soon(connection.receive_frame()).await.expect("the client closes in order");
        // The key is another one each time.
        heard.push(WireFrame { mask: None, ..frame });
    }
    connection.drop_connection();
    (log.rest().await, heard)
}

#[tokio::test(start_paused = true)]
async fn one_byte_at_a_time_is_the_same_as_all_at_once_from_the_handshake_to_the_close() {
    for end in ends() {
        let bytes = conversation(&end);
        let whole = course(&Server::in_memory(), async |connection| connection.raw(bytes.clone()).await).await;
        assert!(whole.0.contains(&"in é€😀".to_owned()) && whole.0.contains(&"in Hello".to_owned()), "{whole:?}");
        let (messages, pings, pongs) = (7, 2, 1);
        let (told, heard) = (1 + messages + pings + pongs + 2, messages + pings + 1);
        assert_eq!((whole.0.len(), whole.1.len()), (told, heard), "{whole:?}");
        // The pipe holds no more, in both directions.
        for bytes_at_a_time in [1, 2, 3, 7] {
            let server = Server::in_memory_with_buffer(bytes_at_a_time);
            let cut = course(&server, async |connection| connection.raw(bytes.clone()).await).await;
            assert_eq!(cut, whole, "{bytes_at_a_time} at a time, {end:02x?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_at_any_place_changes_nothing() {
    for end in ends() {
        let bytes = conversation(&end);
        let whole = course(&Server::in_memory(), async |connection| connection.raw(bytes.clone()).await).await;
        for at in 0..=bytes.len() {
            let (before, after) = bytes.split_at(at);
            let cut = course(&Server::in_memory(), async |connection| {
                connection.raw(before.to_vec()).await;
                settle().await;
                connection.raw(after.to_vec()).await;
            })
            .await;
            assert_eq!(cut, whole, "a pause behind {at} bytes, {end:02x?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_every_buffer_comes_whole_one_byte_at_a_time() {
    let text = "é".repeat(40_000);
    let bytes = [frame(TEXT, text.as_bytes()).encode(), frame(CLOSE, b"").encode()].concat();
    let server = Server::in_memory_with_buffer(1);
    let (told, heard) = course(&server, async |connection| connection.raw(bytes).await).await;
    assert_eq!(told[1], format!("in {text}"));
    assert_eq!(heard.len(), 2);
}
