//! What a supervisor can be asked for, and its answers.

use tokio::sync::oneshot;

use super::{
    child::ChildSpec,
    dynamic::DynamicChild,
    error::ChildError,
    info::{ChildInfo, Counts},
    policy::Shape,
    roster::{Seat, Standing},
    run::Core,
};
use crate::exit::child_id::ChildId;

/// A call on a handle, or what a supervisor reminds itself of.
#[derive(Debug)]
pub(super) enum Request {
    Start(ChildSpec, Reply<Result<DynamicChild, ChildError>>),
    Terminate(Which, Reply<Result<(), ChildError>>),
    Restart(ChildId, Reply<Result<(), ChildError>>),
    Delete(ChildId, Reply<Result<(), ChildError>>),
    Children(Reply<Vec<ChildInfo>>),
    Count(Reply<Counts>),
    /// A restart failed: to be tried again, behind what was asked for meanwhile.
    Retry(Seat),
}

pub(super) type Reply<T> = oneshot::Sender<T>;

/// Which child is meant.
#[derive(Debug)]
pub(super) enum Which {
    Called(ChildId),
    At(Seat),
}

impl Core {
    pub(super) async fn start_child(&mut self, spec: ChildSpec) -> Result<DynamicChild, ChildError> {
        self.rules.admit(&spec.policy)?;
        match self.rules.shape {
            Shape::Alike { most: Some(most) } if self.roster.len() >= most => return Err(ChildError::MaxChildren),
            Shape::Alike { .. } => {}
            Shape::Listed => self.refuse_known(&spec.id)?,
        }
        let seat = self.roster.add(spec, self.rules.shape);
        match self.start(&seat).await {
            Ok(()) => Ok(DynamicChild(seat)),
            Err(reason) => {
                self.roster.remove(&seat);
                Err(ChildError::NotStarted(reason))
            }
        }
    }

    fn refuse_known(&self, id: &str) -> Result<(), ChildError> {
        let Some((_, known)) = self.roster.find(id) else { return Ok(()) };
        Err(match known.standing {
            Standing::Running(_) => ChildError::AlreadyStarted,
            Standing::Restarting(_) | Standing::Stopped => ChildError::AlreadyPresent,
        })
    }

    /// Stops a child, or its retries. It is no end of its own, so neither a restart nor an auto-shutdown follows.
    pub(super) async fn terminate_child(&mut self, which: Which) -> Result<(), ChildError> {
        let seat = match which {
            Which::Called(id) => self.roster.find(&id).map(|(seat, _)| seat.clone()),
            Which::At(seat) => self.roster.get(&seat).is_some().then_some(seat),
        };
        self.stop_child(&seat.ok_or(ChildError::NotFound)?).await;
        Ok(())
    }

    pub(super) async fn restart_child(&mut self, id: &str) -> Result<(), ChildError> {
        let seat = self.stopped(id)?;
        self.start(&seat).await.map_err(ChildError::NotStarted)
    }

    pub(super) fn delete_child(&mut self, id: &str) -> Result<(), ChildError> {
        let seat = self.stopped(id)?;
        self.roster.remove(&seat);
        Ok(())
    }

    /// The child that is called so, where it is stopped.
    fn stopped(&self, id: &str) -> Result<Seat, ChildError> {
        let (seat, entry) = self.roster.find(id).ok_or(ChildError::NotFound)?;
        match entry.standing {
            Standing::Running(_) => Err(ChildError::Running),
            Standing::Restarting(_) => Err(ChildError::Restarting),
            Standing::Stopped => Ok(seat.clone()),
        }
    }
}
