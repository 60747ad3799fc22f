//! What can go wrong with a tree.

use super::policy::SignificanceError;
use crate::exit::{ExitReason, child_id::ChildId};

/// Why a supervisor did not start. Children that had started are stopped by then.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A child did not start. OTP's `{failed_to_start_child, Id, Reason}`.
    #[error("the child {id} did not start: {reason}")]
    Child {
        /// Which child.
        id: ChildId,
        /// Why. [`Stopped`](ExitReason::Stopped) if the supervisor was stopped before the child had started.
        reason: ExitReason,
    },
    /// Two children have the same id. OTP's `duplicate_child_name`.
    #[error("two children have the id {0}")]
    DuplicateId(ChildId),
    /// A child is significant and must not be. OTP's `bad_combination`.
    #[error("the child {id} must not be significant")]
    Significance {
        /// Which child.
        id: ChildId,
        /// Why.
        #[source]
        cause: SignificanceError,
    },
    /// The period of the intensity is zero. OTP's `invalid_period`.
    #[error("the period of the supervisor's intensity is zero")]
    ZeroPeriod,
    /// There is no tokio runtime to spawn children on.
    #[error("there is no tokio runtime here")]
    NoRuntime,
}

/// Why a supervisor refused or failed a call about one of its children.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// No child has this id. OTP's `not_found`.
    #[error("there is no child {0}")]
    NotFound(ChildId),
    /// The child runs. OTP's `running`.
    #[error("the child {0} is running")]
    Running(ChildId),
    /// The child's restart failed and is retried. OTP's `restarting`.
    #[error("the child {0} is being restarted")]
    Restarting(ChildId),
    /// A child with this id runs. OTP's `already_started`.
    #[error("a child {0} is already running")]
    AlreadyStarted(ChildId),
    /// A child with this id does not run, but its spec is kept: it is stopped, or its failed restart is retried.
    /// OTP's `already_present`.
    #[error("a child {0} is already present, but not running")]
    AlreadyPresent(ChildId),
    /// There are as many children as the supervisor allows: this many. Elixir's `max_children`.
    #[error("the supervisor already has {0} children, which is its maximum")]
    MaxChildren(usize),
    /// The child did not start.
    #[error("the child {id} did not start: {reason}")]
    NotStarted {
        /// Which child.
        id: ChildId,
        /// Why. [`Stopped`](ExitReason::Stopped) if the supervisor was stopped before the child had started.
        reason: ExitReason,
    },
    /// The child is significant and must not be.
    #[error("the child {id} must not be significant")]
    Significance {
        /// Which child.
        id: ChildId,
        /// Why.
        #[source]
        cause: SignificanceError,
    },
    /// The supervisor has ended, or is stopping.
    #[error("the supervisor has ended")]
    Ended,
}
