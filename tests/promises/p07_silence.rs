//! 7. A peer that is silent past the pong timeout is a `Stream` error, whatever TCP thinks.

use std::time::Duration;

use fresh::{
    Error, Recovery,
    error::StreamError,
    testing::{Received, Server},
};

use crate::support::{
    script::{Log, MS, S, Then, Told, start, steady, timed},
    time::soon,
};

fn assert_silent(told: &Told) {
    assert!(matches!(told, Told::Error(Error::Stream(StreamError::PongTimeout { .. }))), "{told:?}");
}

fn undaunted(options: fresh::Options) -> (fresh::Client<u32>, Log) {
    start(options.backoff(steady()), |told| match told {
        Told::Error(_) => Then::Recover(Recovery::Reconnect),
        _ => Then::Default,
    })
}

#[tokio::test(start_paused = true)]
async fn promise_07_a_frozen_peer_is_an_error_after_ping_interval_and_pong_timeout_and_is_left() {
    for (interval, timeout) in [(30, 20), (1, 5), (5, 1)] {
        let server = Server::in_memory();
        let options = server.options().ping_interval(interval * S).pong_timeout(timeout * S);
        let (client, mut log) = undaunted(options);
        let frozen = server.accept().await.freeze();
        log.until("connect").await;
        let (took, told) = timed(log.next()).await;
        assert_silent(&told);
        assert!(took.abs_diff((interval + timeout) * S) < 20 * MS, "{took:?}");
        // It comes back though the other connection is still open.
        let mut connection = server.accept().await;
        connection.send("awake").await;
        log.until("in awake").await;
        assert_eq!(client.stats().connections, 2);
        drop(frozen);
    }
}

#[tokio::test]
async fn promise_07_over_tcp_a_frozen_peer_is_left_for_one_that_answers() {
    let server = Server::tcp().await;
    let options = server.options().ping_interval(100 * MS).pong_timeout(100 * MS);
    let (client, mut log) = undaunted(options.backoff(steady()));
    let frozen = server.accept().await.freeze();
    log.until("connect").await;
    let began = std::time::Instant::now();
    let told = log.next().await;
    assert!(began.elapsed() >= 190 * MS, "{:?}", began.elapsed());
    assert_silent(&told);
    let mut connection = server.accept().await;
    connection.send("awake").await;
    // This one answers its pings for as long as it is read.
    let _ = soon(async {
        tokio::select! {
            told = log.until("in awake") => told,
            other = connection.receive() => panic!("{other:?}"),
        }
    })
    .await;
    assert_eq!(client.stats().connections, 2);
    drop(frozen);
}

#[tokio::test(start_paused = true)]
async fn promise_07_a_peer_that_answers_or_sends_anything_else_is_not_silent() {
    let server = Server::in_memory();
    let (client, mut log) = undaunted(server.options().ping_interval(S).pong_timeout(500 * MS));
    let mut connection = server.accept().await;
    log.until("connect").await;
    for _ in 0..100 {
        connection.expect_ping().await;
    }
    // No pong, but something else in time.
    connection.auto_pong(false);
    for _ in 0..100 {
        connection.expect_ping().await;
        tokio::time::sleep(400 * MS).await;
        connection.send("busy").await;
    }
    assert!(client.is_open());
    // Even part of a frame is a sign of life.
    for byte in [0x81, 5, b'h', b'e', b'l', b'l', b'o'] {
        connection.expect_ping().await;
        connection.raw([byte]).await;
    }
    log.until("in hello").await;
    assert!(client.is_open());
}

#[tokio::test(start_paused = true)]
async fn promise_07_a_deadline_is_not_put_off_by_the_pings_that_follow() {
    let server = Server::in_memory();
    let (_client, mut log) = undaunted(server.options().ping_interval(S).pong_timeout(10 * S));
    let mut connection = server.accept().await;
    connection.auto_pong(false);
    log.until("connect").await;
    let (took, pings) = timed(async {
        let mut pings = 0;
        while matches!(connection.receive().await, Received::Ping(_)) {
            pings += 1;
        }
        pings
    })
    .await;
    let told = log.next().await;
    assert!(pings >= 10, "{pings}");
    assert_silent(&told);
    assert!(took.abs_diff(11 * S) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_07_a_peer_may_be_silent_for_ever_where_both_timers_are_off() {
    let server = Server::in_memory();
    let (client, mut log) = undaunted(server.options().ping_interval(Duration::ZERO));
    let mut connection = server.accept().await;
    log.until("connect").await;
    tokio::time::sleep(100_000 * S).await;
    assert!(client.is_open());
    connection.send("at last").await;
    log.until("in at last").await;
}

#[tokio::test(start_paused = true)]
async fn promise_07_the_idle_timeout_needs_no_ping() {
    let server = Server::in_memory();
    let (_client, mut log) = undaunted(server.options().ping_interval(Duration::ZERO).idle_timeout(3 * S));
    let mut connection = server.accept().await;
    log.until("connect").await;
    for _ in 0..5 {
        tokio::time::sleep(2 * S).await;
        connection.send("x").await;
        log.until("in x").await;
    }
    let (took, told) = timed(log.next()).await;
    assert!(matches!(told, Told::Error(Error::Stream(StreamError::IdleTimeout { .. }))), "{told:?}");
    assert!(took.abs_diff(3 * S) < 20 * MS, "{took:?}");
}

/// Sends an info each second, until the client reports an error; after how long.
async fn beside_infos(client: &fresh::Client<u32>, log: &mut Log) -> (Duration, Told) {
    timed(async {
        let sending = async {
            loop {
                client.info(1).await.unwrap();
                tokio::time::sleep(S).await;
            }
        };
        tokio::select! {
            told = log.until("error Stream") => told,
            () = sending => unreachable!(),
        }
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn promise_07_infos_do_not_postpone_the_pong_deadline() {
    let server = Server::in_memory();
    let (client, mut log) = undaunted(server.options());
    let _frozen = server.accept().await.freeze();
    log.until("connect").await;
    let (took, told) = beside_infos(&client, &mut log).await;
    assert_silent(&told);
    assert!(took.abs_diff(50 * S) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_07_infos_do_not_postpone_the_idle_deadline() {
    let server = Server::in_memory();
    let (client, mut log) = undaunted(server.options().ping_interval(Duration::ZERO).idle_timeout(7 * S));
    let _frozen = server.accept().await.freeze();
    log.until("connect").await;
    let (took, told) = beside_infos(&client, &mut log).await;
    assert!(matches!(told, Told::Error(Error::Stream(StreamError::IdleTimeout { .. }))), "{told:?}");
    assert!(took.abs_diff(7 * S) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_07_a_callback_that_is_pending_does_not_postpone_the_pong_deadline() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options().backoff(steady()), |told| match told {
        Told::Info(_) => Then::Take(49 * S, Box::new(Then::Default)),
        _ => Then::Default,
    });
    let _frozen = server.accept().await.freeze();
    log.until("connect").await;
    // Calls wait all the time, and the inbound queue is empty.
    for info in 0..3 {
        client.info(info).await.unwrap();
    }
    let (took, ()) = timed(async {
        while client.is_open() {
            tokio::time::sleep(100 * MS).await;
        }
    })
    .await;
    assert!(took.abs_diff(50 * S) < 200 * MS, "{took:?}");
}

#[tokio::test]
async fn promise_07_over_tcp_a_frozen_peer_is_noticed_however_many_infos_are_delivered() {
    let server = Server::tcp().await;
    let (client, mut log) = undaunted(server.options().ping_interval(100 * MS).pong_timeout(100 * MS));
    let _frozen = server.accept().await.freeze();
    log.until("connect").await;
    let told = soon(async {
        loop {
            client.info(1).await.unwrap();
            match log.next().await {
                Told::Info(_) => tokio::task::yield_now().await,
                other => return other,
            }
        }
    })
    .await;
    assert_silent(&told);
}
