//! Calls by a name that leads to the client whose callback it is.

use std::sync::Arc;

use fresh::{
    Client, ExitReason, Offline, Options, RegistryExt,
    client::InfoError,
    error::{Callback, SendError, SendFailure},
    registry::{AnyClient, LocalRegistry, Name},
    testing::Server,
};

use super::acting::{Info, start_inside};
use crate::support::{
    log::Log,
    time::{settle, soon},
};

fn named(options: Options) -> (Options, Arc<LocalRegistry>) {
    let registry = Arc::new(LocalRegistry::new());
    (options.name(Name::via(registry.clone(), "me")), registry)
}

#[tokio::test(start_paused = true)]
async fn an_info_to_the_own_name_is_one_to_the_own_client() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (options, registry) = named(server.options().mailbox(1));
    let (_client, mut outputs) = start_inside(options, Callback::In, move |_| {
        let registry = Arc::clone(&registry);
        async move {
            registry.info("me", "1").await.unwrap();
            registry.info("me", "2").await
        }
    });
    server.accept().await.send("hello").await;
    let refused: InfoError<Info> = outputs.next().await.unwrap_err();
    assert!(matches!(refused.failure(), SendFailure::WithinCallback(Callback::In)), "{refused:?}");
    assert_eq!(refused.into_info(), "2");
    assert_eq!(log.count(&["ERROR", "`info` inside `handle_in`"]), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_the_own_name_stops_the_own_client() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (options, registry) = named(server.options());
    let (client, mut outputs) = start_inside(options, Callback::In, move |_| {
        let registry = Arc::clone(&registry);
        async move { registry.stop("me").await }
    });
    let mut connection = server.accept().await;
    connection.send("hello").await;
    connection.finish_close().await;
    assert!(matches!(soon(client.closed()).await, ExitReason::Stopped));
    assert!(outputs.is_empty());
    assert_eq!(log.count(&["ERROR", "`stop` inside `handle_in`"]), 1);
}

#[tokio::test(start_paused = true)]
async fn a_send_to_the_own_name_that_waits_for_room_gives_the_frame_back_once_the_connection_is_lost() {
    let (log, server) = (Log::capture(), Server::in_memory_with_buffer(64));
    let (options, registry) = named(server.options().offline(Offline::Queue(1)).mailbox(1).write_buffer(1));
    let (_client, mut outputs) = start_inside(options, Callback::In, move |_| {
        let registry = Arc::clone(&registry);
        async move {
            loop {
                if let Err(refused) = registry.send("me", vec![0; 100]).await {
                    return refused;
                }
            }
        }
    });
    let mut connection = server.accept().await;
    connection.send("hello").await;
    settle().await;
    connection.drop_connection();
    let refused: SendError = outputs.next().await;
    assert!(matches!(refused.cause(), fresh::Error::Send(SendFailure::WithinCallback(Callback::In))), "{refused:?}");
    assert!(refused.into_frame().is_some());
    assert_eq!(log.count(&["ERROR", "`send` inside `handle_in`"]), 1);
}

#[tokio::test(start_paused = true)]
async fn a_handle_without_its_info_type_leads_to_the_same_client() {
    let (log, server) = (Log::capture(), Server::in_memory());
    let (client, mut outputs) =
        start_inside(server.options(), Callback::Terminate, |client: Client<Info>| async move {
            let client = AnyClient::from(client);
            [client.closed().await, client.stop().await]
        });
    let connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    client.request_stop();
    connection.finish_close().await;
    assert!(outputs.next().await.iter().all(|reason| matches!(reason, ExitReason::Stopped)));
    assert_eq!(log.count(&["ERROR", "`closed` inside `handle_terminate`"]), 1);
    assert_eq!(log.count(&["ERROR", "`stop` inside `handle_terminate`"]), 1);
}
