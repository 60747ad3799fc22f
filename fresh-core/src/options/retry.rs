//! When the next attempt comes.

use std::time::Duration;

use super::OptionsError;

/// The delays between attempts: exponential, with full jitter.
///
/// The n-th delay is random between zero and `min(max, initial × factor^(n-1))`, so that thousands of clients whose
/// server restarts do not come back at the same moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackoffOptions {
    pub(crate) initial: Duration,
    pub(crate) max: Duration,
    pub(crate) factor: f64,
    pub(crate) jitter: bool,
    pub(crate) attempts: Option<u32>,
    pub(crate) reset_after: Duration,
    pub(crate) seed: Option<u64>,
}

impl Default for BackoffOptions {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(250),
            max: Duration::from_secs(30),
            factor: 1.5,
            jitter: true,
            attempts: None,
            reset_after: Duration::from_secs(10),
            seed: None,
        }
    }
}

impl BackoffOptions {
    /// The defaults: 250 ms × 1.5 up to 30 s, full jitter, no end, reset after 10 s.
    pub fn new() -> Self {
        Self::default()
    }

    /// The ceiling of the first delay. Default: 250 ms. With zero no delay ever grows: attempts follow each other at
    /// once, which hammers a server that is down.
    pub fn initial(mut self, delay: Duration) -> Self {
        self.initial = delay;
        self
    }

    /// The ceiling of every delay. Default: 30 s. A server's `Retry-After` may ask for more, up to one day. There is no
    /// "off"; zero is no delay at all.
    pub fn max(mut self, delay: Duration) -> Self {
        self.max = delay;
        self
    }

    /// What the ceiling is multiplied by after each attempt. Default: 1.5. 1 keeps it constant.
    ///
    /// # Errors
    ///
    /// A factor that is not finite or is below 1.
    pub fn factor(mut self, factor: f64) -> Result<Self, OptionsError> {
        if !factor.is_finite() || factor < 1.0 {
            return Err(OptionsError::BackoffFactor);
        }
        self.factor = factor;
        Ok(self)
    }

    /// Whether a delay is random between zero and its ceiling (default) or the ceiling itself.
    ///
    /// Off, clients that lost the same server come back together.
    pub fn jitter(mut self, on: bool) -> Self {
        self.jitter = on;
        self
    }

    /// How many attempts in a row may lead to no connection that stays up, the first one counted; then the client
    /// ends as [`ExitReason::GaveUp`](crate::ExitReason::GaveUp). Default: no end. Zero is no end too.
    ///
    /// One makes no second attempt, but still reconnects after a connection that stayed up.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = (attempts > 0).then_some(attempts);
        self
    }

    /// How long a connection has to stay up before the delays and the attempts start over. Default: 10 s. With
    /// zero, a server that accepts and closes at once is hammered at the initial delay.
    ///
    /// Behind a proxy that cuts each connection after a fixed time, set this to about half of that time. Otherwise each
    /// cut counts as a failed attempt, and the delays grow although every connection was useful.
    pub fn reset_after(mut self, uptime: Duration) -> Self {
        self.reset_after = uptime;
        self
    }

    /// Makes the jitter repeatable, for tests. Default: seeded anew for each client. Clients with the same seed come
    /// back together, as without jitter.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}
