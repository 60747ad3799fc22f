//! `state`, `is_open`, `watch` and `connected`.

use async_trait::async_trait;
use fresh::{
    BoxError, Client, ConnectionState, ExitReason, Recovery,
    client::WaitError,
    options::{BackoffOptions, Connector, Target, Transport},
    testing::{Dialer, Server},
};
use futures_util::{FutureExt, Stream, StreamExt, poll};
use tokio::{sync::mpsc, task::JoinSet};

use crate::support::{
    connect,
    probe::Probe,
    time::{settle, soon},
};

/// Connects only when it is let.
struct Held {
    lets: tokio::sync::Mutex<mpsc::UnboundedReceiver<()>>,
    way: Dialer,
}

#[async_trait]
impl Connector for Held {
    async fn connect(&self, target: &Target) -> Result<Transport, BoxError> {
        self.lets.lock().await.recv().await;
        self.way.connect(target).await
    }
}

async fn next(states: &mut (impl Stream<Item = ConnectionState> + Unpin)) -> ConnectionState {
    soon(states.next()).await.expect("the watch ended")
}

#[tokio::test(start_paused = true)]
async fn watch_shows_every_state_of_a_life_in_order() {
    let server = Server::in_memory();
    let (go, lets) = mpsc::unbounded_channel();
    let held = Held { lets: lets.into(), way: server.connector() };
    let (probe, mut seen) = Probe::new();
    let (probe, gate) = probe
        .on_error(|error| match error.status() {
            Some(_) => Recovery::Ignore,
            None => Recovery::Reconnect,
        })
        .gated();
    let client = Client::start(server.options().connector(held).backoff(BackoffOptions::new().seed(1)), probe).unwrap();
    let mut states = client.watch();

    assert_eq!(next(&mut states).await, ConnectionState::Connecting);
    go.send(()).unwrap();
    assert_eq!(next(&mut states).await, ConnectionState::Upgrading);
    server.pending().await.refuse(503, &[], "").await;
    assert_eq!(next(&mut states).await, ConnectionState::Deciding);
    gate.open(1);
    assert_eq!(next(&mut states).await, ConnectionState::Idle);
    client.reconnect();
    assert_eq!(next(&mut states).await, ConnectionState::Connecting);
    go.send(()).unwrap();
    assert_eq!(next(&mut states).await, ConnectionState::Upgrading);
    server.accept().await.drop_connection();
    // The connection was lost in the same moment, and the watch shows the last state of it.
    assert_eq!(next(&mut states).await, ConnectionState::Deciding);
    gate.open(1);
    assert_eq!(next(&mut states).await, ConnectionState::Waiting);
    assert_eq!(next(&mut states).await, ConnectionState::Connecting);
    go.send(()).unwrap();
    assert_eq!(next(&mut states).await, ConnectionState::Upgrading);
    let mut connection = server.accept().await;
    assert_eq!(next(&mut states).await, ConnectionState::Connected);
    connection.send("work").await;
    settle().await;
    client.request_stop();
    assert_eq!(next(&mut states).await, ConnectionState::Closing);
    connection.finish_close().await;
    assert_eq!(next(&mut states).await, ConnectionState::Draining);
    gate.open(1);
    assert_eq!(next(&mut states).await, ConnectionState::Ended);
    assert_eq!(soon(states.next()).await, None);
    seen.failed().await;
}

#[tokio::test(start_paused = true)]
async fn watch_begins_with_the_state_there_is_and_shows_each_change_once() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let mut states = client.watch();
    assert_eq!(next(&mut states).await, ConnectionState::Connected);
    assert!(poll!(states.next()).is_pending());
    connection.send("traffic").await;
    settle().await;
    assert!(poll!(states.next()).is_pending());
    drop(connection);
    soon(client.stop()).await;
    // Whoever looks late sees the last state, and then the end.
    assert_eq!(next(&mut states).await, ConnectionState::Ended);
    assert_eq!(soon(states.next()).await, None);
    let mut late = client.watch();
    assert_eq!(next(&mut late).await, ConnectionState::Ended);
    assert_eq!(soon(late.next()).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_watch_does_not_end_with_the_last_handle() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let mut states = client.watch();
    drop(client);
    assert_eq!(next(&mut states).await, ConnectionState::Connected);
    connection.close(1001, "").await;
    connection.finish_close().await;
    assert_ne!(next(&mut states).await, ConnectionState::Ended);
}

#[tokio::test(start_paused = true)]
async fn the_client_is_open_only_while_messages_travel() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe).unwrap();
    assert_eq!((client.state(), client.is_open()), (ConnectionState::Connecting, false));
    let handshake = server.pending().await;
    assert_eq!((client.state(), client.is_open()), (ConnectionState::Upgrading, false));
    let mut connection = handshake.accept().await;
    seen.connected().await;
    assert_eq!((client.state(), client.is_open()), (ConnectionState::Connected, true));
    client.close(1000, "").unwrap();
    connection.expect_close(1000).await;
    assert_eq!((client.state(), client.is_open()), (ConnectionState::Closing, false));
    connection.finish_close().await;
    soon(client.closed()).await;
    assert_eq!((client.state(), client.is_open()), (ConnectionState::Ended, false));
}

#[tokio::test(start_paused = true)]
async fn connected_waits_for_the_first_connection() {
    let server = Server::in_memory();
    let client = Client::start(server.options(), Probe::new().0).unwrap();
    let mut waiters = JoinSet::new();
    for _ in 0..10 {
        let client = client.clone();
        waiters.spawn(async move { client.connected().await });
    }
    server.pending().await.refuse(503, &[], "").await;
    let handshake = server.pending().await;
    settle().await;
    assert!(waiters.try_join_next().is_none());
    let _connection = handshake.accept().await;
    while let Some(connected) = soon(waiters.join_next()).await {
        connected.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn connected_returns_at_once_where_there_is_a_connection() {
    let server = Server::in_memory();
    let (client, _seen, _connection) = connect(&server, server.options()).await;
    client.connected().now_or_never().expect("there is a connection").unwrap();
}

#[tokio::test(start_paused = true)]
async fn connected_waits_for_the_next_connection_where_one_was_lost() {
    let server = Server::in_memory();
    let (client, mut seen, connection) = connect(&server, server.options()).await;
    connection.drop_connection();
    seen.failed().await;
    let mut connected = std::pin::pin!(client.connected());
    assert!(poll!(&mut connected).is_pending());
    // However short it was, it is not missed.
    server.accept().await.drop_connection();
    soon(connected).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn connected_tells_why_the_client_ended_before_there_was_a_connection() {
    let server = Server::in_memory();
    let client = Client::start(server.options(), Probe::new().0).unwrap();
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.connected().await }
    });
    server.pending().await.refuse(404, &[], "").await;
    let error = soon(waiting).await.unwrap().unwrap_err();
    assert!(matches!(error, WaitError::Ended(ExitReason::Error(_))), "{error:?}");
    let error = soon(client.connected()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the client has ended: error: establishing failed: the server answered 404 Not Found"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_told_of_a_connection_can_use_it() {
    for _ in 0..500 {
        let server = Server::in_memory();
        let client = Client::start(server.options(), Probe::new().0).unwrap();
        let told = tokio::spawn(async move {
            client.connected().await.unwrap();
            client.send("at once").await
        });
        let mut connection = server.accept().await;
        told.await.unwrap().unwrap();
        connection.expect_text("at once").await;
    }
}
