//! A message that its sender cannot finish.

use std::io;

use fresh::{
    Error, MessageType,
    error::{EncodeError, SendFailure, StreamError},
    testing::{Connection, Server},
};

use super::{CONTINUATION, Pieces, begun, failure, frame, next, ready, spawn};
use crate::support::{
    connect,
    probe::Seen,
    time::{settle, soon},
};

/// The connection is closed with 1011, and the client connects again.
async fn assert_gives_up(server: &Server, mut connection: Connection, seen: &mut Seen) {
    connection.expect_close(1011).await;
    connection.finish_close().await;
    let error = seen.failed().await;
    assert!(matches!(error, Error::Stream(StreamError::Unfinished)), "{error}");
    assert!(error.is_transient());
    let _connection = server.accept().await;
    seen.connected().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_amid_its_message_closes_the_connection_and_the_caller_gets_its_error() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    let (pieces, sending) = begun(&client, &mut connection).await;
    pieces.fail();
    let refused = soon(sending).await.unwrap().unwrap_err();
    assert!(!refused.is_transient() && !refused.cause().is_transient());
    let Error::Send(SendFailure::Source(reason)) = refused.cause() else { panic!("{refused:?}") };
    assert_eq!(reason.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::PermissionDenied);
    assert_gives_up(&server, connection, &mut seen).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_amid_its_message_closes_the_connection() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    let (_pieces, sending) = begun(&client, &mut connection).await;
    sending.abort();
    assert_gives_up(&server, connection, &mut seen).await;
}

#[tokio::test(start_paused = true)]
async fn text_that_turns_out_to_be_none_closes_the_connection_and_nothing_of_it_goes_out() {
    let cases: [fn(Pieces); 3] = [
        |pieces| pieces.give(&b"good\xFF"[..]),
        |pieces| {
            pieces.give(&b"\xC3"[..]);
            pieces.give("x");
        },
        |pieces| pieces.give(&b"cut \xE2\x82"[..]),
    ];
    for (case, give) in cases.into_iter().enumerate() {
        let server = Server::in_memory();
        let (client, mut seen, mut connection) = connect(&server, server.options()).await;
        let (pieces, sending) = begun(&client, &mut connection).await;
        give(pieces);
        let refused = soon(sending).await.unwrap().unwrap_err();
        assert!(matches!(refused.cause(), Error::Encode(EncodeError::Utf8)), "{refused:?}");
        assert_eq!(next(&mut connection).await.opcode, 8, "case {case}: a piece went out");
        drop(connection);
        assert!(matches!(seen.failed().await, Error::Stream(StreamError::Unfinished)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_fails_with_its_first_piece_costs_nothing() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;

    let bad = client.send_stream(MessageType::Text, ready([&b"\xFF"[..], b"more"])).await.unwrap_err();
    assert!(matches!(bad.cause(), Error::Encode(EncodeError::Utf8)), "{bad:?}");
    let cut = client.send_stream(MessageType::Text, ready([&b"cut \xE2\x82"[..]])).await.unwrap_err();
    assert!(matches!(cut.cause(), Error::Encode(EncodeError::Utf8)), "{cut:?}");
    let (pieces, sending) = spawn(&client, MessageType::Text);
    pieces.fail();
    assert!(matches!(failure(soon(sending).await.unwrap()), SendFailure::Source(_)));
    // What the stream tells at once of the second piece is known in time.
    let (pieces, sending) = spawn(&client, MessageType::Text);
    pieces.give("first");
    pieces.fail();
    assert!(matches!(failure(soon(sending).await.unwrap()), SendFailure::Source(_)));
    let (_pieces, sending) = spawn(&client, MessageType::Text);
    settle().await;
    sending.abort();

    client.send("next").await.unwrap();
    connection.expect_text("next").await;
    assert!(seen.already().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_for_its_turn_costs_nothing() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    let (pieces, sending) = begun(&client, &mut connection).await;
    let (waits, dropped) = spawn(&client, MessageType::Text);
    waits.give("never");
    let (fails, failed) = spawn(&client, MessageType::Text);
    fails.give("begun");
    settle().await;
    dropped.abort();
    fails.fail();
    assert!(matches!(failure(soon(failed).await.unwrap()), SendFailure::Source(_)));
    client.send("next").await.unwrap();
    pieces.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    connection.expect_text("next").await;
    soon(sending).await.unwrap().unwrap();
    assert!(seen.already().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_handed_over_goes_out_though_nobody_waits_for_it() {
    let server = Server::in_memory_with_buffer(100);
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    let sending =
        tokio::spawn(
            async move { client.send_stream(MessageType::Text, ready(["a".repeat(200), "b".repeat(200)])).await },
        );
    settle().await;
    sending.abort();
    connection.expect_text("a".repeat(200) + &"b".repeat(200)).await;
    assert!(seen.already().is_none());
}
