//! 5. No lifecycle event is lost: it is a watch or an awaited call, never a `try_send`.

use std::{sync::Arc, time::Duration};

use fresh::{ConnectionState, Recovery, testing::Server};
use futures_util::StreamExt as _;
use tokio::{sync::Notify, task::JoinSet};

use crate::support::{
    script::{MS, S, Then, Told, accept, start, steady},
    time::{settle, soon},
};

#[tokio::test(start_paused = true)]
async fn promise_05_every_connection_and_its_end_reach_a_slow_handler() {
    const CONNECTIONS: usize = 100;
    let server = Server::in_memory();
    // The inbound queue holds one message, and there are many: no event needs room in it.
    let options = server.options().inbound(1, 1).mailbox(1).backoff(steady());
    let (client, log) = start(options, |told| match told {
        Told::Error(_) | Told::Disconnect(_) => Then::Take(20 * MS, Box::new(Then::Recover(Recovery::Reconnect))),
        _ => Then::Take(20 * MS, Box::new(Then::Default)),
    });
    for n in 0..CONNECTIONS {
        let mut connection = server.accept().await;
        for _ in 0..3 {
            connection.send("x").await;
        }
        if n % 2 == 0 {
            connection.drop_connection();
        } else {
            connection.close(4000, "").await;
            connection.finish_close().await;
        }
    }
    let connection = accept(&server, &client).await;
    client.request_stop();
    connection.finish_close().await;
    client.closed().await;

    let told = log.rest().await;
    let course: Vec<&str> = told.iter().map(String::as_str).filter(|told| *told != "in x").collect();
    let mut expected = vec![];
    for n in 0..CONNECTIONS {
        expected.extend(["connect", if n % 2 == 0 { "error Stream" } else { "disconnect 4000 Remote" }]);
    }
    assert_eq!(course[..2 * CONNECTIONS], expected);
    assert_eq!(course.last(), Some(&"terminate Stopped"));
    assert_eq!(told.iter().filter(|told| *told == "in x").count(), 3 * CONNECTIONS);
    assert_eq!(client.stats().connections, CONNECTIONS as u64 + 1);
}

#[tokio::test(start_paused = true)]
async fn promise_05_whoever_waits_for_a_connection_learns_of_one_that_lasts_an_instant() {
    let server = Server::in_memory();
    let (client, _log) = start(server.options().backoff(steady()), |_| Then::Default);
    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        waiting.spawn(async move { client.connected().await });
    }
    settle().await;
    // Closed in the segment of the agreement, and gone before anybody could look.
    let connection = server.pending().await.accept_and_send([fresh::Frame::close(4000, "")]).await;
    connection.drop_connection();
    while let Some(waited) = soon(waiting.join_next()).await {
        waited.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_slow_watcher_sees_the_last_state_and_then_the_end() {
    let server = Server::in_memory();
    let (client, _log) = start(server.options().backoff(steady().initial(S)), |_| Then::Default);
    let mut states = client.watch();
    assert_eq!(states.next().await, Some(ConnectionState::Connecting));
    for _ in 0..5 {
        server.accept().await.drop_connection();
    }
    settle().await;
    assert_eq!(states.next().await, Some(ConnectionState::Waiting));
    client.stop().await;
    assert_eq!(states.next().await, Some(ConnectionState::Ended));
    assert_eq!(states.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn promise_05_a_quick_watcher_sees_every_state() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options().backoff(steady()), |_| Then::Take(MS, Box::new(Then::Default)));
    let watching = tokio::spawn(client.watch().collect::<Vec<_>>());
    let connection = server.accept().await;
    log.until("connect").await;
    settle().await;
    connection.drop_connection();
    let connection = server.accept().await;
    settle().await;
    client.request_stop();
    connection.finish_close().await;
    let seen: Vec<String> = soon(watching).await.unwrap().iter().map(ToString::to_string).collect();
    // In memory, connecting takes no time that anybody could see.
    let course = ["upgrading", "connected", "deciding", "waiting", "upgrading", "connected", "closing"];
    assert_eq!(seen[..course.len()], course);
    assert_eq!(seen.last().map(String::as_str), Some("ended"));
}

#[tokio::test(start_paused = true)]
async fn promise_05_the_end_reaches_everybody_who_waits_for_it() {
    let server = Server::in_memory();
    let (client, _log) = start(server.options(), |_| Then::Default);
    let connection = server.accept().await;
    let mut waiting = JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        waiting.spawn(async move { client.closed().await });
    }
    settle().await;
    client.request_stop();
    connection.finish_close().await;
    while let Some(waited) = soon(waiting.join_next()).await {
        assert_eq!(waited.unwrap().to_string(), "stopped");
    }
    assert_eq!(client.closed().await.to_string(), "stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_05_who_is_told_of_a_connection_can_send_on_it_at_once() {
    for _ in 0..300 {
        let server = Server::in_memory();
        let (client, _log) = start(server.options(), |_| Then::Default);
        let waiting = tokio::spawn({
            let client = client.clone();
            async move {
                client.connected().await.unwrap();
                client.try_send("at once")
            }
        });
        let mut connection = server.accept().await;
        soon(waiting).await.unwrap().unwrap();
        connection.expect_text("at once").await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_05_whoever_waits_when_the_client_ends_is_told() {
    let server = Server::in_memory_with_buffer(100);
    let gate = Arc::new(Notify::new());
    let (client, _log) =
        start(server.options().mailbox(1).write_buffer(1).close_timeout(Duration::ZERO), |told| match told {
            Told::Info(_) => Then::Hang,
            _ => Then::Default,
        });
    let _connection = accept(&server, &client).await;
    let mut waiting = JoinSet::new();
    for n in 0..50_u32 {
        let (client, gate) = (client.clone(), Arc::clone(&gate));
        waiting.spawn(async move {
            gate.notify_one();
            match n % 3 {
                0 => client.send(vec![0; 1000]).await.is_ok(),
                1 => client.send_confirmed(vec![0; 1000]).await.is_ok(),
                _ => client.info(n).await.is_ok(),
            }
        });
    }
    settle().await;
    client.stop().await;
    let mut fates = 0;
    while soon(waiting.join_next()).await.is_some() {
        fates += 1;
    }
    assert_eq!(fates, 50);
}
