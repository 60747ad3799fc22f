//! Why a client ends, one test a reason: what leads there, what `handle_terminate` and `closed()` say of it, and what a
//! supervisor would think of it. (`Intensity` is a supervisor's own.)

// A script answers what it means to and leaves the rest to the defaults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use fresh::{
    CancellationToken, Client, Error, ExitReason, Recovery, client::WaitError, error::ConnectError, testing::Server,
};
use support::{
    script::{Log, Then, Told, accept, recorder, start, steady},
    time::soon,
};

/// The end of a client, as everybody who asks is told it.
async fn end_of(client: Client<u32>, mut log: Log) -> ExitReason {
    let reason = soon(client.closed()).await;
    let told = loop {
        if let Told::Terminate(told) = log.next().await {
            break told;
        }
    };
    assert_eq!(told.to_string(), reason.to_string());
    assert_eq!(soon(client.closed()).await.to_string(), reason.to_string());
    let connected = client.connected().await;
    assert!(
        matches!(&connected, Err(WaitError::Ended(ended)) if ended.to_string() == reason.to_string()),
        "{connected:?}"
    );
    assert_eq!(client.state().to_string(), "ended");
    assert!(log.rest().await.is_empty());
    reason
}

#[tokio::test(start_paused = true)]
async fn normal_is_a_close_of_ours_and_a_recovery_that_says_close() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |_| Then::Default);
    let connection = accept(&server, &client).await;
    client.close(1000, "done").unwrap();
    connection.finish_close().await;
    let reason = end_of(client, log).await;
    assert!(matches!(reason, ExitReason::Normal) && !reason.is_abnormal(), "{reason}");

    let (client, log) = start(server.options(), |told| match told {
        Told::Error(_) => Then::Recover(Recovery::Close),
        _ => Then::Default,
    });
    server.accept().await.drop_connection();
    assert!(matches!(end_of(client, log).await, ExitReason::Normal));
}

#[tokio::test(start_paused = true)]
async fn stopped_is_asked_for_by_stop_or_by_a_token() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    client.request_stop();
    connection.expect_close(1001).await;
    connection.finish_close().await;
    let reason = end_of(client, log).await;
    assert!(matches!(reason, ExitReason::Stopped) && !reason.is_abnormal(), "{reason}");

    let token = CancellationToken::new();
    let (recorder, log) = recorder(|_| Then::Default);
    let client = Client::start_linked(server.options(), recorder, token.clone()).unwrap();
    let connection = accept(&server, &client).await;
    token.cancel();
    connection.finish_close().await;
    assert!(matches!(end_of(client, log).await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn failed_is_a_recovery_that_gives_a_reason() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |told| match told {
        Told::Disconnect(_) => Then::Recover(Recovery::fail("the server is drunk")),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.close(4000, "").await;
    connection.finish_close().await;
    let reason = end_of(client, log).await;
    assert!(matches!(&reason, ExitReason::Failed(why) if why.to_string() == "the server is drunk"), "{reason}");
    assert!(reason.is_abnormal());
}

#[tokio::test(start_paused = true)]
async fn failed_is_a_restart_without_a_factory_too() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |told| match told {
        Told::Error(_) => Then::Recover(Recovery::Restart),
        _ => Then::Default,
    });
    server.accept().await.drop_connection();
    let reason = end_of(client, log).await;
    assert!(matches!(&reason, ExitReason::Failed(why) if why.to_string().contains("factory")), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn error_is_what_nobody_recovered_from() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |_| Then::Default);
    server.pending().await.refuse(401, &[("www-authenticate", "Bearer")], "who are you?").await;
    let reason = end_of(client, log).await;
    let ExitReason::Error(error) = &reason else { panic!("{reason}") };
    assert_eq!((error.status().unwrap().as_u16(), &*error.refusal().unwrap().body), (401, b"who are you?".as_slice()));
    assert!(reason.is_abnormal());
}

#[tokio::test(start_paused = true)]
async fn error_is_a_callback_that_raises_too() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |told| match told {
        Told::In(_) => Then::Raise("no number"),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("x").await;
    connection.expect_close(1011).await;
    connection.finish_close().await;
    let reason = end_of(client, log).await;
    assert!(
        matches!(&reason, ExitReason::Error(Error::Handler(why)) if why.reason().to_string() == "no number"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn gave_up_is_every_attempt_in_vain_with_the_last_error() {
    let server = Server::in_memory();
    let options = server.options().backoff(steady().attempts(4));
    drop(server);
    let (client, log) = start(options, |_| Then::Default);
    let reason = end_of(client, log).await;
    let ExitReason::GaveUp { attempts: 4, last: Some(Error::Connect(ConnectError::Connector(_))) } = &reason else {
        panic!("{reason}")
    };
    assert!(reason.is_abnormal());
}

#[tokio::test(start_paused = true)]
async fn gave_up_has_no_last_error_where_the_last_connection_was_closed_in_order() {
    let server = Server::in_memory();
    let (client, log) = start(server.options().backoff(steady().attempts(2)), |_| Then::Default);
    for _ in 0..2 {
        let mut connection = server.accept().await;
        connection.close(1012, "").await;
        connection.finish_close().await;
    }
    let reason = end_of(client, log).await;
    assert!(matches!(reason, ExitReason::GaveUp { attempts: 2, last: None }), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn panicked_has_the_message_of_the_panic() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |told| match told {
        Told::In(_) => Then::Panic("boom"),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("x").await;
    connection.expect_close(1011).await;
    connection.finish_close().await;
    let reason = end_of(client, log).await;
    assert!(matches!(&reason, ExitReason::Panicked(message) if &**message == "boom"), "{reason}");
    assert!(reason.is_abnormal());
}

#[tokio::test(start_paused = true)]
async fn aborted_is_a_future_that_was_dropped_and_no_callback_runs() {
    let server = Server::in_memory();
    let (recorder, mut log) = recorder(|_| Then::Default);
    let (client, running) = Client::new(server.options(), recorder);
    let task = tokio::spawn(running);
    let mut connection = server.accept().await;
    log.until("connect").await;
    task.abort();
    let reason = soon(client.closed()).await;
    assert!(matches!(reason, ExitReason::Aborted) && reason.is_abnormal(), "{reason}");
    assert!(log.rest().await.is_empty());
    connection.expect_eof().await;
}
