//! Whose calls wait for themselves: those that a callback of the same client polls, and no others.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fresh::{
    Client, ExitReason, Socket,
    client::WaitError,
    error::Callback,
    socket::SocketOptions,
    testing::{EchoServer, Server},
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};

use super::acting::{Info, start_inside};
use crate::support::{
    connect,
    log::Log,
    probe::Probe,
    time::{settle, soon},
};

#[tokio::test(start_paused = true)]
async fn a_task_that_a_callback_spawned_may_wait_while_the_callback_does() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) = start_inside(server.options(), Callback::Error, |client| async move {
        let task = tokio::spawn(async move { client.connected().await });
        settle().await;
        [task]
    });
    server.accept().await.drop_connection();
    let [task] = outputs.next().await;
    let _connection = server.accept().await;
    soon(task).await.unwrap().unwrap();
    assert!(client.is_open());
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn other_tasks_of_the_same_thread_may_wait_while_a_callback_is_pending() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, _outputs) =
        start_inside(server.options(), Callback::In, |_| tokio::time::sleep(Duration::from_secs(1)));
    let waiting = [client.clone(), client.clone()].map(|client| tokio::spawn(async move { client.closed().await }));
    let mut connection = server.accept().await;
    connection.send("hello").await;
    settle().await;
    let stopping = tokio::spawn(async move { client.stop().await });
    connection.finish_close().await;
    assert!(matches!(soon(stopping).await.unwrap(), ExitReason::Stopped));
    for waiting in waiting {
        assert!(matches!(soon(waiting).await.unwrap(), ExitReason::Stopped));
    }
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_beside_others_of_the_same_callback_is_recognised() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (_client, mut outputs) = start_inside(server.options(), Callback::Error, |client| async move {
        let mut calls: FuturesUnordered<_> = (0..2).map(|_| client.connected()).collect();
        let beside = async { calls.next().await.zip(calls.next().await) };
        let (both, again, raced) = tokio::join!(beside, client.connected().boxed(), async {
            tokio::select! {
                connected = client.connected() => connected.is_err(),
                () = tokio::time::sleep(Duration::from_secs(60)) => false,
            }
        });
        let (first, second) = both.unwrap();
        ([first, second, again], raced)
    });
    server.accept().await.drop_connection();
    let (calls, raced) = outputs.next().await;
    for call in calls {
        assert!(matches!(call, Err(WaitError::WithinCallback(Callback::Error))), "{call:?}");
    }
    assert!(raced);
    assert_eq!(log.count(&["ERROR", "`connected` inside `handle_error`"]), 4);
}

/// A wait that owns its handle.
fn connected(client: Client<Info>) -> BoxFuture<'static, Result<(), WaitError>> {
    async move { client.connected().await }.boxed()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_began_outside_is_recognised_once_a_callback_polls_it() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let begun = Arc::new(Mutex::new(None));
    let taken = Arc::clone(&begun);
    let (client, mut outputs) = start_inside(server.options(), Callback::Error, move |_| {
        let begun: BoxFuture<'static, _> = taken.lock().unwrap().take().unwrap();
        begun
    });
    let mut call = connected(client);
    assert!((&mut call).now_or_never().is_none());
    *begun.lock().unwrap() = Some(call);
    server.pending().await.refuse(503, &[], "").await;
    let output = outputs.next().await;
    assert!(matches!(output, Err(WaitError::WithinCallback(Callback::Error))), "{output:?}");
    assert_eq!(log.count(&["ERROR"]), 1);
}

#[tokio::test(start_paused = true)]
async fn a_callback_may_wait_for_another_client() {
    let (log, server, other_server) = (Log::capture(), Server::in_memory(), Server::in_memory());
    let (other, _seen, mut other_connection) = connect(&other_server, other_server.options()).await;
    let waits_for = other.clone();
    let (_client, mut outputs) = start_inside(server.options(), Callback::In, move |_| {
        let other = waits_for.clone();
        async move {
            other.connected().await.unwrap();
            other.send_confirmed("hello").await.unwrap();
            other.stop().await
        }
    });
    server.accept().await.send("hello").await;
    other_connection.expect_text("hello").await;
    other_connection.finish_close().await;
    assert!(matches!(outputs.next().await, ExitReason::Stopped));
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test]
async fn a_callback_may_open_a_socket_and_wait_for_it() {
    let (log, server, echo) = (Log::capture(), Server::tcp().await, EchoServer::start().await.unwrap());
    let url = echo.url().clone();
    let (_client, mut outputs) = start_inside(server.options(), Callback::In, move |_| {
        let options = SocketOptions::from(fresh::Options::new(url.as_str()).unwrap());
        async move {
            let socket = Socket::connect_to(options).await.unwrap();
            socket.send("hello").await.unwrap();
            let answer = socket.recv().await.unwrap();
            socket.close().await.unwrap();
            answer
        }
    });
    let mut connection = server.accept().await;
    connection.send("hello").await;
    assert_eq!(outputs.next().await, fresh::Frame::text("hello"));
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn the_driver_of_another_client_may_run_inside_a_callback() {
    let (log, server, inner_server) = (Log::capture(), Server::in_memory(), Server::in_memory());
    let inner_options = inner_server.options();
    let (_client, mut outputs) = start_inside(server.options(), Callback::In, move |outer| {
        let options = inner_options.clone();
        async move {
            let (inner, running) = Client::new(options, Probe::new().0);
            let (reason, ()) = tokio::join!(running, async {
                inner.connected().await.unwrap();
                inner.stop().await;
            });
            // The mark of the outer callback is set again.
            (reason, outer.closed().now_or_never().is_none())
        }
    });
    let mut connection = server.accept().await;
    connection.send("hello").await;
    inner_server.accept().await.finish_close().await;
    let (reason, pending) = outputs.next().await;
    assert!(matches!(reason, ExitReason::Stopped));
    assert!(pending);
    assert_eq!(log.count(&["ERROR", "`closed` inside `handle_in`"]), 1);
    assert_eq!(log.count(&["ERROR"]), 1);
}
