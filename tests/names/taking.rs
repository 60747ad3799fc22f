//! A name at the start of its client.

use std::sync::Arc;

use fresh::{
    Client, ExitReason,
    client::StartError,
    registry::{AnyClient, LocalRegistry, default_registry},
    testing::Server,
};

use crate::{Plain, named};

#[tokio::test(start_paused = true)]
async fn a_client_is_found_by_its_name_from_its_start() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let client = Client::start(named(&server, &registry), Plain).unwrap();
    let found = registry.whereis::<u8>("ws_conn").expect("the name is taken");
    let mut connection = server.accept().await;
    client.connected().await.unwrap();
    found.send("by the typed handle").await.unwrap();
    connection.expect_text("by the typed handle").await;
}

#[tokio::test(start_paused = true)]
async fn a_plain_name_is_in_the_registry_of_the_process() {
    let server = Server::in_memory();
    let client = Client::start(server.options().name("process wide"), Plain).unwrap();
    assert!(default_registry().whereis::<u8>("process wide").is_ok());
    client.stop().await;
    assert!(default_registry().whereis::<u8>("process wide").is_err());
}

#[tokio::test(start_paused = true)]
async fn a_second_start_under_the_name_answers_with_who_has_it() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let first = Client::start(named(&server, &registry), Plain).unwrap();
    let Err(StartError::AlreadyStarted { name, client: holder }) = Client::start(named(&server, &registry), Plain)
    else {
        panic!("the name is taken")
    };
    assert_eq!(name, "ws_conn");
    assert!(holder.is_same(&AnyClient::from(first.clone())));
    let made =
        Client::start_with(named(&server, &registry), |_| -> Plain { panic!("a factory is not called in vain") });
    assert!(matches!(made, Err(StartError::AlreadyStarted { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_finds_its_name_taken_ends_and_says_so() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let first = Client::start(named(&server, &registry), Plain).unwrap();
    let (_, running) = Client::new(named(&server, &registry), Plain);
    let ExitReason::Failed(reason) = running.await else { panic!("the name is taken") };
    assert!(matches!(reason.downcast_ref(), Some(StartError::AlreadyStarted { .. })));
    assert!(registry.whereis::<u8>("ws_conn").is_ok(), "the first one keeps it");
    first.stop().await;
}
