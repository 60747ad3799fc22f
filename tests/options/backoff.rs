//! When the next attempt comes.

use std::time::Duration;

use fresh::{
    Client, ExitReason,
    backoff::Backoff,
    error::{Error, EstablishError},
    options::BackoffOptions,
    testing::Server,
};
use tokio::time::{Instant, sleep};

use crate::support::{
    probe::Probe,
    time::{assert_near, assert_took, soon},
};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// How long this many attempts, each refused at once, come after the one before.
async fn delays(server: &Server, count: usize) -> Vec<Duration> {
    let mut delays = Vec::new();
    server.pending().await.refuse(503, &[], "").await;
    for _ in 0..count {
        let began = Instant::now();
        let handshake = server.pending().await;
        delays.push(began.elapsed());
        handshake.refuse(503, &[], "").await;
    }
    delays
}

/// The delays of a client with these options, whose attempts are all refused.
async fn delays_of(backoff: BackoffOptions, count: usize) -> Vec<Duration> {
    let server = Server::in_memory();
    let _client = Client::start(server.options().backoff(backoff), Probe::new().0).unwrap();
    delays(&server, count).await
}

#[track_caller]
fn assert_delays(delays: &[Duration], expected: impl IntoIterator<Item = Duration>) {
    delays.iter().zip(expected).for_each(|(took, expected)| assert_near(*took, expected));
}

#[tokio::test(start_paused = true)]
async fn delays_begin_with_the_initial_one_and_grow_by_the_factor_up_to_the_maximum() {
    let backoff = BackoffOptions::new().jitter(false).initial(ms(100)).factor(3.0).unwrap().max(ms(1000));
    let delays = delays_of(backoff, 5).await;
    assert_delays(&delays, [100, 300, 900, 1000, 1000].map(ms));
}

#[tokio::test(start_paused = true)]
async fn without_options_the_delays_are_those_of_the_defaults() {
    let delays = delays_of(BackoffOptions::new().jitter(false), 3).await;
    assert_delays(&delays, [ms(250), ms(375), Duration::from_micros(562_500)]);
}

#[tokio::test(start_paused = true)]
async fn the_seed_makes_the_jitter_repeatable() {
    for seed in [1, 2] {
        let backoff = BackoffOptions::new().seed(seed).initial(ms(60_000)).max(ms(600_000));
        let delays = delays_of(backoff, 8).await;
        assert_delays(&delays, Backoff::new(backoff));
    }
}

#[tokio::test(start_paused = true)]
async fn jitter_spreads_clients_that_lost_the_same_server() {
    let backoff = BackoffOptions::new().initial(ms(60_000)).max(ms(60_000));
    let (one, other) = (delays_of(backoff, 4).await, delays_of(backoff, 4).await);
    assert_ne!(one, other);
    assert!(one.iter().chain(&other).all(|delay| *delay <= ms(60_002)), "{one:?} {other:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_attempts_are_used_up_gives_up() {
    let server = Server::in_memory();
    let options = server.options().backoff(BackoffOptions::new().attempts(3));
    let client = Client::start(options, Probe::new().0).unwrap();
    delays(&server, 2).await;
    let reason = soon(client.closed()).await;
    let ExitReason::GaveUp { attempts: 3, last: Some(Error::Establish(EstablishError::Refused(refusal))) } = &reason
    else {
        panic!("{reason:?}")
    };
    assert_eq!(refusal.status, 503);
    assert_eq!(client.stats().attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn attempts_of_zero_never_end() {
    let server = Server::in_memory();
    let options = server.options().backoff(BackoffOptions::new().attempts(0).max(ms(1)));
    let client = Client::start(options, Probe::new().0).unwrap();
    delays(&server, 100).await;
    assert_eq!(client.stats().attempts, 101);
}

/// The delay after a connection that stayed up this long, where three attempts before it had failed.
async fn delay_after(uptime: Duration, backoff: BackoffOptions) -> Duration {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let _client = Client::start(server.options().backoff(backoff).ping_interval(Duration::ZERO), probe).unwrap();
    delays(&server, 2).await;
    for _ in 0..3 {
        seen.failed().await;
    }
    let connection = server.accept().await;
    seen.connected().await;
    sleep(uptime).await;
    connection.drop_connection();
    seen.failed().await;
    let began = Instant::now();
    server.pending().await;
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn the_delays_start_over_only_after_a_connection_that_stayed_up() {
    let backoff = BackoffOptions::new().jitter(false).initial(ms(100)).factor(2.0).unwrap().reset_after(ms(60_000));
    assert_near(delay_after(ms(59_000), backoff).await, ms(800));
    assert_near(delay_after(ms(60_000), backoff).await, ms(100));
}

#[tokio::test(start_paused = true)]
async fn the_attempts_start_over_only_after_a_connection_that_stayed_up() {
    let server = Server::in_memory();
    let backoff = BackoffOptions::new().attempts(2).reset_after(ms(60_000));
    let options = server.options().backoff(backoff).ping_interval(Duration::ZERO);
    let client = Client::start(options, Probe::new().0).unwrap();
    for _ in 0..3 {
        let connection = server.accept().await;
        sleep(ms(60_000)).await;
        connection.drop_connection();
    }
    for _ in 0..2 {
        server.accept().await.drop_connection();
    }
    let reason = soon(client.closed()).await;
    assert!(matches!(reason, ExitReason::GaveUp { attempts: 2, last: Some(Error::Stream(_)) }), "{reason:?}");
}

#[tokio::test(start_paused = true)]
async fn with_a_reset_after_zero_every_connection_starts_the_delays_over() {
    let backoff = BackoffOptions::new().jitter(false).initial(ms(100)).factor(2.0).unwrap();
    assert_near(delay_after(Duration::ZERO, backoff.reset_after(Duration::ZERO)).await, ms(100));
    assert_near(delay_after(Duration::ZERO, backoff).await, ms(800));
}

#[tokio::test(start_paused = true)]
async fn behind_a_proxy_that_cuts_each_connection_a_lower_reset_after_keeps_the_delays_short() {
    let backoff = BackoffOptions::new().jitter(false).initial(ms(100)).factor(2.0).unwrap();
    for (reset_after, expected) in [(ms(5_000), [100; 4]), (ms(11_000), [100, 200, 400, 800])] {
        let server = Server::in_memory();
        let options = server.options().backoff(backoff.reset_after(reset_after)).ping_interval(Duration::ZERO);
        let (probe, mut seen) = Probe::new();
        let _client = Client::start(options, probe).unwrap();
        let mut connection = server.accept().await;
        for delay in expected {
            seen.connected().await;
            sleep(ms(10_000)).await;
            connection.drop_connection();
            seen.failed().await;
            let began = Instant::now();
            connection = server.accept().await;
            assert_near(began.elapsed(), ms(delay));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_may_ask_for_more_than_the_maximum() {
    let server = Server::in_memory();
    let options = server.options().backoff(BackoffOptions::new().max(ms(10)));
    let _client = Client::start(options, Probe::new().0).unwrap();
    server.pending().await.refuse(503, &[("retry-after", "60")], "").await;
    let began = Instant::now();
    server.pending().await;
    assert_took(began, ms(60_000));
}
