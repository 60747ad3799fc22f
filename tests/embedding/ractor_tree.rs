//! Under an actor of `ractor`, and above one.

use std::time::Duration;

use fresh::{
    ExitReason,
    supervisor::{ChildState, Event, Shutdown, Strategy, Supervisor, SupervisorBuilder},
};
use futures_util::StreamExt;
use ractor::{Actor, ActorProcessingErr, ActorRef, ActorStatus};
use tokio::sync::{oneshot, watch};

use crate::{fragile, tasks};

#[allow(dead_code, reason = "only its actors are tested")]
#[path = "../../examples/embed_ractor.rs"]
mod example;

fn builder(fail: &watch::Sender<bool>) -> SupervisorBuilder {
    Supervisor::builder(Strategy::OneForOne).intensity(0, Duration::from_secs(1)).child(fragile(fail))
}

/// Lets everything happen that can happen now.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_tree_under_an_actor_stops_with_it() {
    let (tree, running) = Actor::spawn(None, example::Tree, builder(&watch::Sender::new(false))).await.unwrap();
    tree.stop(None);
    running.await.unwrap();
    settle().await;
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tree_under_an_actor_ends_when_the_actor_is_killed() {
    let (tree, running) = Actor::spawn(None, example::Tree, builder(&watch::Sender::new(false))).await.unwrap();
    tree.kill();
    running.await.unwrap();
    settle().await;
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_gives_up_is_a_failed_actor_for_the_actor_above() {
    let fail = watch::Sender::new(false);
    let (failed, failure) = oneshot::channel();
    let (_root, running) = Actor::spawn(None, example::Root, (builder(&fail), failed)).await.unwrap();
    fail.send_replace(true);
    assert_eq!(failure.await.unwrap(), "restarting fragile would exceed the intensity of 0 in 1s: failed: told to");
    running.await.unwrap();
    settle().await;
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_does_not_start_is_an_actor_that_does_not_start() {
    let twice = watch::Sender::new(false);
    let builder = builder(&twice).child(fragile(&twice));
    let spawned = Actor::spawn(None, example::Tree, builder).await;
    assert!(spawned.unwrap_err().to_string().contains("two children have the id fragile"));
}

/// An actor that fails, or stops, when it is told to.
struct Obedient;

#[derive(Debug)]
enum Order {
    Fail,
    Stop,
}

impl Actor for Obedient {
    type Msg = Order;
    type State = ();
    type Arguments = watch::Sender<Option<ActorRef<Order>>>;

    async fn pre_start(
        &self,
        myself: ActorRef<Order>,
        latest: watch::Sender<Option<ActorRef<Order>>>,
    ) -> Result<(), ActorProcessingErr> {
        latest.send_replace(Some(myself));
        Ok(())
    }

    async fn handle(&self, myself: ActorRef<Order>, order: Order, (): &mut ()) -> Result<(), ActorProcessingErr> {
        match order {
            Order::Fail => Err("told to".into()),
            Order::Stop => {
                myself.stop(None);
                Ok(())
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_actor_as_a_child_is_restarted_by_its_supervisor_and_stops_with_it() {
    let latest = watch::Sender::new(None);
    let given = latest.clone();
    let child = example::actor("obedient", move |_watcher| (Obedient, given.clone()));
    let supervisor = Supervisor::builder(Strategy::OneForOne).child(child).start().await.unwrap();
    let mut events = supervisor.events();
    let mut next_end = async || loop {
        if let Some(Event::Exited { reason, .. }) = events.next().await {
            return reason;
        }
    };
    let actor = || latest.borrow().clone().unwrap();

    actor().cast(Order::Fail).unwrap();
    assert_eq!(next_end().await.to_string(), "failed: told to");
    settle().await;
    actor().cast(Order::Stop).unwrap();
    assert!(matches!(next_end().await, ExitReason::Normal));
    settle().await;
    assert_eq!(supervisor.which_children().await[0].state, ChildState::Running);

    let last = actor();
    supervisor.stop().await;
    settle().await;
    assert_eq!(last.get_status(), ActorStatus::Stopped);
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_actor_as_a_child_that_is_killed_ends_too() {
    let latest = watch::Sender::new(None);
    let given = latest.clone();
    let child = example::actor("obedient", move |_watcher| (Obedient, given.clone())).shutdown(Shutdown::Abort);
    let supervisor = Supervisor::builder(Strategy::OneForOne).child(child).start().await.unwrap();
    supervisor.stop().await;
    settle().await;
    assert_eq!(tasks(), 0);
}
