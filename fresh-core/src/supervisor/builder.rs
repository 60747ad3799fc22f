//! Putting a supervisor together, and starting it.

use std::{collections::HashSet, future::Future, time::Duration};

use tokio::{runtime, sync::watch};
use tokio_util::sync::CancellationToken;

use super::{
    child::{Birth, Branch, ChildSpec, Started},
    ending::Ending,
    error::StartError,
    events::Events,
    handle::{Link, Supervisor},
    policy::{AutoShutdown, Intensity, Policy, Rules, Strategy},
    presence::Presence,
    run::Core,
};
use crate::{
    error::Reason,
    exit::{ExitReason, child_id::ChildId},
};

/// A supervisor's rules and children, before it starts. It can be cloned and started again, which is what the
/// supervisor above it does for a restart.
#[derive(Clone, Debug)]
#[must_use = "a supervisor does nothing until it is started"]
pub struct SupervisorBuilder {
    rules: Rules,
    children: Vec<ChildSpec>,
}

impl SupervisorBuilder {
    pub(super) fn new(strategy: Strategy) -> Self {
        Self { rules: Rules { strategy, ..Rules::default() }, children: Vec::new() }
    }

    /// How many restarts within how long are allowed; one more ends the supervisor with [`ExitReason::Intensity`].
    /// Default: 3 in 5 s, as in Elixir. 0 restarts: the first failure ends it. There is no "off"; a large number lets a
    /// child that always fails restart for ever. A period of zero is refused when the supervisor starts
    /// ([`StartError::ZeroPeriod`]). OTP's `intensity` and `period`.
    pub fn intensity(mut self, restarts: u32, period: Duration) -> Self {
        self.rules.intensity = Intensity { restarts, period };
        self
    }

    /// Whether the end of significant children is the supervisor's own. Default: never. OTP's `auto_shutdown`.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.rules.auto_shutdown = auto_shutdown;
        self
    }

    /// Adds a child behind the others.
    pub fn child(mut self, spec: ChildSpec) -> Self {
        self.children.push(spec);
        self
    }

    /// Adds children behind the others, in their order.
    pub fn children(mut self, specs: impl IntoIterator<Item = ChildSpec>) -> Self {
        self.children.extend(specs);
        self
    }

    /// Starts the supervisor; returns when all of its children have started. OTP's `start_link/2`.
    ///
    /// # Errors
    ///
    /// The specs contradict each other, or a child did not start; those that had are stopped again, in reverse order.
    pub async fn start(self) -> Result<Supervisor, StartError> {
        self.start_linked(CancellationToken::new()).await
    }

    /// Starts a supervisor whose life is tied to a token's: cancelling the token stops the supervisor, and an abnormal
    /// end of the supervisor cancels the token.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start); they do not cancel the token.
    pub async fn start_linked(self, token: CancellationToken) -> Result<Supervisor, StartError> {
        let (supervisor, running) = self.start_unspawned(token).await?;
        tokio::spawn(running);
        Ok(supervisor)
    }

    /// As [`start_linked`](Self::start_linked), but the supervisor itself is a future, for whoever spawns it: a
    /// `TaskTracker`, a `JoinSet`, an actor. Dropping the future kills the whole tree.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub async fn start_unspawned(
        self,
        token: CancellationToken,
    ) -> Result<(Supervisor, impl Future<Output = ExitReason> + Send + 'static), StartError> {
        let (link, running) = start(self.rules, self.children, Birth::root(&token)).await?;
        Ok((Supervisor { link }, linked(running, token)))
    }
}

impl ChildSpec {
    /// A child that is a supervisor itself. It counts as started when all of its children have, and each restart
    /// starts them anew. Default: permanent, with all the time it takes to stop.
    pub fn supervisor(id: impl Into<ChildId>, builder: SupervisorBuilder) -> Self {
        Self::with_birth(id, Policy::supervisor(), move |birth| {
            let SupervisorBuilder { rules, children } = builder.clone();
            async move {
                match start(rules, children, birth).await {
                    Ok((link, running)) => Ok(Started::new(running, Branch::Supervisor(Supervisor { link }))),
                    Err(error) => Err(ExitReason::Failed(Reason::from(error))),
                }
            }
        })
    }
}

impl Birth {
    /// That of a supervisor without a supervisor above it, whose life is tied to this token's.
    pub(super) fn root(token: &CancellationToken) -> Self {
        Self { stop: token.child_token(), events: Events::root(), presence: Presence::root() }
    }
}

/// Starts the children; the future supervises them.
pub(super) async fn start(
    rules: Rules,
    children: Vec<ChildSpec>,
    birth: Birth,
) -> Result<(Link, impl Future<Output = ExitReason> + Send + 'static), StartError> {
    runtime::Handle::try_current().map_err(|_| StartError::NoRuntime)?;
    check(&rules, &children)?;
    let (stop, events, gone) = (birth.stop.clone(), birth.events.source(), birth.presence.gone());
    let (mut core, requests) = Core::new(rules, birth);
    core.start_all(children).await?;
    let exited = watch::Sender::new(None);
    let ending = Ending::new(&exited, gone);
    let running = async move {
        let reason = core.run().await;
        exited.send_replace(Some(reason.clone()));
        reason
    };
    Ok((Link { requests, stop, ending, events }, running))
}

fn check(rules: &Rules, children: &[ChildSpec]) -> Result<(), StartError> {
    if rules.intensity.period.is_zero() {
        return Err(StartError::ZeroPeriod);
    }
    let mut ids = HashSet::new();
    for child in children {
        if !ids.insert(&child.id) {
            return Err(StartError::DuplicateId(child.id.clone()));
        }
        let admitted = rules.admit(&child.policy);
        admitted.map_err(|cause| StartError::Significance { id: child.id.clone(), cause })?;
    }
    Ok(())
}

/// An abnormal end cancels the token.
pub(super) async fn linked(running: impl Future<Output = ExitReason>, token: CancellationToken) -> ExitReason {
    let reason = running.await;
    if reason.is_abnormal() {
        token.cancel();
    }
    reason
}
