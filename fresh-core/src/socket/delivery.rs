//! To whom a socket delivers what it receives, as a pure state machine: it names no channel, no lock and no task.

#[cfg(test)]
mod tests;

use super::{error::SocketError, event::Ending, state::Active};

/// To whom frames and the end of the connection go, and what else is to come.
///
/// `O` is the owner; two owners are equal if they are the same channel.
#[derive(Debug)]
pub(super) enum Delivery<O> {
    /// Readers take the frames. An owner is only watched: the socket closes when the owner's receiver is dropped.
    Passive(Option<O>, Supply),
    /// The owner is sent every frame, then the end.
    Active(O, Supply),
    /// The owner is sent one frame, or the end; then the socket is passive.
    Once(O, Supply),
    /// Passive, the connection has ended, and so has the socket's task. Readers take the rest; an active mode needs a
    /// new task.
    Parked(Option<O>, Box<Ending>),
    /// Nothing is left to deliver, or nobody is left to receive it.
    Spent,
}

/// What the connection still adds to the queue.
#[derive(Debug)]
pub(super) enum Supply {
    /// Frames are kept, and reading pauses while the queue is full.
    Open,
    /// The socket is closing. Frames are kept while there is room, and reading never pauses.
    Closing,
    /// A frame of a closing socket found no room. All frames behind it are dropped, so that the kept ones have no gap.
    Cut,
    /// The connection is gone, and its end is about to be reported. The frames before the end are kept.
    Gone,
    /// No frame comes any more. The end is delivered behind the queued frames.
    Ended(Box<Ending>),
}

/// Everything that can happen to a delivery.
#[derive(Debug)]
pub(super) enum Input<'a, O> {
    /// A frame was received; `room` says whether a closing socket has room for it.
    Received {
        ping: bool,
        room: bool,
    },
    /// A reader asks for the next frame; `queued` says whether there is one.
    Take {
        queued: bool,
    },
    /// This owner's channel has room for an event; `queued` says whether a frame waits.
    Offer {
        owner: &'a O,
        queued: bool,
    },
    SetMode(Active),
    SetOwner(O),
    /// The receiver of this owner was dropped.
    OwnerGone(&'a O),
    /// The socket is closed from our side.
    Close,
    /// The connection is gone.
    Gone,
    /// The connection ended in this way. The first report counts.
    End(Ending),
    /// The socket ended without a connection, and the caller of `connect` has been notified.
    NeverOpened,
    /// The last handle was dropped.
    Abandoned,
    /// The socket's task ends.
    TaskEnded,
}

/// What follows from an input, beside the new state.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Nothing.
    Done,
    /// Queue the frame.
    Keep,
    /// Drop the frame, and count it as lost.
    Lose,
    /// Hand out the next frame of the queue.
    Frame,
    /// Hand out the end. It is handed out once.
    End(Box<Ending>),
    /// There is nothing to hand out yet, or not to this owner.
    Wait,
    /// Start a task that delivers the rest to the owner.
    Spawn,
    /// Close the connection.
    CloseConnection,
    Refused(Refusal),
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing is left to deliver.
    Spent,
    /// The mode needs an owner.
    NoOwner,
    /// The frames go to the owner.
    Active(Active),
}

/// Who has to look at the new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    Nobody,
    Readers,
    /// The socket's task, which delivers to the owner.
    Task,
    Both,
}

/// The outcome of an input.
#[derive(Debug)]
pub(super) struct Step<O> {
    pub(super) delivery: Delivery<O>,
    pub(super) verdict: Verdict,
    pub(super) wake: Wake,
}

/// What the socket's task has to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty<O> {
    /// There is no owner.
    None,
    /// There is nothing to deliver, but the socket closes when this owner's receiver is dropped.
    Watch(O),
    /// This owner is to be sent the next event.
    Deliver(O),
}

impl<O: PartialEq> Delivery<O> {
    /// The delivery of a socket that has not connected yet: passive.
    pub(super) const INITIAL: Self = Self::Passive(None, Supply::Open);

    /// Applies an input. This is the only place where the state changes.
    pub(super) fn step(self, input: Input<'_, O>) -> Step<O> {
        match input {
            Input::Received { ping, room } => self.received(ping, room),
            Input::Take { queued } => self.take(queued),
            Input::Offer { owner, queued } => self.offer(owner, queued),
            Input::SetMode(mode) => self.set_mode(mode),
            Input::SetOwner(owner) => self.set_owner(owner),
            Input::OwnerGone(owner) => self.owner_gone(owner),
            Input::Close => self.supplied(Supply::closed).quietly(Verdict::Done),
            Input::Gone => self.supplied(Supply::gone).quietly(Verdict::Done),
            Input::End(ending) => self.end(ending),
            Input::NeverOpened => Self::Spent.loudly(Verdict::Done),
            Input::Abandoned => self.abandoned(),
            Input::TaskEnded => self.task_ended(),
        }
    }

    fn received(self, ping: bool, room: bool) -> Step<O> {
        match &self {
            // A ping is answered already, and a passive socket does not show it.
            Self::Passive(..) | Self::Parked(..) if ping => self.quietly(Verdict::Done),
            Self::Passive(_, supply) | Self::Active(_, supply) | Self::Once(_, supply) if supply.keeps(room) => {
                let wake = self.audience();
                Step { delivery: self, verdict: Verdict::Keep, wake }
            }
            Self::Passive(..) | Self::Active(..) | Self::Once(..) => self.supplied(Supply::cut).quietly(Verdict::Lose),
            Self::Parked(..) | Self::Spent => self.quietly(Verdict::Lose),
        }
    }

    fn take(self, queued: bool) -> Step<O> {
        match self {
            Self::Passive(..) | Self::Parked(..) if queued => self.quietly(Verdict::Frame),
            Self::Passive(_, Supply::Ended(ending)) | Self::Parked(_, ending) => {
                Self::Spent.loudly(Verdict::End(ending))
            }
            Self::Passive(_, Supply::Open | Supply::Closing | Supply::Cut | Supply::Gone) => {
                self.quietly(Verdict::Wait)
            }
            Self::Active(..) => self.refused(Refusal::Active(Active::On)),
            Self::Once(..) => self.refused(Refusal::Active(Active::Once)),
            Self::Spent => self.refused(Refusal::Spent),
        }
    }

    fn offer(self, to: &O, queued: bool) -> Step<O> {
        match self {
            Self::Active(owner, supply) if queued && owner == *to => {
                Self::Active(owner, supply).quietly(Verdict::Frame)
            }
            Self::Once(owner, supply) if queued && owner == *to => {
                Self::Passive(Some(owner), supply).quietly(Verdict::Frame)
            }
            Self::Active(owner, Supply::Ended(ending)) | Self::Once(owner, Supply::Ended(ending)) if owner == *to => {
                Self::Spent.loudly(Verdict::End(ending))
            }
            // The owner or the mode has changed meanwhile.
            Self::Passive(..) | Self::Active(..) | Self::Once(..) | Self::Parked(..) | Self::Spent => {
                self.quietly(Verdict::Wait)
            }
        }
    }

    fn set_mode(self, mode: Active) -> Step<O> {
        let (owner, supply) = match self {
            Self::Passive(owner, supply) => (owner, supply),
            Self::Active(owner, supply) | Self::Once(owner, supply) => (Some(owner), supply),
            Self::Parked(owner, ending) => return Self::unpark(mode, owner, ending),
            Self::Spent => return self.refused(Refusal::Spent),
        };
        match (mode, owner) {
            (Active::Off, owner) => Self::Passive(owner, supply).loudly(Verdict::Done),
            (Active::On, Some(owner)) => Self::Active(owner, supply).loudly(Verdict::Done),
            (Active::Once, Some(owner)) => Self::Once(owner, supply).loudly(Verdict::Done),
            (Active::On | Active::Once, None) => Self::Passive(None, supply).refused(Refusal::NoOwner),
        }
    }

    fn unpark(mode: Active, owner: Option<O>, ending: Box<Ending>) -> Step<O> {
        match (mode, owner) {
            (Active::Off, owner) => Self::Parked(owner, ending).quietly(Verdict::Done),
            (Active::On, Some(owner)) => Self::Active(owner, Supply::Ended(ending)).loudly(Verdict::Spawn),
            (Active::Once, Some(owner)) => Self::Once(owner, Supply::Ended(ending)).loudly(Verdict::Spawn),
            (Active::On | Active::Once, None) => Self::Parked(None, ending).refused(Refusal::NoOwner),
        }
    }

    fn set_owner(self, owner: O) -> Step<O> {
        match self {
            Self::Passive(_, supply) => Self::Passive(Some(owner), supply).loudly(Verdict::Done),
            Self::Active(_, supply) => Self::Active(owner, supply).loudly(Verdict::Done),
            Self::Once(_, supply) => Self::Once(owner, supply).loudly(Verdict::Done),
            Self::Parked(_, ending) => Self::Parked(Some(owner), ending).loudly(Verdict::Done),
            Self::Spent => self.refused(Refusal::Spent),
        }
    }

    fn owner_gone(self, gone: &O) -> Step<O> {
        match self {
            Self::Passive(Some(owner), supply) | Self::Active(owner, supply) | Self::Once(owner, supply)
                if owner == *gone =>
            {
                Self::Passive(None, supply.closed()).loudly(Verdict::CloseConnection)
            }
            // Another owner took its place, or there is nothing left to close.
            Self::Passive(..) | Self::Active(..) | Self::Once(..) | Self::Parked(..) | Self::Spent => {
                self.quietly(Verdict::Done)
            }
        }
    }

    fn end(self, ending: Ending) -> Step<O> {
        let delivery = self.supplied(|supply| supply.ended(ending));
        let wake = delivery.audience();
        Step { delivery, verdict: Verdict::Done, wake }
    }

    /// Without a handle nobody can read or change the mode, so only what goes to the owner by itself is still kept.
    fn abandoned(self) -> Step<O> {
        match self {
            Self::Passive(..) | Self::Parked(..) | Self::Spent => Self::Spent.loudly(Verdict::Done),
            Self::Active(..) => self.quietly(Verdict::Done),
            // The owner gets one more event, so a backlog must not pause reading.
            Self::Once(owner, supply) => Self::Once(owner, supply.closed()).quietly(Verdict::Done),
        }
    }

    fn task_ended(self) -> Step<O> {
        match self {
            Self::Passive(owner, Supply::Ended(ending)) => Self::Parked(owner, ending).quietly(Verdict::Done),
            // The task was aborted. Readers get what the owner did not.
            Self::Active(owner, Supply::Ended(ending)) | Self::Once(owner, Supply::Ended(ending)) => {
                Self::Parked(Some(owner), ending).loudly(Verdict::Done)
            }
            Self::Passive(..) | Self::Active(..) | Self::Once(..) | Self::Parked(..) | Self::Spent => {
                self.quietly(Verdict::Done)
            }
        }
    }

    /// What the socket's task has to do now.
    pub(super) fn duty(&self, queued: bool) -> Duty<&O> {
        match self {
            Self::Active(owner, Supply::Ended(_)) | Self::Once(owner, Supply::Ended(_)) => Duty::Deliver(owner),
            Self::Active(owner, _) | Self::Once(owner, _) if queued => Duty::Deliver(owner),
            Self::Active(owner, _) | Self::Once(owner, _) | Self::Passive(Some(owner), _) => Duty::Watch(owner),
            Self::Passive(None, _) | Self::Parked(..) | Self::Spent => Duty::None,
        }
    }

    /// Whether the connection is up, and the socket was not closed from our side.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Passive(_, Supply::Open) | Self::Active(_, Supply::Open) | Self::Once(_, Supply::Open))
    }

    /// Who is to look when something can be handed out.
    fn audience(&self) -> Wake {
        match self {
            Self::Passive(..) | Self::Parked(..) => Wake::Readers,
            Self::Active(..) | Self::Once(..) => Wake::Task,
            Self::Spent => Wake::Nobody,
        }
    }

    fn supplied(self, change: impl FnOnce(Supply) -> Supply) -> Self {
        match self {
            Self::Passive(owner, supply) => Self::Passive(owner, change(supply)),
            Self::Active(owner, supply) => Self::Active(owner, change(supply)),
            Self::Once(owner, supply) => Self::Once(owner, change(supply)),
            Self::Parked(..) | Self::Spent => self,
        }
    }

    fn quietly(self, verdict: Verdict) -> Step<O> {
        Step { delivery: self, verdict, wake: Wake::Nobody }
    }

    fn loudly(self, verdict: Verdict) -> Step<O> {
        Step { delivery: self, verdict, wake: Wake::Both }
    }

    fn refused(self, refusal: Refusal) -> Step<O> {
        self.quietly(Verdict::Refused(refusal))
    }
}

impl Supply {
    /// Whether a frame is kept; `room` says whether a closing socket has room for it.
    fn keeps(&self, room: bool) -> bool {
        match self {
            Self::Open | Self::Gone => true,
            Self::Closing => room,
            Self::Cut | Self::Ended(_) => false,
        }
    }

    /// A frame was not kept.
    fn cut(self) -> Self {
        match self {
            Self::Open | Self::Closing | Self::Cut | Self::Gone => Self::Cut,
            Self::Ended(ending) => Self::Ended(ending),
        }
    }

    fn closed(self) -> Self {
        match self {
            Self::Open => Self::Closing,
            Self::Closing | Self::Cut | Self::Gone | Self::Ended(_) => self,
        }
    }

    fn gone(self) -> Self {
        match self {
            Self::Open => Self::Gone,
            Self::Closing | Self::Cut | Self::Gone | Self::Ended(_) => self,
        }
    }

    fn ended(self, ending: Ending) -> Self {
        match self {
            Self::Open | Self::Closing | Self::Cut | Self::Gone => Self::Ended(Box::new(ending)),
            Self::Ended(first) => Self::Ended(first),
        }
    }
}

impl From<Refusal> for SocketError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Spent => Self::CLOSED,
            Refusal::NoOwner => Self::NoOwner,
            Refusal::Active(mode) => Self::Active(mode),
        }
    }
}
