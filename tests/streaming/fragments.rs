//! What a message in pieces is on the wire.

use fresh::{MessageType, bytes::Bytes, testing::Server};
use futures_util::{StreamExt, stream};

use super::{BINARY, CONTINUATION, TEXT, frame, next, ready, spawn};
use crate::support::{
    connect,
    time::{settle, soon},
};

#[tokio::test(start_paused = true)]
async fn each_piece_is_a_frame_of_one_message() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    for (message_type, opcode) in [(MessageType::Text, TEXT), (MessageType::Binary, BINARY)] {
        client.send_stream(message_type, ready(["one", "two", "three"])).await.unwrap();
        assert_eq!(next(&mut connection).await, frame(opcode, false, "one"));
        assert_eq!(next(&mut connection).await, frame(CONTINUATION, false, "two"));
        assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, "three"));
    }
    assert_eq!(client.stats().frames_sent, 2, "a message counts once");
}

#[tokio::test(start_paused = true)]
async fn a_piece_goes_out_at_once_and_an_empty_frame_ends_what_ends_later() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let (pieces, sending) = spawn(&client, MessageType::Text);
    pieces.give("one");
    assert_eq!(next(&mut connection).await, frame(TEXT, false, "one"));
    pieces.give("two");
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, false, "two"));
    settle().await;
    assert!(!sending.is_finished());
    pieces.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    soon(sending).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_single_piece_is_a_message_of_one_frame() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    client.send_stream(MessageType::Text, ready(["whole"])).await.unwrap();
    assert_eq!(next(&mut connection).await, frame(TEXT, true, "whole"));
}

#[tokio::test(start_paused = true)]
async fn an_empty_stream_is_an_empty_message() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    client.send_stream(MessageType::Binary, ready([""; 0])).await.unwrap();
    assert_eq!(next(&mut connection).await, frame(BINARY, true, ""));
    client.send_stream(MessageType::Text, ready(["", ""])).await.unwrap();
    assert_eq!(next(&mut connection).await, frame(TEXT, true, ""));
}

#[tokio::test(start_paused = true)]
async fn empty_pieces_are_passed_over() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    client.send_stream(MessageType::Text, ready(["", "one", "", "two", ""])).await.unwrap();
    assert_eq!(next(&mut connection).await, frame(TEXT, false, "one"));
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, "two"));
}

#[tokio::test(start_paused = true)]
async fn a_character_may_be_cut_by_the_end_of_a_piece() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let text = "aé€😀z";
    let bytes = stream::iter(text.bytes()).map(|byte| Ok::<_, std::io::Error>(vec![byte]));
    client.send_stream(MessageType::Text, bytes).await.unwrap();
    connection.expect_text(text).await;
}

#[tokio::test(start_paused = true)]
async fn pieces_are_anything_that_becomes_bytes() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    client.send_stream(MessageType::Text, ready([String::from("a"), String::from("b")])).await.unwrap();
    connection.expect_text("ab").await;
    client.send_stream(MessageType::Binary, ready([vec![1_u8], vec![2]])).await.unwrap();
    connection.expect_binary([1, 2]).await;
    client.send_stream(MessageType::Text, ready([Bytes::from("c")])).await.unwrap();
    connection.expect_text("c").await;
}
