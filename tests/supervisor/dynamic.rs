//! Many children alike.

use fresh::supervisor::{ChildError, DynamicSupervisor, DynamicSupervisorBuilder, Restart, Shutdown};

use crate::*;

async fn many(builder: DynamicSupervisorBuilder) -> DynamicSupervisor {
    builder.start().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn s25_all_children_are_signalled_in_parallel_under_one_shared_timer() {
    let log = Log::default();
    let supervisor = many(DynamicSupervisor::builder()).await;
    for n in 0..500 {
        supervisor.start_child(Puppet::new(&format!("p{n}"), &log).stop_takes(S).spec()).await.unwrap();
        supervisor.start_child(deaf("deaf")).await.unwrap();
    }
    assert_eq!(supervisor.count_children().await.active, 1000);
    log.take();
    let (reason, took) = time(supervisor.stop()).await;
    assert!(matches!(reason, ExitReason::Stopped));
    assert_eq!(took, 5 * S, "500 that take 1 s each, and 500 that have to be killed after 5 s");
    assert_eq!(log.take().len(), 500);
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn s25_the_shared_timer_is_the_most_patient_childs() {
    let supervisor = many(DynamicSupervisor::builder()).await;
    for seconds in [1, 3, 2] {
        supervisor.start_child(deaf("deaf").shutdown(Shutdown::Timeout(seconds * S))).await.unwrap();
    }
    supervisor.start_child(deaf("killed").shutdown(Shutdown::Abort)).await.unwrap();
    assert_eq!(time(supervisor.stop()).await.1, 3 * S);

    let supervisor = many(DynamicSupervisor::builder()).await;
    let endless = Puppet::new("endless", &Log::default()).stop_takes(60 * S).spec().shutdown(Shutdown::Infinity);
    supervisor.start_child(endless).await.unwrap();
    supervisor.start_child(deaf("deaf")).await.unwrap();
    assert_eq!(time(supervisor.stop()).await.1, 60 * S, "one without a limit is waited for");
}

#[tokio::test(start_paused = true)]
async fn s25_a_child_is_terminated_by_its_handle_which_holds_through_restarts() {
    let log = Log::default();
    let supervisor = many(DynamicSupervisor::builder()).await;
    let puppet = Puppet::new("a", &log);
    let first = supervisor.start_child(puppet.spec()).await.unwrap();
    let second = supervisor.start_child(Puppet::new("b", &log).spec()).await.unwrap();
    assert_eq!([first.id(), second.id()], ["a#1", "b#2"]);
    puppet.end(failure());
    settle().await;
    log.take();
    supervisor.terminate_child(&first).await.unwrap();
    assert_eq!(log.take(), ["a-"]);
    assert_eq!(ids(&supervisor.which_children().await), ["b#2"]);
    assert!(matches!(supervisor.terminate_child(&first).await, Err(ChildError::NotFound(_))));
    let other = many(DynamicSupervisor::builder()).await;
    other.start_child(deaf("a")).await.unwrap();
    assert!(matches!(other.terminate_child(&second).await, Err(ChildError::NotFound(_))), "it is another one's");
}

#[tokio::test(start_paused = true)]
async fn s25_max_children_gives_an_error() {
    let supervisor = many(DynamicSupervisor::builder().max_children(2)).await;
    let first = supervisor.start_child(deaf("a").shutdown(Shutdown::Abort)).await.unwrap();
    supervisor.start_child(deaf("a")).await.unwrap();
    assert!(matches!(supervisor.start_child(deaf("a")).await, Err(ChildError::MaxChildren(2))));
    supervisor.terminate_child(&first).await.unwrap();
    supervisor.start_child(deaf("a")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_not_restarted_is_forgotten() {
    let supervisor = many(DynamicSupervisor::builder()).await;
    let puppet = Puppet::new("a", &Log::default());
    supervisor.start_child(puppet.spec().restart(Restart::Transient)).await.unwrap();
    puppet.end(failure());
    settle().await;
    assert_eq!(supervisor.count_children().await.active, 1);
    puppet.end(ExitReason::Normal);
    settle().await;
    assert_eq!(supervisor.count_children().await.specs, 0);
}

#[tokio::test(start_paused = true)]
async fn the_restarts_of_all_children_count_together() {
    let supervisor = many(DynamicSupervisor::builder().intensity(2, AGES)).await;
    for _ in 0..3 {
        supervisor
            .start_child(ChildSpec::new("fails", |_stop| async { failure() }).restart(Restart::Transient))
            .await
            .ok();
    }
    assert!(matches!(supervisor.closed().await, ExitReason::Intensity { .. }));
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_is_a_child_like_another_reached_through_which_children() {
    let below = DynamicSupervisor::builder().intensity(0, S);
    let supervisor = start(Strategy::OneForOne, [ChildSpec::dynamic_supervisor("pool", below)]).await;
    let pool = supervisor.which_children().await[0].dynamic_supervisor().unwrap().clone();
    pool.start_child(ChildSpec::new("fails", |_stop| async { failure() })).await.unwrap();
    assert!(matches!(pool.closed().await, ExitReason::Intensity { .. }));
    settle().await;
    let again = supervisor.which_children().await[0].dynamic_supervisor().unwrap().clone();
    assert_eq!(again.count_children().await.specs, 0, "a new one, without children");
    again.start_child(deaf("deaf")).await.unwrap();
    assert_eq!(time(supervisor.stop()).await.1, 5 * S);
    assert_eq!(tasks(), 0);
}
