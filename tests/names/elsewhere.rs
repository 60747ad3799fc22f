//! Registries that have to wait, and others that a program writes itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fresh::{
    Client, ExitReason, RegistryExt,
    registry::{AnyClient, Name, Registry},
    testing::Server,
};

use tokio::time::sleep;

use crate::Plain;

/// How long an answer from elsewhere takes.
const ROUND_TRIP: Duration = Duration::from_millis(50);

/// A registry elsewhere.
#[derive(Default)]
struct Remote(Mutex<HashMap<String, AnyClient>>);

impl Remote {
    fn names(&self) -> MutexGuard<'_, HashMap<String, AnyClient>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Registry for Remote {
    async fn register_name(&self, name: &str, client: AnyClient) -> std::result::Result<(), AnyClient> {
        sleep(ROUND_TRIP).await;
        match self.names().entry(name.to_owned()) {
            std::collections::hash_map::Entry::Occupied(holder) => Err(holder.get().clone()),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(client);
                Ok(())
            }
        }
    }

    async fn unregister_name(&self, name: &str, client: &AnyClient) {
        sleep(ROUND_TRIP).await;
        self.names().retain(|taken, holder| taken != name || !holder.is_same(client));
    }

    async fn whereis_name(&self, name: &str) -> Option<AnyClient> {
        sleep(ROUND_TRIP).await;
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
    assert!(registry.whereis::<u8>("far").await.unwrap().is_open());

    let second = Client::start(options(), Plain).unwrap();
    assert!(matches!(second.closed().await, ExitReason::Failed(_)));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_its_name_can_be_stopped() {
    struct Deaf;
    #[async_trait]
    impl Registry for Deaf {
        async fn register_name(&self, _: &str, _: AnyClient) -> std::result::Result<(), AnyClient> {
            std::future::pending().await
        }
        async fn unregister_name(&self, _: &str, _: &AnyClient) {}
        async fn whereis_name(&self, _: &str) -> Option<AnyClient> {
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

#[tokio::test(start_paused = true)]
async fn a_name_elsewhere_is_free_when_the_end_of_its_client_is_told() {
    let (server, registry) = (Server::in_memory(), Arc::new(Remote::default()));
    let client = Client::start(server.options().name(Name::via(registry.clone(), "far")), Plain).unwrap();
    let _connection = server.accept().await;
    client.request_stop();
    client.closed().await;
    assert!(registry.names().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_name_elsewhere_is_freed_in_the_background_after_a_kill() {
    let (server, registry) = (Server::in_memory(), Arc::new(Remote::default()));
    let (client, running) = Client::new(server.options().name(Name::via(registry.clone(), "far")), Plain);
    let task = tokio::spawn(running);
    server.accept().await;
    task.abort();
    assert!(matches!(client.closed().await, ExitReason::Aborted));
    sleep(2 * ROUND_TRIP).await;
    assert!(registry.names().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_panics_changes_nothing_about_the_end() {
    struct Broken;
    #[async_trait]
    impl Registry for Broken {
        async fn register_name(&self, _: &str, _: AnyClient) -> std::result::Result<(), AnyClient> {
            Ok(())
        }
        async fn unregister_name(&self, _: &str, _: &AnyClient) {
            panic!("out of order")
        }
        async fn whereis_name(&self, _: &str) -> Option<AnyClient> {
            None
        }
    }
    let server = Server::in_memory();
    let client = Client::start(server.options().name(Name::via(Arc::new(Broken), "x")), Plain).unwrap();
    assert!(matches!(client.stop().await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_name_whose_answer_is_still_on_its_way_is_freed_too() {
    /// Gives the name, and never says so.
    #[derive(Default)]
    struct Silent(Remote);
    #[async_trait]
    impl Registry for Silent {
        async fn register_name(&self, name: &str, client: AnyClient) -> std::result::Result<(), AnyClient> {
            self.0.register_name(name, client).await?;
            std::future::pending().await
        }
        async fn unregister_name(&self, name: &str, client: &AnyClient) {
            self.0.unregister_name(name, client).await;
        }
        async fn whereis_name(&self, name: &str) -> Option<AnyClient> {
            self.0.whereis_name(name).await
        }
    }
    let (server, registry) = (Server::in_memory(), Arc::new(Silent::default()));
    let client = Client::start(server.options().name(Name::via(registry.clone(), "x")), Plain).unwrap();
    sleep(2 * ROUND_TRIP).await;
    assert!(registry.whereis::<u8>("x").await.is_ok());
    client.stop().await;
    sleep(2 * ROUND_TRIP).await;
    assert!(registry.0.names().is_empty());
}
