//! 8. The close handshake ends within the close timeout. The client waits for the server to close TCP first, up to it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use fresh::{
    Action, Client, ExitReason, Handler, Recovery,
    testing::{Received, Server},
};

use crate::support::{
    script::{MS, S, Then, Told, start, timed},
    tap::{self, Tapped, Verdict},
    time::settle,
};

#[tokio::test(start_paused = true)]
async fn promise_08_a_close_that_nobody_answers_ends_with_the_close_timeout() {
    for timeout in [S, 5 * S] {
        let server = Server::in_memory();
        let (client, mut log) = start(server.options().close_timeout(timeout), |_| Then::Default);
        let mut connection = server.accept().await;
        log.until("connect").await;
        client.close(4000, "bye").unwrap();
        connection.expect_close(4000).await;
        let (took, _) = timed(log.until("disconnect - Local unclean")).await;
        assert!(took.abs_diff(timeout) < 20 * MS, "{took:?}");
        connection.expect_eof().await;
        assert_eq!(client.closed().await.to_string(), "normal");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_08_the_client_lets_the_server_close_tcp_first() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options().close_linger(Duration::MAX), |_| Then::Default);
    let mut connection = server.accept().await;
    log.until("connect").await;
    client.close(4000, "").unwrap();
    connection.expect_close(4000).await;
    connection.close(4000, "").await;
    assert!(tokio::time::timeout(4 * S, connection.raw_read()).await.is_err(), "the client was the first to close TCP");
    assert!(log.so_far().is_empty());
    connection.drop_connection();
    let (took, _) = timed(log.until("disconnect 4000 Local")).await;
    assert!(took < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_server_that_never_closes_tcp_is_left_after_the_linger_or_the_close_timeout() {
    for initiator in ["Local", "Remote"] {
        for (linger, leaves_after) in [(None, 50 * MS), (Some(Duration::MAX), 5 * S)] {
            let server = Server::in_memory();
            let options = linger.into_iter().fold(server.options(), fresh::Options::close_linger);
            let (client, mut log) = start(options, |told| match told {
                Told::Disconnect(_) => Then::Recover(Recovery::Close),
                _ => Then::Default,
            });
            let mut connection = server.accept().await;
            log.until("connect").await;
            let (took, _) = timed(async {
                if initiator == "Local" {
                    client.close(4000, "").unwrap();
                    connection.expect_close(4000).await;
                    connection.close(4000, "").await;
                } else {
                    connection.close(4000, "").await;
                    connection.expect_close(4000).await;
                }
                log.until(&format!("disconnect 4000 {initiator}")).await;
                connection.expect_eof().await;
            })
            .await;
            assert!(took.abs_diff(leaves_after) < 20 * MS, "{initiator}: {took:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_server_that_goes_on_sending_does_not_put_off_the_end() {
    let server = Server::in_memory_with_buffer(1000);
    let (client, mut log) = start(server.options(), |_| Then::Default);
    let mut connection = server.accept().await;
    log.until("connect").await;
    client.close(1000, "").unwrap();
    connection.expect_close(1000).await;
    let flooding = async {
        loop {
            connection.send("on and on").await;
            connection.send(fresh::Frame::pong("")).await;
            tokio::time::sleep(MS).await;
        }
    };
    let (took, ()) = timed(async {
        tokio::select! {
            _ = client.closed() => {}
            () = flooding => {}
        }
    })
    .await;
    assert!(took.abs_diff(5 * S) < 20 * MS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_server_that_does_not_read_does_not_put_off_the_end() {
    let server = Server::in_memory_with_buffer(1000);
    let (client, mut log) = start(server.options().write_timeout(Duration::ZERO), |_| Then::Default);
    let frozen = server.accept().await.freeze();
    log.until("connect").await;
    client.try_send(vec![0; 1 << 20]).unwrap();
    settle().await;
    let (took, reason) = timed(client.stop()).await;
    assert!(took.abs_diff(5 * S) < 20 * MS, "{took:?}");
    assert_eq!(reason.to_string(), "stopped");
    drop(frozen);
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_zero_close_timeout_waits_for_nobody_and_still_says_goodbye() {
    for how in ["stop", "close", "action", "violation"] {
        let server = Server::in_memory();
        let (client, mut log) = start(server.options().close_timeout(Duration::ZERO), |told| match told {
            Told::In(_) => Then::Do(Action::close(1000, "")),
            Told::Error(_) => Then::Recover(Recovery::Close),
            _ => Then::Default,
        });
        let mut connection = server.accept().await;
        log.until("connect").await;
        match how {
            "stop" => client.request_stop(),
            "close" => client.close(1000, "").unwrap(),
            "action" => connection.send("x").await,
            _ => connection.raw([0xFF, 0xFF]).await,
        }
        let (took, _) = timed(client.closed()).await;
        assert!(took < 20 * MS, "{how}: {took:?}");
        let said = connection.receive().await;
        assert!(matches!(said, Received::Close(Some(_))), "{how}: {said:?}");
        connection.expect_eof().await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_close_frame_and_the_end_in_one_segment_are_a_clean_close() {
    let server = Server::in_memory();
    let (_client, mut log) = start(server.options(), |told| match told {
        Told::Disconnect(_) => Then::Recover(Recovery::Close),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("before").await;
    connection.close(4001, "enough").await;
    connection.drop_connection();
    log.until("in before").await;
    let Told::Disconnect(disconnect) = log.next().await else { panic!("no disconnect") };
    assert_eq!((disconnect.code.unwrap().as_u16(), &*disconnect.reason), (4001, "enough"));
    assert!(disconnect.clean);
}

#[tokio::test]
async fn promise_08_over_tcp_a_close_frame_is_answered_though_the_server_has_ended_its_side() {
    let server = Server::tcp().await;
    let half_closed = Arc::new(AtomicBool::new(false));
    let connector = tap::tcp(server.url(), {
        let half_closed = Arc::clone(&half_closed);
        move |tapped| {
            if half_closed.load(SeqCst) && tapped == Tapped::NothingToRead { Verdict::End } else { Verdict::Go }
        }
    });
    let (_client, mut log) = start(server.options().connector(connector), |told| match told {
        Told::Disconnect(_) => Then::Recover(Recovery::Close),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    log.until("connect").await;
    // The close frame and the end of the server's side are one look for the client.
    half_closed.store(true, SeqCst);
    connection.close(4001, "").await;
    connection.expect_close(4001).await;
    log.until("disconnect 4001 Remote").await;
}

/// Takes no notice of anything.
struct Deaf;

impl Handler for Deaf {
    type Info = ();
}

// In a thread of its own: what is tested is that the only thread of a runtime is not taken for ever.
#[test]
fn promise_08_a_server_that_floods_keeps_neither_other_tasks_from_running_nor_a_client_from_closing() {
    let (done, outcome) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        done.send(runtime.block_on(close_amid_a_flood())).unwrap();
    });
    let reason = outcome.recv_timeout(30 * S).expect("it ends");
    assert!(matches!(reason, ExitReason::Stopped), "{reason}");
}

async fn close_amid_a_flood() -> ExitReason {
    let server = Server::tcp().await;
    let floods = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&floods);
    let connector = tap::tcp(server.url(), move |tapped| match tapped {
        Tapped::NothingToRead if seen.load(SeqCst) => Verdict::Flood,
        _ => Verdict::Go,
    });
    let client = Client::start(server.options().connector(connector).close_timeout(50 * MS), Deaf).unwrap();
    let mut connection = server.accept().await;
    client.connected().await.unwrap();
    floods.store(true, SeqCst);
    connection.send("the first").await;
    while client.stats().messages_received < 100_000 {
        tokio::task::yield_now().await;
    }
    client.stop().await
}
