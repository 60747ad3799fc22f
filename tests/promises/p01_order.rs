//! 1. Callbacks of one client never overlap, and run in the order of what caused them.

use std::sync::Arc;

use fresh::{
    Action, Recovery,
    testing::{Connection, Server},
};
use tokio::sync::Notify;

use crate::support::{
    script::{MS, S, Then, Told, accept, plain, start, steady},
    time::{settle, soon},
};

/// Once the pong is back, the client has read everything that was sent before the ping.
async fn read_by_the_client(connection: &mut Connection, mark: &'static str) {
    connection.send(fresh::Frame::ping(mark)).await;
    assert_eq!(connection.expect_pong().await, mark);
}

#[tokio::test(start_paused = true)]
async fn promise_01_callbacks_run_in_the_order_of_what_caused_them() {
    let server = Server::in_memory();
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let (client, mut log) = start(server.options(), move |told| match &*told.words() {
        "in hold" => Then::Hold(Arc::clone(&held), Box::new(Then::Default)),
        "disconnect 4000 Remote" => Then::Recover(Recovery::Close),
        _ => Then::Take(MS, Box::new(Then::Default)),
    });
    let mut connection = server.accept().await;
    connection.send("hold").await;
    log.until("in hold").await;

    // Everything below queues up behind the callback that is held, infos by far more than a batch of them.
    let mut expected = Vec::new();
    let mut info = 0;
    for round in 0..3 {
        connection.send(format!("{round}")).await;
        read_by_the_client(&mut connection, "mark").await;
        expected.extend([format!("in {round}"), "ping mark".into()]);
        for _ in 0..100 {
            client.info(info).await.unwrap();
            expected.push(format!("info {info}"));
            info += 1;
        }
    }
    connection.close(4000, "").await;
    connection.finish_close().await;
    expected.extend(["disconnect 4000 Remote".into(), "terminate Normal".into()]);

    gate.notify_one();
    client.closed().await;
    assert_eq!(log.rest().await, expected);
}

#[tokio::test(start_paused = true)]
async fn promise_01_every_kind_of_callback_waits_for_the_one_before_it() {
    let server = Server::in_memory();
    let (client, log) = start(server.options().backoff(steady()), |told| {
        let answer = match told {
            Told::In(_) => Then::Do(Action::reply("again")),
            Told::Disconnect(_) => Then::Recover(Recovery::Reconnect),
            Told::Error(_) => Then::Recover(Recovery::Reconnect),
            _ => Then::Default,
        };
        Then::Take(100 * MS, Box::new(answer))
    });
    for round in 0..3 {
        let mut connection = server.accept().await;
        for n in 0..5 {
            connection.send(format!("{n}")).await;
            connection.send(fresh::Frame::ping("p")).await;
            client.info(n).await.unwrap();
            connection.expect_pong().await;
        }
        for _ in 0..5 {
            connection.expect_text("again").await;
        }
        match round {
            0 => connection.drop_connection(),
            1 => {
                connection.close(1000, "").await;
                connection.finish_close().await;
            }
            _ => {
                client.request_stop();
                connection.finish_close().await;
            }
        }
    }
    client.closed().await;
    let told = log.rest().await;
    assert!(!told.contains(&"OVERLAP".into()), "{told:?}");
    assert_eq!(told.iter().filter(|told| told.starts_with("in ")).count(), 15);
    assert_eq!(told.iter().filter(|told| told.starts_with("connect")).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn promise_01_a_close_without_a_connection_is_told_after_the_infos_before_it() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options().backoff(steady().initial(60 * S).max(60 * S)), |told| match told {
        Told::Disconnect(_) => Then::Recover(Recovery::Close),
        _ => Then::Default,
    });
    server.accept().await.drop_connection();
    log.until("error Stream").await;
    settle().await;
    for info in 0..50 {
        client.info(info).await.unwrap();
    }
    client.close(1000, "").unwrap();
    let mut expected: Vec<String> = (0..50).map(|info| format!("info {info}")).collect();
    expected.extend(["disconnect - Local unclean".into(), "terminate Normal".into()]);
    assert_eq!(log.rest().await, expected);
}

#[tokio::test(start_paused = true)]
async fn promise_01_a_verdict_about_a_lost_connection_does_not_close_the_next_one() {
    let server = Server::in_memory();
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let (client, mut log) = start(server.options(), move |told| match told {
        Told::Error(_) => Then::Hold(Arc::clone(&held), Box::new(Then::Recover(Recovery::Reconnect))),
        _ => Then::Default,
    });
    server.accept().await.drop_connection();
    log.until("error Stream").await;

    // The user is quicker than the handler: its verdict comes when there is a connection again.
    client.reconnect();
    let mut connection = server.accept().await;
    soon(client.connected()).await.unwrap();
    gate.notify_one();
    log.until("connect").await;
    connection.send("still here").await;
    log.until("in still here").await;
    assert_eq!(client.stats().connections, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_01_order_and_no_overlap_hold_with_many_senders_over_tcp() {
    const EACH: u32 = 500;
    let server = Server::tcp().await;
    let (recorder, mut log) = plain();
    let client = fresh::Client::start(server.options().inbound(16, 1 << 20), recorder).unwrap();
    let mut connection = accept(&server, &client).await;
    log.until("connect").await;
    let infos = tokio::spawn({
        let client = client.clone();
        async move {
            for info in 0..EACH {
                client.info(info).await.unwrap();
            }
        }
    });
    for n in 0..EACH {
        connection.send(format!("{n}")).await;
    }
    infos.await.unwrap();
    read_by_the_client(&mut connection, "done").await;
    soon(async {
        while client.stats().messages_received < u64::from(EACH) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    client.close(1000, "").unwrap();
    connection.finish_close().await;
    client.closed().await;

    let told = log.rest().await;
    let only = |prefix: &str| -> Vec<u32> {
        told.iter().filter_map(|told| told.strip_prefix(prefix)).map(|n| n.parse().unwrap()).collect()
    };
    assert!(only("in ").into_iter().eq(0..EACH) && only("info ").into_iter().eq(0..EACH));
    assert!(!told.contains(&"OVERLAP".into()));
    assert_eq!(told[told.len() - 2..], ["disconnect 1000 Local", "terminate Normal"]);
}
