//! What a supervisor can be asked for, and its answers.

use tokio::sync::oneshot;

use super::{
    child::{Child, ChildSpec},
    ending::Ending,
    error::ChildError,
    info::{ChildInfo, Counts},
    policy::{Shape, Strategy},
    roster::{Entry, Seat, Standing},
    run::Core,
};
use crate::exit::{ExitReason, child_id::ChildId};

/// A call on a handle, or what a supervisor reminds itself of.
#[derive(Debug)]
pub(super) enum Request {
    Start(ChildSpec, Reply<Result<Child, ChildError>>),
    Terminate(Which, Reply<Result<(), ChildError>>),
    Restart(ChildId, Reply<Result<(), ChildError>>),
    Delete(ChildId, Reply<Result<(), ChildError>>),
    Spec(Which, Reply<Result<ChildSpec, ChildError>>),
    Wait(ChildId, Reply<Result<Ending, ChildError>>),
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
    pub(super) async fn start_child(&mut self, spec: ChildSpec) -> Result<Child, ChildError> {
        let admitted = self.rules.admit(&spec.policy);
        admitted.map_err(|cause| ChildError::Significance { id: spec.id.clone(), cause })?;
        match self.rules.shape {
            Shape::Alike { most: Some(most) } if self.roster.len() >= most => {
                return Err(ChildError::MaxChildren(most));
            }
            Shape::Alike { .. } => {}
            Shape::Listed => self.refuse_known(&spec.id)?,
        }
        let seat = self.roster.add(spec, self.rules.shape);
        match self.start(&seat).await {
            Ok(()) => {
                let ending = self.ending(Which::At(seat.clone()))?;
                Ok(Child { seat, ending })
            }
            Err(reason) => {
                self.roster.remove(&seat, &reason);
                Err(ChildError::NotStarted { id: seat.id, reason })
            }
        }
    }

    fn refuse_known(&self, id: &ChildId) -> Result<(), ChildError> {
        let Some((_, known)) = self.roster.find(id) else { return Ok(()) };
        Err(match known.standing {
            Standing::Running(_) => ChildError::AlreadyStarted(id.clone()),
            Standing::Restarting(_) | Standing::Stopped => ChildError::AlreadyPresent(id.clone()),
        })
    }

    /// Stops a child, or its retries. It is no end of its own, so neither a restart nor an auto-shutdown follows.
    pub(super) async fn terminate_child(&mut self, which: Which) -> Result<(), ChildError> {
        let (seat, entry) = self.find(which)?;
        let was_retried = matches!(entry.standing, Standing::Restarting(_));
        let reason = self.stop_child(&seat).await;
        self.roster.publish(&seat, &reason);
        if was_retried && self.rules.strategy != Strategy::OneForOne {
            // The restart of its group has ended with it: siblings that were to start after it stay stopped.
            self.roster.publish_stopped();
        }
        Ok(())
    }

    pub(super) fn child_spec(&self, which: Which) -> Result<ChildSpec, ChildError> {
        self.find(which).map(|(_, entry)| entry.spec.clone())
    }

    pub(super) fn ending(&self, which: Which) -> Result<Ending, ChildError> {
        self.find(which).map(|(_, entry)| Ending::new(&entry.end, self.presence.gone()))
    }

    pub(super) async fn restart_child(&mut self, id: ChildId) -> Result<(), ChildError> {
        let seat = self.stopped(id)?;
        self.start(&seat).await.map_err(|reason| ChildError::NotStarted { id: seat.id, reason })
    }

    pub(super) fn delete_child(&mut self, id: ChildId) -> Result<(), ChildError> {
        let seat = self.stopped(id)?;
        self.roster.remove(&seat, &ExitReason::Stopped);
        Ok(())
    }

    /// The child with this id, if it is stopped.
    fn stopped(&self, id: ChildId) -> Result<Seat, ChildError> {
        let (seat, entry) = self.find(Which::Called(id))?;
        match entry.standing {
            Standing::Running(_) => Err(ChildError::Running(seat.id)),
            Standing::Restarting(_) => Err(ChildError::Restarting(seat.id)),
            Standing::Stopped => Ok(seat),
        }
    }

    fn find(&self, which: Which) -> Result<(Seat, &Entry), ChildError> {
        let (id, found) = match which {
            Which::Called(id) => {
                let found = self.roster.find(&id).map(|(seat, entry)| (seat.clone(), entry));
                (id, found)
            }
            Which::At(seat) => (seat.id.clone(), self.roster.get(&seat).map(|entry| (seat, entry))),
        };
        found.ok_or(ChildError::NotFound(id))
    }
}
