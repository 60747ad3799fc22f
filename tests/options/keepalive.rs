//! Pings of ours, and what happens when nothing comes back.

use std::time::Duration;

use fresh::{Error, error::StreamError, testing::Server};
use tokio::time::{Instant, timeout};

use crate::support::{
    connect,
    time::{a_day, assert_took},
};

const INTERVAL: Duration = Duration::from_secs(7);
const PATIENCE: Duration = Duration::from_secs(4);

#[tokio::test(start_paused = true)]
async fn a_ping_is_sent_at_each_interval() {
    let server = Server::in_memory();
    let (_client, _seen, mut connection) = connect(&server, server.options().ping_interval(INTERVAL)).await;
    for _ in 0..3 {
        let began = Instant::now();
        connection.expect_ping().await;
        assert_took(began, INTERVAL);
    }
}

#[tokio::test(start_paused = true)]
async fn a_ping_interval_of_zero_sends_none() {
    let server = Server::in_memory();
    let (client, _seen, mut connection) = connect(&server, server.options().ping_interval(Duration::ZERO)).await;
    connection.auto_pong(false);
    a_day().await;
    let nothing = timeout(Duration::from_secs(1), connection.receive()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    assert!(client.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_silent_for_the_pong_timeout_after_a_ping_is_lost() {
    let server = Server::in_memory();
    let options = server.options().ping_interval(INTERVAL).pong_timeout(PATIENCE);
    let (_client, mut seen, mut connection) = connect(&server, options).await;
    connection.expect_ping().await;
    seen.control().await;
    let _silent = connection.freeze();
    let began = Instant::now();
    let error = seen.failed().await;
    assert!(matches!(error, Error::Stream(StreamError::PongTimeout { after: PATIENCE })), "{error:?}");
    assert_took(began, INTERVAL + PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn a_pong_timeout_longer_than_the_interval_counts_from_the_first_ping_without_an_answer() {
    let server = Server::in_memory();
    let options = server.options().ping_interval(PATIENCE).pong_timeout(INTERVAL);
    let (_client, mut seen, connection) = connect(&server, options).await;
    let _silent = connection.freeze();
    let began = Instant::now();
    seen.failed().await;
    assert_took(began, INTERVAL + PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn a_pong_timeout_of_zero_never_gives_up_on_a_silent_peer() {
    let server = Server::in_memory_with_buffer(1 << 20);
    let options = server.options().ping_interval(INTERVAL).pong_timeout(Duration::ZERO);
    let (client, mut seen, connection) = connect(&server, options).await;
    let _silent = connection.freeze();
    a_day().await;
    assert!(client.is_open() && seen.already().is_none());
}
