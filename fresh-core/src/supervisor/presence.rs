//! Whether a task of a tree is alive.
//!
//! A supervisor that ends in order waits for its children. A supervisor that is killed cannot: its future is dropped,
//! and its children's tasks are aborted. An aborted task that another thread polls lives until that poll returns. So
//! each task below a supervisor holds the supervisor's [`Presence`], and [`Gone`] waits until all of them dropped it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// What each task below a supervisor holds as long as it lives. It includes the presence of the supervisors above.
#[derive(Clone, Debug)]
pub(super) struct Presence(Arc<Held>);

#[derive(Debug)]
struct Held {
    gone: CancellationToken,
    _above: Option<Presence>,
}

impl Presence {
    /// That of the topmost supervisor.
    pub(super) fn root() -> Self {
        Self::new(None)
    }

    /// That of a supervisor that is this one's child.
    pub(super) fn below(&self) -> Self {
        Self::new(Some(self.clone()))
    }

    fn new(above: Option<Self>) -> Self {
        Self(Arc::new(Held { gone: CancellationToken::new(), _above: above }))
    }

    /// Waits for the end of the tasks, without being one of them.
    pub(super) fn gone(&self) -> Gone {
        Gone(self.0.gone.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gone.cancel();
    }
}

#[derive(Clone, Debug)]
pub(super) struct Gone(CancellationToken);

impl Gone {
    /// Resolves when no task of the tree is alive.
    pub(super) async fn wait(&self) {
        self.0.cancelled().await;
    }
}
