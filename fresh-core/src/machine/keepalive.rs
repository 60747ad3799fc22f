//! Pings of ours, and what came back of them (RFC 6455 §5.5.2, §5.5.3).

use std::time::{Duration, Instant};

use bytes::Bytes;

/// Numbers the pings, so that a pong is matched with the ping it answers.
#[derive(Debug, Default)]
pub(super) struct Keepalive {
    sent: u64,
    unanswered: Option<(u64, Instant)>,
}

impl Keepalive {
    /// The payload of the next ping.
    pub(super) fn ping(&mut self, now: Instant) -> Bytes {
        self.sent += 1;
        self.unanswered = Some((self.sent, now));
        Bytes::copy_from_slice(&self.sent.to_be_bytes())
    }

    /// How long the last ping took, where this pong answers it.
    pub(super) fn pong(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        let (number, at) = self.unanswered?;
        if payload != number.to_be_bytes() {
            return None;
        }
        self.unanswered = None;
        Some(now.saturating_duration_since(at))
    }
}
