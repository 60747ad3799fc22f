//! 2. While a callback is pending, pings are answered, the keepalive runs, queued sends go out, and a close proceeds.

use std::time::{Duration, Instant};

use fresh::{
    Client, Offline, Options, Recovery,
    testing::{Connection, Server},
};

use crate::support::{
    script::{Log, MS, S, Then, Told, start, steady, timed},
    time::{settle, soon},
};

/// How long a callback is pending: for five seconds, and for ever.
fn pending() -> [fn() -> Then; 2] {
    [|| Then::Take(5 * S, Box::new(Then::Default)), || Then::Hang]
}

/// A client whose `handle_in` has just begun and is pending.
async fn busy(server: &Server, options: Options, pending: fn() -> Then) -> (Client<u32>, Log, Connection) {
    let (client, mut log) = start(options, move |told| match told {
        Told::In(_) => pending(),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("work").await;
    log.until("in work").await;
    (client, log, connection)
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_ping_is_answered_within_50_ms_while_a_callback_is_pending() {
    for pending in pending() {
        let server = Server::in_memory();
        let (_client, _log, mut connection) = busy(&server, server.options(), pending).await;
        for _ in 0..10 {
            let (took, payload) = timed(async {
                connection.send(fresh::Frame::ping("are you there?")).await;
                connection.expect_pong().await
            })
            .await;
            assert_eq!(payload, "are you there?");
            assert!(took < 50 * MS, "{took:?}");
        }
    }
}

#[tokio::test]
async fn promise_02_a_ping_is_answered_within_50_ms_of_real_time_over_tcp() {
    let server = Server::tcp().await;
    let (client, _log, mut connection) =
        busy(&server, server.options().close_timeout(Duration::ZERO), pending()[0]).await;
    // The machine may be busy with something else for a moment, but a client that waited for its callback never is
    // in time.
    let mut took = Duration::MAX;
    for _ in 0..10 {
        let began = Instant::now();
        connection.send(fresh::Frame::ping("1")).await;
        connection.expect_pong().await;
        took = took.min(began.elapsed());
    }
    assert!(took < Duration::from_millis(50), "{took:?}");
    assert!(client.is_open());
    client.stop().await;
}

#[tokio::test(start_paused = true)]
async fn promise_02_the_keepalive_runs_while_a_callback_is_pending() {
    for pending in pending() {
        let server = Server::in_memory();
        let options = server.options().ping_interval(S).pong_timeout(S);
        let (client, _log, mut connection) = busy(&server, options, pending).await;
        for _ in 0..20 {
            let (took, _) = timed(connection.expect_ping()).await;
            assert!(took.abs_diff(S) < 20 * MS, "{took:?}");
        }
        assert!(client.is_open() && client.latency().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_silent_peer_is_noticed_while_a_callback_is_pending() {
    let server = Server::in_memory();
    let options = server.options().ping_interval(S).pong_timeout(2 * S);
    let (client, _log, connection) = busy(&server, options, pending()[1]).await;
    let _frozen = connection.freeze();
    let (took, ()) = timed(async {
        while client.is_open() {
            settle().await;
        }
    })
    .await;
    assert!(took.abs_diff(3 * S) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_02_frames_are_sent_while_a_callback_is_pending() {
    for pending in pending() {
        let server = Server::in_memory();
        let (client, _log, mut connection) = busy(&server, server.options(), pending).await;
        let (took, ()) = timed(async {
            client.send("one").await.unwrap();
            client.try_send("two").unwrap();
            connection.expect_text("one").await;
            connection.expect_text("two").await;
            client.send_confirmed("three").await.unwrap();
            connection.expect_text("three").await;
        })
        .await;
        assert!(took < 50 * MS, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_02_what_was_queued_offline_goes_out_while_a_callback_is_pending() {
    let server = Server::in_memory();
    let options = server.options().offline(Offline::Queue(8)).ping_interval(Duration::ZERO);
    let (client, mut log) = start(options, |told| match told {
        Told::Info(_) => Then::Hang,
        _ => Then::Default,
    });
    client.send("queued").await.unwrap();
    client.info(1).await.unwrap();
    log.until("info 1").await;
    let mut connection = server.accept().await;
    let (took, ()) = timed(connection.expect_text("queued")).await;
    assert!(took < 50 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_close_proceeds_while_a_callback_is_pending() {
    let server = Server::in_memory();
    let (client, log, mut connection) = busy(&server, server.options(), pending()[0]).await;
    let (took, ()) = timed(async {
        client.send("last").await.unwrap();
        client.close(4000, "enough").unwrap();
        connection.expect_text("last").await;
        assert_eq!(connection.expect_close(4000).await, "enough");
    })
    .await;
    assert!(took < 50 * MS, "{took:?}");
    connection.finish_close().await;
    assert_eq!(log.rest().await, ["disconnect 4000 Local", "terminate Normal"]);
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_close_of_the_server_is_answered_while_a_callback_is_pending() {
    for pending in pending() {
        let server = Server::in_memory();
        let (_client, _log, mut connection) = busy(&server, server.options(), pending).await;
        let (took, ()) = timed(async {
            connection.close(1012, "restart").await;
            connection.expect_close(1012).await;
        })
        .await;
        assert!(took < 50 * MS, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_stop_ends_within_the_close_timeout_and_terminates_whatever_is_pending() {
    for pending in pending() {
        let server = Server::in_memory();
        let options = server.options().close_timeout(2 * S);
        let (client, log, mut connection) = busy(&server, options, pending).await;
        let stopping = tokio::spawn(async move { timed(client.stop()).await });
        connection.expect_close(1001).await;
        connection.finish_close().await;
        let (took, reason) = stopping.await.unwrap();
        assert!(took <= 2 * S + 20 * MS, "{took:?}");
        assert_eq!(reason.to_string(), "stopped");
        assert_eq!(log.rest().await, ["terminate Stopped"]);
    }
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_stop_lets_a_callback_finish_that_does_so_in_time() {
    let server = Server::in_memory();
    let (client, log, connection) = busy(&server, server.options().close_timeout(8 * S), pending()[0]).await;
    client.request_stop();
    connection.finish_close().await;
    let (took, _) = timed(client.closed()).await;
    assert!((4 * S..6 * S).contains(&took), "{took:?}");
    assert_eq!(log.rest().await, ["terminate Stopped"]);
}

#[tokio::test(start_paused = true)]
async fn promise_02_a_stop_ends_in_time_whichever_callback_hangs() {
    for hanging in ["connect", "in work", "ping p", "info 1", "disconnect 4000 Remote", "error Decode"] {
        let server = Server::in_memory();
        let (client, mut log) =
            start(
                server.options().backoff(steady()),
                move |told| {
                    if told.words() == hanging { Then::Hang } else { Then::Default }
                },
            );
        let mut connection = server.accept().await;
        connection.send("work").await;
        connection.send(fresh::Frame::ping("p")).await;
        client.info(1).await.unwrap();
        let _open = match hanging {
            "disconnect 4000 Remote" => {
                connection.close(4000, "").await;
                connection.finish_close().await;
                None
            }
            "error Decode" => {
                connection.raw([0xFF, 0xFF]).await;
                connection.drop_connection();
                None
            }
            _ => Some(connection),
        };
        log.until(hanging).await;
        let (took, reason) = timed(client.stop()).await;
        assert!(took <= 5 * S + 20 * MS, "{hanging}: {took:?}");
        assert_eq!(reason.to_string(), "stopped", "{hanging}");
        assert_eq!(log.rest().await, ["terminate Stopped"], "{hanging}");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_02_no_callback_begins_after_a_stop() {
    for raising in [false, true] {
        let server = Server::in_memory();
        let (client, mut log) = start(server.options(), move |told| match told {
            Told::In(_) if raising => Then::Take(S, Box::new(Then::Raise("late"))),
            Told::In(_) => Then::Take(S, Box::new(Then::Do(fresh::Action::reply("late")))),
            Told::Error(_) => Then::Recover(Recovery::Ignore),
            _ => Then::Default,
        });
        let mut connection = server.accept().await;
        connection.send("work").await;
        connection.send("more").await;
        log.until("in work").await;
        client.request_stop();
        settle().await;
        let refused = tokio::spawn({
            let client = client.clone();
            async move { client.info(7).await }
        });
        connection.send("even more").await;
        let (took, _) = timed(client.closed()).await;
        assert!(took <= 5 * S + 20 * MS, "{took:?}");
        assert_eq!(log.rest().await, ["terminate Stopped"]);
        assert_eq!(client.stats().messages_lost, 2);
        let _ = soon(refused).await.unwrap();
    }
}
