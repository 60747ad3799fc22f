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
        /// Which one.
        id: ChildId,
        /// Why.
        reason: ExitReason,
    },
    /// Two children have the same id. OTP's `duplicate_child_name`.
    #[error("two children are called {0}")]
    DuplicateId(ChildId),
    /// A child is significant that cannot be. OTP's `bad_combination`.
    #[error("the child {id} is refused: {cause}")]
    Significance {
        /// Which one.
        id: ChildId,
        /// Why.
        cause: SignificanceError,
    },
    /// There is no tokio runtime to spawn children on.
    #[error("there is no tokio runtime here")]
    NoRuntime,
}

/// Why a supervisor did not do with a child what it was asked to.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// No child is called so. OTP's `not_found`.
    #[error("there is no such child")]
    NotFound,
    /// It runs. OTP's `running`.
    #[error("the child is running")]
    Running,
    /// Its restart failed and is tried again. OTP's `restarting`.
    #[error("the child is being restarted")]
    Restarting,
    /// A child that is called so runs. OTP's `already_started`.
    #[error("a child of that name is running")]
    AlreadyStarted,
    /// A child with this id does not run, but its spec is kept: it is stopped, or its failed restart is retried.
    /// OTP's `already_present`.
    #[error("a child of that name is present, but not running")]
    AlreadyPresent,
    /// There are as many as there may be. Elixir's `max_children`.
    #[error("there are as many children as allowed")]
    MaxChildren,
    /// It did not start, for this reason.
    #[error("the child did not start: {0}")]
    NotStarted(ExitReason),
    /// It is significant and cannot be.
    #[error("the child is refused: {0}")]
    Significance(#[from] SignificanceError),
    /// The supervisor has ended.
    #[error("the supervisor has ended")]
    Ended,
}
