//! What a child's future may end with.

use crate::{error::Reason, exit::ExitReason};

/// What a child's future may end with, and which end of the child that is.
///
/// | the future's output | the child's end |
/// |---|---|
/// | [`ExitReason`] | that reason |
/// | `()` | [`ExitReason::Normal`] |
/// | `!` | it never ends by itself |
/// | `Ok(output)` | the output's |
/// | `Err(error)` | [`ExitReason::Failed`], or `Error` where it is one of ours |
///
/// A future that panics ends the child as [`ExitReason::Panicked`], one that is dropped as [`ExitReason::Aborted`].
pub trait Outcome {
    /// The end of the child.
    fn into_exit(self) -> ExitReason;
}

impl Outcome for ExitReason {
    fn into_exit(self) -> ExitReason {
        self
    }
}

impl Outcome for () {
    fn into_exit(self) -> ExitReason {
        ExitReason::Normal
    }
}

/// A future that never ends, such as a `loop` without a `break`.
impl Outcome for Never {
    fn into_exit(self) -> ExitReason {
        self
    }
}

/// The type `!`, which has no name of its own yet.
type Never = <fn() -> ! as Returns>::Output;

#[doc(hidden)]
#[allow(unreachable_pub, missing_docs, reason = "it is no part of the interface, but stands in an `impl` that is")]
pub trait Returns {
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}

impl<T: Outcome, E: Into<Reason>> Outcome for Result<T, E> {
    fn into_exit(self) -> ExitReason {
        match self {
            Ok(output) => output.into_exit(),
            Err(error) => error.into().into(),
        }
    }
}
