//! The supervisor keeps OTP's contract: `sNN_…` states its statement NN. Time is paused, except in `killing`, which needs
//! several threads.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what helps a test may panic as a test does")]

mod calls;
mod clients;
mod dynamic;
mod escalating;
mod events;
mod intensity;
mod killing;
mod puppet;
mod restarting;
mod significance;
mod starting;
mod stopping;
mod strategies;
mod waiting;

use std::time::Duration;

use fresh::{
    ExitReason,
    supervisor::{ChildInfo, ChildSpec, Strategy, Supervisor},
};
use puppet::{Log, Puppet};
use tokio::time::{Instant, sleep, timeout};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);
/// A period that no test outlives.
const AGES: Duration = Duration::from_secs(1_000_000);

/// Lets everything happen that can happen now.
async fn settle() {
    sleep(MS).await;
}

fn failure() -> ExitReason {
    ExitReason::Failed("broken".into())
}

/// A child that never ends by itself, whatever it is asked.
fn deaf(id: &str) -> ChildSpec {
    ChildSpec::new(id, |_stop| std::future::pending::<()>())
}

/// Starts these children, in a way that restarts are never too many.
async fn start(strategy: Strategy, children: impl IntoIterator<Item = ChildSpec>) -> Supervisor {
    Supervisor::builder(strategy).intensity(1000, AGES).children(children).start().await.expect("the children start")
}

/// Three children called a, b and c, which run.
async fn three(strategy: Strategy, log: &Log) -> (Supervisor, [Puppet; 3]) {
    let puppets = ["a", "b", "c"].map(|id| Puppet::new(id, log));
    let supervisor = start(strategy, puppets.iter().map(Puppet::spec)).await;
    assert_eq!(log.take(), ["a+", "b+", "c+"]);
    (supervisor, puppets)
}

fn ids(children: &[ChildInfo]) -> Vec<&str> {
    children.iter().map(|child| &*child.id).collect()
}

/// How many tasks there are beside the test itself.
fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// How long this takes, to the millisecond below.
async fn time<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let output = work.await;
    (output, Duration::from_millis(u64::try_from(began.elapsed().as_millis()).expect("not ages")))
}
