//! Which siblings a restart concerns.

use fresh::supervisor::Restart;

use crate::*;

#[tokio::test(start_paused = true)]
async fn s07_one_for_one_restarts_only_the_failed_child() {
    let log = Log::default();
    let (_supervisor, [_, b, _]) = three(Strategy::OneForOne, &log).await;
    b.end(failure());
    settle().await;
    assert_eq!(log.take(), ["b!", "b+"]);
}

#[tokio::test(start_paused = true)]
async fn s08_one_for_all_stops_siblings_in_reverse_and_starts_all_in_order_temporary_ones_are_forgotten() {
    let log = Log::default();
    let (supervisor, [_, b, _]) = three(Strategy::OneForAll, &log).await;
    let temporary = Puppet::new("t", &log);
    supervisor.start_child(temporary.spec().restart(Restart::Temporary)).await.unwrap();
    log.take();
    b.end(failure());
    settle().await;
    assert_eq!(log.take(), ["b!", "t-", "c-", "a-", "a+", "b+", "c+"]);
    assert_eq!(ids(&supervisor.which_children().await), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn s09_rest_for_one_stops_only_the_later_children_and_starts_the_failed_one_and_them_in_order() {
    let log = Log::default();
    let (supervisor, [_, b, _]) = three(Strategy::RestForOne, &log).await;
    supervisor.start_child(Puppet::new("d", &log).spec()).await.unwrap();
    log.take();
    b.end(failure());
    settle().await;
    assert_eq!(log.take(), ["b!", "d-", "c-", "b+", "c+", "d+"]);
}

#[tokio::test(start_paused = true)]
async fn s10_a_group_restart_counts_once() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let log = Log::default();
        let puppets = ["a", "b", "c"].map(|id| Puppet::new(id, &log));
        let builder = Supervisor::builder(strategy).intensity(2, AGES).children(puppets.iter().map(Puppet::spec));
        let supervisor = builder.start().await.unwrap();
        for _ in 0..2 {
            puppets[0].end(failure());
            settle().await;
        }
        assert_eq!(supervisor.count_children().await.active, 3);
        puppets[0].end(failure());
        assert!(matches!(supervisor.closed().await, ExitReason::Intensity { .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn siblings_that_fail_together_under_one_for_all_are_one_restart() {
    let log = Log::default();
    let (_supervisor, [a, b, c]) = three(Strategy::OneForAll, &log).await;
    a.end(failure());
    c.end(failure());
    settle().await;
    assert_eq!([a.starts(), b.starts(), c.starts()], [2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn the_restart_of_a_group_starts_what_was_stopped_before_too() {
    let log = Log::default();
    let (supervisor, [_, b, _]) = three(Strategy::OneForAll, &log).await;
    supervisor.terminate_child("c").await.unwrap();
    b.end(failure());
    settle().await;
    assert_eq!(log.take(), ["c-", "b!", "a-", "a+", "b+", "c+"]);
}

#[tokio::test(start_paused = true)]
async fn a_sibling_that_does_not_start_again_is_tried_again_with_the_strategys_scope() {
    let log = Log::default();
    let (_supervisor, [_, b, c]) = three(Strategy::RestForOne, &log).await;
    c.fail_starts(1);
    b.end(failure());
    settle().await;
    assert_eq!(log.take(), ["b!", "c-", "b+", "c?", "c+"], "b stands before c, and stays");

    let (_supervisor, [_, b, c]) = three(Strategy::OneForAll, &log).await;
    c.fail_starts(1);
    b.end(failure());
    settle().await;
    assert_eq!(log.take(), ["b!", "c-", "a-", "a+", "b+", "c?", "b-", "a-", "a+", "b+", "c+"]);
}
