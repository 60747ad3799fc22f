//! Why a client, or anything else under a supervisor, ended.

pub(crate) mod child_id;

use std::{any::Any, error::Error as StdError, fmt, sync::Arc, time::Duration};

use self::child_id::ChildPath;
use crate::error::{Chain, Error, Reason};

/// Why a client ended; what `handle_terminate` is told and `closed()` resolves to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ExitReason {
    /// It ended because its work was done: `Recovery::Close`, or a close handshake of ours. OTP's `normal`.
    Normal,
    /// It was asked to end: by `stop()`, a token or a supervisor. OTP's `shutdown`.
    Stopped,
    /// The handler ended it, with a reason of its own: `Recovery::Fail`. Fresh's `{:close, reason}`.
    Failed(Reason),
    /// An error that nobody recovered from.
    Error(Error),
    /// The backoff's attempts are used up.
    GaveUp {
        /// How many attempts in a row led to no connection that stayed up.
        attempts: u32,
        /// The error of the last one; `None` where it ended in a close handshake.
        last: Option<Error>,
    },
    /// A callback panicked; the text is the panic's message.
    Panicked(Arc<str>),
    /// It was killed: its future was dropped before it had ended. OTP's `killed`; no callback ran.
    Aborted,
    /// A supervisor would have had to restart its children more often than its intensity allows. OTP's
    /// `reached_max_restart_intensity`.
    Intensity {
        /// The child whose restart would have been one too many, as the way down from the topmost supervisor: in
        /// `feeds/prices`, the supervisor that gave up is `feeds`.
        child: ChildPath,
        /// How many restarts the supervisor allows within `period`.
        restarts: u32,
        /// The length of the window in which restarts count.
        period: Duration,
        /// Why that child ended, or why its last restart failed.
        last: Arc<ExitReason>,
    },
}

impl ExitReason {
    /// Whether this end is one that a transient child is restarted for: everything but
    /// [`Normal`](Self::Normal) and [`Stopped`](Self::Stopped).
    pub fn is_abnormal(&self) -> bool {
        !matches!(self, Self::Normal | Self::Stopped)
    }

    /// The error that led to this end: the handler's own reason for [`Failed`](Self::Failed), the [`Error`] for
    /// [`Error`](Self::Error) and [`GaveUp`](Self::GaveUp).
    pub fn error(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Failed(reason) => Some(reason.as_error()),
            Self::Error(error) | Self::GaveUp { last: Some(error), .. } => Some(error),
            Self::Normal
            | Self::Stopped
            | Self::GaveUp { last: None, .. }
            | Self::Panicked(_)
            | Self::Aborted
            | Self::Intensity { .. } => None,
        }
    }
}

/// A reason that is one of our errors ends as that error, so that a handler may pass on what it was told.
impl From<Reason> for ExitReason {
    fn from(reason: Reason) -> Self {
        match reason.downcast_ref::<Error>() {
            Some(error) => Self::Error(error.clone()),
            None => Self::Failed(reason),
        }
    }
}

impl From<Error> for ExitReason {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// The whole [`Chain`] of the error that led to this end, as this is the text that a program prints.
impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_label(f)?;
        self.error().map_or(Ok(()), |error| write!(f, ": {}", Chain(error)))
    }
}

impl ExitReason {
    /// The text for an error whose `source()` is the source of [`error`](Self::error).
    pub(crate) fn fmt_without_sources(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_label(f)?;
        self.error().map_or(Ok(()), |error| write!(f, ": {error}"))
    }

    fn fmt_label(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Stopped => f.write_str("stopped"),
            Self::Failed(_) => f.write_str("failed"),
            Self::Error(_) => f.write_str("error"),
            Self::GaveUp { attempts, .. } => write!(f, "gave up after {attempts} attempts"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Aborted => f.write_str("aborted"),
            Self::Intensity { child, restarts, period, last } => {
                write!(f, "restarting {child} would exceed the intensity of {restarts} in {period:?}: {last}")
            }
        }
    }
}

/// The message of a panic that was caught.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> Arc<str> {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::StreamError;

    #[test]
    fn only_a_normal_end_and_a_requested_one_are_not_abnormal() {
        let error = Error::from(StreamError::Eof);
        assert!(!ExitReason::Normal.is_abnormal());
        assert!(!ExitReason::Stopped.is_abnormal());
        for abnormal in [
            ExitReason::Failed("broken".into()),
            ExitReason::Error(error.clone()),
            ExitReason::GaveUp { attempts: 3, last: Some(error) },
            ExitReason::Panicked("boom".into()),
            ExitReason::Aborted,
            ExitReason::Intensity {
                child: ChildPath::root().join(&"feed".into()),
                restarts: 3,
                period: Duration::from_secs(5),
                last: Arc::new(ExitReason::Aborted),
            },
        ] {
            assert!(abnormal.is_abnormal(), "{abnormal}");
        }
    }

    #[test]
    fn an_exceeded_intensity_names_the_child_the_limit_and_the_last_end() {
        let reason = ExitReason::Intensity {
            child: ChildPath::root().join(&"feeds".into()).join(&"prices".into()),
            restarts: 1,
            period: Duration::from_millis(2500),
            last: Arc::new(ExitReason::Failed("broken".into())),
        };
        let text = "restarting feeds/prices would exceed the intensity of 1 in 2.5s: failed: broken";
        assert_eq!(reason.to_string(), text);
    }

    #[test]
    fn a_reason_that_is_our_error_ends_as_that_error() {
        let passed_on = Reason::from(Error::from(StreamError::Eof));
        assert!(matches!(ExitReason::from(passed_on), ExitReason::Error(Error::Stream(StreamError::Eof))));
        assert!(matches!(ExitReason::from(Reason::from("mine")), ExitReason::Failed(_)));
    }
}
