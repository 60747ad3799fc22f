//! `info()` inside a callback: there is no room in a full mailbox before the callback returns.

use fresh::{
    error::{Callback, SendFailure},
    testing::Server,
};

use super::acting::start_inside;
use crate::support::{log::Log, time::soon};

#[tokio::test(start_paused = true)]
async fn an_info_for_a_full_mailbox_is_given_back() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (_client, mut outputs) = start_inside(server.options().mailbox(2), Callback::In, |client| async move {
        [client.info("1").await, client.info("2").await, client.info("3").await]
    });
    server.accept().await.send("hello").await;
    let [first, second, third] = outputs.next().await;
    first.unwrap();
    second.unwrap();
    let refused = third.unwrap_err();
    assert!(matches!(refused.failure(), SendFailure::WithinCallback(Callback::In)), "{refused:?}");
    assert_eq!(refused.to_string(), "called inside `handle_in` of the same client, which has to return first");
    assert_eq!(refused.into_info(), "3");
    assert_eq!(log.count(&["ERROR", "`info` inside `handle_in`"]), 1);
    assert_eq!(log.count(&["ERROR"]), 1);
}

#[tokio::test(start_paused = true)]
async fn an_info_of_a_task_that_the_callback_spawned_waits_for_room() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (_client, mut outputs) = start_inside(server.options().mailbox(1), Callback::In, |client| async move {
        client.info("1").await.unwrap();
        [tokio::spawn(async move { client.info("2").await })]
    });
    server.accept().await.send("hello").await;
    let [second] = outputs.next().await;
    soon(second).await.unwrap().unwrap();
    assert_eq!(log.count(&["ERROR"]), 0);
}

#[tokio::test(start_paused = true)]
async fn inside_handle_terminate_the_client_has_ended_for_an_info() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options(), Callback::Terminate, |client| async move { client.info("late").await });
    let connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    client.request_stop();
    connection.finish_close().await;
    let refused = outputs.next().await.unwrap_err();
    assert!(matches!(refused.failure(), SendFailure::Ended), "{refused:?}");
    assert_eq!(log.count(&["ERROR"]), 0);
}
