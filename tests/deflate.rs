//! permessage-deflate (RFC 7692) from end to end: a client, and a server that compresses by hand.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, reason = "the server of a test")]

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use fresh::{
    Action, Client, CloseCode, Error, ErrorKind, ExitReason, Handler, Message, Options, Upgrade,
    error::{DecodeError, EstablishError},
    options::{DeflateOptions, Limits},
    testing::{Connection, Server, WireFrame},
};

const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
const RSV1: u8 = 4;

/// Sends each message back.
struct Echo;

impl Handler for Echo {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        Ok(Action::reply(message))
    }
}

/// The server's side of the extension.
struct Codec {
    compress: Compress,
    inflate: Decompress,
}

impl Codec {
    fn new() -> Self {
        Self { compress: Compress::new(Compression::default(), false), inflate: Decompress::new(false) }
    }

    fn frame(&mut self, opcode: u8, message: &[u8]) -> WireFrame {
        let mut payload = Vec::with_capacity(message.len() + 100);
        self.compress.compress_vec(message, &mut payload, FlushCompress::Sync).unwrap();
        payload.truncate(payload.len() - TAIL.len());
        WireFrame { rsv: RSV1, ..WireFrame::new(opcode, payload) }
    }

    fn message(&mut self, frame: &WireFrame) -> Vec<u8> {
        assert_eq!((frame.fin, frame.rsv), (true, RSV1));
        let mut message = Vec::with_capacity(1 << 20);
        let payload = [&frame.payload[..], &TAIL].concat();
        self.inflate.decompress_vec(&payload, &mut message, FlushDecompress::Sync).unwrap();
        message
    }
}

async fn accepted(server: &Server, extensions: &str) -> Connection {
    let handshake = server.pending().await;
    assert_eq!(handshake.request().headers()["sec-websocket-extensions"], "permessage-deflate; client_max_window_bits");
    handshake.accept_with(&[("sec-websocket-extensions", extensions)]).await
}

fn deflating(server: &Server) -> Options {
    server.options().deflate(DeflateOptions::new())
}

#[tokio::test]
async fn messages_travel_compressed_both_ways_and_the_stats_say_what_it_saves() {
    let server = Server::in_memory();
    let client = Client::start(deflating(&server), Echo).unwrap();
    let mut connection = accepted(&server, "permessage-deflate").await;
    let mut codec = Codec::new();
    let text = "tick tock ".repeat(100);
    let (mut received, mut sent) = (0, 0);
    for _ in 0..3 {
        let frame = codec.frame(1, text.as_bytes());
        received += frame.payload.len() as u64;
        connection.raw(frame.encode()).await;
        let echoed = connection.receive_frame().await.unwrap();
        sent += echoed.payload.len() as u64;
        assert_eq!(codec.message(&echoed), text.as_bytes());
    }
    let stats = client.stats();
    assert_eq!((stats.inflate_bytes_in, stats.inflate_bytes_out), (received, 3000));
    assert_eq!((stats.deflate_bytes_in, stats.deflate_bytes_out), (3000, sent));
    assert!(received < 100 && sent < 100);
    client.request_stop();
    connection.expect_close(1001).await;
    connection.send(fresh::Frame::close(1001, "")).await;
    drop(connection);
    assert!(matches!(client.closed().await, ExitReason::Stopped));
}

#[tokio::test]
async fn a_short_message_goes_out_as_it_is() {
    let server = Server::in_memory();
    let client = Client::start(deflating(&server), Echo).unwrap();
    let mut connection = accepted(&server, "permessage-deflate").await;
    client.connected().await.unwrap();
    client.send("short").await.unwrap();
    connection.expect_text("short").await;
    assert_eq!(client.stats().deflate_bytes_in, 0);
}

#[tokio::test]
async fn nothing_is_compressed_where_the_server_declines() {
    let server = Server::in_memory();
    let client = Client::start(deflating(&server), Echo).unwrap();
    let mut connection = server.accept().await;
    client.connected().await.unwrap();
    let text = "a".repeat(1000);
    client.send(text.clone()).await.unwrap();
    connection.expect_text(&text).await;
    connection.raw(Codec::new().frame(1, b"unasked").encode()).await;
    connection.expect_close(1002).await;
}

/// Notes the extensions in force.
struct Extensions(tokio::sync::mpsc::UnboundedSender<Vec<String>>);

impl Handler for Extensions {
    type Info = ();

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> fresh::Result<Action> {
        self.0.send(upgrade.extensions.clone())?;
        Ok(Action::Continue)
    }
}

#[tokio::test]
async fn the_upgrade_names_the_extension_with_its_parameters() {
    let server = Server::in_memory();
    let (told, mut extensions) = tokio::sync::mpsc::unbounded_channel();
    let _client = Client::start(deflating(&server), Extensions(told)).unwrap();
    let answer = "permessage-deflate; server_no_context_takeover; client_max_window_bits=9";
    let _connection = accepted(&server, answer).await;
    assert_eq!(extensions.recv().await.unwrap(), [answer]);
}

#[tokio::test]
async fn nothing_is_offered_where_the_option_is_off() {
    let server = Server::in_memory();
    let _client = Client::start(server.options(), Echo).unwrap();
    let handshake = server.pending().await;
    assert_eq!(handshake.request().headers().get("sec-websocket-extensions"), None);
}

#[tokio::test]
async fn our_messages_share_a_window_unless_the_server_asks_for_none() {
    for (answer, shared) in [("permessage-deflate", true), ("permessage-deflate; client_no_context_takeover", false)] {
        let server = Server::in_memory();
        let client = Client::start(deflating(&server), Echo).unwrap();
        let mut connection = accepted(&server, answer).await;
        client.connected().await.unwrap();
        let text = "the same in both messages ".repeat(10);
        let mut lengths = Vec::new();
        let mut codec = Codec::new();
        for _ in 0..2 {
            client.send(text.clone()).await.unwrap();
            let frame = connection.receive_frame().await.unwrap();
            lengths.push(frame.payload.len());
            if !shared {
                codec = Codec::new();
            }
            assert_eq!(codec.message(&frame), text.as_bytes(), "{answer}");
        }
        assert_eq!(lengths[1] < lengths[0], shared, "{answer}: {lengths:?}");
    }
}

#[tokio::test]
async fn our_messages_keep_to_the_window_that_the_server_asks_for() {
    let mut state = 7692_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u8
    })
    .take(600)
    .collect();
    // What comes again does so at a distance that 2^9 bytes do not span, and 2^10 do.
    let message = [&noise[..], &noise[..]].concat();
    for (bits, finds) in [(9, false), (10, true)] {
        let server = Server::in_memory();
        let client = Client::start(deflating(&server), Echo).unwrap();
        let mut connection = accepted(&server, &format!("permessage-deflate; client_max_window_bits={bits}")).await;
        client.connected().await.unwrap();
        client.send(message.clone()).await.unwrap();
        let frame = connection.receive_frame().await.unwrap();
        assert_eq!(frame.payload.len() < message.len() * 3 / 4, finds, "{bits}: {}", frame.payload.len());
    }
}

#[tokio::test]
async fn an_answer_that_was_not_offered_ends_the_client() {
    let plain = DeflateOptions::new;
    let cases = [
        (Some(plain()), "permessage-deflate; client_max_window_bits=16"),
        (Some(plain()), "permessage-deflate; client_max_window_bits"),
        (Some(plain()), "permessage-deflate; server_no_context_takeover; server_no_context_takeover"),
        (Some(plain()), "permessage-deflate; unknown"),
        (Some(plain()), "permessage-deflate, permessage-deflate"),
        (Some(plain()), "x-webkit-deflate-frame"),
        (Some(plain().client_max_window_bits(10).unwrap()), "permessage-deflate; client_max_window_bits=11"),
        (Some(plain().server_max_window_bits(10).unwrap()), "permessage-deflate; server_max_window_bits=11"),
        (Some(plain().server_max_window_bits(10).unwrap()), "permessage-deflate"),
        (Some(plain().server_no_context_takeover(true)), "permessage-deflate"),
        (None, "permessage-deflate"),
    ];
    let server = Server::in_memory();
    for (deflate, answer) in cases {
        let options = deflate.into_iter().fold(server.options(), Options::deflate);
        let client = Client::start(options, Echo).unwrap();
        let _connection = server.pending().await.accept_with(&[("sec-websocket-extensions", answer)]).await;
        let reason = client.closed().await;
        let ExitReason::Error(Error::Establish(EstablishError::Extension(told))) = &reason else { panic!("{reason}") };
        assert!(answer.starts_with(told), "{told}");
    }
}

#[tokio::test]
async fn a_bomb_is_refused_with_1009_and_garbage_with_1007() {
    let server = Server::in_memory();
    let options = deflating(&server).limits(Limits { max_message: 1 << 20, ..Limits::default() });
    for (frame, code, error) in [
        (Codec::new().frame(2, &vec![0; 64 << 20]), 1009, DecodeError::MessageTooBig { limit: 1 << 20 }),
        (WireFrame { rsv: RSV1, ..WireFrame::new(2, &b"\xFF\xFF"[..]) }, 1007, DecodeError::Deflate),
    ] {
        assert_eq!(error.close_code(), CloseCode::from(code));
        let client = Client::start(options.clone(), Failing).unwrap();
        let mut connection = accepted(&server, "permessage-deflate").await;
        connection.raw(frame.encode()).await;
        connection.expect_close(code).await;
        drop(connection);
        let reason = client.closed().await;
        let ExitReason::Error(told) = &reason else { panic!("{reason}") };
        assert_eq!(told.kind(), ErrorKind::Decode);
        assert!(matches!(told, Error::Decode(told) if *told == error), "{told}");
    }
}

/// Ends with the first error.
struct Failing;

impl Handler for Failing {
    type Info = ();

    async fn handle_error(&mut self, error: &Error) -> fresh::Recovery {
        fresh::Recovery::Fail(error.clone().into())
    }
}

#[tokio::test]
async fn a_compressed_message_without_a_byte_is_empty_and_the_next_one_may_point_back() {
    let server = Server::in_memory();
    let _client = Client::start(deflating(&server), Echo).unwrap();
    let mut connection = accepted(&server, "permessage-deflate").await;
    let mut codec = Codec::new();
    let text = "tick tock ".repeat(100);
    let first = codec.frame(1, text.as_bytes());
    // As some servers send an empty message: no byte, where RFC 7692 §7.2.3.6 has one.
    let empty = |fin, opcode, rsv| WireFrame { fin, rsv, ..WireFrame::new(opcode, &b""[..]) };
    let last = codec.frame(1, text.as_bytes());
    assert!(last.payload.len() < first.payload.len(), "it points back");
    for frame in [first, empty(true, 1, RSV1), empty(false, 1, RSV1), empty(true, 0, 0), last] {
        connection.raw(frame.encode()).await;
    }
    let mut echoed = Vec::new();
    for _ in 0..4 {
        let frame = connection.receive_frame().await.unwrap();
        echoed.push(if frame.rsv == RSV1 { codec.message(&frame) } else { frame.payload.to_vec() });
    }
    assert_eq!(echoed, [text.as_bytes(), b"", b"", text.as_bytes()]);
}

#[tokio::test]
async fn each_connection_begins_with_windows_of_its_own() {
    let server = Server::in_memory();
    let client = Client::start(deflating(&server), Echo).unwrap();
    let text = "tick tock ".repeat(100);
    for _ in 0..2 {
        let mut connection = accepted(&server, "permessage-deflate").await;
        let mut codec = Codec::new();
        connection.raw(codec.frame(1, text.as_bytes()).encode()).await;
        let echoed = connection.receive_frame().await.unwrap();
        assert_eq!(codec.message(&echoed), text.as_bytes());
        connection.drop_connection();
        client.reconnect();
    }
}
