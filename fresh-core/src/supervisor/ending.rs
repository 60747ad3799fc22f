//! The end of a supervisor or of a child, for those who wait for it.

use tokio::sync::watch;

use super::presence::Gone;
use crate::exit::ExitReason;

/// Where an end is published, after the tasks concerned have ended. An end that was published stays.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    published: watch::Receiver<Option<ExitReason>>,
    supervisor: Gone,
}

impl Ending {
    /// What this sender publishes. If the supervisor is killed, it publishes nothing.
    pub(super) fn new(publisher: &watch::Sender<Option<ExitReason>>, supervisor: Gone) -> Self {
        Self { published: publisher.subscribe(), supervisor }
    }

    pub(super) async fn wait(&self) -> ExitReason {
        let mut published = self.published.clone();
        let reason = published.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        match reason {
            Some(reason) => reason,
            // The supervisor was killed, and did not wait for its children.
            None => {
                self.supervisor.wait().await;
                ExitReason::Aborted
            }
        }
    }
}
