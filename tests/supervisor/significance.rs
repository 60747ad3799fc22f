//! Supervisors that end when their work is done.

use fresh::supervisor::{AutoShutdown, Restart, SignificanceError, StartError};

use crate::*;

async fn work(auto_shutdown: AutoShutdown, log: &Log) -> (Supervisor, [Puppet; 3]) {
    let puppets = ["a", "b", "c"].map(|id| Puppet::new(id, log));
    let significant = |puppet: &Puppet| puppet.spec().restart(Restart::Transient).significant(true);
    let builder = Supervisor::builder(Strategy::OneForOne).auto_shutdown(auto_shutdown);
    let builder = builder.child(significant(&puppets[0])).child(significant(&puppets[1])).child(puppets[2].spec());
    let supervisor = builder.start().await.unwrap();
    log.take();
    (supervisor, puppets)
}

fn ended(supervisor: &Supervisor) -> Option<ExitReason> {
    futures_util::FutureExt::now_or_never(supervisor.closed())
}

#[tokio::test(start_paused = true)]
async fn s24_auto_shutdown_any_significant_stops_at_the_first() {
    let log = Log::default();
    let (supervisor, [a, ..]) = work(AutoShutdown::AnySignificant, &log).await;
    a.end(ExitReason::Normal);
    settle().await;
    assert!(matches!(ended(&supervisor), Some(ExitReason::Stopped)));
    assert_eq!(log.take(), ["a!", "c-", "b-"]);
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn s24_auto_shutdown_all_significant_stops_at_the_last() {
    let (supervisor, [a, b, _]) = work(AutoShutdown::AllSignificant, &Log::default()).await;
    a.end(ExitReason::Normal);
    settle().await;
    assert!(ended(&supervisor).is_none());
    b.end(ExitReason::Normal);
    settle().await;
    assert!(matches!(ended(&supervisor), Some(ExitReason::Stopped)));
}

#[tokio::test(start_paused = true)]
async fn s24_only_children_that_ended_by_themselves_count() {
    let (supervisor, [a, b, c]) = work(AutoShutdown::AllSignificant, &Log::default()).await;
    a.end(failure());
    c.end(failure());
    settle().await;
    assert_eq!(supervisor.count_children().await.active, 3, "they were restarted");
    a.end(ExitReason::Normal);
    settle().await;
    supervisor.terminate_child("b").await.unwrap();
    settle().await;
    assert!(ended(&supervisor).is_none(), "the last one was terminated, it did not end by itself");
    supervisor.restart_child("b").await.unwrap();
    b.end(ExitReason::Normal);
    settle().await;
    assert!(matches!(ended(&supervisor), Some(ExitReason::Stopped)));
}

#[tokio::test(start_paused = true)]
async fn s24_never_with_a_significant_child_and_permanent_with_significant_are_refused() {
    let refused = |auto_shutdown, restart| async move {
        let child = deaf("a").restart(restart).significant(true);
        let started = Supervisor::builder(Strategy::OneForOne).auto_shutdown(auto_shutdown).child(child).start().await;
        let Err(StartError::Significance { id, cause }) = started else { panic!("{started:?}") };
        assert_eq!(id, "a");
        cause
    };
    let (never, any) = (AutoShutdown::Never, AutoShutdown::AnySignificant);
    assert_eq!(refused(never, Restart::Transient).await, SignificanceError::NoAutoShutdown);
    assert_eq!(refused(never, Restart::Temporary).await, SignificanceError::NoAutoShutdown);
    assert_eq!(refused(any, Restart::Permanent).await, SignificanceError::Permanent);
    assert_eq!(refused(AutoShutdown::AllSignificant, Restart::Permanent).await, SignificanceError::Permanent);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_a_temporary_significant_child_shuts_down_too() {
    let puppet = Puppet::new("a", &Log::default());
    let child = puppet.spec().restart(Restart::Temporary).significant(true);
    let builder = Supervisor::builder(Strategy::OneForOne).auto_shutdown(AutoShutdown::AnySignificant);
    let supervisor = builder.child(child).start().await.unwrap();
    puppet.end(failure());
    assert!(matches!(supervisor.closed().await, ExitReason::Stopped));
}
