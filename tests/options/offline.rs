//! What happens to frames that are sent while there is no connection.

use std::sync::atomic::{AtomicUsize, Ordering};

use fresh::{
    Action, Client, ConnectionState, Error, Frame, Handler, Offline, Result,
    client::SendError,
    error::SendFailure,
    testing::{Handshake, Received, Server},
};
use futures_util::poll;

use crate::support::{
    log::Log,
    probe::{Probe, Seen},
    time::{settle, soon},
};

/// A client that is not connected yet, and its server.
async fn offline(policy: Offline) -> (Client<&'static str>, Seen, Handshake, Server) {
    let server = Server::in_memory();
    let (probe, seen) = Probe::new();
    let client = Client::start(server.options().offline(policy), probe).unwrap();
    let handshake = server.pending().await;
    (client, seen, handshake, server)
}

fn failure(refused: &SendError) -> &SendFailure {
    let Error::Send(failure) = refused.cause() else { panic!("{refused:?}") };
    failure
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
    assert_eq!(client.stats().frames_lost, 2);
    assert_eq!(log.count(&["WARN", "frames were not sent", "frames=1"]), 2, "{}", log.text());
    let mut connection = handshake.accept().await;
    seen.connected().await;
    client.send("4").await.unwrap();
    connection.expect_text("4").await;
}

#[tokio::test(start_paused = true)]
async fn drop_reports_the_loss_to_a_sender_that_waits_for_the_result_and_does_not_count_it() {
    let log = Log::capture();
    let (client, _seen, _handshake, _server) = offline(Offline::Drop).await;
    let refused = client.send_confirmed("1").await.unwrap_err();
    assert!(matches!(failure(&refused), SendFailure::Dropped), "{refused:?}");
    assert_eq!(refused.into_frame(), Some(Frame::text("1")));
    assert_eq!(client.stats().frames_lost, 0);
    assert_eq!(log.count(&["WARN"]), 0, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn queue_never_keeps_more_frames_than_its_limit_whichever_threads_send_them() {
    const THREADS: usize = 2;
    let server = Server::in_memory();
    let clients: Vec<Client> =
        (0..300).map(|_| Client::start(server.options().offline(Offline::Queue(1)), Closer).unwrap()).collect();
    // All threads send to the first client at the same moment, then to the second one, and so on.
    let arrived = AtomicUsize::new(0);
    let send_to_each = || -> usize {
        let accepted = clients.iter().enumerate().filter(|(round, client)| {
            arrived.fetch_add(1, Ordering::AcqRel);
            while arrived.load(Ordering::Acquire) < (round + 1) * THREADS {
                std::thread::yield_now();
            }
            client.try_send("x").is_ok()
        });
        accepted.count()
    };
    let accepted: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(send_to_each)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(accepted, clients.len());
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_waited_for_room_does_not_count_its_own_place_in_the_queue() {
    let server = Server::in_memory();
    let options = server.options().mailbox(1).offline(Offline::Queue(1));
    let (client, mut seen, connection) = crate::support::connect(&server, options).await;
    client.try_send("1").unwrap();
    let mut waiting = std::pin::pin!(client.send("2"));
    assert!(poll!(&mut waiting).is_pending());
    // The runtime takes the first frame, and its place goes to the sender, which is not polled before the loss.
    connection.drop_connection();
    seen.failed().await;
    assert_ne!(client.state(), ConnectionState::Connected);
    waiting.await.unwrap();
    assert!(matches!(failure(&client.try_send("3").unwrap_err()), SendFailure::QueueFull));
    server.accept().await.expect_text("2").await;
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_without_a_connection_is_refused_under_every_policy() {
    for policy in [Offline::Reject, Offline::Queue(8), Offline::Drop] {
        let (client, mut seen, handshake, _server) = offline(policy).await;
        let close = Frame::close(4000, "for the connection that is open now");
        let confirmed = soon(client.send_confirmed(close.clone())).await;
        for refused in [client.send(close.clone()).await, client.try_send(close.clone()), confirmed] {
            let refused = refused.unwrap_err();
            assert!(matches!(failure(&refused), SendFailure::NotConnected), "{policy:?}: {refused:?}");
            assert_eq!(refused.into_frame(), Some(close.clone()));
        }
        assert_eq!(client.stats().frames_lost, 0);
        let mut connection = handshake.accept().await;
        seen.connected().await;
        client.send("still open").await.unwrap();
        connection.expect_text("still open").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_that_its_connection_did_not_take_never_closes_the_next_one() {
    let server = Server::in_memory_with_buffer(16);
    let options = server.options().offline(Offline::Queue(8)).write_buffer(1);
    let (client, mut seen, connection) = crate::support::connect(&server, options).await;
    client.send("under way when the connection is lost").await.unwrap();
    settle().await;
    client.send(Frame::close(4000, "")).await.unwrap();
    let confirmed = tokio::spawn({
        let client = client.clone();
        async move { client.send_confirmed(Frame::close(4001, "")).await }
    });
    settle().await;
    client.send("kept").await.unwrap();
    connection.drop_connection();
    seen.failed().await;
    let mut connection = server.accept().await;
    assert_eq!(connection.receive().await, Received::Text("kept".into()));
    let refused = confirmed.await.unwrap().unwrap_err();
    assert!(matches!(failure(&refused), SendFailure::NotConnected), "{refused:?}");
    // The text that was under way, and the close frame whose sender does not wait.
    assert_eq!(client.stats().frames_lost, 2);
    assert!(client.is_open());
}

/// Replies with a close frame to each info.
struct Closer;

impl Handler for Closer {
    type Info = ();

    async fn handle_info(&mut self, (): ()) -> Result<Action> {
        Ok(Action::reply(Frame::close(4000, "")))
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_that_a_callback_replies_without_a_connection_never_closes_the_next_one() {
    let server = Server::in_memory();
    let client = Client::start(server.options().offline(Offline::Queue(8)), Closer).unwrap();
    let handshake = server.pending().await;
    client.info(()).await.unwrap();
    settle().await;
    assert_eq!(client.stats().frames_lost, 1);
    let mut connection = handshake.accept().await;
    client.connected().await.unwrap();
    client.send("still open").await.unwrap();
    connection.expect_text("still open").await;
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
