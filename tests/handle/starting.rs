//! The ways to start a client, and what a handle is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fresh::{
    Action, CancellationToken, Client, ConnectionState, Error, ExitReason, Handler, Message, Options, Recovery, Result,
    client::StartError, testing::Server,
};
use tokio::task::{JoinSet, LocalSet};

use crate::support::{
    connect,
    probe::Probe,
    time::{settle, soon},
};

#[test]
fn a_handle_goes_to_any_task_whatever_the_info() {
    fn is_a_handle<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    is_a_handle::<Client>();
    // An info that is neither `Clone` nor `Sync`.
    is_a_handle::<Client<Box<std::cell::Cell<u8>>>>();
    fn is_send<T: Send>(_: T) {}
    let (client, running) = Client::new(Options::new("ws://host/").unwrap(), Probe::new().0);
    is_send(running);
    is_send(client.watch());
    is_send(client.clone().send("x"));
}

#[test]
fn outside_of_a_runtime_there_is_an_error_and_no_panic() {
    let options = || Options::new("ws://host/").unwrap();
    let refused = [
        Client::start(options(), Probe::new().0),
        Client::start_with(options(), |_| Probe::new().0),
        Client::start_linked(options(), Probe::new().0, CancellationToken::new()),
        Client::start_linked_with(options(), |_| Probe::new().0, CancellationToken::new()),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert!(matches!(error, StartError::NoRuntime));
        assert_eq!(error.to_string(), "there is no tokio runtime here");
    }
}

#[tokio::test(start_paused = true)]
async fn start_returns_before_there_is_a_connection() {
    let server = Server::in_memory();
    let client = Client::start(server.options(), Probe::new().0).unwrap();
    assert_eq!((client.state(), client.stats().attempts), (ConnectionState::Connecting, 0));
    let _connection = server.accept().await;
    soon(client.connected()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_dropped_does_not_end_the_client() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    drop(client.clone());
    drop(client);
    connection.send("still there?").await;
    assert_eq!(seen.text().await, "still there?");
    connection.drop_connection();
    seen.failed().await;
    let _connection = server.accept().await;
    assert_eq!(seen.connected().await.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_runs_wherever_its_future_is_polled() {
    let server = Server::in_memory();
    let mut clients = JoinSet::new();
    let mut handles = Vec::new();
    for _ in 0..3 {
        let (client, running) = Client::new(server.options(), Probe::new().0);
        clients.spawn(running);
        handles.push(client);
    }
    for client in &handles {
        let connection = server.accept().await;
        drop(connection);
        client.request_stop();
    }
    while let Some(reason) = soon(clients.join_next()).await {
        assert!(matches!(reason.unwrap(), ExitReason::Stopped));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_runs_in_a_local_set() {
    let server = Server::in_memory();
    let local = LocalSet::new();
    let (client, running) = Client::new_with(server.options(), |_| Probe::new().0);
    let ended = local.spawn_local(running);
    local
        .run_until(async {
            let mut connection = server.accept().await;
            soon(client.connected()).await.unwrap();
            client.send("local").await.unwrap();
            connection.expect_text("local").await;
            client.close(1000, "").unwrap();
            connection.expect_close(1000).await;
            connection.finish_close().await;
            assert!(matches!(soon(ended).await.unwrap(), ExitReason::Normal));
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_future_is_not_polled_does_nothing() {
    let server = Server::in_memory();
    let (client, running) = Client::new(server.options(), Probe::new().0);
    settle().await;
    assert_eq!(client.stats().attempts, 0);
    drop(running);
    assert!(matches!(soon(client.closed()).await, ExitReason::Aborted));
}

#[tokio::test(start_paused = true)]
async fn cancelling_the_token_stops_a_linked_client_with_a_proper_close() {
    let server = Server::in_memory();
    let token = CancellationToken::new();
    let (probe, mut seen) = Probe::new();
    let client = Client::start_linked(server.options(), probe, token.clone()).unwrap();
    let mut connection = server.accept().await;
    seen.connected().await;
    client.send("before").await.unwrap();
    token.cancel();
    connection.expect_text("before").await;
    connection.expect_close(1001).await;
    connection.finish_close().await;
    assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
    assert!(matches!(seen.terminated().await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_client_linked_to_a_token_that_is_cancelled_already_stops() {
    let server = Server::in_memory();
    let token = CancellationToken::new();
    token.cancel();
    let (probe, mut seen) = Probe::new();
    let client = Client::start_linked(server.options(), probe, token).unwrap();
    assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
    assert!(matches!(seen.terminated().await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn an_abnormal_end_of_a_linked_client_cancels_the_token() {
    let server = Server::in_memory();
    let token = CancellationToken::new();
    let (probe, mut seen) = Probe::new();
    let client = Client::start_linked(server.options(), probe, token.clone()).unwrap();
    server.pending().await.refuse(404, &[], "").await;
    soon(token.cancelled()).await;
    assert!(matches!(soon(client.closed()).await, ExitReason::Error(Error::Establish(_))));
    seen.failed().await;
    assert!(matches!(seen.terminated().await, ExitReason::Error(_)));
}

#[tokio::test(start_paused = true)]
async fn a_normal_end_of_a_linked_client_cancels_nothing() {
    let server = Server::in_memory();
    let token = CancellationToken::new();
    let closed = Client::start_linked(server.options(), Probe::new().0, token.clone()).unwrap();
    closed.close(1000, "").unwrap();
    assert!(matches!(soon(closed.closed()).await, ExitReason::Normal));
    let stopped = Client::start_linked(server.options(), Probe::new().0, token.clone()).unwrap();
    assert!(matches!(soon(stopped.stop()).await, ExitReason::Stopped));
    settle().await;
    assert!(!token.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_child_token_makes_the_link_one_way() {
    let (server, parent) = (Server::in_memory(), CancellationToken::new());
    let failing = Client::start_linked(server.options(), Probe::new().0, parent.child_token()).unwrap();
    server.pending().await.refuse(404, &[], "").await;
    assert!(matches!(soon(failing.closed()).await, ExitReason::Error(_)));
    settle().await;
    assert!(!parent.is_cancelled());
    let stopped = Client::start_linked(server.options(), Probe::new().0, parent.child_token()).unwrap();
    parent.cancel();
    assert!(matches!(soon(stopped.closed()).await, ExitReason::Stopped));
}

/// Sends by its own handle, and is numbered by its factory.
struct Numbered {
    client: Client,
    number: usize,
    asked: usize,
}

impl Handler for Numbered {
    type Info = ();

    async fn handle_in(&mut self, _: Message) -> Result<Action> {
        self.asked += 1;
        self.client.send(format!("handler {}, question {}", self.number, self.asked)).await?;
        Ok(Action::Continue)
    }

    async fn handle_error(&mut self, _: &Error) -> Recovery {
        if self.number == 1 { Recovery::Restart } else { Recovery::Reconnect }
    }
}

#[tokio::test(start_paused = true)]
async fn a_factory_is_given_the_client_and_makes_the_handler_anew_for_a_restart() {
    let server = Server::in_memory();
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let client = Client::start_with(server.options(), move |client| {
        let number = counted.fetch_add(1, Ordering::Relaxed) + 1;
        Numbered { client, number, asked: 0 }
    })
    .unwrap();
    // The first one is made by the call itself.
    assert_eq!(made.load(Ordering::Relaxed), 1);
    // A restart begins with a new handler, a reconnect keeps it.
    for expected in ["handler 1, question 1", "handler 2, question 1", "handler 2, question 2"] {
        let mut connection = server.accept().await;
        connection.send("question").await;
        connection.expect_text(expected).await;
        connection.drop_connection();
    }
    assert_eq!(made.load(Ordering::Relaxed), 2);
    let _connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    assert_eq!(client.stats().connections, 4);
}

#[tokio::test(start_paused = true)]
async fn a_linked_client_restarts_too_where_it_has_a_factory() {
    let (server, token) = (Server::in_memory(), CancellationToken::new());
    let mut number = 0;
    let numbered = move |client| {
        number += 1;
        Numbered { client, number, asked: 0 }
    };
    let client = Client::start_linked_with(server.options(), numbered, token.clone()).unwrap();
    for expected in ["handler 1, question 1", "handler 2, question 1"] {
        let mut connection = server.accept().await;
        connection.send("question").await;
        connection.expect_text(expected).await;
        connection.drop_connection();
    }
    token.cancel();
    assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn an_abnormal_end_of_a_linked_client_with_a_factory_cancels_the_token() {
    let (server, token) = (Server::in_memory(), CancellationToken::new());
    let client = Client::start_linked_with(server.options(), |_| Probe::new().0, token.clone()).unwrap();
    server.pending().await.refuse(404, &[], "").await;
    soon(token.cancelled()).await;
    assert!(matches!(soon(client.closed()).await, ExitReason::Error(Error::Establish(_))));
}

#[tokio::test(start_paused = true)]
async fn a_restart_without_a_factory_ends_the_client() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe.on_error(|_| Recovery::Restart)).unwrap();
    server.pending().await.refuse(503, &[], "").await;
    let reason = soon(client.closed()).await;
    assert!(matches!(reason, ExitReason::Failed(_)), "{reason:?}");
    assert!(reason.to_string().contains("Client::start_with"), "{reason}");
    seen.failed().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_outlives_the_task_that_started_it() {
    let server = Server::in_memory();
    let options = server.options().ping_interval(Duration::ZERO);
    let client = tokio::spawn(async { Client::start(options, Probe::new().0).unwrap() }).await.unwrap();
    let mut connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    client.send("alive").await.unwrap();
    connection.expect_text("alive").await;
}
