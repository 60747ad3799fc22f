//! `closed()` and `stop()` inside a callback.

use std::time::Duration;

use fresh::{Client, ExitReason, Frame, error::Callback, testing::Server};
use tokio::time::Instant;

use super::acting::{Info, start_inside};
use crate::support::{
    log::Log,
    time::{assert_took, settle, soon},
};

const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn closed_inside_a_callback_is_logged_once_and_pending_until_the_client_ends() {
    for callback in [Callback::Connect, Callback::In, Callback::Control, Callback::Info] {
        let (log, server) = (Log::capture(), Server::in_memory());
        let (client, mut outputs) =
            start_inside(server.options(), callback, |client| async move { client.closed().await });
        let mut connection = server.accept().await;
        client.info("").await.unwrap();
        connection.send(Frame::ping("")).await;
        connection.send("hello").await;
        settle().await;
        connection.expect_pong().await;
        // The connection is served beside the callback, as beside any other, and the callback is polled again.
        client.send("1").await.unwrap();
        connection.expect_text("1").await;
        assert!(client.is_open());
        client.request_stop();
        connection.finish_close().await;
        assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
        assert!(outputs.is_empty(), "the callback was dropped where it waited");
        assert_eq!(log.count(&["ERROR", &format!("`closed` inside `{callback}`")]), 1);
        assert_eq!(log.count(&["ERROR"]), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn stop_inside_a_callback_stops_the_client_with_the_close_timeout() {
    for callback in [Callback::Connect, Callback::In] {
        let (log, server) = (Log::capture(), Server::in_memory());
        let (client, mut outputs) =
            start_inside(server.options(), callback, |client| async move { client.stop().await });
        let mut connection = server.accept().await;
        connection.send("hello").await;
        let began = Instant::now();
        connection.expect_close(1001).await;
        connection.finish_close().await;
        assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
        assert_took(began, CLOSE_TIMEOUT);
        assert!(outputs.is_empty(), "the callback was dropped where it waited");
        assert_eq!(log.count(&["ERROR", &format!("`stop` inside `{callback}`")]), 1);
        assert_eq!(log.count(&["ERROR"]), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn stop_inside_a_callback_that_decides_about_a_loss_ends_the_client_too() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options(), Callback::Error, |client| async move { client.stop().await });
    server.accept().await.drop_connection();
    assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
    assert!(outputs.is_empty());
    assert_eq!(log.count(&["ERROR", "`stop` inside `handle_error`"]), 1);
}

#[tokio::test(start_paused = true)]
async fn inside_the_last_callbacks_both_resolve_with_the_reason_that_these_were_given() {
    for callback in [Callback::Down, Callback::Terminate] {
        let (log, server) = (Log::capture(), Server::in_memory());
        let (client, mut outputs) = start_inside(server.options(), callback, |client: Client<Info>| async move {
            (client.closed().await, client.stop().await)
        });
        let connection = server.accept().await;
        soon(client.connected()).await.unwrap();
        settle().await;
        client.request_stop();
        connection.finish_close().await;
        assert!(matches!(outputs.next().await, (ExitReason::Stopped, ExitReason::Stopped)));
        assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
        assert_eq!(log.count(&["ERROR", &format!("`closed` inside `{callback}`")]), 1);
        assert_eq!(log.count(&["ERROR", &format!("`stop` inside `{callback}`")]), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_handle_terminate_spawned_waits_for_the_true_end() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options(), Callback::Terminate, |client: Client<Info>| async move {
            let closed = tokio::spawn(async move { client.closed().await });
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(!closed.is_finished(), "`handle_terminate` has not returned");
            [closed]
        });
    let _connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    client.request_stop();
    let [closed] = outputs.next().await;
    assert!(matches!(soon(closed).await.unwrap(), ExitReason::Stopped));
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn the_error_is_logged_also_without_error_logging() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let options = server.options().error_logging(false).info_logging(false);
    let (client, _outputs) = start_inside(options, Callback::In, |client| async move { client.closed().await });
    let mut connection = server.accept().await;
    connection.send("hello").await;
    settle().await;
    assert_eq!(log.count(&["ERROR", "`closed` inside `handle_in`"]), 1);
    client.request_stop();
    connection.finish_close().await;
    soon(client.closed()).await;
}
