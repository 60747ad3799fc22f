//! A supervisor in a program that already has a `CancellationToken` and a `TaskTracker` for its tasks.
//!
//! ```sh
//! cargo run --all-features --example embed_task_tracker
//! ```

use fresh::{
    BoxError, CancellationToken, ExitReason, Handler, Options,
    supervisor::{ChildSpec, StartError, Supervisor, SupervisorBuilder},
    testing::EchoServer,
};
use tokio_util::task::TaskTracker;

/// Starts a supervisor as one more of the program's tasks: cancelling the token stops it, its failure cancels the
/// token, and the tracker waits for it.
pub(crate) async fn start(
    builder: SupervisorBuilder,
    token: &CancellationToken,
    tracker: &TaskTracker,
) -> Result<Supervisor, StartError> {
    let (supervisor, running) = builder.start_unspawned(token.clone()).await?;
    tracker.spawn(running);
    Ok(supervisor)
}

struct Feed(&'static str);

impl Handler for Feed {
    type Info = ();

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        println!("{} ends: {reason}", self.0);
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let server = EchoServer::start().await?;
    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());

    // What the program had before.
    let cancelled = token.clone();
    tracker.spawn(async move {
        cancelled.cancelled().await;
        println!("the program's own task ends");
    });

    // What it has in addition.
    let options = Options::new(server.url().as_str())?;
    let (connected, when_connected) = tokio::sync::watch::channel(None);
    let first = ChildSpec::client("first", options.clone(), |_client| Feed("first"));
    let second = ChildSpec::client("second", options, move |client| {
        connected.send_replace(Some(client));
        Feed("second")
    });
    let builder = Supervisor::builder(Default::default()).child(first).child(second);
    let supervisor = start(builder, &token, &tracker).await?;
    let client = when_connected.borrow().clone();
    if let Some(client) = client {
        client.connected().await?;
    }

    tracker.close();
    println!("{} tasks are tracked", tracker.len());
    token.cancel();
    tracker.wait().await;
    println!("done: {}", supervisor.closed().await);
    Ok(())
}
