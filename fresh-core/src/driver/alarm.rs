//! The time: one clock for a pass, and one timer for all of the machine's.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use tokio::time::{Sleep, sleep_until};

use crate::machine::Now;

/// The time of a pass, read when the first input needs it, and again after a callback has run.
#[derive(Debug, Default)]
pub(super) struct Clock(Option<Instant>);

impl Clock {
    /// Time may have passed: the next input reads the clock again.
    #[inline]
    pub(super) fn expire(&mut self) {
        self.0 = None;
    }
}

impl Now for Clock {
    fn now(&mut self) -> Instant {
        *self.0.get_or_insert_with(now)
    }
}

/// Tokio's time, so that it can be paused in tests.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Wakes the driver no later than the last deadline.
///
/// A deadline that moves away, as that of an idle timeout does with each read, leaves the timer where it is: the timer
/// fires early once and is set again, which is far cheaper than setting it with each read.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Ready once the timer has fired, which may be before the deadline.
    pub(super) fn poll(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = deadline.map(tokio::time::Instant::from_std) else {
            return Poll::Pending;
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.is_elapsed() || deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
