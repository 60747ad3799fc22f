//! What waits for the end of a message, and what passes between its pieces.

use std::{convert::Infallible, sync::Arc, time::Duration};

use fresh::{
    Action, Client, Frame, Handler, Message, MessageType,
    testing::{Received, Server},
};
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;

use super::{CONTINUATION, PING, TEXT, begun, frame, next, ready, spawn};
use crate::support::{
    connect,
    script::{S, Then, Told, start},
    time::{settle, soon},
};

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_between_the_pieces_of_a_slow_stream() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let (pieces, sending) = begun(&client, &mut connection).await;
    connection.send(Frame::ping("are you there?")).await;
    assert_eq!(connection.expect_pong().await, "are you there?");
    pieces.give("second");
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, false, "second"));
    pieces.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    soon(sending).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_keepalive_goes_on_amid_a_message() {
    let server = Server::in_memory();
    let options = server.options().ping_interval(S).pong_timeout(S);
    let (client, mut seen, mut connection) = connect(&server, options).await;
    let (pieces, sending) = begun(&client, &mut connection).await;
    for _ in 0..10 {
        connection.expect_ping().await;
    }
    pieces.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    soon(sending).await.unwrap().unwrap();
    // Nine of the pongs have been told, and no error.
    for _ in 0..9 {
        seen.control().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_noticed_amid_a_message() {
    let server = Server::in_memory();
    let options = server.options().ping_interval(S).pong_timeout(S);
    let (client, mut seen, mut connection) = connect(&server, options).await;
    connection.auto_pong(false);
    let (_pieces, sending) = begun(&client, &mut connection).await;
    assert_eq!(next(&mut connection).await.opcode, PING);
    seen.failed().await;
    assert!(soon(sending).await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn data_of_other_senders_waits_and_pings_of_theirs_pass() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    connection.auto_pong(false);
    let (pieces, sending) = begun(&client, &mut connection).await;
    client.send(Frame::ping("passes")).await.unwrap();
    assert_eq!(next(&mut connection).await, frame(PING, true, "passes"));
    client.send("waits").await.unwrap();
    // In its order: behind data that waits.
    client.send(Frame::ping("waits too")).await.unwrap();
    settle().await;
    pieces.give("second");
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, false, "second"));
    pieces.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    connection.expect_text("waits").await;
    assert_eq!(next(&mut connection).await, frame(PING, true, "waits too"));
    soon(sending).await.unwrap().unwrap();
    assert_eq!(client.stats().frames_sent, 4);
}

#[tokio::test(start_paused = true)]
async fn the_mailbox_pushes_back_while_a_message_goes_out() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options().mailbox(2)).await;
    let (pieces, _sending) = begun(&client, &mut connection).await;
    let mut accepted = 0_u32;
    while client.try_send(accepted.to_string()).is_ok() {
        accepted += 1;
        settle().await;
    }
    assert_eq!(accepted, 2, "as many as the mailbox holds");
    pieces.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    for n in 0..accepted {
        connection.expect_text(n.to_string()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn replies_wait_for_the_end_and_go_out_before_what_waits_in_the_mailbox() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options(), |told| match told {
        Told::In(message) => Then::Do(Action::reply(format!("re {}", message.to_text().unwrap()))),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    log.until("connect").await;
    let (pieces, sending) = begun(&client, &mut connection).await;
    client.send("later").await.unwrap();
    for n in 0..3 {
        connection.send(format!("{n}")).await;
        log.until(&format!("in {n}")).await;
    }
    settle().await;
    pieces.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    for n in 0..3 {
        connection.expect_text(format!("re {n}")).await;
    }
    connection.expect_text("later").await;
    soon(sending).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn replies_that_wait_are_bounded_and_callbacks_rest_until_the_end() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options().write_buffer(1000), |told| match told {
        Told::In(_) => Then::Do(Action::reply(vec![0; 400])),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    log.until("connect").await;
    let (pieces, sending) = begun(&client, &mut connection).await;
    for n in 0..20 {
        connection.send(format!("{n}")).await;
    }
    settle().await;
    let handled = log.so_far();
    assert!(matches!(handled.len(), 2..=3), "{handled:?}");
    // Nothing else rests.
    connection.send(Frame::ping("p")).await;
    assert_eq!(connection.expect_pong().await, "p");
    pieces.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    for _ in 0..20 {
        connection.expect_binary([0; 400]).await;
    }
    soon(sending).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn callbacks_run_amid_a_message_so_that_its_stream_may_wait_for_them() {
    let server = Server::in_memory();
    let asked = Arc::new(Notify::new());
    let told = Arc::clone(&asked);
    let (client, _log) = start(server.options(), move |event| {
        if matches!(event, Told::In(_)) {
            told.notify_one();
        }
        Then::Default
    });
    let mut connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    let (pieces, sending) = begun(&client, &mut connection).await;
    connection.send("go on").await;
    soon(asked.notified()).await;
    pieces.give("second");
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, false, "second"));
    pieces.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    soon(sending).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_streams_wait_for_one_another() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let (first, sending_first) = begun(&client, &mut connection).await;
    let (second, sending_second) = spawn(&client, MessageType::Binary);
    for n in 0..20 {
        second.give(format!("{n}"));
    }
    second.end();
    settle().await;
    first.give("more");
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, false, "more"));
    first.end();
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, ""));
    let expected: String = (0..20).map(|n| n.to_string()).collect();
    connection.expect_binary(expected).await;
    soon(sending_first).await.unwrap().unwrap();
    soon(sending_second).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_of_many_tasks_is_interleaved() {
    let server = Server::in_memory_with_buffer(100);
    let (client, _seen, mut connection) = connect(&server, server.options().mailbox(4).write_buffer(64)).await;
    for task in 0..8_u8 {
        let client = client.clone();
        tokio::spawn(async move {
            for n in 0..10_u8 {
                let pieces = (0..n).map(move |_| vec![task; 7]);
                client.send_stream(MessageType::Binary, ready(pieces)).await.unwrap();
                client.send(vec![task]).await.unwrap();
                client.send(Frame::ping("p")).await.unwrap();
            }
        });
    }
    // `receive` fails where a message begins amid another.
    let mut messages = 0;
    while messages < 8 * 10 * 2 {
        let Received::Binary(message) = connection.receive().await else { panic!("all messages are binary") };
        assert!(message.iter().all(|byte| *byte == message[0]), "{message:?}");
        messages += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_behind_a_stream_that_has_not_begun_comes_first() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let (_pieces, sending) = spawn(&client, MessageType::Text);
    settle().await;
    client.close(4000, "").unwrap();
    connection.expect_close(4000).await;
    connection.finish_close().await;
    assert!(soon(sending).await.unwrap().is_err(), "though its stream never gave anything");
}

/// Sends a message in pieces from inside of a callback.
struct Streams(Client);

impl Handler for Streams {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        let pieces: Vec<String> = message.to_text()?.chars().map(String::from).collect();
        self.0.send_stream(MessageType::Text, ready(pieces)).await?;
        Ok(Action::reply("behind it"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_may_send_a_message_in_pieces() {
    let server = Server::in_memory();
    let _client = Client::start_with(server.options().ping_interval(Duration::ZERO), Streams).unwrap();
    let mut connection = server.accept().await;
    connection.send("many pieces").await;
    let first = next(&mut connection).await;
    assert_eq!(first, frame(TEXT, false, "m"));
    for piece in "any piece".chars() {
        assert_eq!(next(&mut connection).await, frame(CONTINUATION, false, piece.to_string()));
    }
    assert_eq!(next(&mut connection).await, frame(CONTINUATION, true, "s"));
    connection.expect_text("behind it").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_several_threads_each_message_arrives_as_it_was_sent() {
    let server = Server::tcp().await;
    let (client, _seen, mut connection) = connect(&server, server.options().mailbox(2).write_buffer(256)).await;
    for task in 0..4_u8 {
        let client = client.clone();
        tokio::spawn(async move {
            for n in 0..100_u8 {
                let pieces = stream::iter(0..n % 7).then(move |at| async move {
                    if (at + n) % 3 == 0 {
                        tokio::task::yield_now().await;
                    }
                    Ok::<_, Infallible>(vec![task, n])
                });
                client.send_stream(MessageType::Binary, pieces).await.unwrap();
                client.send(vec![task, n]).await.unwrap();
            }
        });
    }
    for _ in 0..4 * 100 * 2 {
        let Received::Binary(message) = connection.receive().await else { panic!("all messages are binary") };
        assert!(message.chunks(2).all(|piece| piece == &message[..2]), "{message:?}");
    }
    assert_eq!(client.stats().frames_lost, 0);
}
