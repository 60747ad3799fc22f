//! What befalls the children of a tree, told to whoever listens; nobody can hold the supervisor up by listening.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast::{self, error::RecvError};

use super::policy::Intensity;
use crate::exit::{
    ExitReason,
    child_id::{ChildId, ChildPath},
};

/// How many events a slow listener may lag behind before it skips the oldest.
const KEPT: usize = 256;

/// What befell a child. Its path begins below the supervisor that was asked for the events.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// It started.
    Started {
        /// Which child.
        child: ChildPath,
    },
    /// It did not start; one that was being restarted is tried again.
    NotStarted {
        /// Which child.
        child: ChildPath,
        /// Why.
        reason: ExitReason,
    },
    /// It ended: by itself, or because it was stopped.
    Exited {
        /// Which child.
        child: ChildPath,
        /// Why.
        reason: ExitReason,
    },
    /// It is about to be restarted, and those in the strategy's scope with it.
    Restarting {
        /// Which child.
        child: ChildPath,
    },
    /// Restarting it would exceed the intensity of its supervisor, which ends with [`ExitReason::Intensity`].
    GaveUp {
        /// Which child.
        child: ChildPath,
        /// How many restarts the supervisor allows within `period`.
        restarts: u32,
        /// The length of the window in which restarts count.
        period: Duration,
    },
    /// The listener was too slow: this many events of the whole tree are lost to it. `which_children` tells where
    /// things stand.
    Skipped(u64),
}

impl Event {
    /// The same event, as seen from a supervisor; `None` where the child is not below it.
    fn below(self, above: &ChildPath) -> Option<Self> {
        Some(match self {
            Self::Started { child } => Self::Started { child: child.below(above)? },
            Self::NotStarted { child, reason } => Self::NotStarted { child: child.below(above)?, reason },
            Self::Exited { child, reason } => Self::Exited { child: child.below(above)?, reason },
            Self::Restarting { child } => Self::Restarting { child: child.below(above)? },
            Self::GaveUp { child, restarts, period } => Self::GaveUp { child: child.below(above)?, restarts, period },
            Self::Skipped(count) => Self::Skipped(count),
        })
    }

    fn log(&self) {
        match self {
            Self::Started { child } => tracing::debug!(%child, "started"),
            Self::NotStarted { child, reason } => tracing::warn!(%child, %reason, "did not start"),
            Self::Exited { child, reason } if reason.is_abnormal() => tracing::warn!(%child, %reason, "ended"),
            Self::Exited { child, reason } => tracing::debug!(%child, %reason, "ended"),
            Self::Restarting { child } => tracing::info!(%child, "restarting"),
            Self::GaveUp { child, restarts, period } => {
                tracing::error!(%child, restarts, ?period, "gave up: restarting the child would exceed the intensity");
            }
            Self::Skipped(_) => {}
        }
    }
}

/// Where a supervisor tells what befalls its children: one channel for the whole tree.
#[derive(Clone, Debug)]
pub(super) struct Events {
    sender: broadcast::Sender<Event>,
    path: ChildPath,
}

impl Events {
    /// Those of the topmost supervisor.
    pub(super) fn root() -> Self {
        Self { sender: broadcast::Sender::new(KEPT), path: ChildPath::root() }
    }

    /// Those of a supervisor that is this one's child.
    pub(super) fn below(&self, id: &ChildId) -> Self {
        Self { sender: self.sender.clone(), path: self.path.join(id) }
    }

    /// The listeners' way in, which does not keep the channel open.
    pub(super) fn source(&self) -> Source {
        Source { sender: self.sender.downgrade(), path: self.path.clone() }
    }

    pub(super) fn started(&self, id: &ChildId) {
        self.tell(Event::Started { child: self.path.join(id) });
    }

    pub(super) fn not_started(&self, id: &ChildId, reason: &ExitReason) {
        self.tell(Event::NotStarted { child: self.path.join(id), reason: reason.clone() });
    }

    pub(super) fn exited(&self, id: &ChildId, reason: &ExitReason) {
        self.tell(Event::Exited { child: self.path.join(id), reason: reason.clone() });
    }

    pub(super) fn restarting(&self, id: &ChildId) {
        self.tell(Event::Restarting { child: self.path.join(id) });
    }

    /// What the supervisor ends with, as restarting this child would exceed its intensity.
    pub(super) fn gave_up(
        &self,
        id: &ChildId,
        Intensity { restarts, period }: Intensity,
        last: ExitReason,
    ) -> ExitReason {
        let child = self.path.join(id);
        self.tell(Event::GaveUp { child: child.clone(), restarts, period });
        ExitReason::Intensity { child, restarts, period, last: Arc::new(last) }
    }

    fn tell(&self, event: Event) {
        event.log();
        // It fails where nobody listens.
        let _ = self.sender.send(event);
    }
}

/// Where the events of a supervisor can be listened to.
#[derive(Clone, Debug)]
pub(super) struct Source {
    sender: broadcast::WeakSender<Event>,
    path: ChildPath,
}

impl Source {
    /// What befalls the children of this supervisor from now on; ends with the topmost supervisor.
    pub(super) fn listen(&self) -> impl Stream<Item = Event> + Send + Unpin + use<> {
        let receiver = self.sender.upgrade().map(|sender| sender.subscribe());
        let listening = receiver.map(|receiver| (receiver, self.path.clone()));
        let events = stream::unfold(listening, |listening| async move {
            let (mut receiver, path) = listening?;
            loop {
                let event = match receiver.recv().await {
                    Ok(event) => event.below(&path),
                    Err(RecvError::Lagged(count)) => Some(Event::Skipped(count)),
                    Err(RecvError::Closed) => return None,
                };
                if let Some(event) = event {
                    return Some((event, Some((receiver, path))));
                }
            }
        });
        Box::pin(events.fuse())
    }
}
