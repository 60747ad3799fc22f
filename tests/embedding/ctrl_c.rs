//! In a plain `main`, with Ctrl-C.
#![cfg(unix)]

use std::process::{self, Command};

use fresh::{Action, ExitReason, Handler, Options, Upgrade, testing::Server};
use tokio::signal::unix::{SignalKind, signal};

#[allow(dead_code, reason = "only its function is tested")]
#[path = "../../examples/embed_ctrl_c.rs"]
mod example;

/// Sends more than can have left when Ctrl-C comes.
struct Burst;

impl Handler for Burst {
    type Info = ();

    async fn handle_connect(&mut self, _upgrade: &Upgrade) -> fresh::Result<Action> {
        Ok(Action::reply((0..100).map(|n: i32| fresh::Frame::from(n.to_string())).collect::<Vec<_>>()))
    }
}

#[tokio::test]
async fn ctrl_c_drains_closes_with_1001_and_stops_the_tree() {
    // First, so that the signal ends no process: from here on it is only heard.
    let mut interrupts = signal(SignalKind::interrupt()).unwrap();
    let interrupted = async move {
        interrupts.recv().await;
    };
    let server = Server::tcp().await;
    let options = Options::new(server.url()).unwrap();
    let serving = tokio::spawn(async move { example::serve(options, || Burst, interrupted).await.unwrap() });

    let mut connection = server.accept().await;
    connection.expect_text("0").await;
    let kill = Command::new("kill").args(["-s", "INT", &process::id().to_string()]).status().unwrap();
    assert!(kill.success());
    for n in 1..100 {
        connection.expect_text(n.to_string()).await;
    }
    connection.expect_close(1001).await;
    connection.finish_close().await;
    assert!(matches!(serving.await.unwrap(), ExitReason::Stopped));
}
