//! What happens to frames that are sent while there is no connection.

use fresh::{
    Client, Error, Frame, Offline,
    error::SendFailure,
    testing::{Handshake, Server},
};

use crate::support::{
    log::Log,
    probe::{Probe, Seen},
    time::settle,
};

/// A client that is not connected yet, and its server.
async fn offline(policy: Offline) -> (Client<&'static str>, Seen, Handshake, Server) {
    let server = Server::in_memory();
    let (probe, seen) = Probe::new();
    let client = Client::start(server.options().offline(policy), probe).unwrap();
    let handshake = server.pending().await;
    (client, seen, handshake, server)
}

#[tokio::test(start_paused = true)]
async fn reject_gives_the_frame_back() {
    let log = Log::capture();
    let (client, mut seen, handshake, _server) = offline(Offline::Reject).await;
    for refused in [client.send("early").await, client.try_send("early"), client.send_confirmed("early").await] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused.cause(), Error::Send(SendFailure::NotConnected)), "{refused:?}");
        assert!(refused.is_transient());
        assert_eq!(refused.into_frame(), Some(Frame::text("early")));
    }
    // Whoever sent them was told, so they are not lost in silence.
    assert_eq!(client.stats().frames_lost, 0);
    assert_eq!(log.count(&["WARN"]), 0);
    let mut connection = handshake.accept().await;
    seen.connected().await;
    client.send("now").await.unwrap();
    connection.expect_text("now").await;
}

#[tokio::test(start_paused = true)]
async fn queue_keeps_so_many_frames_for_the_connection() {
    let (client, mut seen, handshake, server) = offline(Offline::Queue(2)).await;
    client.send("1").await.unwrap();
    client.try_send("2").unwrap();
    for refused in [client.send("3").await, client.try_send("3")] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused.cause(), Error::Send(SendFailure::QueueFull)), "{refused:?}");
        assert_eq!(refused.into_frame(), Some(Frame::text("3")));
    }
    // A failed attempt takes nothing away.
    handshake.refuse(503, &[], "").await;
    let mut connection = server.accept().await;
    connection.expect_text("1").await;
    connection.expect_text("2").await;
    seen.failed().await;
    seen.connected().await;
    client.send("4").await.unwrap();
    connection.expect_text("4").await;
    assert_eq!(client.stats().frames_lost, 0);
}

#[tokio::test(start_paused = true)]
async fn queue_may_hold_more_than_the_mailbox() {
    let server = Server::in_memory();
    let options = server.options().mailbox(1).offline(Offline::Queue(3));
    let client = Client::start(options, Probe::new().0).unwrap();
    let handshake = server.pending().await;
    for text in ["1", "2", "3"] {
        client.try_send(text).unwrap();
    }
    let mut connection = handshake.accept().await;
    for text in ["1", "2", "3"] {
        connection.expect_text(text).await;
    }
}

#[tokio::test(start_paused = true)]
async fn queue_confirms_a_frame_once_it_is_written() {
    let (client, _seen, handshake, _server) = offline(Offline::Queue(2)).await;
    let confirmed = tokio::spawn({
        let client = client.clone();
        async move { client.send_confirmed("1").await }
    });
    settle().await;
    assert!(!confirmed.is_finished());
    let mut connection = handshake.accept().await;
    confirmed.await.unwrap().unwrap();
    connection.expect_text("1").await;
}

#[tokio::test(start_paused = true)]
async fn queue_keeps_frames_that_waited_in_the_mailbox_when_a_connection_was_lost() {
    let server = Server::in_memory_with_buffer(16);
    let (probe, mut seen) = Probe::new();
    let options = server.options().offline(Offline::Queue(8)).write_buffer(1);
    let client = Client::start(options, probe).unwrap();
    let connection = server.accept().await;
    seen.connected().await;
    for text in ["the first is under way when the connection is lost", "second", "third"] {
        client.send(text).await.unwrap();
        settle().await;
    }
    connection.drop_connection();
    let mut connection = server.accept().await;
    connection.expect_text("second").await;
    connection.expect_text("third").await;
    assert_eq!(client.stats().frames_lost, 1);
}

#[tokio::test(start_paused = true)]
async fn drop_forgets_the_frame_counts_it_and_says_so() {
    let log = Log::capture();
    let (client, mut seen, handshake, _server) = offline(Offline::Drop).await;
    client.send("1").await.unwrap();
    client.try_send("2").unwrap();
    let refused = client.send_confirmed("3").await.unwrap_err();
    assert!(matches!(refused.cause(), Error::Send(SendFailure::Dropped)), "{refused:?}");
    assert_eq!(client.stats().frames_lost, 3);
    assert_eq!(log.count(&["WARN", "frames were not sent", "frames=1"]), 3, "{}", log.text());
    let mut connection = handshake.accept().await;
    seen.connected().await;
    client.send("4").await.unwrap();
    connection.expect_text("4").await;
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_connection_takes_with_it_is_counted_and_told() {
    let log = Log::capture();
    let server = Server::in_memory_with_buffer(16);
    let (client, mut seen, connection) = crate::support::connect(&server, server.options()).await;
    for _ in 0..3 {
        client.send(vec![0; 100]).await.unwrap();
    }
    settle().await;
    connection.drop_connection();
    seen.failed().await;
    settle().await;
    assert_eq!(client.stats().frames_lost, 3);
    assert_eq!(log.count(&["WARN", "frames were not sent", "frames=3"]), 1, "{}", log.text());
}
