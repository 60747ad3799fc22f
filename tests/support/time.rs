//! Waiting that ends: by what was awaited, or by a panic.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

const ROUND: Duration = Duration::from_secs(10);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Awaits for 10 s, or for a day of a paused clock, which takes no time.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let (began, paused) = (std::time::Instant::now(), Instant::now());
    while began.elapsed() < ROUND && paused.elapsed() < DAY {
        if let Ok(output) = timeout(ROUND, &mut future).await {
            return output;
        }
    }
    panic!("what was awaited did not come");
}

/// Lets everything happen that needs no time; only under a paused clock.
pub(crate) async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

/// A day without news; only under a paused clock.
pub(crate) async fn a_day() {
    sleep(DAY).await;
}

/// Asserts that this long has passed; the clock of tokio's timers ticks in milliseconds.
#[track_caller]
pub(crate) fn assert_took(began: Instant, expected: Duration) {
    assert_near(began.elapsed(), expected);
}

#[track_caller]
pub(crate) fn assert_near(took: Duration, expected: Duration) {
    let late = took.checked_sub(expected);
    assert!(late.is_some_and(|late| late <= Duration::from_millis(2)), "took {took:?} instead of {expected:?}");
}
