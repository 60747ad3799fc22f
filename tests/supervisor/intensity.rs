//! How many restarts are too many, and what follows.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use fresh::supervisor::ChildState;

use crate::*;

async fn with_intensity(restarts: u32, period: Duration) -> (Supervisor, Puppet) {
    let puppet = Puppet::new("a", &Log::default());
    let builder = Supervisor::builder(Strategy::OneForOne).intensity(restarts, period).child(puppet.spec());
    (builder.start().await.unwrap(), puppet)
}

async fn fail(puppet: &Puppet, times: usize) {
    for _ in 0..times {
        puppet.end(failure());
        settle().await;
    }
}

fn is_running(supervisor: &Supervisor) -> bool {
    futures_util::FutureExt::now_or_never(supervisor.closed()).is_none()
}

#[tokio::test(start_paused = true)]
async fn s11_as_many_restarts_as_the_intensity_are_allowed_and_the_next_one_ends_the_supervisor() {
    for intensity in [0, 1, 4] {
        let (supervisor, puppet) = with_intensity(intensity, AGES).await;
        fail(&puppet, intensity as usize).await;
        assert!(is_running(&supervisor));
        fail(&puppet, 1).await;
        assert!(matches!(supervisor.closed().await, ExitReason::Intensity { .. }));
        assert_eq!(puppet.starts(), 1 + intensity);
    }
}

#[tokio::test(start_paused = true)]
async fn s12_the_window_slides_on_a_monotonic_clock_so_older_restarts_expire() {
    let (supervisor, puppet) = with_intensity(2, 5 * S).await;
    for _ in 0..20 {
        fail(&puppet, 1).await;
        sleep(3 * S).await;
    }
    assert!(is_running(&supervisor), "never more than two within 5 s");
    fail(&puppet, 2).await;
    assert!(!is_running(&supervisor), "the last three were within 5 s");
}

#[tokio::test(start_paused = true)]
async fn s13_a_failed_restart_attempt_counts_too_and_is_retried_without_starving_other_requests() {
    let (supervisor, puppet) = with_intensity(3, AGES).await;
    puppet.fail_starts(u32::MAX);
    puppet.end(failure());
    assert!(matches!(supervisor.closed().await, ExitReason::Intensity { .. }));
    assert_eq!(puppet.starts(), 4);

    let puppet = Puppet::new("a", &Log::default()).start_takes(S);
    let supervisor = start(Strategy::OneForOne, [puppet.spec()]).await;
    puppet.fail_starts(u32::MAX);
    puppet.end(failure());
    settle().await;
    for _ in 0..3 {
        let (children, took) = time(supervisor.which_children()).await;
        assert_eq!(children[0].state, ChildState::Restarting);
        assert!(took <= S, "answered behind the attempt that is under way");
    }
    supervisor.terminate_child("a").await.unwrap();
    let starts = puppet.starts();
    sleep(10 * S).await;
    assert_eq!(puppet.starts(), starts, "the retries have ended");
}

#[tokio::test(start_paused = true)]
async fn s14_when_exceeded_the_remaining_children_stop_in_reverse_and_the_supervisor_ends() {
    let log = Log::default();
    let puppets = ["a", "b", "c"].map(|id| Puppet::new(id, &log));
    let builder = Supervisor::builder(Strategy::OneForOne).intensity(0, S).children(puppets.iter().map(Puppet::spec));
    let supervisor = builder.start().await.unwrap();
    log.take();
    puppets[1].end(failure());
    assert!(matches!(supervisor.closed().await, ExitReason::Intensity { .. }));
    assert_eq!(log.take(), ["b!", "c-", "a-"]);
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn s15_the_default_is_three_restarts_in_five_seconds() {
    let puppet = Puppet::new("a", &Log::default());
    let supervisor = Supervisor::builder(Strategy::OneForOne).child(puppet.spec()).start().await.unwrap();
    fail(&puppet, 3).await;
    sleep(5 * S).await;
    fail(&puppet, 3).await;
    assert!(is_running(&supervisor));
    fail(&puppet, 1).await;
    assert!(!is_running(&supervisor));
}

#[tokio::test(start_paused = true)]
async fn the_reason_names_the_child_the_limit_and_the_childs_last_end_level_by_level() {
    let leaf = || ChildSpec::new("prices", |_stop| async { failure() });
    let feeds = Supervisor::builder(Strategy::OneForOne).intensity(2, 5 * S).child(leaf());
    let top = Supervisor::builder(Strategy::OneForOne).intensity(0, S).child(ChildSpec::supervisor("feeds", feeds));
    let reason = top.start().await.unwrap().closed().await;
    let ExitReason::Intensity { child, restarts, period, last } = &reason else { panic!("{reason}") };
    assert_eq!((child, *restarts, *period), (&["feeds"].into_iter().collect(), 0, S));
    let ExitReason::Intensity { child, restarts, period, last } = &**last else { panic!("{last}") };
    assert_eq!((child, *restarts, *period), (&["feeds", "prices"].into_iter().collect(), 2, 5 * S));
    assert_eq!(last.to_string(), "failed: broken");
    let text = "restarting feeds would exceed the intensity of 0 in 1s: \
                restarting feeds/prices would exceed the intensity of 2 in 5s: failed: broken";
    assert_eq!(reason.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn the_reason_tells_why_the_last_restart_failed() {
    let (supervisor, puppet) = with_intensity(1, AGES).await;
    puppet.fail_starts(u32::MAX);
    puppet.end(ExitReason::Normal);
    let reason = supervisor.closed().await;
    let ExitReason::Intensity { last, .. } = &reason else { panic!("{reason}") };
    assert_eq!(last.to_string(), "failed: no start");
}

#[tokio::test(start_paused = true)]
async fn a_failing_leaf_three_levels_down_escalates_level_by_level() {
    let starts: [Arc<AtomicU32>; 3] = Default::default();
    let count = |level: usize| {
        let starts = Arc::clone(&starts[level]);
        ChildSpec::new("witness", move |stop| {
            starts.fetch_add(1, Relaxed);
            async move { stop.cancelled().await }
        })
    };
    let leaves = Arc::new(AtomicU32::new(0));
    let leaf = Arc::clone(&leaves);
    let leaf = ChildSpec::new("leaf", move |_stop| {
        leaf.fetch_add(1, Relaxed);
        async { failure() }
    });
    let level = || Supervisor::builder(Strategy::OneForOne).intensity(2, AGES);
    let low = level().child(count(2)).child(leaf);
    let middle = level().child(count(1)).child(ChildSpec::supervisor("low", low));
    let top = level().child(count(0)).child(ChildSpec::supervisor("middle", middle)).start().await.unwrap();
    assert!(matches!(top.closed().await, ExitReason::Intensity { .. }));
    // A level lives as often as the one above, times one start and two restarts.
    assert_eq!(starts.map(|starts| starts.load(Relaxed)), [1, 3, 9]);
    assert_eq!(leaves.load(Relaxed), 27);
    assert_eq!(tasks(), 0);
}
