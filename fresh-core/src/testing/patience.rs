//! How long a wait may take before it is a failed assertion.

use std::{
    fmt::Display,
    panic::Location,
    pin::pin,
    time::{Duration, Instant},
};

use tokio::time::timeout;

/// The line of the test that asked; its name stands in every panic.
pub(super) type Caller = &'static Location<'static>;

const ROUND: Duration = Duration::from_secs(10);
const ROUNDS: u32 = 360;

/// Awaits the future for 10 s, or for an hour of a paused clock, which takes no time.
///
/// A round that took no real time was one of a paused clock: then a ping interval or a backoff may well be longer
/// than a round, and waiting on costs nothing.
pub(super) async fn patiently<T>(at: Caller, missing: impl Display, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        if let Ok(output) = timeout(ROUND, &mut future).await {
            return output;
        }
        if began.elapsed() >= ROUND / 2 {
            break;
        }
    }
    panic!("{missing} (waited for at {at})");
}
