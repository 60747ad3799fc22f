//! The client's task under observation: what has to hold after each of its polls, and whenever it rests.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    handler::Info,
    plan::MS,
    scene::{self, Scene, Stage},
    silence::Silence,
};
use crate::{client::Client, connection::ConnectionState, exit::ExitReason};

/// How often a task may wake itself while no time passes.
const MOST_POLLS: u32 = 20_000;

/// The driver's future, judged.
pub(super) struct Judged<F> {
    driver: Pin<Box<F>>,
    client: Client<Info>,
    stage: Stage,
    before: Option<Rest>,
    polls: u32,
}

/// What the last poll left behind.
struct Rest {
    at: Instant,
    state: ConnectionState,
    /// The number of the attempt, and when it was first seen.
    attempt: Option<(u64, Instant)>,
    /// Since when the connection has been closing, or the last callback has been waited for.
    closing: Option<(ConnectionState, usize, Instant)>,
    /// What is wrong if the task waits now for time to pass.
    undone: Option<(&'static str, String)>,
    /// The socket accepts bytes, and nothing else holds back frames.
    is_free: bool,
}

impl<F> Judged<F> {
    pub(super) fn new(driver: F, client: Client<Info>, stage: Stage) -> Self {
        Self { driver: Box::pin(driver), client, stage, before: None, polls: 0 }
    }

    /// Judges what the last poll left behind, by what time it is now.
    fn judge_rest(&mut self) {
        let Some(rest) = &mut self.before else { return };
        let mut scene = self.stage.scene();
        let now = Instant::now();
        if now > rest.at {
            self.polls = 0;
            if let Some((promise, how)) = rest.undone.take() {
                scene.breaks(promise, how);
            }
            let waiting = scene.given.confirming.iter().find(|began| **began <= rest.at);
            if let Some(began) = waiting.copied().filter(|_| rest.is_free) {
                scene.breaks("send_confirmed resolves once the socket accepts its bytes", rest.at - began);
            }
            let stopped = scene.given.stopped.is_some_and(|stopped| stopped <= rest.at);
            let is_ending =
                matches!(rest.state, ConnectionState::Closing | ConnectionState::Draining | ConnectionState::Ended);
            scene.holds(!stopped || is_ending, "a stop is obeyed while anything else waits", rest.state);
        }
        let late = |since: Instant, budget: Duration| now > since + budget + MS;
        let (connect_timeout, close_timeout) = (scene.plan.connect_timeout, scene.plan.close_timeout);
        if let Some((attempt, since)) = rest.attempt {
            let is_late = !connect_timeout.is_zero() && late(since, connect_timeout);
            scene.holds(!is_late, "nothing postpones the connect timeout", (attempt, now - since));
        }
        if let Some((state, _, since)) = rest.closing {
            let is_late = !scene.called.is_ending && late(since, close_timeout);
            scene.holds(!is_late, "nothing postpones the close timeout", (state, now - since));
        }
        if rest.state == ConnectionState::Connected {
            let is_full = scene.is_full().1;
            let overdue = scene.line().and_then(|line| {
                let [pings_first, _] = line.silence.as_mut()?;
                pings_first.pass(now, is_full);
                Some((pings_first.overdue() > MS).then(|| format!("{pings_first:?}")))
            });
            if let Some(how) = overdue.flatten() {
                scene.breaks("only the server's bytes or a full queue postpone the pong and idle timeouts", how);
            }
        }
        let is_bounded = self.polls < MOST_POLLS;
        scene.holds(is_bounded, "the client's task does not wake itself without end", self.polls);
    }

    fn rest(&self) -> Rest {
        let mut scene = self.stage.scene();
        let (at, state, stats) = (Instant::now(), self.client.state(), self.client.stats());
        let before = self.before.as_ref();
        let attempt = matches!(state, ConnectionState::Connecting | ConnectionState::Upgrading).then(|| {
            let same = before.and_then(|rest| rest.attempt).filter(|(attempt, _)| *attempt == stats.attempts);
            same.unwrap_or((stats.attempts, at))
        });
        let line = scene.lines.len();
        let closing = matches!(state, ConnectionState::Closing | ConnectionState::Draining).then(|| {
            let same = before.and_then(|rest| rest.closing).filter(|(of, on, _)| (*of, *on) == (state, line));
            same.unwrap_or((state, line, at))
        });
        let plan = scene.plan.clone();
        if state == ConnectionState::Connected
            && let Some(line) = scene.line()
            && !line.is_dropped
        {
            line.silence.get_or_insert_with(|| [true, false].map(|pings_first| Silence::new(&plan, at, pings_first)));
        }
        let is_free = state == ConnectionState::Connected
            && scene.given.streaming == 0
            && scene.line().is_some_and(|line| !line.is_stalled && !line.has_failed);
        let undone = undone(&mut scene, state, is_free, &stats);
        Rest { at, state, attempt, closing, undone, is_free }
    }
}

/// What the client has left undone, if it rests in this state.
fn undone(
    scene: &mut Scene,
    state: ConnectionState,
    is_free: bool,
    stats: &crate::Stats,
) -> Option<(&'static str, String)> {
    let (_, may_be_full) = scene.is_full();
    let is_running = scene.called.running.is_some();
    let is_ending = scene.called.is_ending;
    let (given, handled) = (scene.given.infos, scene.called.infos);
    let frames = scene.given.frames;
    let left = scene.lines.iter().position(|line| !line.is_dropped);
    let is_last = left.is_none_or(|left| left + 1 == scene.lines.len());
    let line = scene.line();
    let is_open = matches!(state, ConnectionState::Connected | ConnectionState::Closing);
    if is_open
        && let Some(line) = &line
        && !may_be_full
        && line.is_readable()
    {
        return Some(("the server's bytes are read while the inbound queue has room", format!("{state}")));
    }
    let has_line = is_open || matches!(state, ConnectionState::Connecting | ConnectionState::Upgrading);
    if !is_last || (!has_line && left.is_some()) {
        return Some(("a connection that is gone is dropped", format!("line {left:?} while {state}")));
    }
    if is_free
        && let Some(line) = &line
        && !may_be_full
        && line.owes_pong()
    {
        return Some(("a ping is answered", String::new()));
    }
    if is_free && stats.frames_sent + stats.frames_lost < frames {
        return Some(("mail goes out", format!("{frames} frames and {stats:?}")));
    }
    if is_running || is_ending {
        return None;
    }
    let backlog = line.map(|line| line.backlog()).unwrap_or_default();
    match state {
        ConnectionState::Deciding => Some(("the handler is asked after a loss", String::new())),
        ConnectionState::Draining => {
            Some(("a client that ends does not wait for a callback that is not running", String::new()))
        }
        ConnectionState::Connected if is_free && backlog.0 > 0 => {
            Some(("messages are delivered while no callback runs", format!("{backlog:?}")))
        }
        ConnectionState::Connected if !is_free => None,
        ConnectionState::Idle
        | ConnectionState::Connecting
        | ConnectionState::Upgrading
        | ConnectionState::Connected
        | ConnectionState::Waiting => {
            (handled < given).then(|| ("infos are delivered while no callback runs", format!("{handled} of {given}")))
        }
        ConnectionState::Closing | ConnectionState::Ended => None,
    }
}

impl<F: Future<Output = ExitReason>> Future for Judged<F> {
    type Output = ExitReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ExitReason> {
        let judged = &mut *self;
        judged.judge_rest();
        judged.polls += 1;
        {
            let mut scene = judged.stage.scene();
            if scene.broken.is_some() {
                return Poll::Ready(ExitReason::Aborted);
            }
            scene.poll = scene::Poll::default();
        }
        let polled = judged.driver.as_mut().poll(cx);
        judged.before = polled.is_pending().then(|| judged.rest());
        polled
    }
}
