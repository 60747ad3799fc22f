//! Why a name leads to no client.

/// A name that leads to no client, or to none of the type that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nobody has the name: not yet, or no longer. Erlang's `undefined`, and `noproc`.
    #[error("no client has this name")]
    Unknown,
    /// The client of this name takes another `Info`.
    #[error("the client of this name takes another `Info`")]
    OtherInfo,
}
