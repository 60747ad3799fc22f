//! What a supervisor can be asked for while it runs.

use fresh::supervisor::{AutoShutdown, ChildError, ChildKind, ChildState, Restart, SignificanceError, StartError};

use crate::*;

#[tokio::test(start_paused = true)]
async fn s20_terminate_child_restarts_nothing_and_keeps_the_spec_unless_temporary_and_shuts_nothing_down() {
    let log = Log::default();
    let builder = Supervisor::builder(Strategy::OneForAll).auto_shutdown(AutoShutdown::AnySignificant);
    let supervisor = builder
        .child(Puppet::new("a", &log).spec())
        .child(Puppet::new("b", &log).spec().restart(Restart::Transient).significant(true))
        .child(Puppet::new("c", &log).spec().restart(Restart::Temporary))
        .start()
        .await
        .unwrap();
    log.take();
    for id in ["a", "b", "c"] {
        supervisor.terminate_child(id).await.unwrap();
    }
    sleep(10 * S).await;
    assert_eq!(log.take(), ["a-", "b-", "c-"]);
    let children = supervisor.which_children().await;
    assert_eq!(ids(&children), ["a", "b"]);
    assert!(children.iter().all(|child| child.state == ChildState::Stopped));
    supervisor.terminate_child("a").await.expect("one that does not run is no error");
    assert!(matches!(supervisor.terminate_child("c").await, Err(ChildError::NotFound(_))));
}

#[tokio::test(start_paused = true)]
async fn s21_restart_child_answers_running_not_found_restarting_and_delete_child_works_only_when_stopped() {
    let log = Log::default();
    let puppet = Puppet::new("a", &log).start_takes(S);
    let supervisor = start(Strategy::OneForOne, [puppet.spec()]).await;
    assert!(matches!(supervisor.restart_child("a").await, Err(ChildError::Running(_))));
    assert!(matches!(supervisor.delete_child("a").await, Err(ChildError::Running(_))));
    assert!(matches!(supervisor.restart_child("b").await, Err(ChildError::NotFound(_))));
    assert!(matches!(supervisor.delete_child("b").await, Err(ChildError::NotFound(_))));

    puppet.fail_starts(10);
    puppet.end(failure());
    settle().await;
    assert!(matches!(supervisor.restart_child("a").await, Err(ChildError::Restarting(_))));
    assert!(matches!(supervisor.delete_child("a").await, Err(ChildError::Restarting(_))));

    supervisor.terminate_child("a").await.unwrap();
    puppet.fail_starts(1);
    assert!(matches!(supervisor.restart_child("a").await, Err(ChildError::NotStarted { .. })));
    supervisor.restart_child("a").await.expect("its spec is kept");
    assert_eq!(supervisor.which_children().await[0].state, ChildState::Running);

    supervisor.terminate_child("a").await.unwrap();
    supervisor.delete_child("a").await.unwrap();
    assert!(supervisor.which_children().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn s22_start_child_with_a_known_id_is_already_started_or_already_present_and_duplicates_are_refused() {
    let log = Log::default();
    let child = || Puppet::new("a", &log).spec();
    let supervisor = start(Strategy::OneForOne, [child()]).await;
    assert!(matches!(supervisor.start_child(child()).await, Err(ChildError::AlreadyStarted(_))));
    supervisor.terminate_child("a").await.unwrap();
    assert!(matches!(supervisor.start_child(child()).await, Err(ChildError::AlreadyPresent(_))));
    supervisor.delete_child("a").await.unwrap();
    supervisor.start_child(child()).await.unwrap();

    log.take();
    let started = Supervisor::builder(Strategy::OneForOne).child(child()).child(child()).start().await;
    assert!(matches!(started, Err(StartError::DuplicateId(id)) if id == "a"));
    assert!(log.take().is_empty(), "nothing was started");
}

#[tokio::test(start_paused = true)]
async fn s22_start_child_of_a_child_whose_restart_is_retried_is_already_present() {
    let puppet = Puppet::new("a", &Log::default()).start_takes(S);
    let supervisor = start(Strategy::OneForOne, [puppet.spec()]).await;
    puppet.fail_starts(u32::MAX);
    puppet.end(failure());
    settle().await;
    assert!(matches!(supervisor.start_child(puppet.spec()).await, Err(ChildError::AlreadyPresent(_))));
    assert_eq!(supervisor.which_children().await[0].state, ChildState::Restarting);
}

#[tokio::test(start_paused = true)]
async fn s23_which_children_shows_restarting_and_count_children_counts_specs_active_supervisors_workers() {
    let log = Log::default();
    let below = Supervisor::builder(Strategy::OneForOne);
    let puppets = ["a", "b", "c"].map(|id| Puppet::new(id, &log).start_takes(S));
    let children = puppets.iter().map(Puppet::spec).chain([ChildSpec::supervisor("below", below)]);
    let supervisor = start(Strategy::OneForOne, children).await;
    supervisor.terminate_child("b").await.unwrap();
    puppets[2].fail_starts(u32::MAX);
    puppets[2].end(failure());
    settle().await;

    let children = supervisor.which_children().await;
    assert_eq!(ids(&children), ["a", "b", "c", "below"]);
    let states: Vec<_> = children.iter().map(|child| child.state).collect();
    assert_eq!(states, [ChildState::Running, ChildState::Stopped, ChildState::Restarting, ChildState::Running]);
    assert_eq!(children[3].kind, ChildKind::Supervisor);
    assert!(children[3].supervisor().is_some());

    let counts = supervisor.count_children().await;
    assert_eq!((counts.specs, counts.active, counts.supervisors, counts.workers), (4, 2, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn the_spec_of_a_child_that_start_child_could_not_start_is_not_kept() {
    let puppet = Puppet::new("a", &Log::default());
    let supervisor = start(Strategy::OneForOne, []).await;
    puppet.fail_starts(1);
    let started = supervisor.start_child(puppet.spec()).await;
    assert_eq!(started.unwrap_err().to_string(), "the child a did not start: failed: no start");
    assert!(supervisor.which_children().await.is_empty());
    assert_eq!(puppet.starts(), 1, "and it is not tried again");
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_started_later_stands_last_in_the_order() {
    let log = Log::default();
    let (supervisor, _) = three(Strategy::OneForOne, &log).await;
    supervisor.start_child(Puppet::new("d", &log).spec()).await.unwrap();
    supervisor.stop().await;
    assert_eq!(log.take(), ["d+", "d-", "c-", "b-", "a-"]);
}

#[tokio::test(start_paused = true)]
async fn start_child_refuses_what_the_builder_refuses() {
    let supervisor = start(Strategy::OneForOne, []).await;
    let refused = supervisor.start_child(deaf("a").significant(true)).await;
    assert!(matches!(refused, Err(ChildError::Significance { cause: SignificanceError::NoAutoShutdown, .. })));
}

#[tokio::test(start_paused = true)]
async fn stop_is_heard_while_a_child_starts() {
    let puppet = Puppet::new("slow", &Log::default()).start_takes(AGES);
    let supervisor = start(Strategy::OneForOne, []).await;
    let asking = tokio::spawn({
        let supervisor = supervisor.clone();
        async move { supervisor.start_child(puppet.spec()).await }
    });
    settle().await;
    let (_, took) = time(supervisor.stop()).await;
    assert_eq!(took, 5 * S, "the time the child has to stop");
    assert!(matches!(asking.await.unwrap(), Err(ChildError::NotStarted { reason: ExitReason::Stopped, .. })));
}

/// A child whose start or whose run asks its supervisor to stop, and which then ends normally.
fn stops_its_supervisor(supervisor: &Supervisor, while_starting: bool) -> ChildSpec {
    let supervisor = supervisor.clone();
    ChildSpec::with_start("a", move |stop| {
        let supervisor = supervisor.clone();
        async move {
            if while_starting {
                supervisor.request_stop();
                stop.cancelled().await;
            }
            Ok::<_, String>(async move { supervisor.request_stop() })
        }
    })
}

#[tokio::test(start_paused = true)]
async fn start_child_succeeds_when_the_child_has_started_and_then_stops_the_supervisor() {
    let supervisor = start(Strategy::OneForOne, []).await;
    supervisor.start_child(stops_its_supervisor(&supervisor, false)).await.expect("it has started");
    assert!(matches!(supervisor.closed().await, ExitReason::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_start_that_the_supervisors_stop_interrupts_is_not_started_as_stopped() {
    let supervisor = start(Strategy::OneForOne, []).await;
    let started = supervisor.start_child(stops_its_supervisor(&supervisor, true)).await;
    assert!(matches!(started, Err(ChildError::NotStarted { reason: ExitReason::Stopped, .. })), "{started:?}");
    assert!(matches!(supervisor.closed().await, ExitReason::Stopped));

    let supervisor = start(Strategy::OneForOne, []).await;
    supervisor.start_child(Puppet::new("b", &Log::default()).spec()).await.unwrap();
    supervisor.terminate_child("b").await.unwrap();
    supervisor.request_stop();
    let restarted = supervisor.restart_child("b").await;
    assert!(matches!(restarted, Err(ChildError::Ended)), "the stop came before the call: {restarted:?}");
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_call_names_the_child() {
    let log = Log::default();
    let (running, stopped) = (Puppet::new("prices", &log), Puppet::new("trades", &log));
    let supervisor = start(Strategy::OneForOne, [running.spec(), stopped.spec()]).await;
    supervisor.terminate_child("trades").await.unwrap();
    let error = |outcome: Result<(), ChildError>| outcome.unwrap_err().to_string();
    assert_eq!(error(supervisor.terminate_child("news").await), "there is no child news");
    assert_eq!(error(supervisor.restart_child("prices").await), "the child prices is running");
    let start = |spec| async { supervisor.start_child(spec).await.map(|_| ()) };
    assert_eq!(error(start(running.spec()).await), "a child prices is already running");
    assert_eq!(error(start(stopped.spec()).await), "a child trades is already present, but not running");
    stopped.fail_starts(1);
    let text = "the child trades did not start: failed: no start";
    assert_eq!(error(supervisor.restart_child("trades").await), text);

    let refused = start(deaf("news").significant(true)).await.unwrap_err();
    assert_eq!(refused.to_string(), "the child news must not be significant");
    let cause = std::error::Error::source(&refused).expect("it has a cause").to_string();
    assert_eq!(cause, "a significant child needs a supervisor that shuts down by itself");
}
