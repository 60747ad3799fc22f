//! The spec of a child: what it is called, how it starts, and what holds for its life.

use std::{fmt, future::Future, sync::Arc};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{
    dynamic::DynamicSupervisor,
    ending::Ending,
    events::Events,
    handle::Supervisor,
    outcome::Outcome,
    policy::{ChildKind, Policy, Restart, Shutdown},
    presence::Presence,
    roster::Seat,
};
use crate::{
    error::Reason,
    exit::{ExitReason, child_id::ChildId},
};

/// How a supervisor starts, restarts and stops a child. OTP's `child_spec()`.
///
/// | | [`new`](Self::new), [`with_start`](Self::with_start) | [`client`](Self::client) | [`supervisor`](Self::supervisor), [`dynamic_supervisor`](Self::dynamic_supervisor) |
/// |---|---|---|---|
/// | restart | permanent | transient, as in Fresh | permanent |
/// | shutdown | 5 s | its `close_timeout` and 1 s | infinity |
/// | significant | no | no | no |
///
/// A child is a task. It is asked to end by the cancellation of its token, and killed by dropping its future, at the
/// await it stands at: a future that never awaits cannot be killed, so blocking work belongs into
/// [`spawn_blocking`](tokio::task::spawn_blocking). What a child spawns by itself is not the supervisor's.
#[derive(Clone)]
pub struct ChildSpec {
    pub(super) id: ChildId,
    pub(super) policy: Policy,
    start: Start,
}

/// A handle of a child: the same child for all its restarts. Cheap to clone. OTP's `Child` of `{ok, Child}`.
#[derive(Clone, Debug)]
pub struct Child {
    pub(super) seat: Seat,
    pub(super) ending: Ending,
}

impl Child {
    /// Returns the child's id. Below a [`DynamicSupervisor`], it is the spec's id and a number, such as `session#7`.
    pub fn id(&self) -> &ChildId {
        &self.seat.id
    }

    /// Waits until the child has ended for good, and returns why it ended. Returns at once if it already has.
    ///
    /// A child that its supervisor restarts has not ended. A child has ended for good when it is not restarted, when it
    /// is terminated, and with its supervisor. A later
    /// [`restart_child`](super::Supervisor::restart_child) begins a new life, with which this handle has nothing to do.
    ///
    /// ```
    /// use fresh_core::supervisor::{ChildSpec, DynamicSupervisor, Restart};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let jobs = DynamicSupervisor::builder().start().await?;
    /// let job = ChildSpec::new("job", |_stop| async { Err::<(), _>("no paper") });
    /// let job = jobs.start_child(job.restart(Restart::Temporary)).await?;
    /// assert_eq!(job.closed().await.to_string(), "failed: no paper");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn closed(&self) -> ExitReason {
        self.ending.wait().await
    }
}

/// Two handles are equal if they are of the same child.
impl PartialEq for Child {
    fn eq(&self, other: &Self) -> bool {
        self.seat == other.seat
    }
}

impl Eq for Child {}

/// Starts a child; called again for each restart.
type Start = Arc<dyn Fn(Birth) -> BoxFuture<'static, Result<Started, ExitReason>> + Send + Sync>;

/// What a child is given when it starts.
pub(super) struct Birth {
    /// Cancelled when the child has to end.
    pub(super) stop: CancellationToken,
    /// Where a supervisor tells what befalls its own children.
    pub(super) events: Events,
    /// Held by the child's task.
    pub(super) presence: Presence,
}

/// A child that has started.
pub(super) struct Started {
    running: BoxFuture<'static, ExitReason>,
    branch: Branch,
}

/// What a child lets others do with it.
#[derive(Clone, Debug)]
pub(super) enum Branch {
    Leaf,
    Supervisor(Supervisor),
    Dynamic(DynamicSupervisor),
}

impl ChildSpec {
    /// A child that is a future. It is given the token that asks it to end, and counts as started at once.
    ///
    /// ```
    /// use fresh_core::supervisor::ChildSpec;
    ///
    /// let ticker = ChildSpec::new("ticker", |stop| async move {
    ///     let mut ticks = tokio::time::interval(std::time::Duration::from_secs(1));
    ///     while stop.run_until_cancelled(ticks.tick()).await.is_some() {
    ///         println!("tick");
    ///     }
    /// });
    /// ```
    pub fn new<F, R>(id: impl Into<ChildId>, run: F) -> Self
    where
        F: Fn(CancellationToken) -> R + Send + Sync + 'static,
        R: Future + Send + 'static,
        R::Output: Outcome,
    {
        let run = Arc::new(run);
        Self::with_birth(id, Policy::worker(), move |birth| {
            let run = Arc::clone(&run);
            // Called in the child's own task, so that a panic is the child's.
            async move { Ok(Started::leaf(run(birth.stop))) }
        })
    }

    /// A child that first has to get ready. The future that is awaited first is the start: the next child starts
    /// when it is done, and an error is a failed start. What it returns is the future that then runs.
    ///
    /// ```
    /// use fresh_core::supervisor::ChildSpec;
    /// use tokio::net::TcpListener;
    ///
    /// let listener = ChildSpec::with_start("listener", |stop| async move {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?; // no port: no start
    ///     Ok::<_, std::io::Error>(async move {
    ///         while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
    ///             println!("{}", accepted?.1);
    ///         }
    ///         Ok::<_, std::io::Error>(())
    ///     })
    /// });
    /// ```
    pub fn with_start<F, S, R, E>(id: impl Into<ChildId>, start: F) -> Self
    where
        F: Fn(CancellationToken) -> S + Send + Sync + 'static,
        S: Future<Output = Result<R, E>> + Send + 'static,
        R: Future + Send + 'static,
        R::Output: Outcome,
        E: Into<Reason> + 'static,
    {
        let start = Arc::new(start);
        Self::with_birth(id, Policy::worker(), move |birth| {
            let start = Arc::clone(&start);
            async move {
                match start(birth.stop).await {
                    Ok(running) => Ok(Started::leaf(running)),
                    Err(error) => Err(error.into().into()),
                }
            }
        })
    }

    pub(super) fn with_birth<S>(
        id: impl Into<ChildId>,
        policy: Policy,
        start: impl Fn(Birth) -> S + Send + Sync + 'static,
    ) -> Self
    where
        S: Future<Output = Result<Started, ExitReason>> + Send + 'static,
    {
        Self { id: id.into(), policy, start: Arc::new(move |birth| Box::pin(start(birth))) }
    }

    /// Another id for the same child. Default: the one it was made with. Ids are unique below one supervisor: a second
    /// one is refused. OTP's `id`.
    #[must_use]
    pub fn id(mut self, id: impl Into<ChildId>) -> Self {
        self.id = id.into();
        self
    }

    /// Whether it is started again when it ends by itself. Default: permanent; for a client, transient. It is turned
    /// off by [`Restart::Temporary`]. OTP's `restart`.
    ///
    /// A permanent child that ends at once uses up the supervisor's intensity.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.policy.restart = restart;
        self
    }

    /// How it is stopped. Default: 5 s to end, then it is killed; for a client, its `close_timeout` and 1 s; for a
    /// supervisor, [`Shutdown::Infinity`]. OTP's `shutdown`.
    ///
    /// With [`Shutdown::Infinity`], a child that never ends holds up the whole tree.
    #[must_use]
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.policy.shutdown = shutdown;
        self
    }

    /// Whether its end may be the supervisor's: see [`AutoShutdown`](super::AutoShutdown). Default: no. A permanent
    /// child is refused with it, and so is one below a supervisor that never shuts down by itself. OTP's `significant`.
    #[must_use]
    pub fn significant(mut self, significant: bool) -> Self {
        self.policy.significant = significant;
        self
    }

    /// Returns what kind of child it is. OTP's `type`.
    pub fn kind(&self) -> ChildKind {
        self.policy.kind
    }

    /// Returns what the spec says about the child's life: `restart`, `shutdown`, `significant` and `kind`.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The whole life of the child. It is told on `ready` when it has started; where it ends without that, it ends
    /// for the reason that it did not start for.
    pub(super) fn live(
        &self,
        birth: Birth,
        ready: oneshot::Sender<Branch>,
    ) -> impl Future<Output = ExitReason> + Send + 'static {
        let start = Arc::clone(&self.start);
        async move {
            let _present = birth.presence.clone();
            match start(birth).await {
                Ok(Started { running, branch }) => {
                    // The supervisor waits for it, unless it stops this very child.
                    let _ = ready.send(branch);
                    running.await
                }
                Err(reason) => reason,
            }
        }
    }
}

impl Started {
    pub(super) fn new(running: impl Future<Output = ExitReason> + Send + 'static, branch: Branch) -> Self {
        Self { running: Box::pin(running), branch }
    }

    fn leaf<R>(running: R) -> Self
    where
        R: Future + Send + 'static,
        R::Output: Outcome,
    {
        Self::new(async move { running.await.into_exit() }, Branch::Leaf)
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec").field("id", &self.id).field("policy", &self.policy).finish_non_exhaustive()
    }
}
