//! Names: taken at the start, found while the client lives, free when it has ended, on every way out.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use fresh::{
    Action, Client, ExitReason, Handler, Message, Options, Result,
    client::StartError,
    registry::{AnyClient, LocalRegistry, Name, Registry, RegistryExt, default_registry},
    testing::Server,
};

struct Plain;

impl Handler for Plain {
    type Info = u8;

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        assert_ne!(message.to_text()?, "panic", "asked to");
        Ok(Action::Continue)
    }
}

fn named(server: &Server, registry: &Arc<LocalRegistry>) -> Options {
    server.options().name(Name::via(registry.clone(), "ws_conn"))
}

#[tokio::test(start_paused = true)]
async fn a_client_is_found_by_its_name_from_its_start() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let client = Client::start(named(&server, &registry), Plain).unwrap();
    let found = registry.whereis::<Client<u8>>("ws_conn").expect("the name is taken");
    let mut connection = server.accept().await;
    client.connected().await.unwrap();
    found.send("by the typed handle").await.unwrap();
    connection.expect_text("by the typed handle").await;
    RegistryExt::send(&*registry, "ws_conn", "by name".into()).await.unwrap();
    connection.expect_text("by name").await;
    assert!(registry.whereis::<Client<String>>("ws_conn").is_none(), "another info type");
}

#[tokio::test(start_paused = true)]
async fn a_plain_name_is_in_the_registry_of_the_process() {
    let server = Server::in_memory();
    let client = Client::start(server.options().name("process wide"), Plain).unwrap();
    assert!(default_registry().whereis::<Client<u8>>("process wide").is_some());
    client.stop().await;
    assert!(default_registry().whereis::<Client<u8>>("process wide").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_second_start_under_the_name_answers_with_who_has_it() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let first = Client::start(named(&server, &registry), Plain).unwrap();
    let Err(StartError::AlreadyStarted(holder)) = Client::start(named(&server, &registry), Plain) else {
        panic!("the name is taken")
    };
    assert!(holder.is_same(&AnyClient::from(first.clone())));
    let made =
        Client::start_with(named(&server, &registry), |_| -> Plain { panic!("a factory is not called in vain") });
    assert!(matches!(made, Err(StartError::AlreadyStarted(_))));
}

#[tokio::test(start_paused = true)]
async fn the_name_is_free_again_when_the_client_has_stopped() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let client = Client::start(named(&server, &registry), Plain).unwrap();
    client.stop().await;
    assert!(registry.registered().is_empty());
    Client::start(named(&server, &registry), Plain).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_name_is_free_again_after_a_panic() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let client = Client::start(named(&server, &registry), Plain).unwrap();
    let mut connection = server.accept().await;
    connection.send("panic").await;
    connection.finish_close().await;
    assert!(matches!(client.closed().await, ExitReason::Panicked(_)));
    assert!(registry.registered().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_name_is_free_again_after_a_kill() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let (client, running) = Client::new(named(&server, &registry), Plain);
    let task = tokio::spawn(running);
    server.accept().await;
    task.abort();
    assert!(matches!(client.closed().await, ExitReason::Aborted));
    assert!(registry.registered().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_finds_its_name_taken_ends_and_says_so() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let first = Client::start(named(&server, &registry), Plain).unwrap();
    let (_, running) = Client::new(named(&server, &registry), Plain);
    let ExitReason::Failed(reason) = running.await else { panic!("the name is taken") };
    assert!(matches!(reason.downcast_ref(), Some(StartError::AlreadyStarted(_))));
    assert!(registry.whereis::<Client<u8>>("ws_conn").is_some(), "the first one keeps it");
    first.stop().await;
}

/// A registry elsewhere: each answer takes a turn of the runtime.
#[derive(Default)]
struct Remote(Mutex<HashMap<String, AnyClient>>);

impl Remote {
    fn names(&self) -> MutexGuard<'_, HashMap<String, AnyClient>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Registry for Remote {
    async fn register(&self, name: &str, client: AnyClient) -> std::result::Result<(), AnyClient> {
        tokio::task::yield_now().await;
        match self.names().entry(name.to_owned()) {
            std::collections::hash_map::Entry::Occupied(holder) => Err(holder.get().clone()),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(client);
                Ok(())
            }
        }
    }

    async fn unregister(&self, name: &str, client: &AnyClient) {
        tokio::task::yield_now().await;
        self.names().retain(|taken, holder| taken != name || !holder.is_same(client));
    }

    async fn whereis(&self, name: &str) -> Option<AnyClient> {
        tokio::task::yield_now().await;
        self.names().get(name).cloned()
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_has_to_wait_is_waited_for_in_the_background() {
    let (server, registry) = (Server::in_memory(), Arc::new(Remote::default()));
    let options = || server.options().name(Name::via(registry.clone(), "far"));
    let first = Client::start(options(), Plain).unwrap();
    let _connection = server.accept().await;
    first.connected().await.unwrap();
    let found = registry.whereis("far").await.and_then(|client| client.downcast::<Client<u8>>());
    assert!(found.is_some_and(|client| client.is_open()));

    let second = Client::start(options(), Plain).unwrap();
    assert!(matches!(second.closed().await, ExitReason::Failed(_)));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_its_name_can_be_stopped() {
    struct Deaf;
    #[async_trait]
    impl Registry for Deaf {
        async fn register(&self, _: &str, _: AnyClient) -> std::result::Result<(), AnyClient> {
            std::future::pending().await
        }
        async fn unregister(&self, _: &str, _: &AnyClient) {}
        async fn whereis(&self, _: &str) -> Option<AnyClient> {
            None
        }
    }
    let server = Server::in_memory();
    let client = Client::start(server.options().name(Name::via(Arc::new(Deaf), "x")), Plain).unwrap();
    assert!(matches!(client.stop().await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_close_that_comes_before_the_name_is_told_after_the_start() {
    let (server, registry) = (Server::in_memory(), Arc::new(Remote::default()));
    let client = Client::start(server.options().name(Name::via(registry, "far")), Plain).unwrap();
    client.close(1000, "").unwrap();
    assert!(matches!(client.closed().await, ExitReason::Normal));
}
