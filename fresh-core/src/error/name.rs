//! Why a name leads to no client.

use std::sync::Arc;

/// A name that leads to no client, or to a client of another type than the one asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// No client has this name: not yet, or no longer. Erlang's `undefined`, and `noproc`.
    #[error("no client is named {0:?}")]
    Unknown(Arc<str>),
    /// The client of this name takes another `Info`.
    #[error("the client named {0:?} takes another `Info`")]
    OtherInfo(Arc<str>),
}

impl NameError {
    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown(name) | Self::OtherInfo(name) => name,
        }
    }

    /// Whether the same call may succeed later: a client may take the name, but no client changes its `Info`.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::OtherInfo(_) => false,
        }
    }
}
