//! What a supervisor tells of its children.

use super::{child::Branch, dynamic::DynamicSupervisor, handle::Supervisor, policy::ChildKind};
use crate::exit::child_id::ChildId;

/// Where a child stands. An element of OTP's `which_children/1`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChildInfo {
    /// What it is called.
    pub id: ChildId,
    /// Whether it runs.
    pub state: ChildState,
    /// What it is.
    pub kind: ChildKind,
    pub(super) branch: Branch,
}

impl ChildInfo {
    /// The child's own handle, where it is a [`Supervisor`] that runs.
    pub fn supervisor(&self) -> Option<&Supervisor> {
        match &self.branch {
            Branch::Supervisor(supervisor) => Some(supervisor),
            Branch::Leaf | Branch::Dynamic(_) => None,
        }
    }

    /// The child's own handle, where it is a [`DynamicSupervisor`] that runs.
    pub fn dynamic_supervisor(&self) -> Option<&DynamicSupervisor> {
        match &self.branch {
            Branch::Dynamic(supervisor) => Some(supervisor),
            Branch::Leaf | Branch::Supervisor(_) => None,
        }
    }
}

/// Whether a child runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildState {
    /// It runs. A client that waits in its own backoff runs.
    Running,
    /// Its restart failed and is tried again.
    Restarting,
    /// It does not run, and is not about to; its spec is kept.
    Stopped,
}

/// How many children there are. OTP's `count_children/1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// All, running or not.
    pub specs: usize,
    /// Those that run.
    pub active: usize,
    /// Those that are supervisors, running or not.
    pub supervisors: usize,
    /// Those that are not, running or not.
    pub workers: usize,
}
