//! A supervisor inside of other programs, as the examples `embed_…` show it; what is tested is their own code.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what helps a test may panic as a test does")]

mod ctrl_c;
mod ractor_tree;
mod task_tracker;

use fresh::{
    ExitReason,
    supervisor::{ChildSpec, Restart},
};
use tokio::sync::watch;

/// A child that fails when it is told to, and otherwise ends when it is asked to.
fn fragile(fail: &watch::Sender<bool>) -> ChildSpec {
    let fail = fail.subscribe();
    let fragile = ChildSpec::new("fragile", move |stop| {
        let mut fail = fail.clone();
        async move {
            tokio::select! {
                _ = fail.wait_for(|fail| *fail) => ExitReason::Failed("told to".into()),
                () = stop.cancelled() => ExitReason::Stopped,
            }
        }
    });
    fragile.restart(Restart::Permanent)
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}
