//! `send`, `send_confirmed` and `send_stream` inside a callback: an error only where no connection can take the frame.

use std::convert::Infallible;

use fresh::{
    Client, ConnectionState, Error, Frame, MessageType, Offline,
    error::{Callback, SendError, SendFailure},
    testing::Server,
};
use futures_util::{StreamExt, stream};

use super::acting::{Info, start_inside};
use crate::support::{
    log::Log,
    time::{settle, soon},
};

#[track_caller]
fn assert_within(refused: &SendError, callback: Callback) {
    assert!(
        matches!(refused.cause(), Error::Send(SendFailure::WithinCallback(within)) if *within == callback),
        "{refused:?}"
    );
    // The same call inside the same callback fails again.
    assert!(!refused.is_transient() && !refused.cause().is_transient());
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_has_to_wait_for_the_verdict_is_given_back() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options().offline(Offline::Queue(8)), Callback::Error, |client| async move {
            client.send_confirmed("now").await
        });
    server.accept().await.drop_connection();
    let refused = outputs.next().await.unwrap_err();
    assert_within(&refused, Callback::Error);
    assert_eq!(refused.into_frame(), Some(Frame::text("now")));
    assert_eq!(log.count(&["ERROR", "`send_confirmed` inside `handle_error`"]), 1);
    // It was not queued.
    let mut connection = server.accept().await;
    client.send("later").await.unwrap();
    connection.expect_text("later").await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_would_not_be_queued_is_refused_for_its_own_reason() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (_client, mut outputs) =
        start_inside(server.options().offline(Offline::Queue(1)), Callback::Error, |client| async move {
            let too_long = client.send_confirmed(Frame::ping(vec![0; 126])).await;
            let close = client.send_confirmed(Frame::close(1000, "")).await;
            client.send("the queue is full now").await.unwrap();
            [too_long, close, client.send_confirmed("no room").await]
        });
    server.accept().await.drop_connection();
    let [too_long, close, no_room] = outputs.next().await.map(Result::unwrap_err);
    assert!(matches!(too_long.cause(), Error::Encode(_)), "{too_long:?}");
    assert!(matches!(close.cause(), Error::Send(SendFailure::NotConnected)), "{close:?}");
    assert!(matches!(no_room.cause(), Error::Send(SendFailure::QueueFull)), "{no_room:?}");
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_only_queued_is_accepted() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (_client, mut outputs) =
        start_inside(server.options().offline(Offline::Queue(8)), Callback::Error, |client| async move {
            client.send("queued").await
        });
    server.accept().await.drop_connection();
    outputs.next().await.unwrap();
    server.accept().await.expect_text("queued").await;
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_the_policy_answers() {
    for offline in [Offline::Reject, Offline::Drop] {
        let (log, server) = (Log::capture(), Server::in_memory());
        let (_client, mut outputs) =
            start_inside(server.options().offline(offline), Callback::Error, |client| async move {
                client.send_confirmed("now").await
            });
        server.accept().await.drop_connection();
        let refused = outputs.next().await.unwrap_err();
        let Error::Send(failure) = refused.cause() else { panic!("{refused:?}") };
        assert!(
            matches!(
                (offline, failure),
                (Offline::Reject, SendFailure::NotConnected) | (Offline::Drop, SendFailure::Dropped)
            ),
            "{failure:?}"
        );
        assert_eq!(log.count(&["ERROR"]), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_the_next_connection_takes_meanwhile_is_confirmed() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options().offline(Offline::Queue(8)), Callback::Info, |client| async move {
            (client.state(), client.send_confirmed("early").await)
        });
    let handshake = server.pending().await;
    client.info("").await.unwrap();
    settle().await;
    handshake.accept().await.expect_text("early").await;
    let (before, confirmed) = outputs.next().await;
    assert_eq!(before, ConnectionState::Upgrading);
    confirmed.unwrap();
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_a_reconnect_of_the_same_callback_takes_out_is_confirmed() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (_client, mut outputs) =
        start_inside(server.options().offline(Offline::Queue(8)), Callback::Error, |client| async move {
            client.reconnect();
            client.send_confirmed("again").await
        });
    server.accept().await.drop_connection();
    server.accept().await.expect_text("again").await;
    outputs.next().await.unwrap();
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_was_queued_when_the_attempt_fails_stays_queued_and_the_call_is_an_error() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options().offline(Offline::Queue(8)), Callback::Info, |client| async move {
            client.send_confirmed("early").await
        });
    let handshake = server.pending().await;
    client.info("").await.unwrap();
    settle().await;
    assert!(outputs.is_empty());
    handshake.refuse(503, &[], "").await;
    let refused = outputs.next().await.unwrap_err();
    assert_within(&refused, Callback::Info);
    assert_eq!(refused.into_frame(), None);
    assert_eq!(log.count(&["ERROR", "`send_confirmed` inside `handle_info`"]), 1);
    server.accept().await.expect_text("early").await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_its_caller_no_longer_waits_for_counts_as_lost() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options().offline(Offline::Queue(8)), Callback::Info, |client| async move {
            client.send_confirmed("early").await
        });
    let handshake = server.pending().await;
    client.info("").await.unwrap();
    settle().await;
    handshake.refuse(503, &[], "").await;
    outputs.next().await.unwrap_err();
    soon(client.stop()).await;
    assert_eq!(client.stats().frames_lost, 1);
    assert_eq!(log.count(&["WARN", "frames were not sent"]), 1);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_waits_for_room_resolves_as_the_connection_drains_the_mailbox() {
    let (log, server) = (Log::capture(), Server::in_memory_with_buffer(64));
    for offline in [Offline::Reject, Offline::Queue(1)] {
        let options = server.options().offline(offline).mailbox(1).write_buffer(1);
        let (client, mut outputs) = start_inside(options, Callback::In, |client| async move {
            for n in 0..20 {
                client.send(format!("frame no. {n}")).await?;
            }
            client.send_confirmed("the last one").await
        });
        let mut connection = server.accept().await;
        connection.send("hello").await;
        settle().await;
        assert!(outputs.is_empty(), "the mailbox is full");
        for n in 0..20 {
            connection.expect_text(format!("frame no. {n}")).await;
        }
        connection.expect_text("the last one").await;
        outputs.next().await.unwrap();
        client.request_stop();
        connection.finish_close().await;
        soon(client.closed()).await;
    }
    assert_eq!(log.count(&["ERROR"]), 0);
}

/// Sends until the call fails.
async fn send_on(client: Client<Info>) -> SendError {
    loop {
        if let Err(refused) = client.send(vec![0; 100]).await {
            return refused;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_that_waits_for_room_in_a_queue_gives_the_frame_back_once_the_connection_is_lost() {
    let (log, server) = (Log::capture(), Server::in_memory_with_buffer(64));
    let options = server.options().offline(Offline::Queue(1)).mailbox(1).write_buffer(1);
    let (_client, mut outputs) = start_inside(options, Callback::In, send_on);
    let mut connection = server.accept().await;
    connection.send("hello").await;
    settle().await;
    assert!(outputs.is_empty(), "the mailbox is full");
    connection.drop_connection();
    let refused = outputs.next().await;
    assert_within(&refused, Callback::In);
    assert!(refused.into_frame().is_some());
    assert_eq!(log.count(&["ERROR", "`send` inside `handle_in`"]), 1);
    let _connection = server.accept().await;
}

#[tokio::test(start_paused = true)]
async fn a_send_that_waits_for_room_without_a_queue_is_refused_by_the_policy_once_the_connection_is_lost() {
    let (log, server) = (Log::capture(), Server::in_memory_with_buffer(64));
    let (_client, mut outputs) = start_inside(server.options().mailbox(1).write_buffer(1), Callback::In, send_on);
    let mut connection = server.accept().await;
    connection.send("hello").await;
    settle().await;
    assert!(outputs.is_empty(), "the mailbox is full");
    connection.drop_connection();
    let refused = outputs.next().await;
    assert!(matches!(refused.cause(), Error::Send(SendFailure::NotConnected)), "{refused:?}");
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_in_pieces_never_waits_for_a_connection() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (_client, mut outputs) =
        start_inside(server.options().offline(Offline::Queue(8)), Callback::Error, |client| async move {
            client.send_stream(MessageType::Text, stream::iter(["a", "b"]).map(Ok::<_, Infallible>)).await
        });
    server.accept().await.drop_connection();
    let refused = outputs.next().await.unwrap_err();
    assert!(matches!(refused.cause(), Error::Send(SendFailure::NotConnected)), "{refused:?}");
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_in_pieces_whose_connection_is_lost_resolves_inside_the_callback() {
    let (log, server) = (Log::capture(), Server::in_memory_with_buffer(64));
    let (_client, mut outputs) =
        start_inside(server.options().offline(Offline::Queue(8)), Callback::In, |client| async move {
            client.send_stream(MessageType::Binary, stream::repeat(vec![0; 100]).map(Ok::<_, Infallible>)).await
        });
    let mut connection = server.accept().await;
    connection.send("hello").await;
    settle().await;
    assert!(outputs.is_empty(), "the server does not read");
    connection.drop_connection();
    let refused = outputs.next().await.unwrap_err();
    assert!(matches!(refused.cause(), Error::Send(SendFailure::NotConnected)), "{refused:?}");
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn inside_handle_terminate_every_frame_is_refused() {
    for offline in [Offline::Reject, Offline::Queue(8), Offline::Drop] {
        let (log, server) = (Log::capture(), Server::in_memory());
        let (client, mut outputs) =
            start_inside(server.options().offline(offline), Callback::Terminate, |client| async move {
                let pieces = stream::iter(["a", "b"]).map(Ok::<_, Infallible>);
                let streamed = client.send_stream(MessageType::Text, pieces).await;
                [client.send("late").await, client.send_confirmed("late").await, streamed]
            });
        let connection = server.accept().await;
        soon(client.connected()).await.unwrap();
        client.request_stop();
        connection.finish_close().await;
        for refused in outputs.next().await {
            let refused = refused.unwrap_err();
            assert!(matches!(refused.cause(), Error::Send(SendFailure::Ended)), "{refused:?}");
        }
        assert_eq!(log.count(&["ERROR"]), 0);
    }
}
