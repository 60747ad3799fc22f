//! Many children alike, started when they are needed.

use std::{future::Future, time::Duration};

use futures_util::Stream;
use tokio_util::sync::CancellationToken;

use super::{
    builder,
    child::{Birth, Branch, Child, ChildSpec, Started},
    error::{ChildError, StartError},
    events::Event,
    handle::Link,
    info::{ChildInfo, Counts},
    policy::{Intensity, Policy, Rules, Shape},
    request::{Request, Which},
};
use crate::{
    error::Reason,
    exit::{ExitReason, child_id::ChildId},
};

/// A handle of a running supervisor of many children alike: cheap to clone, to be used from any task. Elixir's
/// `DynamicSupervisor`, OTP's `simple_one_for_one`.
///
/// It begins without children. They have no order: the strategy is one_for_one, and they stop all at once. A spec may
/// be started many times; each child gets a number behind the spec's id. A child that is not restarted is forgotten.
#[derive(Clone, Debug)]
pub struct DynamicSupervisor {
    link: Link,
}

impl DynamicSupervisor {
    /// A supervisor of many children alike, before it starts.
    pub fn builder() -> DynamicSupervisorBuilder {
        let shape = Shape::Alike { most: None };
        DynamicSupervisorBuilder { rules: Rules { shape, ..Rules::default() } }
    }

    /// Starts one more child. Elixir's `start_child/2`.
    ///
    /// # Errors
    ///
    /// There are as many as there may be, it did not start, or it is significant.
    pub async fn start_child(&self, spec: ChildSpec) -> Result<Child, ChildError> {
        self.link.call(|reply| Request::Start(spec, reply)).await
    }

    /// Stops a child, by its own [`Shutdown`](super::Shutdown), and forgets it. Elixir's `terminate_child/2`.
    ///
    /// # Errors
    ///
    /// There is no such child: it is forgotten, or another supervisor's.
    pub async fn terminate_child(&self, child: &Child) -> Result<(), ChildError> {
        self.link.call(|reply| Request::Terminate(Which::At(child.seat.clone()), reply)).await
    }

    /// Returns the spec that a child was started with. OTP's `get_childspec/2`.
    ///
    /// # Errors
    ///
    /// There is no such child: it is forgotten, or another supervisor's.
    pub async fn child_spec(&self, child: &Child) -> Result<ChildSpec, ChildError> {
        self.link.call(|reply| Request::Spec(Which::At(child.seat.clone()), reply)).await
    }

    /// The children, oldest first; none where the supervisor has ended.
    pub async fn which_children(&self) -> Vec<ChildInfo> {
        self.link.ask(Request::Children).await.unwrap_or_default()
    }

    /// How many children there are; none where the supervisor has ended.
    pub async fn count_children(&self) -> Counts {
        self.link.ask(Request::Count).await.unwrap_or_default()
    }

    /// What befalls the children from now on: see [`Supervisor::events`](super::Supervisor::events).
    pub fn events(&self) -> impl Stream<Item = Event> + Send + Unpin + use<> {
        self.link.events.listen()
    }

    /// Stops all children at once, and then the supervisor. Those with a timeout share one timer, that of the most
    /// patient. Resolves to the reason it ended for.
    pub async fn stop(&self) -> ExitReason {
        self.request_stop();
        self.closed().await
    }

    /// [`stop`](Self::stop) without waiting for its end.
    pub fn request_stop(&self) {
        self.link.stop.cancel();
    }

    /// Waits for the supervisor's end; returns at once if the supervisor has ended. No task of the tree is alive then:
    /// see [`Supervisor::closed`](super::Supervisor::closed).
    pub async fn closed(&self) -> ExitReason {
        self.link.ending.wait().await
    }
}

/// The rules of a supervisor of many children alike, before it starts.
#[derive(Clone, Debug)]
#[must_use = "a supervisor does nothing until it is started"]
pub struct DynamicSupervisorBuilder {
    rules: Rules,
}

impl DynamicSupervisorBuilder {
    fn into_rules(self) -> Rules {
        self.rules
    }

    /// How many restarts within how long are allowed, all children taken together; one more ends the supervisor with
    /// [`ExitReason::Intensity`]. Default: 3 in 5 s. A period of zero is refused when the supervisor starts
    /// ([`StartError::ZeroPeriod`]).
    pub fn intensity(mut self, restarts: u32, period: Duration) -> Self {
        self.rules.intensity = Intensity { restarts, period };
        self
    }

    /// How many children there may be at a time; one more is [`ChildError::MaxChildren`]. Default: no limit, so that
    /// whoever can ask for children can fill the memory. Elixir's `max_children`.
    pub fn max_children(mut self, most: usize) -> Self {
        self.rules.shape = Shape::Alike { most: Some(most) };
        self
    }

    /// Starts the supervisor.
    ///
    /// # Errors
    ///
    /// The period of the intensity is zero, or there is no tokio runtime.
    pub async fn start(self) -> Result<DynamicSupervisor, StartError> {
        self.start_linked(CancellationToken::new()).await
    }

    /// Starts a supervisor whose life is tied to a token's: see
    /// [`SupervisorBuilder::start_linked`](super::SupervisorBuilder::start_linked).
    ///
    /// # Errors
    ///
    /// The period of the intensity is zero, or there is no tokio runtime.
    pub async fn start_linked(self, token: CancellationToken) -> Result<DynamicSupervisor, StartError> {
        let (supervisor, running) = self.start_unspawned(token).await?;
        tokio::spawn(running);
        Ok(supervisor)
    }

    /// The handle, and the supervisor as a future: see
    /// [`SupervisorBuilder::start_unspawned`](super::SupervisorBuilder::start_unspawned).
    ///
    /// # Errors
    ///
    /// The period of the intensity is zero, or there is no tokio runtime.
    pub async fn start_unspawned(
        self,
        token: CancellationToken,
    ) -> Result<(DynamicSupervisor, impl Future<Output = ExitReason> + Send + 'static), StartError> {
        let (link, running) = builder::start(self.rules, Vec::new(), Birth::root(&token)).await?;
        Ok((DynamicSupervisor { link }, builder::linked(running, token)))
    }
}

impl ChildSpec {
    /// A child that is a supervisor of many children alike. Default: permanent, with all the time it takes to stop.
    pub fn dynamic_supervisor(id: impl Into<ChildId>, builder: DynamicSupervisorBuilder) -> Self {
        let rules = builder.into_rules();
        Self::with_birth(id, Policy::supervisor(), move |birth| async move {
            match builder::start(rules, Vec::new(), birth).await {
                Ok((link, running)) => Ok(Started::new(running, Branch::Dynamic(DynamicSupervisor { link }))),
                Err(error) => Err(ExitReason::Failed(Reason::from(error))),
            }
        })
    }
}
