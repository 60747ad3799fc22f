//! An error with its causes, in one line.

use std::{error::Error as StdError, fmt};

/// Displays an error and all of its [sources](StdError::source), outermost first: `a: b: c`.
///
/// The `Display` of each error of this crate says what its own level knows and leaves the cause to `source()`, so a log
/// line shows the whole story only through this type. The runtime's own log lines use it.
///
/// ```
/// # use fresh_core as fresh;
/// use std::{io, sync::Arc};
/// use fresh::error::{Chain, ConnectError, Error};
///
/// let error = Error::from(ConnectError::Dns(Arc::new(io::Error::other("no such host"))));
/// assert_eq!(error.to_string(), "connecting failed: the host name could not be resolved");
/// assert_eq!(
///     Chain(&error).to_string(),
///     "connecting failed: the host name could not be resolved: no such host",
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a>(pub &'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}
