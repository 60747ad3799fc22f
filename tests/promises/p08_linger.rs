//! 8. Once both close frames have been sent, the client lingers briefly for the server to end TCP. A close that the client
//!    began ends it, whatever the server answers.

use std::{sync::Arc, time::Duration};

use fresh::{
    Action, Client, Recovery,
    testing::{Connection, Server, WireFrame},
};
use tokio::sync::Notify;

use crate::support::{
    script::{Log, MS, S, Then, Told, accept, start, steady, timed},
    time::settle,
};

/// A connected client.
async fn open(server: &Server, options: fresh::Options) -> (Client<u32>, Log, Connection) {
    let (client, mut log) = start(options, |_| Then::Default);
    let connection = accept(server, &client).await;
    log.until("connect").await;
    (client, log, connection)
}

/// Answers to a close frame that break the protocol, and what the answer is.
fn bad_answers() -> [(&'static str, WireFrame); 4] {
    let close = |payload: &'static [u8]| WireFrame::new(0x8, payload);
    [
        ("a code that must not be sent", close(&[0x03, 0xED])),
        ("a payload of one byte", close(&[0x03])),
        ("a reason that is not UTF-8", close(&[0x03, 0xE8, 0xFF])),
        ("a masked frame", WireFrame { mask: Some([1, 2, 3, 4]), ..close(&[0x03, 0xE8]) }),
    ]
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_close_of_ours_ends_the_client_whatever_the_server_answers() {
    for (what, answer) in bad_answers() {
        let server = Server::in_memory();
        let (client, log, mut connection) = open(&server, server.options().backoff(steady())).await;
        client.close(1000, "").unwrap();
        connection.expect_close(1000).await;
        connection.raw(answer.encode()).await;
        let (took, reason) = timed(client.closed()).await;
        assert_eq!(reason.to_string(), "normal", "{what}");
        // The close frame that the server meant to send has arrived, so there is nothing else to wait for.
        assert!(took.abs_diff(50 * MS) < 20 * MS, "{what}: {took:?}");
        assert_eq!(log.rest().await, ["error Decode", "disconnect - Local unclean", "terminate Normal"], "{what}");
        assert_eq!(client.stats().attempts, 1, "{what}");
        connection.expect_eof().await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_close_of_a_callback_ends_the_client_whatever_the_server_answers() {
    for (what, answer) in bad_answers() {
        let server = Server::in_memory();
        let (client, log) = start(server.options().backoff(steady()), |told| match told {
            Told::In(_) => Then::Do(Action::close(1000, "")),
            _ => Then::Default,
        });
        let mut connection = accept(&server, &client).await;
        connection.send("x").await;
        connection.expect_close(1000).await;
        connection.raw(answer.encode()).await;
        let (_, reason) = timed(client.closed()).await;
        assert_eq!(reason.to_string(), "normal", "{what}");
        let told = log.rest().await;
        assert_eq!(
            told,
            ["connect", "in x", "error Decode", "disconnect - Local unclean", "terminate Normal"],
            "{what}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_close_while_handle_error_is_pending_ends_the_attempts() {
    let server = Server::in_memory();
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let (client, mut log) = start(server.options().backoff(steady()), move |told| match told {
        Told::Error(_) => Then::Hold(Arc::clone(&held), Box::new(Then::Recover(Recovery::Reconnect))),
        Told::Disconnect(_) => Then::Take(60 * S, Box::new(Then::Default)),
        _ => Then::Default,
    });
    server.accept().await.drop_connection();
    log.until("error Stream").await;
    client.close(1000, "").unwrap();
    settle().await;
    gate.notify_one();
    let (took, reason) = timed(client.closed()).await;
    assert_eq!(reason.to_string(), "normal");
    assert!(took.abs_diff(60 * S) < 20 * MS, "{took:?}");
    assert_eq!(log.rest().await, ["disconnect - Local unclean", "terminate Normal"]);
    assert_eq!(client.stats().attempts, 1, "an attempt began after the close");
}

#[tokio::test(start_paused = true)]
async fn promise_08_a_client_lingers_before_a_reconnect_too() {
    for (linger, expected) in [(None, 50 * MS), (Some(Duration::ZERO), Duration::ZERO), (Some(Duration::MAX), 5 * S)] {
        for initiator in ["client", "server"] {
            let server = Server::in_memory();
            let options = server.options().backoff(steady().initial(MS));
            let options = linger.into_iter().fold(options, fresh::Options::close_linger);
            let (client, _log, mut connection) = open(&server, options).await;
            let (took, _next) = timed(async {
                if initiator == "client" {
                    client.reconnect();
                    connection.expect_close(1000).await;
                    connection.close(1000, "").await;
                } else {
                    connection.close(1012, "").await;
                    connection.expect_close(1012).await;
                }
                server.accept().await
            })
            .await;
            assert!(took.abs_diff(expected) < 20 * MS, "{initiator}, {linger:?}: {took:?}");
            connection.expect_eof().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn promise_08_the_linger_never_exceeds_the_close_timeout() {
    let server = Server::in_memory();
    let (client, _log, mut connection) = open(&server, server.options().close_timeout(20 * MS)).await;
    let (took, _) = timed(async {
        client.close(1000, "").unwrap();
        connection.expect_close(1000).await;
        connection.close(1000, "").await;
        client.closed().await
    })
    .await;
    assert!(took <= 25 * MS, "{took:?}");
}
