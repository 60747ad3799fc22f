//! The children of a supervisor, in the order they start in.

#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
    mem,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use tokio::sync::watch;

use super::{
    child::{Branch, ChildSpec},
    decide::Scope,
    info::{ChildInfo, ChildState, Counts},
    nursery::Running,
    policy::{ChildKind, Policy, Shape},
};
use crate::exit::{ExitReason, child_id::ChildId};

/// A child's place, for as long as its spec lives; no other child ever has the same.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    number: u64,
    pub(super) id: ChildId,
}

impl Seat {
    fn new(id: ChildId) -> Self {
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        Self { number: TAKEN.fetch_add(1, Relaxed), id }
    }
}

impl PartialEq for Seat {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Seat {}

impl PartialOrd for Seat {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Seat {
    fn cmp(&self, other: &Self) -> Ordering {
        #[cfg(test)]
        tests::COMPARISONS.set(tests::COMPARISONS.get() + 1);
        self.number.cmp(&other.number)
    }
}

/// A child's spec, and where the child stands.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) spec: ChildSpec,
    pub(super) standing: Standing,
    /// Publishes the child's end, once it is not restarted.
    pub(super) end: watch::Sender<Option<ExitReason>>,
}

#[derive(Debug)]
pub(super) enum Standing {
    Running(Running),
    /// A restart failed, for this reason, and is retried.
    Restarting(ExitReason),
    Stopped,
}

impl Entry {
    /// Whether `auto_shutdown` waits for this child: it is significant, and runs or is about to.
    fn is_awaited(&self) -> bool {
        self.spec.policy.significant && !matches!(self.standing, Standing::Stopped)
    }

    /// Publishes why the child ended for good. An end that was published stays.
    fn publish(&self, reason: &ExitReason) {
        self.end.send_if_modified(|end| {
            let is_new = end.is_none();
            if is_new {
                *end = Some(reason.clone());
            }
            is_new
        });
    }

    fn info(&self, id: &ChildId) -> ChildInfo {
        let (state, branch) = match &self.standing {
            Standing::Running(running) => (ChildState::Running, running.branch.clone()),
            Standing::Restarting(_) => (ChildState::Restarting, Branch::Leaf),
            Standing::Stopped => (ChildState::Stopped, Branch::Leaf),
        };
        ChildInfo { id: id.clone(), state, kind: self.spec.policy.kind, branch }
    }
}

#[derive(Debug, Default)]
pub(super) struct Roster {
    entries: BTreeMap<Seat, Entry>,
    seats: HashMap<ChildId, Seat>,
    /// How many ids were made unique by a number.
    numbered: u64,
    /// How many significant children run or are about to. It is counted as they change, so that the end of a child
    /// costs no look at the others.
    awaited: usize,
}

impl Roster {
    /// Seats a child behind the others, without starting it. Of many alike, each gets a number.
    pub(super) fn add(&mut self, spec: ChildSpec, shape: Shape) -> Seat {
        let id = match shape {
            Shape::Listed => spec.id.clone(),
            Shape::Alike { .. } => {
                self.numbered += 1;
                format!("{}#{}", spec.id, self.numbered).into()
            }
        };
        let seat = Seat::new(id);
        self.seats.insert(seat.id.clone(), seat.clone());
        let entry = Entry { spec, standing: Standing::Stopped, end: watch::Sender::new(None) };
        self.entries.insert(seat.clone(), entry);
        seat
    }

    /// Removes a child that has ended for good, for this reason.
    pub(super) fn remove(&mut self, seat: &Seat, reason: &ExitReason) {
        if let Some(entry) = self.entries.remove(seat) {
            entry.publish(reason);
            self.awaited -= usize::from(entry.is_awaited());
            self.seats.remove(&seat.id);
        }
    }

    /// Says where a child stands now; what is returned is where it stood before, and what holds for it.
    pub(super) fn stand(&mut self, seat: &Seat, standing: Standing) -> Option<(Standing, Policy)> {
        let entry = self.entries.get_mut(seat)?;
        self.awaited -= usize::from(entry.is_awaited());
        let before = mem::replace(&mut entry.standing, standing);
        self.awaited += usize::from(entry.is_awaited());
        let is_new_life = matches!(entry.standing, Standing::Running(_)) && entry.end.borrow().is_some();
        if is_new_life {
            entry.end = watch::Sender::new(None);
        }
        Some((before, entry.spec.policy))
    }

    /// Publishes that a child has ended for good, for this reason.
    pub(super) fn publish(&self, seat: &Seat, reason: &ExitReason) {
        if let Some(entry) = self.entries.get(seat) {
            entry.publish(reason);
        }
    }

    /// Publishes that those children have ended for good that do not run and are not about to.
    pub(super) fn publish_stopped(&self) {
        let stopped = self.entries.values().filter(|entry| matches!(entry.standing, Standing::Stopped));
        stopped.for_each(|entry| entry.publish(&ExitReason::Stopped));
    }

    pub(super) fn get(&self, seat: &Seat) -> Option<&Entry> {
        self.entries.get(seat)
    }

    pub(super) fn find(&self, id: &str) -> Option<(&Seat, &Entry)> {
        let seat = self.seats.get(id)?;
        Some((seat, self.entries.get(seat)?))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All children, in the order they start in.
    pub(super) fn all(&self) -> Vec<Seat> {
        self.entries.keys().cloned().collect()
    }

    /// The children that a restart of this one concerns, in the order they start in.
    pub(super) fn scope(&self, seat: &Seat, scope: Scope) -> Vec<Seat> {
        match scope {
            Scope::One => vec![seat.clone()],
            Scope::All => self.all(),
            Scope::Rest => self.entries.range(seat..).map(|(seat, _)| seat.clone()).collect(),
        }
    }

    /// Whether a significant child runs or is about to.
    pub(super) fn awaits_significant(&self) -> bool {
        self.awaited > 0
    }

    pub(super) fn infos(&self) -> Vec<ChildInfo> {
        self.entries.iter().map(|(seat, entry)| entry.info(&seat.id)).collect()
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts { specs: self.entries.len(), ..Counts::default() };
        for entry in self.entries.values() {
            counts.active += usize::from(matches!(entry.standing, Standing::Running(_)));
            match entry.spec.policy.kind {
                ChildKind::Worker => counts.workers += 1,
                ChildKind::Supervisor => counts.supervisors += 1,
            }
        }
        counts
    }
}
