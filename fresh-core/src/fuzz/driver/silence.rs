//! When a silent server has to be given up: the rule of promise 7, computed apart from the machine.

use std::time::Duration;

use tokio::time::Instant;

use super::plan::Plan;

/// The deadlines for the server's bytes on one connection.
///
/// Where a ping and bytes coincide, either may come first, and the script cannot see which.
#[derive(Clone, Debug)]
pub(super) struct Silence {
    now: Instant,
    interval: Duration,
    next_ping: Option<Instant>,
    pong_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
    /// The rest of each deadline.
    pong: Option<Duration>,
    idle: Option<Duration>,
    /// For how long a deadline has been over.
    overdue: Duration,
    pings_first: bool,
}

fn enabled(option: Duration) -> Option<Duration> {
    (!option.is_zero()).then_some(option)
}

impl Silence {
    pub(super) fn new(plan: &Plan, now: Instant, pings_first: bool) -> Self {
        let interval = enabled(plan.ping_interval);
        Self {
            now,
            interval: plan.ping_interval,
            next_ping: interval.map(|interval| now + interval),
            pong_timeout: enabled(plan.pong_timeout),
            idle_timeout: enabled(plan.idle_timeout),
            pong: None,
            idle: enabled(plan.idle_timeout),
            overdue: Duration::ZERO,
            pings_first,
        }
    }

    /// Time passes. While reading is paused, the deadlines do not come nearer.
    pub(super) fn pass(&mut self, until: Instant, is_paused: bool) {
        while let Some(ping) = self.next_ping.filter(|at| *at < until || (*at == until && self.pings_first)) {
            self.step(ping, is_paused);
            self.pong = self.pong.or(self.pong_timeout);
            self.next_ping = Some(ping + self.interval);
        }
        self.step(until, is_paused);
    }

    fn step(&mut self, until: Instant, is_paused: bool) {
        let passed = until.saturating_duration_since(self.now);
        self.now = self.now.max(until);
        if is_paused {
            return;
        }
        for left in [&mut self.pong, &mut self.idle].into_iter().flatten() {
            self.overdue = self.overdue.max(passed.saturating_sub(*left));
            *left = left.saturating_sub(passed);
        }
    }

    /// Bytes of the server are read.
    pub(super) fn read(&mut self, now: Instant, was_paused: bool) {
        self.pass(now, was_paused);
        self.pong = None;
        self.idle = self.idle_timeout;
        self.overdue = Duration::ZERO;
    }

    /// For how long the client has failed to notice the silence.
    pub(super) fn overdue(&self) -> Duration {
        self.overdue
    }

    /// The rest of the pong timeout and of the idle timeout, if they run.
    pub(super) fn left(&self) -> (Option<Duration>, Option<Duration>) {
        (self.pong, self.idle)
    }
}
