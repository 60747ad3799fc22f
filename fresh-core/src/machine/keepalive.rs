//! Pings of ours, and what came back of them (RFC 6455 §5.5.2, §5.5.3).

use std::time::{Duration, Instant};

use bytes::Bytes;

/// What our pings begin with, so that a pong tells whose ping it answers: ours, or one that the user sent.
const MARK: &[u8] = b"keepalive ";

/// Whether a pong answers a ping of the keepalive.
pub(crate) fn is_keepalive(payload: &[u8]) -> bool {
    payload.strip_prefix(MARK).is_some_and(|number| number.len() == size_of::<u64>())
}

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
        [MARK, &self.sent.to_be_bytes()].concat().into()
    }

    /// How long the last ping took, where this pong answers it.
    pub(super) fn pong(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        let (number, at) = self.unanswered?;
        if payload.strip_prefix(MARK) != Some(&number.to_be_bytes()) {
            return None;
        }
        self.unanswered = None;
        Some(now.saturating_duration_since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_to_a_ping_of_ours_is_one() {
        let ping = Keepalive::default().ping(Instant::now());
        assert!(is_keepalive(&ping));
        for other in [&b""[..], b"keepalive ", &1_u64.to_be_bytes(), &[&ping[..], b"x"].concat()] {
            assert!(!is_keepalive(other), "{other:?}");
        }
    }
}
