//! `connected()` inside a callback: it waits where a connection may come meanwhile.

use std::sync::Arc;

use fresh::{
    Client, ConnectionState, Error, ErrorKind, ExitReason, Frame, Offline, Recovery,
    client::WaitError,
    error::Callback,
    registry::{LocalRegistry, Name},
    testing::Server,
};
use futures_util::StreamExt;

use super::acting::{FAIL, Info, new_inside, start_inside, start_inside_recovering};
use crate::support::{
    log::Log,
    probe::Probe,
    time::{settle, soon},
};

/// Waits until the client is in this state.
async fn reaches(client: &Client<Info>, state: ConnectionState) {
    soon(client.watch().any(|seen| std::future::ready(seen == state))).await;
}

#[track_caller]
fn assert_within(output: &Result<(), WaitError>, callback: Callback) {
    assert!(matches!(output, Err(WaitError::WithinCallback(within)) if *within == callback), "{output:?}");
}

#[tokio::test(start_paused = true)]
async fn in_handle_error_it_is_an_error_once_the_connection_is_lost() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options(), Callback::Error, |client| async move { client.connected().await });
    server.accept().await.drop_connection();
    assert_within(&outputs.next().await, Callback::Error);
    assert_eq!(log.count(&["ERROR", "`connected` inside `handle_error`"]), 1);
    // The callback returned, so the client goes on.
    let _connection = server.accept().await;
    soon(client.connected()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn in_handle_disconnect_it_is_an_error() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (_client, mut outputs) =
        start_inside(server.options(), Callback::Disconnect, |client| async move { client.connected().await });
    let mut connection = server.accept().await;
    connection.close(1000, "").await;
    connection.finish_close().await;
    assert_within(&outputs.next().await, Callback::Disconnect);
    assert_eq!(log.count(&["ERROR", "`connected` inside `handle_disconnect`"]), 1);
    let _connection = server.accept().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_going_to_resolve_becomes_an_error_when_the_attempt_fails() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options(), Callback::Info, |client| async move { client.connected().await });
    let handshake = server.pending().await;
    client.info("").await.unwrap();
    settle().await;
    assert!(outputs.is_empty());
    assert_eq!(log.count(&["ERROR"]), 0);
    handshake.refuse(503, &[], "").await;
    assert_within(&outputs.next().await, Callback::Info);
    assert_eq!(log.count(&["ERROR", "`connected` inside `handle_info`"]), 1);
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_outlives_its_connection_gets_an_error() {
    for callback in [Callback::Connect, Callback::In, Callback::Control] {
        let (log, server) = (Log::capture(), Server::in_memory());
        let (_client, mut outputs) = start_inside(server.options(), callback, |client| async move {
            reaches(&client, ConnectionState::Deciding).await;
            client.connected().await
        });
        let mut connection = server.accept().await;
        connection.send(Frame::ping("")).await;
        connection.send("hello").await;
        settle().await;
        connection.drop_connection();
        assert_within(&outputs.next().await, callback);
        assert_eq!(log.count(&["ERROR", &format!("`connected` inside `{callback}`")]), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_an_attempt_that_is_under_way_and_through_the_backoff() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) = start_inside(server.options(), Callback::Info, |client| async move {
        let before = client.state();
        (before, client.connected().await)
    });
    let handshake = server.pending().await;
    client.info("").await.unwrap();
    settle().await;
    let connection = handshake.accept().await;
    let (before, connected) = outputs.next().await;
    assert_eq!(before, ConnectionState::Upgrading);
    connected.unwrap();

    connection.drop_connection();
    reaches(&client, ConnectionState::Waiting).await;
    client.info("").await.unwrap();
    let _connection = server.accept().await;
    let (before, connected) = outputs.next().await;
    assert_eq!(before, ConnectionState::Waiting);
    connected.unwrap();
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_costs_no_connection_is_no_reason_to_wait() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) = start_inside_recovering(
        server.options(),
        Callback::Error,
        |_| Recovery::Ignore,
        |client| async move { client.connected().await },
    );
    let _connection = server.accept().await;
    client.info(FAIL).await.unwrap();
    outputs.next().await.unwrap();
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_reconnect_of_the_same_callback_it_waits_for_that_connection() {
    for reconnect in [Client::reconnect, Client::reconnect_now] {
        let (log, server) = (Log::capture(), Server::in_memory());
        let (client, mut outputs) = start_inside(server.options(), Callback::Error, move |client| async move {
            reconnect(&client);
            client.connected().await
        });
        server.accept().await.drop_connection();
        let connection = server.accept().await;
        outputs.next().await.unwrap();
        client.request_stop();
        connection.finish_close().await;
        soon(client.closed()).await;
        assert_eq!(log.count(&["ERROR"]), 0);
    }
}

/// Leads a client into `Idle`.
fn idle_after_a_loss(error: &Error) -> Recovery {
    if error.kind() == ErrorKind::Stream {
        Recovery::Ignore
    } else {
        assert_eq!(error.kind(), ErrorKind::Handler);
        Recovery::Reconnect
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_waits_for_the_reconnect_of_another_task() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside_recovering(server.options(), Callback::Info, idle_after_a_loss, |client| async move {
            client.connected().await
        });
    server.accept().await.drop_connection();
    reaches(&client, ConnectionState::Idle).await;
    client.info("").await.unwrap();
    settle().await;
    assert!(outputs.is_empty());
    client.reconnect();
    let _connection = server.accept().await;
    outputs.next().await.unwrap();
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_is_brought_back_by_the_verdict_of_handle_error_not_by_waiting_in_it() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside_recovering(server.options(), Callback::Error, idle_after_a_loss, |client| async move {
            (client.state(), client.connected().await)
        });
    server.accept().await.drop_connection();
    assert_eq!(outputs.next().await.0, ConnectionState::Deciding);
    reaches(&client, ConnectionState::Idle).await;
    client.info(FAIL).await.unwrap();
    let (state, connected) = outputs.next().await;
    assert_eq!(state, ConnectionState::Idle);
    assert_within(&connected, Callback::Error);
    assert_eq!(log.count(&["ERROR", "`connected` inside `handle_error`"]), 2);
    let _connection = server.accept().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_ends_brings_no_connection_while_a_callback_waits() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) = start_inside(server.options(), Callback::In, |client| async move {
        reaches(&client, ConnectionState::Draining).await;
        client.connected().await
    });
    let mut connection = server.accept().await;
    connection.send("hello").await;
    settle().await;
    client.request_stop();
    connection.finish_close().await;
    assert_within(&outputs.next().await, Callback::In);
    assert_eq!(log.count(&["ERROR", "`connected` inside `handle_in`"]), 1);
    assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn in_handle_terminate_it_is_an_error() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options(), Callback::Terminate, |client| async move { client.connected().await });
    let connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    client.request_stop();
    connection.finish_close().await;
    assert_within(&outputs.next().await, Callback::Terminate);
    assert_eq!(log.count(&["ERROR", "`connected` inside `handle_terminate`"]), 1);
    assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn in_the_handle_terminate_of_a_client_that_never_began_it_is_an_error_too() {
    let (server, names) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let options = server.options().offline(Offline::Queue(8)).name(Name::via(names, "taken"));
    let _holder = Client::start(options.clone(), Probe::new().0).unwrap();
    let (client, running, mut outputs) = new_inside(options, Callback::Terminate, |client| async move {
        (client.connected().await, client.send_confirmed("late").await, client.closed().await)
    });
    tokio::spawn(running);
    let (connected, sent, closed) = outputs.next().await;
    assert_within(&connected, Callback::Terminate);
    sent.unwrap_err();
    assert!(matches!(closed, ExitReason::Failed(_)), "{closed:?}");
    assert!(matches!(soon(client.closed()).await, ExitReason::Failed(_)));
}

#[tokio::test(start_paused = true)]
async fn in_the_handle_down_of_a_lost_connection_it_is_an_error() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options(), Callback::Down, |client| async move { client.connected().await });
    let connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    settle().await;
    connection.drop_connection();
    assert_within(&outputs.next().await, Callback::Down);
    assert_eq!(log.count(&["ERROR", "`connected` inside `handle_down`"]), 1);
    let _connection = server.accept().await;
}

#[tokio::test(start_paused = true)]
async fn in_the_handle_down_of_a_replaced_connection_it_waits_for_the_next_one() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options(), Callback::Down, |client| async move { client.connected().await });
    let connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    settle().await;
    client.reconnect();
    connection.finish_close().await;
    let _connection = server.accept().await;
    outputs.next().await.unwrap();
    assert_eq!(log.count(&["ERROR"]), 0);
}
