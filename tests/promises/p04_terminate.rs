//! 4. `handle_terminate` runs exactly once, after everything else, for every exit: normal, failed, gave up, panic, stop,
//!    cancel. Only a brutal kill runs none.

use std::time::Duration;

use fresh::{Action, CancellationToken, Client, ExitReason, Recovery, testing::Server};
use tokio::task::JoinSet;

use crate::support::{
    script::{Log, Recorder, S, Then, Told, accept, name, plain, recorder, start, steady, timed},
    time::{settle, soon},
};

/// The client ends for this reason, and its handler is told so once and last.
pub(crate) async fn assert_terminated_once(client: &Client<u32>, log: Log, reason: &str) -> ExitReason {
    let ended = soon(client.closed()).await;
    let told = log.rest().await;
    assert_eq!(name(&ended), reason, "{told:?}");
    let terminations = told.iter().filter(|told| told.starts_with("terminate")).count();
    assert_eq!(terminations, 1, "{told:?}");
    let last = told.last().unwrap();
    assert!(last.starts_with("terminate"), "{told:?}");
    ended
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_normal_end() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |_| Then::Default);
    let connection = accept(&server, &client).await;
    client.close(1000, "").unwrap();
    connection.finish_close().await;
    assert_terminated_once(&client, log, "Normal").await;
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_stop_in_every_state() {
    for state in ["connecting", "upgrading", "connected", "closing", "waiting", "idle", "deciding"] {
        let server = Server::in_memory();
        let (client, mut log) = start(server.options().backoff(steady()), move |told| match told {
            Told::Error(_) if state == "idle" => Then::Recover(Recovery::Ignore),
            Told::Error(_) if state == "deciding" => Then::Hang,
            _ => Then::Default,
        });
        // Whatever the server holds stays open to the end.
        let (mut asked, mut open) = (None, None);
        match state {
            "connecting" => {}
            "upgrading" => asked = Some(server.pending().await),
            "connected" => open = Some(server.accept().await),
            "closing" => {
                open = Some(server.accept().await);
                log.until("connect").await;
                client.close(1000, "").unwrap();
            }
            _ => {
                server.accept().await.drop_connection();
                log.until("error Stream").await;
            }
        }
        if state != "connecting" {
            settle().await;
            assert_eq!(client.state().to_string(), state);
        }
        let (took, _) = timed(client.stop()).await;
        assert!(took <= 6 * S, "{state}: {took:?}");
        assert_terminated_once(&client, log, "Stopped").await;
        drop((asked, open));
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_once_however_often_the_client_is_stopped_and_closed() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |_| Then::Default);
    let connection = accept(&server, &client).await;
    for _ in 0..10 {
        client.request_stop();
        client.close(1000, "").unwrap();
        client.reconnect();
    }
    connection.finish_close().await;
    assert_terminated_once(&client, log, "Stopped").await;
    client.request_stop();
    assert!(client.close(1000, "").is_err());
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_failure() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |told| match told {
        Told::Error(_) => Then::Recover(Recovery::fail("enough")),
        _ => Then::Default,
    });
    server.accept().await.drop_connection();
    assert_terminated_once(&client, log, "Failed").await;
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_an_error() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |_| Then::Default);
    server.pending().await.refuse(403, &[], "").await;
    assert_terminated_once(&client, log, "Error").await;
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_when_the_attempts_are_used_up() {
    let server = Server::in_memory();
    let (client, log) = start(server.options().backoff(steady().attempts(3)), |_| Then::Default);
    for _ in 0..3 {
        server.accept_raw().await.drop_connection();
    }
    assert_terminated_once(&client, log, "GaveUp").await;
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_cancelled_token() {
    for before in [true, false] {
        let server = Server::in_memory();
        let (recorder, mut log) = plain();
        let token = CancellationToken::new();
        if before {
            token.cancel();
        }
        let client = Client::start_linked(server.options(), recorder, token.clone()).unwrap();
        if !before {
            let connection = server.accept().await;
            log.until("connect").await;
            token.cancel();
            let theirs = connection.finish_close().await.unwrap();
            assert_eq!(theirs.code, 1001);
        }
        assert_terminated_once(&client, log, "Stopped").await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_an_abnormal_end_cancels_the_token_it_is_linked_to_and_a_normal_one_does_not() {
    for normal in [true, false] {
        let server = Server::in_memory();
        let (recorder, log) = plain();
        let token = CancellationToken::new();
        let client = Client::start_linked(server.options(), recorder, token.clone()).unwrap();
        if normal {
            let connection = accept(&server, &client).await;
            client.close(1000, "").unwrap();
            connection.finish_close().await;
            assert_terminated_once(&client, log, "Normal").await;
            settle().await;
            assert!(!token.is_cancelled());
        } else {
            server.pending().await.refuse(403, &[], "").await;
            assert_terminated_once(&client, log, "Error").await;
            soon(token.cancelled()).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_comes_after_everything_else() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options(), |told| match told {
        Told::Terminate(_) => Then::Take(3 * S, Box::new(Then::Default)),
        _ => Then::Default,
    });
    let mut connection = accept(&server, &client).await;
    client.request_stop();
    connection.expect_close(1001).await;
    connection.close(1001, "").await;
    connection.drop_connection();
    log.until("terminate Stopped").await;
    // The connection is gone and no call is taken, and yet it has not ended: `closed()` waits for the callback.
    assert!(client.send("late").await.is_err());
    assert!(client.info(1).await.is_err());
    let (took, _) = timed(client.closed()).await;
    assert!(took > 2 * S, "{took:?}");
    assert!(log.rest().await.is_empty());
}

/// A client that is running under a test's own task.
async fn running(server: &Server, recorder: Recorder) -> (Client<u32>, JoinSet<ExitReason>) {
    let (client, running) = Client::new(server.options(), recorder);
    let mut tasks = JoinSet::new();
    tasks.spawn(running);
    (client, tasks)
}

#[tokio::test(start_paused = true)]
async fn promise_04_a_kill_runs_none_and_is_told_all_the_same() {
    for how in ["aborted", "dropped", "never polled", "amid a callback"] {
        let server = Server::in_memory();
        let (recorder, mut log) = recorder(move |told| match told {
            Told::Connect(_) if how == "amid a callback" => Then::Hang,
            _ => Then::Default,
        });
        let client = if how == "never polled" {
            let (client, running) = Client::new(server.options(), recorder);
            drop(running);
            client
        } else {
            let (client, mut tasks) = running(&server, recorder).await;
            let mut connection = server.accept().await;
            log.until("connect").await;
            let waiting = tokio::spawn({
                let client = client.clone();
                async move { client.closed().await }
            });
            if how == "dropped" {
                drop(tasks);
            } else {
                tasks.shutdown().await;
            }
            connection.expect_eof().await;
            assert_eq!(name(&soon(waiting).await.unwrap()), "Aborted", "{how}");
            client
        };
        let reason = soon(client.closed()).await;
        assert_eq!(name(&reason), "Aborted", "{how}");
        assert!(log.rest().await.is_empty(), "{how}");
        assert!(client.send("x").await.is_err() && client.info(1).await.is_err());
        assert!(client.send_confirmed("x").await.is_err() && client.connected().await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_a_stop_does_not_make_a_handler_only_to_end_it() {
    let server = Server::in_memory();
    let (recorder, mut log) = recorder(|told| match told {
        Told::In(_) => Then::Do(Action::close(1, "a code that may not be sent")),
        Told::Error(_) => Then::Take(S, Box::new(Then::Recover(Recovery::Restart))),
        _ => Then::Default,
    });
    let (made, mut makes) = tokio::sync::mpsc::unbounded_channel();
    let client = Client::start_with(server.options().close_timeout(Duration::from_secs(3)), move |_| {
        made.send(()).unwrap();
        recorder.clone()
    })
    .unwrap();
    let mut connection = server.accept().await;
    connection.send("x").await;
    log.until("error Encode").await;
    client.request_stop();
    assert_terminated_once(&client, log, "Stopped").await;
    makes.recv().await.unwrap();
    assert!(makes.recv().await.is_none(), "a handler was made to be ended");
}
