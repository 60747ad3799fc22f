//! What a supervisor tells of its children.

use fresh::supervisor::{DynamicSupervisor, Event, Restart};
use futures_util::{FutureExt, Stream, StreamExt};

use tokio::task::unconstrained;

use crate::*;

/// The reason of the next end that is told.
pub(crate) async fn next_exit(events: &mut (impl Stream<Item = Event> + Unpin)) -> ExitReason {
    loop {
        if let Event::Exited { reason, .. } = events.next().await.expect("the supervisor runs") {
            return reason;
        }
    }
}

/// What was told so far, in short.
fn told(events: &mut (impl Stream<Item = Event> + Unpin)) -> Vec<String> {
    let next = std::iter::from_fn(|| unconstrained(events.next()).now_or_never().flatten());
    next.map(|event| match event {
        Event::Started { child } => format!("{child} started"),
        Event::NotStarted { child, reason } => format!("{child} not started: {reason}"),
        Event::Exited { child, reason } => format!("{child} exited: {reason}"),
        Event::Restarting { child } => format!("{child} restarting"),
        Event::GaveUp { child, restarts, period } => format!("{child} gave up: more than {restarts} in {period:?}"),
        Event::Skipped(count) => format!("skipped {count}"),
        other => panic!("{other:?}"),
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_told_step_by_step() {
    let puppet = Puppet::new("a", &Log::default());
    let builder = Supervisor::builder(Strategy::OneForOne).intensity(2, AGES).child(puppet.spec());
    let supervisor = builder.start().await.unwrap();
    let mut events = supervisor.events();
    puppet.fail_starts(1);
    puppet.end(failure());
    settle().await;
    let restarted =
        ["a exited: failed: broken", "a restarting", "a not started: failed: no start", "a restarting", "a started"];
    assert_eq!(told(&mut events), restarted);
    puppet.end(ExitReason::Normal);
    supervisor.closed().await;
    assert_eq!(told(&mut events), ["a exited: normal", "a gave up: more than 2 in 1000000s"]);
    assert!(events.next().await.is_none(), "the stream ends with the supervisor");
    assert!(supervisor.events().next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_befalls_a_tree_is_told_with_the_way_down_to_it() {
    let log = Log::default();
    let leaf = Puppet::new("leaf", &log);
    let below = Supervisor::builder(Strategy::OneForOne).intensity(1, AGES).child(leaf.spec());
    let children = [Puppet::new("beside", &log).spec(), ChildSpec::supervisor("below", below)];
    let supervisor = start(Strategy::OneForOne, children).await;
    let mut events = supervisor.events();
    let below = supervisor.which_children().await[1].supervisor().unwrap().clone();
    let mut nearer = below.events();
    leaf.end(failure());
    settle().await;
    leaf.end(failure());
    settle().await;
    let seen_from_below = [
        "leaf exited: failed: broken",
        "leaf restarting",
        "leaf started",
        "leaf exited: failed: broken",
        "leaf gave up: more than 1 in 1000000s",
        "leaf started",
    ];
    assert_eq!(told(&mut nearer), seen_from_below);
    let whole = [
        "below/leaf exited: failed: broken",
        "below/leaf restarting",
        "below/leaf started",
        "below/leaf exited: failed: broken",
        "below/leaf gave up: more than 1 in 1000000s",
        "below exited: restarting below/leaf would exceed the intensity of 1 in 1000000s: failed: broken",
        "below restarting",
        "below/leaf started",
        "below started",
    ];
    assert_eq!(told(&mut events), whole);
}

#[tokio::test(start_paused = true)]
async fn a_slow_listener_holds_nobody_up_and_is_told_how_much_it_missed() {
    let supervisor = DynamicSupervisor::builder().start().await.unwrap();
    let mut events = supervisor.events();
    let brief = ChildSpec::new("brief", |_stop| async {}).restart(Restart::Temporary);
    for _ in 0..1000 {
        supervisor.start_child(brief.clone()).await.unwrap();
    }
    settle().await;
    assert_eq!(supervisor.count_children().await.specs, 0);
    let seen = told(&mut events);
    assert_eq!(seen[0], format!("skipped {}", 2000 - 256));
    assert_eq!(seen.len(), 1 + 256);
}
