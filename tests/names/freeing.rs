//! A name is free again exactly when its client has ended, whatever for.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use fresh::{Client, Error, ExitReason, Handler, registry::LocalRegistry, testing::Server};
use tokio::sync::oneshot;

use crate::{Plain, named, support::time::settle};

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
async fn the_name_is_free_again_after_a_panic_in_the_last_callback() {
    struct Broken;
    impl Handler for Broken {
        type Info = ();
        async fn handle_terminate(&mut self, _: &ExitReason) {
            panic!("broken")
        }
    }
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let client = Client::start(named(&server, &registry), Broken).unwrap();
    client.stop().await;
    assert!(registry.registered().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_name_is_free_again_where_the_factory_panics() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let options = named(&server, &registry);
    let start = || Client::start_with(options, |_| -> Plain { panic!("no handler") });
    assert!(catch_unwind(AssertUnwindSafe(start)).is_err());
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
async fn the_name_is_free_again_after_a_normal_end() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let client = Client::start(named(&server, &registry), Plain).unwrap();
    let mut connection = server.accept().await;
    client.connected().await.unwrap();
    client.close(1000, "").unwrap();
    connection.expect_close(1000).await;
    connection.finish_close().await;
    assert!(matches!(client.closed().await, ExitReason::Normal));
    assert!(registry.registered().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_name_is_free_again_after_an_error() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let client = Client::start(named(&server, &registry), Plain).unwrap();
    server.pending().await.refuse(404, &[], "").await;
    assert!(matches!(client.closed().await, ExitReason::Error(Error::Establish(_))));
    assert!(registry.registered().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reconnects_keeps_its_name() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let client = Client::start(named(&server, &registry), Plain).unwrap();
    for _ in 0..2 {
        let connection = server.accept().await;
        client.connected().await.unwrap();
        assert_eq!(registry.registered(), ["ws_conn"]);
        connection.drop_connection();
        settle().await;
        assert_eq!(registry.registered(), ["ws_conn"]);
    }
}

/// Waits in its last callback.
struct Lingering(Option<oneshot::Receiver<()>>);

impl Handler for Lingering {
    type Info = ();

    async fn handle_terminate(&mut self, _: &ExitReason) {
        if let Some(wait) = self.0.take() {
            let _ = wait.await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_name_is_not_free_before_the_last_callback_is_done() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let (go, wait) = oneshot::channel();
    let client = Client::start(named(&server, &registry), Lingering(Some(wait))).unwrap();
    client.request_stop();
    settle().await;
    assert!(registry.whereis::<()>("ws_conn").is_ok(), "it still terminates");
    go.send(()).unwrap();
    client.closed().await;
    assert!(registry.registered().is_empty());
}
