//! Every timer of a client, in one table.

use std::time::Instant;

/// What has a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The budget of an attempt.
    Connect,
    /// The delay before the next attempt.
    Backoff,
    /// The next keepalive ping.
    Ping,
    /// How long the peer may stay silent after a ping.
    Pong,
    /// How long nothing may be received at all.
    Idle,
    /// How long the socket may accept no byte.
    Write,
    /// The budget of the close handshake, and of the last callback.
    Close,
}

impl Timer {
    pub(super) const ALL: [Self; 7] =
        [Self::Connect, Self::Backoff, Self::Ping, Self::Pong, Self::Idle, Self::Write, Self::Close];
}

/// When each timer is due, if it runs.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.0[timer as usize] = Some(at);
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    /// When a timer is due, if it runs.
    pub(super) fn at(&self, timer: Timer) -> Option<Instant> {
        self.0[timer as usize]
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.0[timer as usize].is_some()
    }

    pub(super) fn keep_only(&mut self, kept: &[Timer]) {
        for timer in Timer::ALL {
            if !kept.contains(&timer) {
                self.clear(timer);
            }
        }
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Stops and names the timer that has been due for longest.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let due = |timer: &Timer| self.0[*timer as usize].filter(|at| *at <= now);
        let timer = Timer::ALL.into_iter().filter(|timer| due(timer).is_some()).min_by_key(due)?;
        self.clear(timer);
        Some(timer)
    }
}
