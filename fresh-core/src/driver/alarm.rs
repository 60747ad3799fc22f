//! One timer for all of the machine's.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use tokio::time::{Sleep, sleep_until};

/// Wakes the driver no later than the deadline it was last told.
///
/// A deadline that moves away, as that of an idle timeout does with each read, leaves the timer where it is: it fires
/// early once and is set anew, which is far cheaper than setting it with each read.
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

/// The time, as the machine is told it: tokio's, so that it can be paused in tests.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
