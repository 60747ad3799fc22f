//! Starting a tree.

use fresh::supervisor::{DynamicSupervisor, StartError};

use crate::*;

#[tokio::test(start_paused = true)]
async fn s01_children_start_in_list_order_each_start_finishing_before_the_next_begins() {
    let log = Log::default();
    let slow = |id: &'static str| {
        let log = log.clone();
        ChildSpec::with_start(id, move |stop| {
            let log = log.clone();
            async move {
                log.note(format!("{id} starts"));
                sleep(S).await;
                log.note(format!("{id} has started"));
                Ok::<_, String>(async move { stop.cancelled().await })
            }
        })
    };
    let (_supervisor, took) = time(start(Strategy::OneForOne, ["a", "b"].map(slow))).await;
    assert_eq!(log.take(), ["a starts", "a has started", "b starts", "b has started"]);
    assert_eq!(took, 2 * S);
}

#[tokio::test(start_paused = true)]
async fn s02_a_child_that_fails_to_start_stops_the_earlier_ones_in_reverse_and_is_named_with_its_reason() {
    let log = Log::default();
    let puppets = ["a", "b", "c", "d"].map(|id| Puppet::new(id, &log));
    puppets[2].fail_starts(1);
    let started = Supervisor::builder(Strategy::OneForOne).children(puppets.iter().map(Puppet::spec)).start().await;
    let Err(StartError::Child { id, reason }) = started else { panic!("{started:?}") };
    assert_eq!(id, "c");
    assert_eq!(reason.to_string(), "failed: no start");
    assert_eq!(log.take(), ["a+", "b+", "c?", "b-", "a-"]);
    assert_eq!(tasks(), 0, "the supervisor has ended");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_panics_is_a_failed_start() {
    let child = ChildSpec::new("a", |_stop| -> std::future::Ready<()> { panic!("no way") });
    let started = Supervisor::builder(Strategy::OneForOne).child(child).start().await;
    assert_eq!(started.unwrap_err().to_string(), "the child a did not start: panicked: no way");
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_below_that_does_not_start_says_which_of_its_children_did_not() {
    let log = Log::default();
    let leaf = Puppet::new("leaf", &log);
    leaf.fail_starts(1);
    let below = Supervisor::builder(Strategy::OneForOne).child(leaf.spec());
    let top = Supervisor::builder(Strategy::OneForOne).child(ChildSpec::supervisor("below", below));
    let Err(StartError::Child { id, reason: ExitReason::Failed(reason) }) = top.start().await else { panic!() };
    assert_eq!(id, "below");
    let Some(StartError::Child { id, .. }) = reason.downcast_ref() else { panic!("{reason}") };
    assert_eq!(*id, "leaf");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_cancelled_while_a_child_starts_ends_the_start() {
    let log = Log::default();
    let (quick, slow) = (Puppet::new("quick", &log), Puppet::new("slow", &log).start_takes(AGES));
    let token = fresh::CancellationToken::new();
    let builder = Supervisor::builder(Strategy::OneForOne).children([quick.spec(), slow.spec()]);
    let starting = tokio::spawn(builder.start_linked(token.clone()));
    settle().await;
    token.cancel();
    let (started, took) = time(starting).await;
    assert!(matches!(started.unwrap(), Err(StartError::Child { id, .. }) if id == "slow"));
    assert_eq!(took, 5 * S, "the start did not look at its token, and was killed");
    assert_eq!(log.take(), ["quick+", "quick-"]);
}

#[tokio::test(start_paused = true)]
async fn a_period_of_zero_is_refused_wherever_the_supervisor_stands() {
    let zero = || Supervisor::builder(Strategy::OneForOne).intensity(1, Duration::ZERO);
    let started = zero().child(deaf("a")).start().await;
    assert!(matches!(started, Err(StartError::ZeroPeriod)), "{started:?}");
    let started = DynamicSupervisor::builder().intensity(1, Duration::ZERO).start().await;
    assert!(matches!(started, Err(StartError::ZeroPeriod)), "{started:?}");
    let above = Supervisor::builder(Strategy::OneForOne).child(ChildSpec::supervisor("below", zero()));
    let text = "the child below did not start: failed: the period of the supervisor's intensity is zero";
    assert_eq!(above.start().await.unwrap_err().to_string(), text);
    assert_eq!(tasks(), 0, "nothing was started");
}

#[test]
fn without_a_runtime_there_is_no_start() {
    let started = futures_util::FutureExt::now_or_never(Supervisor::builder(Strategy::OneForOne).start());
    assert!(matches!(started, Some(Err(StartError::NoRuntime))));
}
