//! What is done by name, through any registry.

use std::sync::Arc;

use fresh::{
    Client, CloseCode, Error, ExitReason, Frame, RegistryExt,
    error::{NameError, SendFailure},
    registry::{LocalRegistry, Registry},
    testing::{Connection, Server},
};

use crate::{Plain, named};

async fn ws_conn() -> (Arc<dyn Registry>, Client<u8>, Connection) {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let client = Client::start(named(&server, &registry), Plain).unwrap();
    let connection = server.accept().await;
    client.connected().await.unwrap();
    (registry, client, connection)
}

#[tokio::test(start_paused = true)]
async fn a_name_gives_the_typed_handle() {
    let (registry, _client, mut connection) = ws_conn().await;
    let found: Client<u8> = registry.whereis("ws_conn").await.unwrap();
    found.info(7).await.unwrap();
    connection.expect_text("7").await;
    assert_eq!(registry.whereis::<String>("ws_conn").await.unwrap_err(), NameError::OtherInfo("ws_conn".into()));
    assert_eq!(registry.whereis::<u8>("nobody").await.unwrap_err(), NameError::Unknown("nobody".into()));
}

#[tokio::test(start_paused = true)]
async fn frames_are_sent_by_name() {
    let (registry, _client, mut connection) = ws_conn().await;
    registry.send("ws_conn", "hi!").await.unwrap();
    connection.expect_text("hi!").await;
    registry.send("ws_conn", Frame::ping("there?")).await.unwrap();
    assert_eq!(connection.expect_ping().await, "there?");
}

#[tokio::test(start_paused = true)]
async fn infos_are_handed_over_by_name() {
    let (registry, _client, mut connection) = ws_conn().await;
    registry.info("ws_conn", 42_u8).await.unwrap();
    connection.expect_text("42").await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_by_name() {
    let (registry, client, mut connection) = ws_conn().await;
    assert!(registry.is_open("ws_conn").await);
    registry.close("ws_conn", 1000, "dunno").await.unwrap();
    assert_eq!(connection.expect_close(1000).await, "dunno");
    connection.finish_close().await;
    assert!(matches!(client.closed().await, ExitReason::Normal));
    assert!(!registry.is_open("ws_conn").await);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_stopped_by_name() {
    let (registry, client, connection) = ws_conn().await;
    let stopped = tokio::spawn(async move { registry.stop("ws_conn").await });
    connection.finish_close().await;
    assert!(matches!(stopped.await.unwrap().unwrap(), ExitReason::Stopped));
    assert!(matches!(client.closed().await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_nobody_has_is_told_and_gives_back_what_was_sent() {
    let registry = LocalRegistry::new();
    let unknown =
        |failure: &SendFailure| matches!(failure, SendFailure::Name(NameError::Unknown(name)) if &**name == "nobody");
    let unsent = RegistryExt::send(&registry, "nobody", "hi").await.unwrap_err();
    assert!(matches!(unsent.cause(), Error::Send(failure) if unknown(failure)));
    assert_eq!(unsent.into_frame(), Some(Frame::text("hi")));
    let untold = registry.info("nobody", String::from("hi")).await.unwrap_err();
    assert!(unknown(untold.failure()));
    assert_eq!(untold.into_info(), "hi");
    let unclosed = registry.close("nobody", CloseCode::NORMAL_CLOSURE, "").await.unwrap_err();
    assert!(matches!(&unclosed, Error::Send(failure) if unknown(failure)));
    assert_eq!(unclosed.to_string(), "sending failed: no client is named \"nobody\"");
    assert_eq!(registry.stop("nobody").await.unwrap_err(), NameError::Unknown("nobody".into()));
    assert!(!registry.is_open("nobody").await);
}

#[tokio::test(start_paused = true)]
async fn an_info_of_another_type_is_told_and_given_back() {
    let (registry, _client, _connection) = ws_conn().await;
    let untold = registry.info("ws_conn", String::from("no number")).await.unwrap_err();
    assert!(matches!(untold.failure(), SendFailure::Name(NameError::OtherInfo(_))));
    assert_eq!(untold.into_info(), "no number");
}
