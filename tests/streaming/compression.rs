//! A message in pieces with permessage-deflate (RFC 7692 §7.2.1).

use flate2::{Decompress, FlushDecompress};
use fresh::{
    Client, MessageType,
    options::DeflateOptions,
    testing::{Connection, Server},
};

use super::{BINARY, CONTINUATION, TEXT, next, ready, spawn};
use crate::support::{
    probe::Probe,
    time::{settle, soon},
};

const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
const RSV1: u8 = 4;

async fn compressing(server: &Server, agreed: &str) -> (Client<&'static str>, Connection) {
    let options = server.options().deflate(DeflateOptions::new());
    let client = Client::start(options, Probe::new().0).unwrap();
    let connection = server.pending().await.accept_with(&[("sec-websocket-extensions", agreed)]).await;
    soon(client.connected()).await.unwrap();
    (client, connection)
}

/// The next message, inflated, and the size of its payload on the wire.
async fn message(connection: &mut Connection, inflate: &mut Decompress) -> (Vec<u8>, usize) {
    let mut payload = Vec::new();
    for at in 0.. {
        let frame = next(connection).await;
        // Only the first frame of a message is marked, and names its type.
        let marked = (frame.rsv, frame.opcode == CONTINUATION);
        assert_eq!(marked, if at == 0 { (RSV1, false) } else { (0, true) });
        payload.extend_from_slice(&frame.payload);
        if frame.fin {
            break;
        }
    }
    let size = payload.len();
    payload.extend(TAIL);
    let mut message = Vec::with_capacity(1 << 20);
    inflate.decompress_vec(&payload, &mut message, FlushDecompress::Sync).unwrap();
    (message, size)
}

#[tokio::test(start_paused = true)]
async fn pieces_are_compressed_with_and_without_context_takeover() {
    for takeover in [true, false] {
        let server = Server::in_memory();
        let agreed = if takeover { "permessage-deflate" } else { "permessage-deflate; client_no_context_takeover" };
        let (client, mut connection) = compressing(&server, agreed).await;
        let mut inflate = Decompress::new(false);
        let mut sizes = Vec::new();
        for _ in 0..3 {
            let pieces: Vec<String> = (0..5).map(|n| format!("piece number {n}, ").repeat(20)).collect();
            let sent = client.send_stream(MessageType::Text, ready(pieces.clone()));
            let (sent, (message, size)) = tokio::join!(sent, message(&mut connection, &mut inflate));
            sent.unwrap();
            assert!(message == pieces.concat().as_bytes(), "takeover {takeover}");
            sizes.push(size);
            if !takeover {
                inflate.reset(false);
            }
        }
        assert!(sizes[0] < 400, "{sizes:?}");
        assert_eq!(sizes[2] < sizes[0], takeover, "{sizes:?}");
        let stats = client.stats();
        assert_eq!(
            (stats.deflate_bytes_in, stats.deflate_bytes_out),
            (3 * 5 * 16 * 20, sizes.iter().sum::<usize>() as u64)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_compressed_message_that_ends_later_ends_with_an_empty_block() {
    let server = Server::in_memory();
    let (client, mut connection) = compressing(&server, "permessage-deflate").await;
    let (pieces, sending) = spawn(&client, MessageType::Binary);
    let mut inflate = Decompress::new(false);
    pieces.give(vec![b'a'; 1000]);
    let first = next(&mut connection).await;
    assert_eq!((first.opcode, first.rsv, first.fin), (BINARY, RSV1, false));
    // It can be read at once, and a control frame between the pieces is not compressed.
    let mut read = Vec::with_capacity(2000);
    inflate.decompress_vec(&first.payload, &mut read, FlushDecompress::Sync).unwrap();
    assert_eq!(read, [b'a'; 1000]);
    connection.send(fresh::Frame::ping("p")).await;
    assert_eq!(connection.expect_pong().await, "p");
    settle().await;
    pieces.end();
    let last = next(&mut connection).await;
    assert_eq!((last.opcode, last.rsv, last.fin, &last.payload[..]), (CONTINUATION, 0, true, &[0][..]));
    soon(sending).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_first_piece_is_short_goes_out_as_it_is() {
    let server = Server::in_memory();
    let (client, mut connection) = compressing(&server, "permessage-deflate").await;
    client.send_stream(MessageType::Text, ready(["short".into(), "a".repeat(1000)])).await.unwrap();
    let first = next(&mut connection).await;
    assert_eq!((first.opcode, first.rsv), (TEXT, 0));
    assert_eq!(next(&mut connection).await.payload, "a".repeat(1000));
}
