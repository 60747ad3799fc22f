//! 5. `handle_down` runs exactly once for each `handle_connect`, however that connection ends, and before any later callback.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use fresh::{
    Action, Client, Down, Error, ExitReason, Handler, Message, Recovery, Upgrade,
    testing::{Connection, Server},
};
use tokio::sync::mpsc;

use crate::support::{
    probe::Probe,
    script::{Log, Then, Told, accept, recorder, steady},
    time::{settle, soon},
};

/// Runs a client against the server's side of its first connection, and returns what its handler was told until the client
/// ends. Whatever the first connection led to, the client is stopped.
async fn told(
    script: impl FnMut(&Told) -> Then + Send + 'static,
    ends: impl AsyncFnOnce(&Client<u32>, Connection, &mut Log),
) -> Vec<String> {
    let server = Server::in_memory();
    let (recorder, mut log) = recorder(script);
    let options = server.options().backoff(steady());
    let client = Client::start(options, recorder.with_downs()).unwrap();
    let connection = server.accept().await;
    assert_eq!(log.next().await.words(), "connect");
    ends(&client, connection, &mut log).await;
    tokio::select! {
        _ = client.closed() => {}
        next = server.accept() => {
            soon(client.connected()).await.unwrap();
            settle().await;
            client.request_stop();
            next.finish_close().await;
        }
    }
    soon(client.closed()).await;
    log.rest().await
}

/// The end of the second connection, by which [`told`] ends the client.
const AGAIN: [&str; 3] = ["connect", "down ended Stopped", "terminate Stopped"];

#[tokio::test(start_paused = true)]
async fn promise_05_a_connection_that_is_replaced_is_down_once() {
    let told_of = told(
        |_| Then::Default,
        async |client, connection, _| {
            client.reconnect();
            connection.finish_close().await;
        },
    );
    assert_eq!(told_of.await, [&["down replaced"][..], &AGAIN].concat());

    let told_of = told(
        |_| Then::Default,
        async |client, connection, _| {
            client.reconnect_now();
            settle().await;
            connection.drop_connection();
        },
    );
    assert_eq!(told_of.await, [&["down replaced"][..], &AGAIN].concat());
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_connection_that_a_verdict_closes_or_drops_is_down_once() {
    for recovery in [Recovery::Reconnect, Recovery::Abandon, Recovery::ReconnectNow] {
        let waits = matches!(recovery, Recovery::Reconnect);
        let told_of = told(
            move |told| match told {
                Told::In(_) => Then::Raise("no"),
                Told::Error(_) => Then::Recover(recovery.clone()),
                _ => Then::Default,
            },
            async |_, mut connection, _| {
                connection.send("x").await;
                if waits {
                    connection.finish_close().await;
                } else {
                    connection.expect_eof().await;
                }
            },
        );
        assert_eq!(told_of.await, [&["in x", "error Handler", "down replaced"][..], &AGAIN].concat());
    }
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_connection_that_is_stopped_is_down_once() {
    let told_of = told(
        |_| Then::Default,
        async |client, connection, _| {
            client.request_stop();
            connection.finish_close().await;
        },
    );
    assert_eq!(told_of.await, ["down ended Stopped", "terminate Stopped"]);
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_connection_that_is_closed_is_down_once() {
    let told_of = told(
        |_| Then::Default,
        async |client, connection, _| {
            client.close(1000, "").unwrap();
            connection.finish_close().await;
        },
    );
    assert_eq!(told_of.await, ["down closed", "disconnect 1000 Local", "terminate Normal"]);

    let told_of = told(
        |_| Then::Default,
        async |_, mut connection, _| {
            connection.send("last").await;
            connection.close(4001, "").await;
            connection.finish_close().await;
        },
    );
    assert_eq!(told_of.await, [&["in last", "down closed", "disconnect 4001 Remote"][..], &AGAIN].concat());
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_connection_that_is_lost_is_down_once() {
    let told_of = told(
        |_| Then::Default,
        async |_, mut connection, _| {
            connection.send("last").await;
            connection.drop_connection();
        },
    );
    assert_eq!(told_of.await, [&["in last", "down lost Stream", "error Stream"][..], &AGAIN].concat());

    let told_of = told(
        |_| Then::Default,
        async |_, mut connection, _| {
            connection.raw([0xFF, 0xFF]).await;
            connection.expect_close(1002).await;
            connection.drop_connection();
        },
    );
    assert_eq!(told_of.await, [&["down lost Decode", "error Decode"][..], &AGAIN].concat());
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_connection_of_a_client_that_fails_is_down_once() {
    let told_of = told(
        |told| match told {
            Told::In(_) => Then::Panic("boom"),
            _ => Then::Default,
        },
        async |_, mut connection, _| {
            connection.send("x").await;
            connection.finish_close().await;
        },
    );
    assert_eq!(told_of.await, ["in x", "down ended Panicked", "terminate Panicked"]);

    let told_of = told(
        |told| match told {
            Told::In(_) => Then::Raise("no"),
            _ => Then::Default,
        },
        async |_, mut connection, _| {
            connection.send("x").await;
            connection.finish_close().await;
        },
    );
    assert_eq!(told_of.await, ["in x", "error Handler", "down ended Error", "terminate Error"]);
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_handle_down_that_panics_does_not_run_again() {
    for lost in [true, false] {
        let told_of = told(
            |told| match told {
                Told::Down(_) => Then::Panic("boom"),
                _ => Then::Default,
            },
            async |client, connection, _| {
                if lost {
                    connection.drop_connection();
                } else {
                    client.request_stop();
                    connection.finish_close().await;
                }
            },
        );
        let down = if lost { "down lost Stream" } else { "down ended Stopped" };
        assert_eq!(told_of.await, [down, "terminate Panicked"]);
    }
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_connection_that_is_lost_while_its_handle_connect_is_pending_is_down_once() {
    for stopped in [false, true] {
        let server = Server::in_memory();
        let (recorder, mut log) = recorder(|told| match told {
            Told::Connect(_) => Then::Take(Duration::from_secs(1), Box::new(Then::Default)),
            _ => Then::Default,
        });
        let options = server.options().backoff(steady().attempts(1));
        let client = Client::start(options, recorder.with_downs()).unwrap();
        let connection = server.accept().await;
        log.until("connect").await;
        connection.drop_connection();
        if stopped {
            settle().await;
            client.request_stop();
        }
        soon(client.closed()).await;
        let expected: &[&str] = if stopped {
            &["down ended Stopped", "terminate Stopped"]
        } else {
            &["down lost Stream", "error Stream", "terminate GaveUp"]
        };
        assert_eq!(log.rest().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_connection_whose_handle_connect_never_ran_is_not_down() {
    let server = Server::in_memory();
    let (recorder, mut log) = recorder(|told| match told {
        Told::Info(_) => Then::Take(Duration::from_secs(1), Box::new(Then::Default)),
        _ => Then::Default,
    });
    let client = Client::start(server.options(), recorder.with_downs()).unwrap();
    client.info(1).await.unwrap();
    log.until("info 1").await;
    let connection = accept(&server, &client).await;
    client.request_stop();
    connection.finish_close().await;
    soon(client.closed()).await;
    assert_eq!(log.rest().await, ["terminate Stopped"]);
}

#[tokio::test(start_paused = true)]
async fn promise_05_an_attempt_that_fails_is_not_down() {
    let server = Server::in_memory();
    let (recorder, log) = recorder(|_| Then::Default);
    let client = Client::start(server.options().backoff(steady().attempts(2)), recorder.with_downs()).unwrap();
    for _ in 0..2 {
        server.accept_raw().await.drop_connection();
    }
    soon(client.closed()).await;
    assert_eq!(log.rest().await, ["error Process", "error Process", "terminate GaveUp"]);
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_kill_runs_no_handle_down() {
    let server = Server::in_memory();
    let (recorder, mut log) = recorder(|_| Then::Default);
    let (client, running) = Client::new(server.options(), recorder.with_downs());
    let task = tokio::spawn(running);
    let mut connection = server.accept().await;
    log.until("connect").await;
    task.abort();
    connection.expect_eof().await;
    assert!(matches!(soon(client.closed()).await, ExitReason::Aborted));
    assert!(log.rest().await.is_empty());
}

/// One of the handlers that a factory makes.
struct Numbered(u32, mpsc::UnboundedSender<String>);

impl Numbered {
    fn tell(&self, what: &str) {
        self.1.send(format!("{} {what}", self.0)).unwrap();
    }
}

impl Handler for Numbered {
    type Info = ();

    async fn handle_connect(&mut self, _: &Upgrade) -> fresh::Result<Action> {
        self.tell("connect");
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, _: Message) -> fresh::Result<Action> {
        Err("no".into())
    }

    async fn handle_down(&mut self, down: &Down) {
        self.tell(&format!("down {down}"));
    }

    async fn handle_error(&mut self, _: &Error) -> Recovery {
        self.tell("error");
        Recovery::Restart
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        self.tell(&format!("terminate {reason}"));
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        self.tell("dropped");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_handler_that_is_replaced_is_told_that_its_connection_is_down() {
    for lost in [false, true] {
        let server = Server::in_memory();
        let (told, mut log) = mpsc::unbounded_channel();
        let made = Arc::<AtomicU32>::default();
        let client = Client::start_with(server.options().backoff(steady()), move |_| {
            Numbered(made.fetch_add(1, SeqCst) + 1, told.clone())
        })
        .unwrap();
        let mut connection = server.accept().await;
        settle().await;
        if lost {
            connection.drop_connection();
        } else {
            connection.send("x").await;
            connection.finish_close().await;
        }
        let connection = server.accept().await;
        settle().await;
        client.request_stop();
        connection.finish_close().await;
        soon(client.closed()).await;
        let mut all = Vec::new();
        while let Some(told) = log.recv().await {
            all.push(told);
        }
        let first: &[&str] = if lost {
            &[
                "1 connect",
                "1 down lost: streaming failed: the server ended the connection without a close frame",
                "1 error",
            ]
        } else {
            &["1 connect", "1 error", "1 down replaced by another connection"]
        };
        let rest =
            ["1 dropped", "2 connect", "2 down ended with the client: stopped", "2 terminate stopped", "2 dropped"];
        assert_eq!(all, [first, &rest].concat());
    }
}

#[tokio::test(start_paused = true)]
async fn promise_05_handle_down_is_told_the_same_disconnect_as_handle_disconnect() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe.with_downs()).unwrap();
    let mut connection = server.accept().await;
    seen.connected().await;
    connection.close(4001, "enough").await;
    connection.finish_close().await;
    let Down::Closed(closed) = seen.down().await else { panic!("the server closed the connection") };
    let disconnect = seen.disconnected().await;
    assert_eq!((closed.code, &closed.reason, closed.clean), (disconnect.code, &disconnect.reason, true));
    soon(client.stop()).await;
}
