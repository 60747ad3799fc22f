//! Among the tasks of a program that has a token and a tracker for them.

use fresh::{
    CancellationToken, ExitReason,
    supervisor::{Strategy, Supervisor, SupervisorBuilder},
};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::{fragile, tasks};

#[allow(dead_code, reason = "only its function is tested")]
#[path = "../../examples/embed_task_tracker.rs"]
mod example;

fn builder(fail: &watch::Sender<bool>) -> SupervisorBuilder {
    Supervisor::builder(Strategy::OneForOne).intensity(0, std::time::Duration::from_secs(1)).child(fragile(fail))
}

#[tokio::test(start_paused = true)]
async fn cancelling_the_token_stops_the_tree_and_the_tracker_waits_for_it() {
    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
    let supervisor = example::start(builder(&watch::Sender::new(false)), &token, &tracker).await.unwrap();
    assert_eq!((tracker.len(), tasks()), (1, 2));
    tracker.close();
    token.cancel();
    tracker.wait().await;
    assert!(matches!(supervisor.closed().await, ExitReason::Stopped));
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_gives_up_cancels_the_token_for_the_rest_of_the_program() {
    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
    let fail = watch::Sender::new(false);
    let supervisor = example::start(builder(&fail), &token, &tracker).await.unwrap();
    let beside = tracker.spawn(token.clone().cancelled_owned());
    fail.send_replace(true);
    beside.await.unwrap();
    assert!(matches!(supervisor.closed().await, ExitReason::Intensity { .. }));
    tracker.close();
    tracker.wait().await;
    assert_eq!(tasks(), 0);
}
