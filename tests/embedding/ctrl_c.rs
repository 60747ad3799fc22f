//! In a plain `main`, with Ctrl-C.
#![cfg(unix)]

use std::process::{Child, Command};

use fresh::{Action, ExitReason, Handler, Options, Upgrade, testing::Server};

#[allow(dead_code, reason = "only its function is tested")]
#[path = "../../examples/embed_ctrl_c.rs"]
mod example;

const SERVER: &str = "FRESH_TEST_SERVER";

/// Sends more than can have left when Ctrl-C comes.
struct Burst;

impl Handler for Burst {
    type Info = ();

    async fn handle_connect(&mut self, _upgrade: &Upgrade) -> fresh::Result<Action> {
        Ok(Action::reply((0..100).map(|n: i32| fresh::Frame::from(n.to_string())).collect::<Vec<_>>()))
    }
}

#[tokio::test]
async fn ctrl_c_drains_closes_with_1001_and_exits_with_0() {
    let server = Server::tcp().await;
    let mut program = start_program(server.url().as_str());
    let mut connection = server.accept().await;
    connection.expect_text("0").await;
    interrupt(&program);
    for n in 1..100 {
        connection.expect_text(n.to_string()).await;
    }
    connection.expect_close(1001).await;
    connection.finish_close().await;
    let status = tokio::task::spawn_blocking(move || program.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}

/// The program that is interrupted: this very test binary, as a process of its own.
#[tokio::test]
#[ignore = "it is started by another test"]
async fn the_program() {
    let Ok(url) = std::env::var(SERVER) else { return };
    let interrupted = async { tokio::signal::ctrl_c().await.unwrap() };
    let reason = example::serve(Options::new(&url).unwrap(), || Burst, interrupted).await.unwrap();
    assert!(matches!(reason, ExitReason::Stopped));
}

fn start_program(url: &str) -> Child {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "ctrl_c::the_program", "--ignored"]).env(SERVER, url).spawn().unwrap()
}

fn interrupt(program: &Child) {
    let kill = Command::new("kill").args(["-s", "INT", &program.id().to_string()]).status().unwrap();
    assert!(kill.success());
}
