//! What an input means: the options of a client, and the steps of its life.

use std::time::Duration;

use crate::options::{BackoffOptions, Offline, Options};

/// How many bytes of an input are the options.
const HEAD: usize = 12;
/// How many steps one life has at most.
const MOST_STEPS: usize = 400;

pub(super) const MS: Duration = Duration::from_millis(1);

/// The options of a client, and what its handler does by default.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) ping_interval: Duration,
    pub(super) pong_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) close_timeout: Duration,
    pub(super) inbound: usize,
    pub(super) inbound_bytes: usize,
    /// `Recovery::Restart` makes a new handler.
    pub(super) is_renewable: bool,
    /// The handler reconnects wherever the default would end the client.
    pub(super) is_sturdy: bool,
    /// The server answers pings.
    pub(super) answers_pings: bool,
    /// The server answers a close frame, and ends TCP then.
    pub(super) answers_close: bool,
    /// How many bytes one read brings at most.
    pub(super) read_size: usize,
    /// How many bytes one write accepts at most.
    pub(super) write_size: usize,
    close_linger: Duration,
    write_timeout: Duration,
    offline: Offline,
    write_buffer: usize,
    mailbox: usize,
    backoff: BackoffOptions,
}

impl Plan {
    /// The plan, and the steps: two bytes each, what happens and what it is like.
    pub(super) fn parse(data: &[u8]) -> (Self, impl Iterator<Item = (u8, u8)>) {
        let (head, steps) = data.split_at(data.len().min(HEAD));
        let plan = Self::new(|at| head.get(at).copied().unwrap_or_default());
        (plan, steps.chunks_exact(2).take(MOST_STEPS).map(|step| (step[0], step[1])))
    }

    fn new(byte: impl Fn(usize) -> u8) -> Self {
        let is_set = |at, bit: u8| byte(at) >> bit & 1 == 1;
        let initial = pick(byte(5), [10, 0, 1, 100]);
        let backoff = BackoffOptions::new()
            .initial(initial)
            .max(initial * 4)
            .jitter(is_set(5, 2))
            .seed(byte(5).into())
            .reset_after(pick(byte(5) >> 3, [30, 0, 100, 1000]))
            .attempts([0, 0, 1, 3][usize::from(byte(5) >> 6)]);
        Self {
            ping_interval: pick(byte(0), [50, 0, 20, 7]),
            pong_timeout: pick(byte(0) >> 2, [30, 0, 5, 110]),
            idle_timeout: pick(byte(0) >> 4, [0, 0, 40, 150]),
            write_timeout: pick(byte(0) >> 6, [60, 0, 15, 5]),
            connect_timeout: pick(byte(1), [80, 0, 10, 300]),
            close_timeout: pick(byte(1) >> 2, [50, 0, 10, 200]),
            close_linger: pick(byte(1) >> 4, [5, 0, 20, 100_000]),
            offline: [Offline::Reject, Offline::Queue(3), Offline::Drop, Offline::Queue(40)][usize::from(byte(1) >> 6)],
            inbound: [8, 1, 2, 1024][usize::from(byte(2) & 3)],
            inbound_bytes: [4096, 0, 16, 1 << 20][usize::from(byte(2) >> 2 & 3)],
            write_buffer: [4096, 1, 64, 1 << 20][usize::from(byte(2) >> 4 & 3)],
            mailbox: [16, 1, 2, 1024][usize::from(byte(2) >> 6)],
            is_renewable: is_set(3, 0),
            is_sturdy: !is_set(3, 1),
            answers_pings: !is_set(3, 2),
            answers_close: !is_set(3, 3),
            read_size: [usize::MAX, 1, 7, 100][usize::from(byte(4) & 3)],
            write_size: [usize::MAX, 1, 7, 100][usize::from(byte(4) >> 2 & 3)],
            backoff,
        }
    }

    pub(super) fn options(&self) -> Options {
        let Ok(options) = Options::new("ws://host") else { unreachable!("the URL is valid") };
        options
            .ping_interval(self.ping_interval)
            .pong_timeout(self.pong_timeout)
            .idle_timeout(self.idle_timeout)
            .connect_timeout(self.connect_timeout)
            .close_timeout(self.close_timeout)
            .close_linger(self.close_linger)
            .write_timeout(self.write_timeout)
            .inbound(self.inbound, self.inbound_bytes)
            .write_buffer(self.write_buffer)
            .mailbox(self.mailbox)
            .offline(self.offline)
            .backoff(self.backoff)
    }
}

fn pick(byte: u8, millis: [u64; 4]) -> Duration {
    Duration::from_millis(millis[usize::from(byte & 3)])
}
