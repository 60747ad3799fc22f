//! Any error of the user's, in a form that can be kept and shown many times.

use std::{error::Error as StdError, fmt, sync::Arc};

use super::BoxError;

/// A reason of the user's: any error, or a text. Cheap to clone.
///
/// Answers to the `term()` of Fresh's `{:close, reason}`. It is no `std::error::Error` itself, so that every
/// error converts into it; [`as_error`](Self::as_error) gives the error inside.
#[derive(Clone)]
pub struct Reason(Arc<dyn StdError + Send + Sync + 'static>);

impl Reason {
    /// The error inside.
    pub fn as_error(&self) -> &(dyn StdError + 'static) {
        &*self.0
    }

    /// The error inside, where it is a `T`.
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        self.as_error().downcast_ref()
    }
}

impl<E: Into<BoxError>> From<E> for Reason {
    fn from(error: E) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
