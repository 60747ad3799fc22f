//! `send`, `try_send` and `send_confirmed`.

use std::time::Duration;

use fresh::{
    Client, CloseFrame, Error, Frame,
    bytes::Bytes,
    client::SendError,
    error::{EncodeError, SendFailure},
    testing::{Received, Server},
};
use futures_util::poll;

use crate::support::{
    connect,
    probe::Probe,
    time::{settle, soon},
};

fn failure(refused: &SendError) -> &SendFailure {
    let Error::Send(failure) = refused.cause() else { panic!("{refused:?}") };
    failure
}

#[tokio::test(start_paused = true)]
async fn each_shape_of_a_frame_goes_out_in_the_order_in_which_it_was_accepted() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    connection.auto_pong(false);
    client.send("text").await.unwrap();
    client.try_send(b"binary".as_slice()).unwrap();
    client.send(Frame::ping("ping")).await.unwrap();
    client.try_send(Frame::pong("pong")).unwrap();
    client.send_confirmed(String::from("confirmed")).await.unwrap();
    client.send(Frame::close(4000, "bye")).await.unwrap();
    assert_eq!(connection.receive().await, Received::Text("text".into()));
    assert_eq!(connection.receive().await, Received::Binary(Bytes::from("binary")));
    assert_eq!(connection.receive().await, Received::Ping(Bytes::from("ping")));
    assert_eq!(connection.receive().await, Received::Pong(Bytes::from("pong")));
    assert_eq!(connection.receive().await, Received::Text("confirmed".into()));
    assert_eq!(connection.receive().await, Received::Close(Some(CloseFrame::new(4000, "bye"))));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_may_not_be_sent_is_refused_at_the_call_and_given_back() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    let long = Frame::ping(vec![0; 126]);
    for refused in
        [client.send(long.clone()).await, client.try_send(long.clone()), client.send_confirmed(long.clone()).await]
    {
        let refused = refused.unwrap_err();
        assert!(matches!(refused.cause(), Error::Encode(EncodeError::ControlTooLong { len: 126 })), "{refused:?}");
        assert!(!refused.is_transient());
        assert_eq!(refused.into_frame(), Some(long.clone()));
    }
    let refused = client.send(Frame::close(1005, "")).await.unwrap_err();
    assert!(matches!(refused.cause(), Error::Encode(EncodeError::CloseCode(_))), "{refused:?}");
    // Whoever sent them was told; the handler is not.
    client.send("next").await.unwrap();
    connection.expect_text("next").await;
    assert!(seen.already().is_none());
    assert_eq!(client.stats().frames_lost, 0);
}

#[tokio::test(start_paused = true)]
async fn a_frame_for_a_connection_that_is_closing_is_given_back() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    client.close(1000, "").unwrap();
    connection.expect_close(1000).await;
    for refused in [client.send("late").await, client.try_send("late"), client.send_confirmed("late").await] {
        let refused = refused.unwrap_err();
        assert!(matches!(failure(&refused), SendFailure::Closing), "{refused:?}");
        assert!(refused.is_transient());
        assert_eq!(refused.into_frame(), Some(Frame::text("late")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_for_a_client_that_has_ended_is_given_back() {
    let server = Server::in_memory();
    let (client, _seen, connection) = connect(&server, server.options()).await;
    drop(connection);
    soon(client.stop()).await;
    for refused in [client.send("late").await, client.try_send("late"), client.send_confirmed("late").await] {
        let refused = refused.unwrap_err();
        assert!(matches!(failure(&refused), SendFailure::Ended), "{refused:?}");
        assert!(!refused.is_transient());
        assert_eq!(refused.into_frame(), Some(Frame::text("late")));
    }
}

#[tokio::test(start_paused = true)]
async fn send_confirmed_resolves_only_when_all_bytes_went_out() {
    let server = Server::in_memory_with_buffer(1 << 10);
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let payload = vec![7; 4 << 10];
    let mut confirmed = std::pin::pin!(client.send_confirmed(payload.clone()));
    assert!(poll!(&mut confirmed).is_pending());
    settle().await;
    assert!(poll!(&mut confirmed).is_pending());
    assert_eq!(client.stats().frames_sent, 0);
    // The head has 8 bytes, so after four full buffers 8 bytes are left.
    connection.raw_read_exact(3 << 10).await;
    settle().await;
    assert!(poll!(&mut confirmed).is_pending());
    connection.raw_read_exact(1).await;
    settle().await;
    assert!(poll!(&mut confirmed).is_ready());
    assert_eq!(client.stats().frames_sent, 1);
}

#[tokio::test(start_paused = true)]
async fn send_confirmed_tells_of_each_frame_whether_it_went_out_before_the_connection_was_lost() {
    let server = Server::in_memory_with_buffer(64);
    let (client, mut seen, connection) = connect(&server, server.options()).await;
    let send = |payload: Vec<u8>| {
        let client = client.clone();
        tokio::spawn(async move { client.send_confirmed(payload).await })
    };
    let (out, half, behind) = (send(vec![0; 10]), send(vec![0; 100]), send(vec![0; 1]));
    settle().await;
    connection.drop_connection();
    out.await.unwrap().unwrap();
    for lost in [half, behind] {
        let refused = lost.await.unwrap().unwrap_err();
        assert!(matches!(failure(&refused), SendFailure::NotConnected), "{refused:?}");
        // Part of it may be with the server.
        assert_eq!(refused.into_frame(), None);
    }
    seen.failed().await;
    // Whoever sent them was told.
    assert_eq!(client.stats().frames_lost, 0);
}

#[tokio::test(start_paused = true)]
async fn send_confirmed_tells_of_a_frame_that_still_waited_when_the_client_was_killed() {
    let server = Server::in_memory();
    let (client, running) = Client::new(server.options(), Probe::new().0);
    let task = tokio::spawn(running);
    let connection = server.accept().await;
    let _unread = connection.freeze();
    soon(client.connected()).await.unwrap();
    let confirmed = tokio::spawn({
        let client = client.clone();
        async move { client.send_confirmed(vec![0; 1 << 20]).await }
    });
    settle().await;
    task.abort();
    let refused = soon(confirmed).await.unwrap().unwrap_err();
    assert!(matches!(failure(&refused), SendFailure::Ended), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_send_that_waits_for_room_learns_that_the_connection_was_lost() {
    let server = Server::in_memory_with_buffer(16);
    let options = server.options().mailbox(1).write_buffer(1).ping_interval(Duration::ZERO);
    let (client, mut seen, connection) = connect(&server, options).await;
    client.try_send(vec![0; 100]).unwrap();
    settle().await;
    client.try_send("in the mailbox").unwrap();
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.send("in hand").await }
    });
    settle().await;
    assert!(!waiting.is_finished());
    connection.drop_connection();
    seen.failed().await;
    let refused = soon(waiting).await.unwrap().unwrap_err();
    assert!(matches!(failure(&refused), SendFailure::NotConnected), "{refused:?}");
    assert_eq!(refused.into_frame(), Some(Frame::text("in hand")));
}

#[tokio::test(start_paused = true)]
async fn frames_of_many_tasks_all_go_out_each_task_s_in_its_order() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options().mailbox(2)).await;
    for task in 0..8_u8 {
        let client = client.clone();
        tokio::spawn(async move {
            for n in 0..16_u8 {
                client.send(vec![task, n]).await.unwrap();
            }
        });
    }
    let mut next = [0; 8];
    for _ in 0..8 * 16 {
        let Received::Binary(frame) = connection.receive().await else { panic!("all frames are binary") };
        assert_eq!(frame[1], next[usize::from(frame[0])]);
        next[usize::from(frame[0])] += 1;
    }
    assert_eq!(next, [16; 8]);
}

#[tokio::test(start_paused = true)]
async fn a_frame_whose_send_confirmed_was_dropped_counts_as_lost_with_its_connection() {
    let server = Server::in_memory_with_buffer(64);
    let (client, _seen, connection) = connect(&server, server.options()).await;
    let sending = tokio::spawn({
        let client = client.clone();
        async move { client.send_confirmed(vec![0; 1000]).await }
    });
    settle().await;
    assert!(!sending.is_finished(), "the server does not read");
    sending.abort();
    settle().await;
    connection.drop_connection();
    settle().await;
    assert_eq!(client.stats().frames_lost, 1);
}
