//! The callbacks by name, and the error that one of them returns.

use std::{error::Error as StdError, fmt};

use super::Reason;

/// A callback of [`Handler`](crate::Handler).
///
/// [`HandlerError`] names the callback that failed.
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

/// The error that a callback returned, and which callback it was.
#[derive(Clone, Debug)]
pub struct HandlerError {
    callback: Callback,
    reason: Reason,
}

impl HandlerError {
    /// Creates the error of a callback, for the unit test of a `handle_error`.
    pub fn new(callback: Callback, reason: impl Into<Reason>) -> Self {
        Self { callback, reason: reason.into() }
    }

    /// Returns the callback that failed.
    pub fn callback(&self) -> Callback {
        self.callback
    }

    /// Returns the error that the callback returned; [`Reason::downcast_ref`] gives it back with its own type.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Returns `false`: the callback would fail again.
    pub fn is_transient(&self) -> bool {
        false
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` returned an error", self.callback)
    }
}

impl StdError for HandlerError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.reason.as_error())
    }
}
