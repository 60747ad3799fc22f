//! 6. `client.reconnect_now()`, `Recovery::Abandon` and `Recovery::ReconnectNow` drop the connection at once, and retry with
//!    the backoff's delay or without it.

use std::time::Duration;

use fresh::{
    Client, Options, Recovery,
    testing::{Frozen, Received, Server},
};

use crate::support::{
    script::{Log, MS, S, Then, Told, accept, start, steady, timed},
    time::settle,
};

/// The first delay: longer than the close timeout.
const DELAY: Duration = Duration::from_secs(60);

fn options(server: &Server) -> Options {
    server.options().backoff(steady().initial(DELAY).max(DELAY)).ping_interval(Duration::ZERO)
}

/// A client whose server is dead: the connection stands, and nothing reads or answers. Each info fails, with this verdict.
async fn dead(server: &Server, options: Options, recovery: Recovery) -> (Client<u32>, Log, Frozen) {
    let (client, mut log) = start(options, move |told| match told {
        Told::Info(_) => Then::Raise("the heartbeat failed"),
        Told::Error(_) => Then::Recover(recovery.clone()),
        _ => Then::Default,
    });
    let connection = accept(server, &client).await;
    log.until("connect").await;
    (client, log, connection.freeze())
}

/// Asserts that the connection is dropped, without a close frame.
async fn assert_dropped(frozen: Frozen) {
    assert_eq!(frozen.thaw().receive().await, Received::Eof);
}

#[tokio::test(start_paused = true)]
async fn promise_06_reconnect_now_drops_the_connection_and_retries_at_once() {
    let server = Server::in_memory();
    let (client, mut log, frozen) = dead(&server, options(&server), Recovery::Ignore).await;
    let (took, _next) = timed(async {
        client.reconnect_now();
        server.accept().await
    })
    .await;
    assert!(took < 20 * MS, "{took:?}");
    assert_dropped(frozen).await;
    log.until("connect").await;
    assert_eq!(client.stats().connections, 2);
}

#[tokio::test(start_paused = true)]
async fn promise_06_abandon_drops_the_connection_at_once_and_waits_the_delay() {
    let server = Server::in_memory();
    let (client, _log, frozen) = dead(&server, options(&server), Recovery::Abandon).await;
    let (took, _next) = timed(async {
        client.info(1).await.unwrap();
        assert_dropped(frozen).await;
        settle().await;
        assert_eq!(client.state().to_string(), "waiting");
        server.accept().await
    })
    .await;
    assert!(took.abs_diff(DELAY) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_06_reconnect_now_as_a_verdict_drops_the_connection_and_retries_at_once() {
    let server = Server::in_memory();
    let (client, _log, frozen) = dead(&server, options(&server), Recovery::ReconnectNow).await;
    let (took, _next) = timed(async {
        client.info(1).await.unwrap();
        server.accept().await
    })
    .await;
    assert!(took < 20 * MS, "{took:?}");
    assert_dropped(frozen).await;
}

#[tokio::test(start_paused = true)]
async fn promise_06_reconnect_as_a_verdict_closes_first_which_takes_up_to_the_close_timeout() {
    let server = Server::in_memory();
    let (client, _log, _frozen) = dead(&server, options(&server), Recovery::Reconnect).await;
    let (took, _next) = timed(async {
        client.info(1).await.unwrap();
        server.accept().await
    })
    .await;
    assert!(took.abs_diff(5 * S + DELAY) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_06_reconnect_now_cuts_short_a_close_that_leads_to_a_reconnect_and_none_that_ends_the_client() {
    for (stopped, expected) in [(false, Duration::ZERO), (true, 5 * S)] {
        let server = Server::in_memory();
        let (client, log, _frozen) = dead(&server, options(&server), Recovery::Ignore).await;
        if stopped {
            client.request_stop();
        } else {
            client.reconnect();
        }
        settle().await;
        client.reconnect_now();
        let (took, ended) = timed(async {
            tokio::select! {
                _ = client.closed() => true,
                _ = server.accept() => false,
            }
        })
        .await;
        assert!(took.abs_diff(expected) < 20 * MS, "{took:?}");
        assert_eq!(ended, stopped);
        drop(log);
    }
}

#[tokio::test(start_paused = true)]
async fn promise_06_a_verdict_that_retries_at_once_counts_its_attempts() {
    let server = Server::in_memory();
    let (client, log) = start(server.options().backoff(steady().attempts(3)), |told| match told {
        Told::Error(_) => Then::Recover(Recovery::ReconnectNow),
        _ => Then::Default,
    });
    let (took, reason) = timed(async {
        for _ in 0..3 {
            server.accept_raw().await.drop_connection();
        }
        client.closed().await
    })
    .await;
    assert!(took < 20 * MS, "{took:?}");
    assert_eq!(crate::support::script::name(&reason), "GaveUp");
    assert_eq!(log.rest().await.last().unwrap(), "terminate GaveUp");
}

#[tokio::test(start_paused = true)]
async fn promise_06_frames_that_reconnect_now_drops_are_counted_and_reported() {
    let server = Server::in_memory_with_buffer(64);
    let (client, _log, _frozen) = dead(&server, options(&server), Recovery::Ignore).await;
    client.send(vec![0; 10_000]).await.unwrap();
    let confirmed = tokio::spawn({
        let client = client.clone();
        async move { client.send_confirmed("behind it").await }
    });
    settle().await;
    client.reconnect_now();
    assert!(confirmed.await.unwrap().is_err());
    settle().await;
    assert_eq!(client.stats().frames_lost, 1);
}
