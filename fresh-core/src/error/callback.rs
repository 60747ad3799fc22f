//! The callbacks by name, and the error that one of them returns.

use std::fmt;

/// A callback of [`Handler`](crate::Handler).
///
/// An [`Error::Handler`](super::Error::Handler) names the callback that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Callback {
    /// `handle_connect`
    Connect,
    /// `handle_in`
    In,
    /// `handle_control`
    Control,
    /// `handle_info`
    Info,
    /// `handle_disconnect`
    Disconnect,
    /// `handle_error`
    Error,
    /// `handle_down`
    Down,
    /// `handle_terminate`
    Terminate,
}

impl Callback {
    /// The name of the method.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "handle_connect",
            Self::In => "handle_in",
            Self::Control => "handle_control",
            Self::Info => "handle_info",
            Self::Disconnect => "handle_disconnect",
            Self::Error => "handle_error",
            Self::Down => "handle_down",
            Self::Terminate => "handle_terminate",
        }
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
