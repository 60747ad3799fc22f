//! 11. No task, timer or socket is left behind after `closed()`. (What needs a process of its own, its file
//!     descriptors, is in `tests/nothing_left.rs`.)

use std::time::Duration;

use fresh::{Client, Recovery, testing::Server};
use tokio::runtime::Handle;

use crate::support::{
    script::{S, Then, Told, accept, plain, start, steady},
    time::{settle, soon},
};

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// The task of a client ends right behind `closed()`.
async fn no_task_is_left() {
    soon(async {
        while tasks() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn promise_11_a_client_is_one_task_and_none_after_closed() {
    let server = Server::in_memory();
    let (client, _log) = start(server.options(), |_| Then::Default);
    let mut connection = accept(&server, &client).await;
    assert_eq!(tasks(), 1);
    client.request_stop();
    connection.expect_close(1001).await;
    connection.close(1001, "").await;
    drop(connection);
    client.closed().await;
    no_task_is_left().await;
}

#[tokio::test(start_paused = true)]
async fn promise_11_nothing_is_left_in_whatever_state_the_client_ends() {
    for state in ["connecting", "upgrading", "connected", "waiting", "idle"] {
        let server = Server::in_memory();
        let (client, mut log) = start(server.options().backoff(steady()), move |told| match told {
            Told::Error(_) if state == "idle" => Then::Recover(Recovery::Ignore),
            _ => Then::Default,
        });
        let mut open = None;
        match state {
            "connecting" => {}
            "upgrading" => {
                let mut connection = server.accept_raw().await;
                connection.raw_read().await;
                open = Some(connection);
            }
            "connected" => open = Some(server.accept().await),
            _ => {
                server.accept().await.drop_connection();
                log.until("error Stream").await;
                settle().await;
            }
        }
        client.stop().await;
        if let Some(mut connection) = open {
            // The socket is closed, not only forgotten.
            soon(async { while !connection.raw_read().await.is_empty() {} }).await;
        }
        assert!(client.peer_addr().is_none());
        no_task_is_left().await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_11_the_handler_is_gone_after_closed() {
    let server = Server::in_memory();
    let (recorder, log) = plain();
    let (client, running) = Client::new(server.options(), recorder);
    tokio::spawn(running);
    let connection = accept(&server, &client).await;
    client.request_stop();
    connection.finish_close().await;
    client.closed().await;
    // The log ends only when the recorder is dropped, though a handle of the client is still there.
    assert_eq!(log.rest().await, ["connect", "terminate Stopped"]);
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn promise_11_no_timer_of_a_client_that_has_ended_moves_the_clock() {
    let server = Server::in_memory();
    let options = server.options().ping_interval(S).idle_timeout(2 * S).backoff(steady());
    let (client, _log) = start(options, |_| Then::Default);
    let _frozen = accept(&server, &client).await.freeze();
    client.stop().await;
    no_task_is_left().await;
    // A paused clock jumps to the next timer there is: that is only ours.
    let began = tokio::time::Instant::now();
    tokio::time::sleep(Duration::from_secs(1000)).await;
    assert_eq!(began.elapsed().as_secs(), 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_11_a_hundred_clients_at_once_leave_no_task() {
    let server = std::sync::Arc::new(Server::in_memory());
    let clients: Vec<_> = (0..100).map(|_| start(server.options().backoff(steady()), |_| Then::Default)).collect();
    let mut connections = Vec::new();
    for _ in &clients {
        connections.push(server.accept().await);
    }
    for (n, (client, _)) in clients.iter().enumerate() {
        match n % 3 {
            0 => client.request_stop(),
            1 => client.close(1000, "").unwrap(),
            _ => client.reconnect(),
        }
    }
    for connection in connections {
        drop(connection);
    }
    for (client, _) in &clients {
        soon(client.stop()).await;
    }
    no_task_is_left().await;
}
