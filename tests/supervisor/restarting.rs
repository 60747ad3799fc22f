//! Which child is restarted.

use std::sync::Arc;

use fresh::supervisor::{ChildState, Restart};

use crate::*;

fn intensity() -> ExitReason {
    let child = ["leaf"].into_iter().collect();
    ExitReason::Intensity { child, restarts: 3, period: 5 * S, last: Arc::new(failure()) }
}

async fn one(restart: Restart) -> (Supervisor, Puppet) {
    let puppet = Puppet::new("a", &Log::default());
    let supervisor = start(Strategy::OneForOne, [puppet.spec().restart(restart)]).await;
    (supervisor, puppet)
}

#[tokio::test(start_paused = true)]
async fn s04_permanent_is_restarted_on_any_exit_a_normal_one_included() {
    let (_supervisor, puppet) = one(Restart::Permanent).await;
    let ends = [ExitReason::Normal, ExitReason::Stopped, failure(), ExitReason::Aborted, intensity()];
    for (restarts, reason) in (1..).zip(ends) {
        puppet.end(reason.clone());
        settle().await;
        assert_eq!(puppet.starts(), 1 + restarts, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn s05_transient_is_not_restarted_after_normal_or_shutdown_and_its_spec_is_kept() {
    for reason in [ExitReason::Normal, ExitReason::Stopped] {
        let (supervisor, puppet) = one(Restart::Transient).await;
        puppet.end(failure());
        settle().await;
        assert_eq!(puppet.starts(), 2, "a failure restarts it");
        puppet.end(reason);
        settle().await;
        assert_eq!(puppet.starts(), 2);
        let children = supervisor.which_children().await;
        assert_eq!((&children[0].id, children[0].state), (&"a".into(), ChildState::Stopped));
    }
}

#[tokio::test(start_paused = true)]
async fn s06_temporary_is_never_restarted_and_its_spec_is_deleted() {
    for reason in [ExitReason::Normal, ExitReason::Stopped, failure()] {
        let (supervisor, puppet) = one(Restart::Temporary).await;
        puppet.end(reason);
        settle().await;
        assert_eq!(puppet.starts(), 1);
        assert!(supervisor.which_children().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_abnormal_end_of_the_child_alone() {
    let panics = ChildSpec::new("panics", |_stop| async { panic!("ouch") }).restart(Restart::Temporary);
    let calm = Puppet::new("calm", &Log::default());
    let supervisor = start(Strategy::OneForOne, [calm.spec()]).await;
    let mut events = supervisor.events();
    supervisor.start_child(panics).await.unwrap();
    settle().await;
    let exited = events::next_exit(&mut events).await;
    assert!(matches!(&exited, ExitReason::Panicked(message) if &**message == "ouch"), "{exited}");
    assert_eq!(calm.starts(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_future_returns_is_the_reason_it_ends_for() {
    let reason = |spec: ChildSpec| async move {
        let supervisor = start(Strategy::OneForOne, []).await;
        let mut events = supervisor.events();
        supervisor.start_child(spec.restart(Restart::Temporary)).await.unwrap();
        events::next_exit(&mut events).await
    };
    let ends = ChildSpec::new("ends", |_stop| async {});
    assert!(matches!(reason(ends).await, ExitReason::Normal));
    let fails = ChildSpec::new("fails", |_stop| async { Err::<(), _>("mine") });
    assert_eq!(reason(fails).await.to_string(), "failed: mine");
    let ours = ChildSpec::new("ours", |_stop| async {
        Err::<ExitReason, _>(fresh::Error::from(fresh::error::StreamError::Eof))
    });
    assert!(matches!(reason(ours).await, ExitReason::Error(fresh::Error::Stream(_))));
    let passed_on = ChildSpec::new("passed on", |_stop| async { Ok::<_, String>(ExitReason::Aborted) });
    assert!(matches!(reason(passed_on).await, ExitReason::Aborted));
}
