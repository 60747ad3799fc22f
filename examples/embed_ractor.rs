//! Both ways to live with `ractor`: a supervisor as an actor's child, and an actor as a supervisor's child.
//!
//! ```sh
//! cargo run --all-features --example embed_ractor
//! ```

use fresh::{
    BoxError, CancellationToken, ExitReason,
    supervisor::{ChildSpec, Event, Strategy, Supervisor, SupervisorBuilder},
};
use futures_util::StreamExt;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;
use tokio_util::sync::DropGuard;

/// An actor whose life is that of a supervisor: it starts and stops it, and ends when it ends, with an error where it
/// ended abnormally. So the actor above learns of it as of any other child.
pub(crate) struct Tree;

pub(crate) struct Running {
    supervisor: Supervisor,
    /// For when the actor is killed: then nothing of it runs any more, but its state is dropped.
    _stop: DropGuard,
}

impl Actor for Tree {
    /// The end of the supervisor.
    type Msg = ExitReason;
    type State = Running;
    type Arguments = SupervisorBuilder;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        builder: SupervisorBuilder,
    ) -> Result<Running, ActorProcessingErr> {
        let token = CancellationToken::new();
        let supervisor = builder.start_linked(token.clone()).await?;
        let watched = supervisor.clone();
        tokio::spawn(async move {
            // It fails where the actor has ended first.
            let _ = myself.cast(watched.closed().await);
        });
        Ok(Running { supervisor, _stop: token.drop_guard() })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        reason: ExitReason,
        _running: &mut Running,
    ) -> Result<(), ActorProcessingErr> {
        if reason.is_abnormal() {
            return Err(reason.to_string().into());
        }
        myself.stop(Some(reason.to_string()));
        Ok(())
    }

    async fn post_stop(&self, _myself: ActorRef<Self::Msg>, running: &mut Running) -> Result<(), ActorProcessingErr> {
        running.supervisor.stop().await;
        Ok(())
    }
}

/// A child that is an actor. `make` gives the actor and its arguments, anew for each start.
pub(crate) fn actor<A: Actor>(
    id: &str,
    make: impl Fn(ActorCell) -> (A, A::Arguments) + Send + Sync + 'static,
) -> ChildSpec {
    let make = std::sync::Arc::new(make);
    ChildSpec::with_start(id, move |stop| {
        let make = std::sync::Arc::clone(&make);
        async move {
            let (end, ended) = oneshot::channel();
            let (watcher, _) = Actor::spawn(None, Watcher, end).await?;
            let kill = KillOnDrop(watcher.get_cell());
            let (actor, arguments) = make(watcher.get_cell());
            let (actor, _) = Actor::spawn_linked(None, actor, arguments, watcher.get_cell()).await?;
            Ok::<_, BoxError>(async move {
                let _kill = [kill, KillOnDrop(actor.get_cell())];
                let mut ended = ended;
                tokio::select! {
                    ended = &mut ended => ended.unwrap_or(ExitReason::Aborted),
                    () = stop.cancelled() => {
                        actor.stop(None);
                        ended.await.unwrap_or(ExitReason::Aborted)
                    }
                }
            })
        }
    })
}

/// Learns how the actor below it ended.
struct Watcher;

impl Actor for Watcher {
    type Msg = ();
    type State = Option<oneshot::Sender<ExitReason>>;
    type Arguments = oneshot::Sender<ExitReason>;

    async fn pre_start(&self, _myself: ActorRef<()>, end: Self::Arguments) -> Result<Self::State, ActorProcessingErr> {
        Ok(Some(end))
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        end: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let reason = match event {
            SupervisionEvent::ActorTerminated(..) => ExitReason::Normal,
            SupervisionEvent::ActorFailed(_, error) => ExitReason::Failed(error.into()),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => return Ok(()),
        };
        if let Some(end) = end.take() {
            // Nobody waits where the child was killed.
            let _ = end.send(reason);
        }
        myself.stop(None);
        Ok(())
    }
}

/// A child that is killed takes its actor with it.
struct KillOnDrop(ActorCell);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        self.0.kill();
    }
}

/// An actor that counts down, and fails at zero.
pub(crate) struct Countdown;

impl Actor for Countdown {
    type Msg = ();
    type State = u32;
    type Arguments = u32;

    async fn pre_start(&self, myself: ActorRef<()>, from: u32) -> Result<u32, ActorProcessingErr> {
        myself.cast(())?;
        Ok(from)
    }

    async fn handle(&self, myself: ActorRef<()>, (): (), left: &mut u32) -> Result<(), ActorProcessingErr> {
        println!("  {left}");
        *left = left.checked_sub(1).ok_or("there is nothing below zero")?;
        myself.cast(())?;
        Ok(())
    }
}

/// The top of the actors' tree.
pub(crate) struct Root;

impl Actor for Root {
    type Msg = ();
    type State = Option<oneshot::Sender<String>>;
    type Arguments = (SupervisorBuilder, oneshot::Sender<String>);

    async fn pre_start(
        &self,
        myself: ActorRef<()>,
        (builder, failed): Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Actor::spawn_linked(None, Tree, builder, myself.get_cell()).await?;
        Ok(Some(failed))
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        failed: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(_, error) = event
            && let Some(failed) = failed.take()
        {
            // Here an actor above would start it again; this one only tells.
            let _ = failed.send(error.to_string());
            myself.stop(None);
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // A supervisor of ours, whose child is an actor that fails ...
    let countdown = actor("countdown", |_watcher| (Countdown, 2));
    let builder = Supervisor::builder(Strategy::OneForOne).intensity(1, std::time::Duration::from_secs(5));

    println!("an actor as a child:");
    let supervisor = builder.clone().start().await?;
    let mut events = supervisor.events();
    supervisor.start_child(countdown.clone()).await?;
    while let Some(event) = events.next().await {
        if let Event::Exited { child, reason } = event {
            println!("  {child} ended: {reason}");
        }
    }
    println!("  the supervisor ended: {}", supervisor.closed().await);

    // ... and the same one as the child of an actor.
    println!("and its supervisor as an actor's child:");
    let (failed, failure) = oneshot::channel();
    let (_root, running) = Actor::spawn(None, Root, (builder.child(countdown), failed)).await?;
    println!("  the actor failed: {}", failure.await?);
    running.await?;
    println!("done: everything ended");
    Ok(())
}
