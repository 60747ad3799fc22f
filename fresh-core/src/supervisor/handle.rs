//! The handle of a supervisor.

use futures_util::Stream;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    builder::SupervisorBuilder,
    child::{Child, ChildSpec},
    ending::Ending,
    error::ChildError,
    events::{self, Event},
    info::{ChildInfo, Counts},
    policy::Strategy,
    request::{Reply, Request, Which},
};
use crate::exit::{ExitReason, child_id::ChildId};

/// A handle of a running supervisor: cheap to clone, to be used from any task.
///
/// Dropping the last one does not end the supervisor: [`stop`](Self::stop) does, and the end of its parent. Calls are
/// answered one after the other, and wait while the supervisor starts or stops a child; so a child must not await
/// them while it starts, nor await [`stop`](Self::stop) at all.
#[derive(Clone, Debug)]
pub struct Supervisor {
    pub(super) link: Link,
}

impl Supervisor {
    /// A supervisor with this strategy, to be given its children. OTP's `init/1`.
    pub fn builder(strategy: Strategy) -> SupervisorBuilder {
        SupervisorBuilder::new(strategy)
    }

    /// Adds a child behind the others, starts it, and returns a handle of it. OTP's `start_child/2`.
    ///
    /// # Errors
    ///
    /// Its id is known (`AlreadyStarted`, `AlreadyPresent`), it did not start (then its spec is not kept), or its
    /// significance is refused.
    pub async fn start_child(&self, spec: ChildSpec) -> Result<Child, ChildError> {
        self.link.call(|reply| Request::Start(spec, reply)).await
    }

    /// Stops a child, by its own [`Shutdown`](super::Shutdown). Its spec is kept, unless it is temporary; nothing
    /// restarts it but a call, or the restart of its whole group. OTP's `terminate_child/2`.
    ///
    /// # Errors
    ///
    /// There is no such child. One that does not run is no error.
    pub async fn terminate_child(&self, id: impl Into<ChildId>) -> Result<(), ChildError> {
        self.link.call(|reply| Request::Terminate(Which::Called(id.into()), reply)).await
    }

    /// Starts a child that is stopped. OTP's `restart_child/2`.
    ///
    /// # Errors
    ///
    /// It runs, is being restarted, did not start, or there is none.
    pub async fn restart_child(&self, id: impl Into<ChildId>) -> Result<(), ChildError> {
        self.link.call(|reply| Request::Restart(id.into(), reply)).await
    }

    /// Deletes the spec of a child that is stopped. OTP's `delete_child/2`.
    ///
    /// # Errors
    ///
    /// It runs, is being restarted, or there is none.
    pub async fn delete_child(&self, id: impl Into<ChildId>) -> Result<(), ChildError> {
        self.link.call(|reply| Request::Delete(id.into(), reply)).await
    }

    /// Returns the spec of a child. OTP's `get_childspec/2`.
    ///
    /// # Errors
    ///
    /// There is no such child.
    pub async fn child_spec(&self, id: impl Into<ChildId>) -> Result<ChildSpec, ChildError> {
        self.link.call(|reply| Request::Spec(Which::Called(id.into()), reply)).await
    }

    /// Waits until a child has ended for good, and returns why it ended: see [`Child::closed`]. Returns at once if the
    /// child is stopped. OTP's `monitor/2`, which notices each restart instead: see [`events`](Self::events) for those.
    ///
    /// A temporary child is forgotten when it ends: to wait for it, keep the handle that
    /// [`start_child`](Self::start_child) returns.
    ///
    /// # Errors
    ///
    /// There is no such child.
    pub async fn wait_child(&self, id: impl Into<ChildId>) -> Result<ExitReason, ChildError> {
        let ending = self.link.call(|reply| Request::Wait(id.into(), reply)).await?;
        Ok(ending.wait().await)
    }

    /// The children, in the order they start in; none where the supervisor has ended. OTP's `which_children/1`.
    pub async fn which_children(&self) -> Vec<ChildInfo> {
        self.link.ask(Request::Children).await.unwrap_or_default()
    }

    /// How many children there are; none where the supervisor has ended. OTP's `count_children/1`.
    pub async fn count_children(&self) -> Counts {
        self.link.ask(Request::Count).await.unwrap_or_default()
    }

    /// What befalls the children from now on, and theirs, down the whole tree. The stream ends with the topmost
    /// supervisor. A listener that lags by more than 256 events is told how many it missed ([`Event::Skipped`]).
    ///
    /// The first starts are over when `start` returns: whoever wants to see them starts the supervisor without
    /// children, listens, and adds them with [`start_child`](Self::start_child).
    pub fn events(&self) -> impl Stream<Item = Event> + Send + Unpin + use<> {
        self.link.events.listen()
    }

    /// Stops the children in reverse order, each by its own [`Shutdown`](super::Shutdown), and then the supervisor.
    /// Resolves to the reason it ended for. OTP's `shutdown`.
    pub async fn stop(&self) -> ExitReason {
        self.request_stop();
        self.closed().await
    }

    /// [`stop`](Self::stop) without waiting for its end.
    pub fn request_stop(&self) {
        self.link.stop.cancel();
    }

    /// Waits for the supervisor's end; returns at once if the supervisor has ended. No task of the tree is alive then,
    /// also where a branch or the whole tree was killed: an aborted task that another thread polls is awaited.
    pub async fn closed(&self) -> ExitReason {
        self.link.ending.wait().await
    }
}

/// What every handle of a supervisor holds.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) requests: mpsc::UnboundedSender<Request>,
    pub(super) stop: CancellationToken,
    pub(super) ending: Ending,
    pub(super) events: events::Source,
}

impl Link {
    pub(super) async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).ok()?;
        answer.await.ok()
    }

    pub(super) async fn call<T>(
        &self,
        request: impl FnOnce(Reply<Result<T, ChildError>>) -> Request,
    ) -> Result<T, ChildError> {
        self.ask(request).await.unwrap_or(Err(ChildError::Ended))
    }
}
