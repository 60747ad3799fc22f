//! What the handle tells of the connection: addresses, latency, counters; `protocol` stands with the options.

use std::time::Duration;

use fresh::{Action, Client, Frame, Handler, Message, Offline, Result, Stats, testing::Server};
use tokio::time::sleep;

use crate::support::{
    connect,
    probe::Probe,
    time::{assert_near, settle, soon},
};

#[tokio::test]
async fn the_addresses_are_told_while_there_is_a_connection() {
    let server = Server::tcp().await;
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe).unwrap();
    assert_eq!((client.peer_addr(), client.local_addr()), (None, None));
    let connection = server.accept().await;
    let upgrade = seen.connected().await;
    let url = server.url();
    let peer = client.peer_addr().unwrap();
    assert_eq!((Some(peer.ip().to_string().as_str()), Some(peer.port())), (url.host_str(), url.port()));
    assert_ne!(client.local_addr().unwrap(), peer);
    assert_eq!((upgrade.peer_addr, upgrade.local_addr), (client.peer_addr(), client.local_addr()));
    connection.drop_connection();
    seen.failed().await;
    assert_eq!((client.peer_addr(), client.local_addr()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn the_latency_is_how_long_the_last_ping_took_to_come_back() {
    let server = Server::in_memory();
    let options = server.options().ping_interval(Duration::from_secs(1));
    let (client, mut seen, mut connection) = connect(&server, options).await;
    connection.auto_pong(false);
    assert_eq!(client.latency(), None);
    for latency in [40, 70].map(Duration::from_millis) {
        let payload = connection.expect_ping().await;
        sleep(latency).await;
        // A pong that answers no ping of ours says nothing.
        connection.send(Frame::pong("unasked")).await;
        connection.send(Frame::pong(payload)).await;
        seen.control().await;
        seen.control().await;
        assert_near(client.latency().unwrap(), latency);
    }
}

/// Answers each message with two frames.
struct Twice;

impl Handler for Twice {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        Ok(Action::reply([Frame::from(message.clone()), Frame::from(message)]))
    }
}

#[tokio::test(start_paused = true)]
async fn what_travels_is_counted() {
    let server = Server::in_memory();
    let client = Client::start(server.options().ping_interval(Duration::ZERO), Twice).unwrap();
    server.pending().await.refuse(503, &[], "").await;
    let mut connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    let stats = client.stats();
    assert_eq!((stats.attempts, stats.connections), (2, 1));
    assert_eq!((stats.bytes_received, stats.bytes_sent), (0, 0));

    connection.send("hello").await;
    connection.send_fragmented(vec![0; 200], &[150]).await;
    for _ in 0..2 {
        connection.expect_text("hello").await;
    }
    for _ in 0..2 {
        connection.expect_binary([0; 200]).await;
    }
    connection.send(Frame::ping("life")).await;
    connection.expect_pong().await;
    client.send_confirmed("from the handle").await.unwrap();
    let received = (2 + 5) + (4 + 150) + (2 + 50) + (2 + 4);
    let sent = 2 * (6 + 5) + 2 * (8 + 200) + (6 + 4) + (6 + 15);
    let mut expected = Stats::default();
    (expected.attempts, expected.connections) = (2, 1);
    (expected.messages_received, expected.bytes_received) = (2, received);
    // The pong is the runtime's own.
    (expected.frames_sent, expected.bytes_sent) = (2 * 2 + 1, sent);
    assert_eq!(client.stats(), expected);

    connection.drop_connection();
    let _connection = server.accept().await;
    settle().await;
    (expected.attempts, expected.connections) = (3, 2);
    assert_eq!(client.stats(), expected);
}

#[tokio::test(start_paused = true)]
async fn messages_that_no_callback_was_told_of_are_counted_as_lost() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let (probe, gate) = probe.gated();
    let client = Client::start(server.options(), probe).unwrap();
    let mut connection = server.accept().await;
    seen.connected().await;
    for text in ["told", "queued", "queued too"] {
        connection.send(text).await;
    }
    seen.message().await;
    settle().await;
    client.request_stop();
    connection.expect_close(1001).await;
    connection.send("too late").await;
    connection.send(Frame::ping("no message")).await;
    settle().await;
    connection.finish_close().await;
    gate.open(1);
    soon(client.closed()).await;
    let stats = client.stats();
    assert_eq!((stats.messages_received, stats.messages_lost), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn frames_that_did_not_go_out_and_whose_sender_was_not_told_are_counted_as_lost() {
    let server = Server::in_memory();
    let client = Client::start(server.options().offline(Offline::Drop), Twice).unwrap();
    client.send("1").await.unwrap();
    client.try_send("2").unwrap();
    let mut connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    assert_eq!((client.stats().frames_lost, client.stats().frames_sent), (2, 0));
    // Replies to what came after our close frame had gone out.
    client.close(1000, "").unwrap();
    connection.expect_close(1000).await;
    connection.send("question").await;
    settle().await;
    assert_eq!((client.stats().frames_lost, client.stats().messages_received), (4, 1));
}
