//! Promise 11, where it needs a process of its own: the file descriptors of a thousand connections.

#![cfg(target_os = "linux")]
// A script answers what it means to and leaves the rest to the defaults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::time::Duration;
use support::{
    script::{Then, Told, name, start, steady},
    time::soon,
};

use fresh::{Recovery, testing::Server};
use tokio::runtime::Handle;

const CYCLES: usize = 1000;

/// How many files, sockets among them, this process has open.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Runs it with a server of its own, and then waits until no file and no task of it is left.
async fn leaves_nothing(cycles: impl AsyncFnOnce(&Server)) {
    let before = (open_files(), tasks());
    {
        let server = Server::tcp().await;
        cycles(&server).await;
    }
    soon(async {
        while open_files() > before.0 || tasks() > before.1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// One test, so that nothing else in the process opens a file meanwhile.
#[tokio::test]
async fn promise_11_a_thousand_connect_drop_cycles_leave_no_task_and_no_file_descriptor() {
    // What the runtime opens once and keeps.
    connections_of_one_client(&Server::tcp().await, 5).await;
    leaves_nothing(async |server| connections_of_one_client(server, CYCLES).await).await;
    leaves_nothing(async |server| clients_of_one_connection(server, CYCLES).await).await;
}

/// Connections that are lost in each of the ways there are.
async fn connections_of_one_client(server: &Server, cycles: usize) {
    let backoff = steady().initial(Duration::ZERO).max(Duration::ZERO);
    let (client, mut log) = start(server.options().backoff(backoff), |told| match told {
        Told::Error(_) | Told::Disconnect(_) => Then::Recover(Recovery::Reconnect),
        _ => Then::Default,
    });
    for cycle in 0..cycles {
        match cycle % 5 {
            0 => server.accept_raw().await.drop_connection(),
            1 => server.accept().await.drop_connection(),
            2 => server.accept().await.reset(),
            3 => server.pending().await.refuse(503, &[], "busy").await,
            _ => {
                let mut connection = server.accept().await;
                connection.close(1012, "").await;
                connection.finish_close().await;
            }
        }
    }
    assert_eq!(name(&soon(client.stop()).await), "Stopped");
    assert!(client.stats().attempts >= cycles as u64);
    assert_eq!(log.so_far().last().map(String::as_str), Some("terminate Stopped"));
}

async fn clients_of_one_connection(server: &Server, cycles: usize) {
    for cycle in 0..cycles {
        let (client, mut log) = start(server.options(), |_| Then::Default);
        let connection = server.accept().await;
        log.until("connect").await;
        match cycle % 3 {
            0 => client.request_stop(),
            1 => client.close(1000, "").unwrap(),
            _ => {
                // Lost, and stopped before it is back.
                connection.drop_connection();
                log.until("error Stream").await;
                soon(client.stop()).await;
                continue;
            }
        }
        connection.finish_close().await;
        soon(client.closed()).await;
    }
}
