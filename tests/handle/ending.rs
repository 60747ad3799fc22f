//! `close`, `stop`, `request_stop` and `closed`.

use std::time::Duration;

use fresh::{
    Client, ConnectionState, Error, ExitReason, Initiator, Recovery,
    error::{EncodeError, SendFailure},
    testing::Server,
};
use tokio::{task::JoinSet, time::Instant};

use crate::support::{
    connect,
    probe::{Probe, Told},
    time::{assert_took, settle, soon},
};

#[tokio::test(start_paused = true)]
async fn close_goes_out_behind_the_frames_that_were_accepted_before_it() {
    let server = Server::in_memory_with_buffer(64);
    let (client, mut seen, mut connection) = connect(&server, server.options().write_buffer(1)).await;
    for n in 0..10 {
        client.send(format!("frame no. {n}")).await.unwrap();
    }
    client.close(4000, "done").unwrap();
    for n in 0..10 {
        connection.expect_text(format!("frame no. {n}")).await;
    }
    assert_eq!(connection.expect_close(4000).await, "done");
    connection.close(4001, "agreed").await;
    drop(connection);
    let disconnect = seen.disconnected().await;
    assert_eq!((disconnect.initiator, disconnect.clean), (Initiator::Local, true));
    assert_eq!((disconnect.code, &*disconnect.reason), (Some(4001.into()), "agreed"));
    assert!(matches!(soon(client.closed()).await, ExitReason::Normal));
    assert!(matches!(seen.terminated().await, ExitReason::Normal));
}

#[tokio::test(start_paused = true)]
async fn a_close_that_may_not_be_sent_is_refused_at_the_call() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let error = client.close(code, "").unwrap_err();
        assert!(
            matches!(error, Error::Encode(EncodeError::CloseCode(refused)) if refused.as_u16() == code),
            "{error:?}"
        );
    }
    let error = client.close(1000, "x".repeat(124)).unwrap_err();
    assert!(matches!(error, Error::Encode(EncodeError::ControlTooLong { len: 126 })), "{error:?}");
    assert!(client.is_open());
    client.close(1000, "x".repeat(123)).unwrap();
    connection.expect_close(1000).await;
}

#[tokio::test(start_paused = true)]
async fn a_second_close_changes_nothing() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    client.close(4000, "first").unwrap();
    client.close(4001, "second").unwrap();
    assert_eq!(connection.expect_close(4000).await, "first");
    client.close(4002, "third").unwrap();
    connection.finish_close().await;
    seen.disconnected().await;
    assert!(matches!(soon(client.closed()).await, ExitReason::Normal));
    assert!(matches!(seen.terminated().await, ExitReason::Normal));
}

#[tokio::test(start_paused = true)]
async fn close_answers_that_the_client_has_ended() {
    let server = Server::in_memory();
    let client = Client::start(server.options(), Probe::new().0).unwrap();
    soon(client.stop()).await;
    let error = client.close(1000, "").unwrap_err();
    assert!(matches!(error, Error::Send(SendFailure::Ended)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn close_without_a_connection_ends_the_attempts_and_tells_the_handler_at_once() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe).unwrap();
    let handshake = server.pending().await;
    let began = Instant::now();
    client.close(1000, "").unwrap();
    let disconnect = seen.disconnected().await;
    assert_eq!((disconnect.code, disconnect.initiator, disconnect.clean), (None, Initiator::Local, false));
    assert!(matches!(soon(client.closed()).await, ExitReason::Normal));
    assert_took(began, Duration::ZERO);
    handshake.freeze().thaw().expect_eof().await;
}

#[tokio::test(start_paused = true)]
async fn stop_closes_with_1001_behind_the_frames_accepted_so_far() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    client.send("last words").await.unwrap();
    let stopped = tokio::spawn({
        let client = client.clone();
        async move { client.stop().await }
    });
    connection.expect_text("last words").await;
    connection.expect_close(1001).await;
    assert!(!stopped.is_finished());
    connection.finish_close().await;
    assert!(matches!(soon(stopped).await.unwrap(), ExitReason::Stopped));
    // A stop asks the handler nothing.
    assert!(matches!(seen.next().await, Told::Terminated(ExitReason::Stopped)));
    assert_eq!(client.state(), ConnectionState::Ended);
}

#[tokio::test(start_paused = true)]
async fn stop_may_be_called_again_and_by_many_tasks() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    let mut stops = JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        stops.spawn(async move { client.stop().await });
    }
    connection.expect_close(1001).await;
    connection.finish_close().await;
    while let Some(reason) = soon(stops.join_next()).await {
        assert!(matches!(reason.unwrap(), ExitReason::Stopped));
    }
    assert!(matches!(soon(client.stop()).await, ExitReason::Stopped));
    client.request_stop();
    assert!(matches!(seen.terminated().await, ExitReason::Stopped));
    assert!(seen.already().is_none());
}

#[tokio::test(start_paused = true)]
async fn stop_before_the_client_has_run_leads_to_no_connection() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe).unwrap();
    let began = Instant::now();
    assert!(matches!(soon(client.stop()).await, ExitReason::Stopped));
    assert!(matches!(seen.next().await, Told::Terminated(ExitReason::Stopped)));
    assert_took(began, Duration::ZERO);
    assert_eq!(client.stats().connections, 0);
}

#[tokio::test(start_paused = true)]
async fn stop_while_an_attempt_is_under_way_drops_it() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe).unwrap();
    let handshake = server.pending().await;
    let began = Instant::now();
    assert!(matches!(soon(client.stop()).await, ExitReason::Stopped));
    assert!(matches!(seen.next().await, Told::Terminated(ExitReason::Stopped)));
    assert_took(began, Duration::ZERO);
    handshake.freeze().thaw().expect_eof().await;
}

#[tokio::test(start_paused = true)]
async fn stop_while_the_next_attempt_is_waited_for_ends_the_wait() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe).unwrap();
    server.pending().await.refuse(503, &[("retry-after", "3600")], "").await;
    seen.failed().await;
    settle().await;
    assert_eq!(client.state(), ConnectionState::Waiting);
    let began = Instant::now();
    assert!(matches!(soon(client.stop()).await, ExitReason::Stopped));
    assert_took(began, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn stop_while_the_client_is_idle_ends_it() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe.on_error(|_| Recovery::Ignore)).unwrap();
    server.pending().await.refuse(503, &[], "").await;
    seen.failed().await;
    settle().await;
    assert_eq!(client.state(), ConnectionState::Idle);
    assert!(matches!(soon(client.stop()).await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn stop_while_a_close_is_under_way_ends_the_client_as_stopped() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options()).await;
    client.close(4000, "").unwrap();
    connection.expect_close(4000).await;
    client.request_stop();
    settle().await;
    connection.finish_close().await;
    assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
    assert!(matches!(seen.next().await, Told::Terminated(ExitReason::Stopped)));
}

#[tokio::test(start_paused = true)]
async fn closed_tells_every_waiter_and_whoever_comes_later() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options()).await;
    let mut waiters = JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        waiters.spawn(async move { client.closed().await });
    }
    settle().await;
    assert!(waiters.try_join_next().is_none());
    client.close(1000, "").unwrap();
    connection.expect_close(1000).await;
    connection.finish_close().await;
    for _ in 0..100 {
        assert!(matches!(soon(waiters.join_next()).await.unwrap().unwrap(), ExitReason::Normal));
    }
    assert!(matches!(soon(client.closed()).await, ExitReason::Normal));
}
