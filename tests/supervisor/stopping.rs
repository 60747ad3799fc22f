//! Stopping a tree, and children that do not want to.

use fresh::{CancellationToken, supervisor::Shutdown};

use crate::*;

#[tokio::test(start_paused = true)]
async fn s03_shutdown_is_strictly_in_reverse_order() {
    let log = Log::default();
    let puppets = ["a", "b", "c"].map(|id| Puppet::new(id, &log).stop_takes(S));
    let supervisor = start(Strategy::OneForOne, puppets.iter().map(Puppet::spec)).await;
    log.take();
    let (reason, took) = time(supervisor.stop()).await;
    assert!(matches!(reason, ExitReason::Stopped));
    assert_eq!(log.take(), ["c-", "b-", "a-"]);
    assert_eq!(took, 3 * S, "one after the other");
}

#[tokio::test(start_paused = true)]
async fn s16_shutdown_after_a_time_is_signal_wait_kill_and_takes_about_that_time() {
    let log = Log::default();
    let patient = Puppet::new("patient", &log).stop_takes(S).spec().shutdown(Shutdown::Timeout(2 * S));
    let late = Puppet::new("late", &log).stop_takes(3 * S).spec().shutdown(Shutdown::Timeout(2 * S));
    let supervisor = start(Strategy::OneForOne, [late, patient]).await;
    log.take();
    let ((), took) = time(async { supervisor.terminate_child("patient").await.unwrap() }).await;
    assert_eq!((log.take(), took), (vec!["patient-".to_owned()], S));
    let mut events = supervisor.events();
    let ((), took) = time(async { supervisor.terminate_child("late").await.unwrap() }).await;
    assert_eq!((log.take(), took), (vec![], 2 * S), "it was killed");
    assert!(matches!(events::next_exit(&mut events).await, ExitReason::Aborted));
}

#[tokio::test(start_paused = true)]
async fn s17_brutal_kill_runs_no_terminate_callback() {
    let log = Log::default();
    let killed = Puppet::new("killed", &log).spec().shutdown(Shutdown::Abort);
    let supervisor = start(Strategy::OneForOne, [killed]).await;
    let (reason, took) = time(supervisor.stop()).await;
    assert!(matches!(reason, ExitReason::Stopped));
    assert_eq!((log.take(), took), (vec!["killed+".to_owned()], Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn s18_the_default_shutdown_is_five_seconds_for_a_worker_and_infinity_for_a_supervisor() {
    let supervisor = start(Strategy::OneForOne, [deaf("worker")]).await;
    assert_eq!(time(supervisor.stop()).await.1, 5 * S);

    let below = Supervisor::builder(Strategy::OneForOne).child(deaf("a").shutdown(Shutdown::Timeout(3600 * S)));
    let supervisor = start(Strategy::OneForOne, [ChildSpec::supervisor("below", below)]).await;
    assert_eq!(time(supervisor.stop()).await.1, 3600 * S);
}

#[tokio::test(start_paused = true)]
async fn s19_a_child_that_detached_itself_cannot_hang_the_shutdown() {
    let detached = ChildSpec::new("detached", |_stop| async {
        let work = tokio::spawn(sleep(100 * S));
        work.await
    });
    let supervisor = start(Strategy::OneForOne, [detached]).await;
    let (reason, took) = time(supervisor.stop()).await;
    assert!(matches!(reason, ExitReason::Stopped));
    assert_eq!(took, 5 * S);
}

#[tokio::test(start_paused = true)]
async fn s26_the_end_of_the_parent_stops_the_tree() {
    let log = Log::default();
    let tree = || {
        let below = Supervisor::builder(Strategy::OneForOne).child(Puppet::new("leaf", &log).spec());
        Supervisor::builder(Strategy::OneForOne).child(ChildSpec::supervisor("below", below))
    };

    let supervisor = tree().start().await.unwrap();
    let below = supervisor.which_children().await[0].supervisor().unwrap().clone();
    supervisor.stop().await;
    assert!(matches!(below.closed().await, ExitReason::Stopped));
    assert_eq!((log.take(), tasks()), (vec!["leaf+".to_owned(), "leaf-".to_owned()], 0));

    let token = CancellationToken::new();
    let supervisor = tree().start_linked(token.clone()).await.unwrap();
    token.cancel();
    assert!(matches!(supervisor.closed().await, ExitReason::Stopped));
    assert_eq!((log.take(), tasks()), (vec!["leaf+".to_owned(), "leaf-".to_owned()], 0));

    let (supervisor, running) = tree().start_unspawned(CancellationToken::new()).await.unwrap();
    let killed = tokio::spawn(running);
    settle().await;
    killed.abort();
    assert!(matches!(supervisor.closed().await, ExitReason::Aborted));
    settle().await;
    assert_eq!((log.take(), tasks()), (vec!["leaf+".to_owned()], 0), "killed with its parent");
}

#[tokio::test(start_paused = true)]
async fn after_stop_no_task_of_the_tree_is_alive() {
    let log = Log::default();
    let branch = |id: &str| {
        let leaves = (0..5).map(|n| Puppet::new(&format!("{id}{n}"), &log).spec());
        ChildSpec::supervisor(id, Supervisor::builder(Strategy::OneForAll).children(leaves))
    };
    let supervisor = start(Strategy::RestForOne, [branch("a"), deaf("deaf"), branch("b")]).await;
    assert_eq!(tasks(), 1 + 2 + 10 + 1);
    supervisor.stop().await;
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn only_an_abnormal_end_cancels_the_token_a_supervisor_is_linked_to() {
    for (reason, cancelled) in [(ExitReason::Normal, false), (failure(), true)] {
        let puppet = Puppet::new("a", &Log::default());
        let spec = puppet.spec().restart(fresh::supervisor::Restart::Transient);
        let token = CancellationToken::new();
        let builder = Supervisor::builder(Strategy::OneForOne).intensity(0, S).child(spec);
        let supervisor = builder.start_linked(token.clone()).await.unwrap();
        puppet.end(reason);
        settle().await;
        supervisor.stop().await;
        settle().await;
        assert_eq!(token.is_cancelled(), cancelled);
    }
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_outlives_its_handles_and_answers_none_after_its_end() {
    let puppet = Puppet::new("a", &Log::default());
    let supervisor = start(Strategy::OneForOne, [puppet.spec()]).await;
    drop(supervisor.clone());
    puppet.end(failure());
    settle().await;
    assert_eq!(puppet.starts(), 2);
    supervisor.stop().await;
    assert!(supervisor.which_children().await.is_empty());
    assert!(matches!(supervisor.restart_child("a").await, Err(fresh::supervisor::ChildError::Ended)));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_waits_for_an_answer_of_its_supervisor_does_not_hold_up_the_stop() {
    let (give, given) = tokio::sync::watch::channel(None::<Supervisor>);
    let asks = ChildSpec::new("asks", move |stop| {
        let mut given = given.clone();
        async move {
            let Ok(supervisor) = given.wait_for(Option::is_some).await.map(|given| given.clone()) else { return };
            stop.cancelled().await;
            if let Some(supervisor) = supervisor {
                assert!(supervisor.which_children().await.is_empty());
            }
        }
    });
    let supervisor = start(Strategy::OneForOne, [asks]).await;
    give.send_replace(Some(supervisor.clone()));
    assert_eq!(time(supervisor.stop()).await.1, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_stop_amid_the_restart_of_a_group_starts_nothing_more() {
    let log = Log::default();
    let (a, b) = (Puppet::new("a", &log), Puppet::new("b", &log).stop_takes(S));
    let supervisor = start(Strategy::OneForAll, [a.spec(), b.spec()]).await;
    log.take();
    a.end(failure());
    settle().await;
    let (reason, took) = time(supervisor.stop()).await;
    assert!(matches!(reason, ExitReason::Stopped));
    assert_eq!(log.take(), ["a!", "b-"]);
    assert!(took < S);
}
