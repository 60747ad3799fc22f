//! Waiting for the end of one child, and asking for its spec.

use fresh::{
    CancellationToken,
    supervisor::{Child, ChildError, ChildKind, DynamicSupervisor, Restart, Shutdown},
};
use futures_util::FutureExt;

use crate::*;

/// Why the child ended for good, if it has.
fn ended(child: &Child) -> Option<String> {
    child.closed().now_or_never().map(|reason| reason.to_string())
}

async fn started(restart: Restart) -> (Supervisor, Puppet, Child) {
    let puppet = Puppet::new("a", &Log::default());
    let supervisor = start(Strategy::OneForOne, []).await;
    let child = supervisor.start_child(puppet.spec().restart(restart)).await.unwrap();
    assert_eq!(child.id(), "a");
    (supervisor, puppet, child)
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_restarted_has_not_ended_and_one_that_is_kept_has() {
    let (supervisor, puppet, child) = started(Restart::Transient).await;
    let waiting = tokio::spawn({
        let supervisor = supervisor.clone();
        async move { supervisor.wait_child("a").await }
    });
    puppet.end(failure());
    settle().await;
    assert_eq!((puppet.starts(), ended(&child)), (2, None));
    puppet.end(ExitReason::Normal);
    assert!(matches!(child.closed().await, ExitReason::Normal));
    assert!(matches!(waiting.await.unwrap(), Ok(ExitReason::Normal)));
    assert!(matches!(supervisor.wait_child("a").await, Ok(ExitReason::Normal)), "it is stopped already");
}

#[tokio::test(start_paused = true)]
async fn the_handle_of_a_temporary_child_tells_its_end_after_the_supervisor_has_forgotten_it() {
    let (supervisor, puppet, child) = started(Restart::Temporary).await;
    puppet.end(failure());
    settle().await;
    assert!(matches!(supervisor.wait_child("a").await, Err(ChildError::NotFound(id)) if id == "a"));
    assert_eq!(child.closed().await.to_string(), "failed: broken");
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_terminated_has_ended_and_restart_child_begins_a_new_life() {
    let (supervisor, _puppet, child) = started(Restart::Permanent).await;
    supervisor.terminate_child("a").await.unwrap();
    assert_eq!(ended(&child).as_deref(), Some("stopped"));
    supervisor.restart_child("a").await.unwrap();
    assert!(timeout(S, supervisor.wait_child("a")).await.is_err(), "it runs");
    assert_eq!(ended(&child).as_deref(), Some("stopped"), "the handle is of the life before");
}

#[tokio::test(start_paused = true)]
async fn siblings_that_are_stopped_for_the_restart_of_their_group_have_not_ended() {
    let log = Log::default();
    let supervisor = start(Strategy::OneForAll, []).await;
    let (a, b) = (Puppet::new("a", &log), Puppet::new("b", &log));
    let waits = supervisor.start_child(a.spec()).await.unwrap();
    supervisor.start_child(b.spec()).await.unwrap();
    b.end(failure());
    settle().await;
    assert_eq!((a.starts(), ended(&waits)), (2, None));
}

#[tokio::test(start_paused = true)]
async fn when_the_retries_of_a_group_are_terminated_the_siblings_that_stay_stopped_have_ended() {
    let log = Log::default();
    let supervisor = start(Strategy::RestForOne, []).await;
    let (a, b) = (Puppet::new("a", &log).start_takes(S), Puppet::new("b", &log));
    supervisor.start_child(a.spec()).await.unwrap();
    let waits = supervisor.start_child(b.spec()).await.unwrap();
    a.fail_starts(u32::MAX);
    a.end(failure());
    settle().await;
    supervisor.terminate_child("a").await.unwrap();
    assert_eq!((b.starts(), ended(&waits).as_deref()), (1, Some("stopped")));
    assert_eq!(supervisor.wait_child("a").await.unwrap().to_string(), "failed: no start");
}

#[tokio::test(start_paused = true)]
async fn with_its_supervisor_a_child_ends_for_good() {
    let (supervisor, _puppet, child) = started(Restart::Permanent).await;
    supervisor.stop().await;
    assert_eq!(ended(&child).as_deref(), Some("stopped"));
    assert!(matches!(supervisor.wait_child("a").await, Err(ChildError::Ended)));

    let supervisor = Supervisor::builder(Strategy::OneForOne).intensity(0, S).start().await.unwrap();
    let fails = ChildSpec::new("fails", |_stop| async { failure() });
    let child = supervisor.start_child(fails).await.unwrap();
    assert_eq!(child.closed().await.to_string(), "failed: broken", "the supervisor gave up");

    let builder = Supervisor::builder(Strategy::OneForOne);
    let (supervisor, running) = builder.start_unspawned(CancellationToken::new()).await.unwrap();
    let killed = tokio::spawn(running);
    let child = supervisor.start_child(deaf("a")).await.unwrap();
    killed.abort();
    assert!(matches!(child.closed().await, ExitReason::Aborted));
    assert_eq!(tasks(), 0, "the child's task is gone");
}

#[tokio::test(start_paused = true)]
async fn one_of_many_alike_is_waited_for_by_its_handle() {
    let supervisor = DynamicSupervisor::builder().start().await.unwrap();
    let puppets = ["a", "b", "c"].map(|id| Puppet::new(id, &Log::default()));
    let mut children = Vec::new();
    for puppet in &puppets {
        children.push(supervisor.start_child(puppet.spec().restart(Restart::Transient)).await.unwrap());
    }
    puppets[0].end(failure());
    puppets[1].end(ExitReason::Normal);
    settle().await;
    assert_eq!(ended(&children[0]), None, "it was restarted");
    assert_eq!(ended(&children[1]).as_deref(), Some("normal"));
    supervisor.terminate_child(&children[0]).await.unwrap();
    assert_eq!(ended(&children[0]).as_deref(), Some("stopped"));
    supervisor.stop().await;
    assert_eq!(ended(&children[2]).as_deref(), Some("stopped"));
}

#[tokio::test(start_paused = true)]
async fn child_spec_returns_the_spec_that_a_child_was_started_with() {
    let supervisor = start(Strategy::OneForOne, []).await;
    let spec = ChildSpec::new("a", |stop| async move { stop.cancelled().await });
    let spec = spec.restart(Restart::Transient).shutdown(Shutdown::Infinity);
    supervisor.start_child(spec).await.unwrap();
    let found = supervisor.child_spec("a").await.unwrap();
    let policy = found.policy();
    assert_eq!((policy.restart, policy.shutdown), (Restart::Transient, Shutdown::Infinity));
    assert_eq!((policy.significant, policy.kind), (false, ChildKind::Worker));
    assert!(matches!(supervisor.child_spec("b").await, Err(ChildError::NotFound(id)) if id == "b"));

    let many = DynamicSupervisor::builder().start().await.unwrap();
    let first = many.start_child(found).await.unwrap();
    let second = many.start_child(many.child_spec(&first).await.unwrap()).await.unwrap();
    assert_eq!([first.id(), second.id()], ["a#1", "a#2"], "the spec has the id that it came with");
    many.terminate_child(&first).await.unwrap();
    assert!(matches!(many.child_spec(&first).await, Err(ChildError::NotFound(id)) if id == "a#1"));
}
