//! `info` and `try_info`.

use fresh::{Client, ExitReason, error::SendFailure, testing::Server};

use crate::support::{
    connect,
    probe::{Probe, Told},
    time::soon,
};

#[tokio::test(start_paused = true)]
async fn infos_come_in_the_order_in_which_they_were_given() {
    let server = Server::in_memory();
    let (client, mut seen, _connection) = connect(&server, server.options()).await;
    client.info("1").await.unwrap();
    client.try_info("2").unwrap();
    client.info("3").await.unwrap();
    for info in ["1", "2", "3"] {
        assert_eq!(seen.info().await, info);
    }
}

#[tokio::test(start_paused = true)]
async fn infos_need_no_connection() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe).unwrap();
    let _unanswered = server.pending().await;
    client.info("early").await.unwrap();
    assert_eq!(seen.info().await, "early");
}

#[tokio::test(start_paused = true)]
async fn an_info_for_a_client_that_has_ended_is_given_back() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let client = Client::start(server.options(), probe).unwrap();
    assert!(matches!(soon(client.stop()).await, ExitReason::Stopped));
    for refused in [client.info("late").await, client.try_info("late")] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused.failure(), SendFailure::Ended), "{refused:?}");
        assert_eq!(refused.to_string(), "the client has ended");
        assert_eq!(refused.into_info(), "late");
    }
    assert!(matches!(seen.already(), Some(Told::Terminated(ExitReason::Stopped))));
    assert!(seen.already().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_info_that_waits_for_room_is_given_back_when_the_client_ends() {
    let server = Server::in_memory();
    let (probe, mut seen) = Probe::new();
    let (probe, _gate) = probe.gated();
    let client = Client::start(server.options().mailbox(1), probe).unwrap();
    let _connection = server.accept().await;
    seen.connected().await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move {
            let mut given = Ok(());
            while given.is_ok() {
                given = client.info("one of many").await;
            }
            given
        }
    });
    seen.info().await;
    client.request_stop();
    let refused = soon(waiting).await.unwrap().unwrap_err();
    assert!(matches!(refused.failure(), SendFailure::Ended), "{refused:?}");
}
