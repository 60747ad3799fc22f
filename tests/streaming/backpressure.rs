//! A stream is asked for no more than the socket takes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use fresh::{MessageType, testing::Server};
use futures_util::{Stream, StreamExt, stream};

use super::{next, spawn};
use crate::support::{
    connect,
    time::{a_day, settle, soon},
};

const PIECE: usize = 64 << 10;
const WRITE_BUFFER: usize = 256 << 10;
const PIPE: usize = 64 << 10;

/// What may lie between the stream and the server: the buffers, the pieces in the channel, the one in the caller's
/// hands and the one behind it, the one that took the write buffer over its bound, and their heads.
const MOST: usize = WRITE_BUFFER + PIPE + 8 * PIECE;

/// So many pieces, and how many bytes of them were asked for.
fn counted(pieces: usize) -> (Arc<AtomicUsize>, impl Stream<Item = std::io::Result<Vec<u8>>> + Send + Unpin) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let pieces = stream::iter(0..pieces).map(move |at| {
        count.fetch_add(PIECE, Relaxed);
        Ok(vec![at as u8; PIECE])
    });
    (asked, pieces)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read_stops_the_stream() {
    let server = Server::in_memory_with_buffer(PIPE);
    let options = server.options().write_buffer(WRITE_BUFFER).write_timeout(std::time::Duration::ZERO);
    let options = options.ping_interval(std::time::Duration::ZERO);
    let (client, _seen, mut connection) = connect(&server, options).await;
    let (asked, pieces) = counted(1000);
    let sending = tokio::spawn(async move { client.send_stream(MessageType::Binary, pieces).await });
    a_day().await;
    let before = asked.load(Relaxed);
    assert!((WRITE_BUFFER..=MOST).contains(&before), "{before}");
    next(&mut connection).await;
    settle().await;
    let after = asked.load(Relaxed);
    assert!(after > before && after <= MOST + PIECE, "{before}, {after}");
    assert!(!sending.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_message_of_64_mib_takes_little_memory() {
    const PIECES: usize = (64 << 20) / PIECE;
    let server = Server::in_memory_with_buffer(PIPE);
    let (client, _seen, mut connection) = connect(&server, server.options().write_buffer(WRITE_BUFFER)).await;
    let (asked, pieces) = counted(PIECES);
    let sending = tokio::spawn(async move { client.send_stream(MessageType::Binary, pieces).await });
    let mut received = 0;
    for at in 0..PIECES {
        let frame = next(&mut connection).await;
        assert_eq!((frame.fin, frame.payload.len()), (at == PIECES - 1, PIECE));
        assert!(frame.payload.iter().all(|byte| *byte == at as u8), "piece {at}");
        received += frame.payload.len();
        let held = asked.load(Relaxed) - received;
        assert!(held <= MOST, "{held} after {received}");
    }
    soon(sending).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_resolves_when_all_of_the_message_is_written() {
    let server = Server::in_memory_with_buffer(1000);
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let (pieces, sending) = spawn(&client, MessageType::Binary);
    pieces.give(vec![0; 2000]);
    pieces.give(vec![0; 2000]);
    pieces.end();
    settle().await;
    assert!(!sending.is_finished());
    connection.raw_read_exact(3000).await;
    settle().await;
    assert!(!sending.is_finished(), "the last bytes wait");
    connection.raw_read_exact(100).await;
    soon(sending).await.unwrap().unwrap();
}
