//! A counter that outlives its server.
//!
//! It sends a number, gets it back from an echo server, and sends the next one. Halfway the server is killed and
//! started again; the client comes back by itself and counts on, because a reconnection keeps its handler.
//!
//! ```sh
//! cargo run --example echo                                # ends by itself
//! cargo run --example echo -- --forever                   # ends on Ctrl-C
//! cargo run --example echo -- --url ws://127.0.0.1:8765   # counts with any echo server
//! ```

mod args;
#[path = "../shared/narrator.rs"]
mod narrator;

use std::{
    future::{Future, pending},
    io,
    pin::pin,
    process::ExitCode,
    time::Duration,
};

use args::Args;
use fresh::{Action, Client, Handler, Message, Options, Upgrade, testing::EchoServer};
use narrator::{Narrated, tell_waits};
use tokio::{signal::ctrl_c, time::sleep};
use tracing_subscriber::EnvFilter;

/// Between two numbers.
const PACE: Duration = Duration::from_millis(100);
/// How long the embedded server runs before it is killed.
const UP: Duration = Duration::from_secs(1);
/// How long it is gone then.
const DOWN: Duration = Duration::from_millis(500);

struct Counter {
    counted: u64,
    goal: u64,
}

impl Handler for Counter {
    type Info = ();

    async fn handle_connect(&mut self, _upgrade: &Upgrade) -> fresh::Result<Action> {
        Ok(self.next())
    }

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        self.counted = message.to_text()?.parse()?;
        println!("counted {}", self.counted);
        sleep(PACE).await;
        Ok(self.next())
    }
}

impl Counter {
    fn next(&self) -> Action {
        if self.counted < self.goal {
            Action::reply((self.counted + 1).to_string())
        } else {
            Action::close(1000, "counted enough")
        }
    }
}

#[tokio::main]
async fn main() -> fresh::Result<ExitCode> {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).with_writer(io::stderr).init();
    let args = Args::from_env()?;
    let goal = args.goal();
    match args.url {
        Some(url) => count(&url, goal, pending()).await,
        None => {
            let server = EchoServer::start().await?;
            let url = server.url().to_string();
            count(&url, goal, outages(server, args.forever)).await
        }
    }
}

/// Counts until the goal is reached or Ctrl-C is pressed, while something else goes on beside it.
async fn count(url: &str, goal: u64, meanwhile: impl Future<Output = io::Result<()>>) -> fresh::Result<ExitCode> {
    let counter = Counter { counted: 0, goal };
    let client = Client::start(Options::new(url)?, Narrated::new(counter))?;
    tokio::spawn(tell_waits(client.clone()));

    // Pinned, so that it outlives the select: the close frame of `stop` wants an answer.
    let mut meanwhile = pin!(meanwhile);
    let reason = tokio::select! {
        reason = client.closed() => reason,
        Ok(()) = ctrl_c() => client.stop().await,
        Err(error) = &mut meanwhile => return Err(error.into()),
    };
    summarise(&client);
    Ok(if reason.is_abnormal() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Kills the server and starts it again: once, or again and again.
async fn outages(mut server: EchoServer, forever: bool) -> io::Result<()> {
    loop {
        sleep(UP).await;
        println!("server: killed");
        server.kill().await;
        sleep(DOWN).await;
        println!("server: started again");
        server.restart().await?;
        if !forever {
            return pending().await;
        }
    }
}

/// Every message that reached the handler was a number counted, and every connection but the first a reconnection.
fn summarise(client: &Client) {
    let stats = client.stats();
    let counted = stats.messages_received - stats.messages_lost;
    println!("done: {counted} counted, {} reconnects", stats.connections.saturating_sub(1));
}
