//! The one owner of attempts and delays.

use std::time::Duration;

use crate::{
    backoff::Backoff,
    error::{Error, ProcessError},
};

/// The longest that a server's `Retry-After` can make a client wait.
const LONGEST_FLOOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Counts the attempts and says when the next one comes.
#[derive(Debug)]
pub(super) struct Retry {
    delays: Backoff,
    limit: Option<u32>,
    reset_after: Duration,
    /// Attempts since a connection last stayed up.
    in_a_row: u32,
    /// Malformed responses in a row.
    malformed: u32,
    total: u64,
}

impl Retry {
    pub(super) fn new(delays: Backoff, limit: Option<u32>, reset_after: Duration) -> Self {
        Self { delays, limit, reset_after, in_a_row: 0, malformed: 0, total: 0 }
    }

    /// Counts an attempt and gives its number over the client's whole life.
    pub(super) fn begin(&mut self) -> u64 {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.total += 1;
        self.total
    }

    /// Counts malformed responses in a row: the count makes the error permanent in the end
    /// ([`ProcessError::MOST_MALFORMED`]). Any other failure restarts the count.
    pub(super) fn count_malformed(&mut self, mut error: Error) -> Error {
        if let Error::Process(ProcessError::Malformed { in_a_row, .. }) = &mut error {
            self.malformed = self.malformed.saturating_add(1);
            *in_a_row = self.malformed;
        } else {
            self.malformed = 0;
        }
        error
    }

    /// A connection ended that had been up for this long: starts over where that was long enough.
    pub(super) fn was_up(&mut self, uptime: Duration) {
        self.malformed = 0;
        if uptime >= self.reset_after {
            self.delays.reset();
            self.in_a_row = 0;
        }
    }

    /// How many attempts failed in a row, where no more are allowed.
    pub(super) fn used_up(&self) -> Option<u32> {
        self.limit.filter(|limit| self.in_a_row >= *limit).map(|_| self.in_a_row)
    }

    /// The delay before the next attempt, at least the floor.
    pub(super) fn next_delay(&mut self, floor: Option<Duration>) -> Duration {
        let floor = floor.unwrap_or_default().min(LONGEST_FLOOR);
        self.delays.next().unwrap_or_default().max(floor)
    }
}
