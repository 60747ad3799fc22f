//! 6. After `Recovery::Reconnect` the next attempt comes after the backoff delay, earlier only by `client.reconnect()`;
//!    `Retry-After` is honoured; the backoff resets only after a connection that stayed up.

use std::time::Duration;

use fresh::{Recovery, options::BackoffOptions, testing::Server};

use crate::support::{
    script::{Log, MS, S, Then, Told, start, steady, timed},
    time::settle,
};

fn delays() -> BackoffOptions {
    steady().initial(100 * MS).factor(2.0).unwrap().max(S).reset_after(10 * S)
}

fn assert_about(took: Duration, expected: Duration) {
    assert!(took.abs_diff(expected) < 20 * MS, "{took:?} instead of {expected:?}");
}

/// A client that reconnects whatever happens.
fn undaunted(server: &Server, backoff: BackoffOptions) -> (fresh::Client<u32>, Log) {
    start(server.options().backoff(backoff).ping_interval(Duration::ZERO), |told| match told {
        Told::Error(_) | Told::Disconnect(_) => Then::Recover(Recovery::Reconnect),
        _ => Then::Default,
    })
}

#[tokio::test(start_paused = true)]
async fn promise_06_the_next_attempt_comes_after_the_delay() {
    let server = Server::in_memory();
    let (_client, _log) = undaunted(&server, delays());
    let (took, connection) = timed(server.accept_raw()).await;
    assert_about(took, Duration::ZERO);
    connection.drop_connection();
    for delay in [100, 200, 400, 800, 1000, 1000] {
        let (took, connection) = timed(server.accept_raw()).await;
        assert_about(took, delay * MS);
        connection.drop_connection();
    }
}

#[tokio::test(start_paused = true)]
async fn promise_06_the_delay_counts_from_the_verdict() {
    let server = Server::in_memory();
    let (_client, _log) = start(server.options().backoff(delays()), |told| match told {
        Told::Error(_) => Then::Take(5 * S, Box::new(Then::Recover(Recovery::Reconnect))),
        _ => Then::Default,
    });
    server.accept().await.drop_connection();
    let (took, _) = timed(server.accept_raw()).await;
    assert_about(took, 5 * S + 100 * MS);
}

#[tokio::test(start_paused = true)]
async fn promise_06_full_jitter_keeps_every_delay_below_its_ceiling() {
    let server = Server::in_memory();
    let (_client, _log) = undaunted(&server, delays().jitter(true).seed(1));
    server.accept_raw().await.drop_connection();
    let mut sum = Duration::ZERO;
    for ceiling in [100, 200, 400, 800, 1000, 1000] {
        let (took, connection) = timed(server.accept_raw()).await;
        assert!(took <= ceiling * MS + 10 * MS, "{took:?} over {ceiling} ms");
        sum += took;
        connection.drop_connection();
    }
    assert!(sum > 100 * MS && sum < 3400 * MS, "{sum:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_06_reconnect_comes_before_the_delay_has_passed() {
    let server = Server::in_memory();
    let (client, mut log) = undaunted(&server, steady().initial(3600 * S).max(3600 * S));
    server.accept().await.drop_connection();
    log.until("error Stream").await;
    settle().await;
    client.reconnect();
    let (took, _connection) = timed(server.accept()).await;
    assert_about(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn promise_06_reconnect_leads_out_of_idle_and_nothing_else_does() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options(), |told| match told {
        Told::Error(_) => Then::Recover(Recovery::Ignore),
        _ => Then::Default,
    });
    server.accept().await.drop_connection();
    log.until("error Stream").await;
    assert!(tokio::time::timeout(1800 * S, server.accept_raw()).await.is_err());
    assert_eq!(client.state().to_string(), "idle");
    client.reconnect();
    let (took, _connection) = timed(server.accept()).await;
    assert_about(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn promise_06_retry_after_is_a_floor_under_the_delay() {
    let server = Server::in_memory();
    let (_client, _log) = undaunted(&server, delays());
    server.pending().await.refuse(503, &[("retry-after", "7")], "").await;
    let (took, handshake) = timed(server.pending()).await;
    assert_about(took, 7 * S);
    // Below the backoff's own delay it changes nothing.
    handshake.refuse(429, &[("retry-after", "0")], "").await;
    let (took, _handshake) = timed(server.pending()).await;
    assert_about(took, 200 * MS);
}

#[tokio::test(start_paused = true)]
async fn promise_06_reconnect_is_earlier_than_retry_after_too() {
    let server = Server::in_memory();
    let (client, mut log) = undaunted(&server, delays());
    server.pending().await.refuse(503, &[("retry-after", "3600")], "").await;
    log.until("error Establish").await;
    settle().await;
    client.reconnect();
    let (took, _handshake) = timed(server.pending()).await;
    assert_about(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn promise_06_the_delays_start_over_only_after_a_connection_that_stayed_up() {
    let server = Server::in_memory();
    let (_client, _log) = undaunted(&server, delays());
    let mut connection = server.accept().await;
    for (up, delay) in [(0, 100), (9_900, 200), (5_000, 400), (10_000, 100), (0, 200), (20_000, 100)] {
        tokio::time::sleep(up * MS).await;
        connection.drop_connection();
        let (took, next) = timed(server.accept()).await;
        assert_about(took, delay * MS);
        connection = next;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_06_the_delay_follows_a_close_of_the_server_as_well() {
    let server = Server::in_memory();
    let (_client, _log) = undaunted(&server, delays());
    let mut connection = server.accept().await;
    for delay in [100, 200, 400] {
        connection.close(1012, "restart").await;
        connection.finish_close().await;
        let (took, next) = timed(server.accept()).await;
        assert_about(took, delay * MS);
        connection = next;
    }
}
