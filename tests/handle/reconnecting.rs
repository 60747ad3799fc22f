//! `reconnect`, in each state.

use std::time::Duration;

use fresh::{Client, ConnectionState, Options, Recovery, testing::Server};
use tokio::time::Instant;

use crate::support::{
    connect,
    probe::{Probe, Told},
    time::{assert_took, settle, soon},
};

/// The delays are long, so that whoever comes before them came by `reconnect`.
fn patient(server: &Server) -> Options {
    let backoff = fresh::options::BackoffOptions::new().jitter(false);
    server.options().backoff(backoff.initial(Duration::from_secs(3600)).max(Duration::from_secs(3600)))
}

#[tokio::test(start_paused = true)]
async fn reconnect_leads_out_of_idle() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(patient(&server), probe.on_error(|_| Recovery::Ignore)).unwrap();
    server.pending().await.refuse(503, &[], "").await;
    seen.failed().await;
    crate::support::time::a_day().await;
    assert_eq!((client.state(), client.stats().attempts), (ConnectionState::Idle, 1));
    client.reconnect();
    let _connection = server.accept().await;
    assert_eq!(seen.connected().await.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn reconnect_cuts_the_wait_for_the_next_attempt_short() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(patient(&server), probe).unwrap();
    server.pending().await.refuse(503, &[], "").await;
    seen.failed().await;
    settle().await;
    assert_eq!(client.state(), ConnectionState::Waiting);
    let began = Instant::now();
    client.reconnect();
    let _connection = server.accept().await;
    assert_took(began, Duration::ZERO);
    assert_eq!(seen.connected().await.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn reconnect_while_the_handler_decides_does_not_wait_for_it() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let (probe, gate) = probe.gated();
    let client = Client::start(patient(&server), probe).unwrap();
    server.accept().await.drop_connection();
    seen.connected().await;
    seen.failed().await;
    assert_eq!(client.state(), ConnectionState::Deciding);
    client.reconnect();
    let mut connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    client.send("already").await.unwrap();
    connection.expect_text("already").await;
    gate.open(1);
    assert_eq!(seen.connected().await.attempt, 2);
    settle().await;
    // The verdict came too late to change anything.
    assert!(client.is_open());
}

#[tokio::test(start_paused = true)]
async fn reconnect_lets_an_attempt_that_is_under_way_go_on() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(patient(&server), probe).unwrap();
    let handshake = server.pending().await;
    client.reconnect();
    settle().await;
    let _connection = handshake.accept().await;
    assert_eq!(seen.connected().await.attempt, 1);
    assert_eq!(client.stats().attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn reconnect_closes_an_open_connection_first_and_asks_the_handler_nothing() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, patient(&server)).await;
    client.send("before").await.unwrap();
    client.reconnect();
    connection.expect_text("before").await;
    connection.expect_close(1000).await;
    connection.finish_close().await;
    let mut connection = server.accept().await;
    assert!(matches!(seen.next().await, Told::Connected(upgrade) if upgrade.attempt == 2));
    client.send("after").await.unwrap();
    connection.expect_text("after").await;
    assert_eq!(client.stats().connections, 2);
}

#[tokio::test(start_paused = true)]
async fn reconnect_while_a_close_is_under_way_takes_its_place() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, patient(&server)).await;
    client.close(4000, "").unwrap();
    connection.expect_close(4000).await;
    client.reconnect();
    settle().await;
    connection.finish_close().await;
    let _connection = server.accept().await;
    assert_eq!(seen.connected().await.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn reconnect_does_not_bring_back_a_client_that_has_ended() {
    let server = Server::in_memory();
    let client = Client::start(patient(&server), Probe::new().0).unwrap();
    soon(client.stop()).await;
    client.reconnect();
    settle().await;
    assert_eq!(client.state(), ConnectionState::Ended);
}
