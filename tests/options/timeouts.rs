//! What bounds an attempt, a close handshake, a write and a silence.

use std::time::Duration;

use async_trait::async_trait;
use fresh::{
    BoxError, Client, ConnectionState, Error, ExitReason, Options,
    error::{ConnectError, SendFailure, StreamError},
    options::{Connector, Target, TlsOptions, Transport},
    testing::Server,
};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;

use crate::support::{
    connect,
    probe::{Probe, Seen},
    time::{a_day, assert_took, soon},
};

const TIMEOUT: Duration = Duration::from_secs(3);

async fn assert_times_out(mut seen: Seen, began: Instant) {
    let error = seen.failed().await;
    assert!(matches!(error, Error::Connect(ConnectError::Timeout { after: TIMEOUT })), "{error:?}");
    assert_took(began, TIMEOUT);
}

struct Hanging;

#[async_trait]
impl Connector for Hanging {
    async fn connect(&self, _: &Target) -> Result<Transport, BoxError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_ends_an_attempt_that_gets_no_transport() {
    let began = Instant::now();
    let (probe, seen) = Probe::new();
    let options = Options::new("ws://host/").unwrap().connector(Hanging).connect_timeout(TIMEOUT);
    let _client = Client::start(options, probe).unwrap();
    assert_times_out(seen, began).await;
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_ends_an_attempt_whose_server_speaks_no_tls() {
    let server = Server::in_memory();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let options = Options::new("wss://host/").unwrap().connector(server.connector());
    let options = options.tls(TlsOptions::new().config(config)).connect_timeout(TIMEOUT);
    let began = Instant::now();
    let (probe, seen) = Probe::new();
    let _client = Client::start(options, probe).unwrap();
    let _silent = server.accept_raw().await.freeze();
    assert_times_out(seen, began).await;
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_ends_an_attempt_whose_server_accepts_and_stays_silent() {
    let server = Server::in_memory();
    let began = Instant::now();
    let (probe, seen) = Probe::new();
    let _client = Client::start(server.options().connect_timeout(TIMEOUT), probe).unwrap();
    let _silent = server.pending().await.freeze();
    assert_times_out(seen, began).await;
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_ends_an_attempt_whose_answer_never_completes() {
    let server = Server::in_memory();
    let began = Instant::now();
    let (probe, seen) = Probe::new();
    let _client = Client::start(server.options().connect_timeout(TIMEOUT), probe).unwrap();
    let handshake = server.pending().await;
    tokio::time::sleep(TIMEOUT / 2).await;
    let _halfway = handshake.raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso").await.freeze();
    assert_times_out(seen, began).await;
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_the_whole_connect_timeout() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let _client = Client::start(server.options().connect_timeout(TIMEOUT), probe).unwrap();
    for _ in 0..3 {
        let silent = server.pending().await;
        let began = Instant::now();
        seen.failed().await;
        assert_took(began, TIMEOUT);
        silent.drop_connection();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connect_timeout_of_zero_lets_an_attempt_hang() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options().connect_timeout(Duration::ZERO), probe).unwrap();
    let handshake = server.pending().await;
    a_day().await;
    assert_eq!(client.state(), ConnectionState::Upgrading);
    let _connection = handshake.accept().await;
    seen.connected().await;
}

#[tokio::test(start_paused = true)]
async fn the_close_timeout_ends_a_handshake_that_the_server_does_not_answer() {
    let server = Server::in_memory();
    let (client, mut seen, connection) = connect(&server, server.options().close_timeout(TIMEOUT)).await;
    let _silent = connection.freeze();
    let began = Instant::now();
    client.close(1000, "done").unwrap();
    let disconnect = seen.disconnected().await;
    assert_took(began, TIMEOUT);
    assert!(!disconnect.clean);
    assert!(matches!(soon(client.closed()).await, ExitReason::Normal));
}

#[tokio::test(start_paused = true)]
async fn the_close_timeout_ends_a_connection_that_the_server_answers_and_keeps_open() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) =
        connect(&server, server.options().close_timeout(TIMEOUT).close_linger(Duration::MAX)).await;
    let began = Instant::now();
    client.close(1000, "done").unwrap();
    connection.expect_close(1000).await;
    tokio::time::sleep(TIMEOUT / 2).await;
    connection.close(1000, "").await;
    let disconnect = seen.disconnected().await;
    assert_took(began, TIMEOUT);
    assert!(disconnect.clean);
}

#[tokio::test(start_paused = true)]
async fn the_close_linger_ends_a_connection_that_the_server_answers_and_keeps_open() {
    for (linger, leaves_after) in [(None, 50), (Some(200), 200), (Some(0), 0)] {
        let server = Server::in_memory();
        let options = server.options();
        let options = match linger {
            Some(linger) => options.close_linger(Duration::from_millis(linger)),
            None => options,
        };
        let (client, mut seen, mut connection) = connect(&server, options).await;
        client.close(1000, "done").unwrap();
        connection.expect_close(1000).await;
        let began = Instant::now();
        connection.close(1000, "").await;
        assert!(seen.disconnected().await.clean);
        assert_took(began, Duration::from_millis(leaves_after));
    }
}

#[tokio::test(start_paused = true)]
async fn the_close_timeout_ends_a_callback_that_hangs_when_the_client_is_stopped() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let (probe, _closed) = probe.gated();
    let client = Client::start(server.options().close_timeout(TIMEOUT), probe).unwrap();
    let mut connection = server.accept().await;
    seen.connected().await;
    connection.send("work").await;
    seen.message().await;
    let began = Instant::now();
    client.request_stop();
    connection.expect_close(1001).await;
    connection.finish_close().await;
    assert!(matches!(seen.terminated().await, ExitReason::Stopped));
    assert_took(began, TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_close_timeout_of_zero_waits_for_no_answer() {
    let server = Server::in_memory();
    let (client, mut seen, mut connection) = connect(&server, server.options().close_timeout(Duration::ZERO)).await;
    let began = Instant::now();
    client.close(1000, "done").unwrap();
    assert!(!seen.disconnected().await.clean);
    assert_took(began, Duration::ZERO);
    assert_eq!(connection.expect_close(1000).await, "done");
    connection.expect_eof().await;
}

/// More than the small buffers below take.
fn much() -> Vec<u8> {
    vec![0; 64 << 10]
}

#[tokio::test(start_paused = true)]
async fn the_write_timeout_drops_a_connection_whose_server_does_not_read() {
    let server = Server::in_memory_with_buffer(1 << 10);
    let options = server.options().write_timeout(TIMEOUT).ping_interval(Duration::ZERO);
    let (client, mut seen, connection) = connect(&server, options).await;
    let _unread = connection.freeze();
    let began = Instant::now();
    client.send(much()).await.unwrap();
    let error = seen.failed().await;
    assert!(matches!(error, Error::Send(SendFailure::Timeout { after: TIMEOUT })), "{error:?}");
    assert_took(began, TIMEOUT);
    let error = seen.failed().await;
    assert!(matches!(error, Error::Stream(StreamError::Write(_))), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn the_write_timeout_begins_anew_with_each_byte_that_the_server_reads() {
    let server = Server::in_memory_with_buffer(1 << 10);
    let options = server.options().write_timeout(TIMEOUT).ping_interval(Duration::ZERO);
    let (client, mut seen, mut connection) = connect(&server, options).await;
    client.send(much()).await.unwrap();
    for _ in 0..8 {
        tokio::time::sleep(TIMEOUT * 2 / 3).await;
        connection.raw_read_exact(1 << 10).await;
    }
    let began = Instant::now();
    assert!(client.is_open() && seen.already().is_none());
    seen.failed().await;
    assert_took(began, TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_write_timeout_of_zero_never_gives_up() {
    let server = Server::in_memory_with_buffer(1 << 10);
    let options = server.options().write_timeout(Duration::ZERO).ping_interval(Duration::ZERO);
    let (client, _seen, connection) = connect(&server, options).await;
    let unread = connection.freeze();
    client.send(much()).await.unwrap();
    a_day().await;
    assert!(client.is_open());
    unread.thaw().expect_binary(much()).await;
}

#[tokio::test(start_paused = true)]
async fn the_idle_timeout_drops_a_connection_on_which_nothing_is_received() {
    let server = Server::in_memory();
    let options = server.options().idle_timeout(TIMEOUT).ping_interval(Duration::ZERO);
    let (_client, mut seen, mut connection) = connect(&server, options).await;
    tokio::time::sleep(TIMEOUT * 2 / 3).await;
    connection.send("life").await;
    seen.text().await;
    let began = Instant::now();
    let error = seen.failed().await;
    assert!(matches!(error, Error::Stream(StreamError::IdleTimeout { after: TIMEOUT })), "{error:?}");
    assert_took(began, TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn without_an_idle_timeout_a_connection_may_be_silent() {
    let server = Server::in_memory();
    let (client, _seen, connection) = connect(&server, server.options().ping_interval(Duration::ZERO)).await;
    let silent = connection.freeze();
    a_day().await;
    assert!(client.is_open());
    drop(silent);
}
