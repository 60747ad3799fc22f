//! What every state shares: the configuration, the timers, the retries, and the effects on their way out.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    ending::Draining,
    io::{About, Answer, Effect, Event, Outbound},
    offline::Deciding,
    retry::Retry,
    state::State,
    timers::{Timer, Timers},
};
use crate::{
    action::{Action, Frames, Recovery},
    backoff::Backoff,
    connection::Disconnect,
    error::{Error, Reason, SendFailure},
    exit::ExitReason,
    options::{Offline, Options},
};

/// The options that the machine goes by; `None` is off.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) close_timeout: Duration,
    pub(crate) linger: Option<Duration>,
    pub(crate) write_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) pong_timeout: Option<Duration>,
    pub(crate) attempts: Option<u32>,
    pub(crate) reset_after: Duration,
    pub(crate) offline: Offline,
    /// Whether there is a factory to make new handlers.
    pub(crate) renewable: bool,
}

impl Config {
    pub(crate) fn new(options: &Options, renewable: bool) -> Self {
        let enabled = |timeout: Duration| (!timeout.is_zero()).then_some(timeout);
        Self {
            connect_timeout: enabled(options.connect_timeout),
            close_timeout: options.close_timeout,
            linger: options.linger,
            write_timeout: enabled(options.write_timeout),
            idle_timeout: enabled(options.idle_timeout),
            ping_interval: enabled(options.ping_interval),
            pong_timeout: enabled(options.pong_timeout),
            attempts: options.backoff.attempts,
            reset_after: options.backoff.reset_after,
            offline: options.offline,
            renewable,
        }
    }
}

/// What every state shares.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) timers: Timers,
    pub(super) retry: Retry,
    pub(super) effects: VecDeque<Effect>,
}

impl Context {
    pub(super) fn new(config: Config, backoff: Backoff) -> Self {
        let retry = Retry::new(backoff, config.attempts, config.reset_after);
        Self { config, timers: Timers::default(), retry, effects: VecDeque::new() }
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(super) fn deliver(&mut self, event: Event) {
        self.effect(Effect::Deliver(event));
    }

    /// What a callback asked for failed, and that alone: the handler is asked next, and the state stays.
    pub(super) fn fault(&mut self, error: impl Into<Error>) {
        self.effect(Effect::DeliverNext(Event::Failed(error.into(), About::Fault)));
    }

    /// Starts a timer, unless its option is off.
    pub(super) fn start(&mut self, timer: Timer, after: Option<Duration>, now: Instant) {
        match after.and_then(|after| now.checked_add(after)) {
            Some(at) => self.timers.set(timer, at),
            None => self.timers.clear(timer),
        }
    }

    /// Both close frames are out: the server has so long to end TCP, and no longer than the budget of the handshake.
    pub(super) fn linger(&mut self, now: Instant) {
        if let Some(at) = self.config.linger.and_then(|linger| now.checked_add(linger)) {
            self.timers.hasten(Timer::Close, at);
        }
    }

    /// Begins an attempt.
    pub(super) fn connect(&mut self, now: Instant) -> State {
        let attempt = self.retry.begin();
        self.start(Timer::Connect, self.config.connect_timeout, now);
        self.effect(Effect::Connect { attempt });
        State::Connecting
    }

    /// Waits for the next attempt, or gives up.
    pub(super) fn wait(&mut self, last: Option<Error>, now: Instant) -> State {
        match self.retry.next_delay(last.as_ref().and_then(Error::retry_after)) {
            Ok(delay) => {
                self.start(Timer::Backoff, Some(delay), now);
                State::Waiting
            }
            Err(attempts) => self.drain(ExitReason::GaveUp { attempts, last }, now),
        }
    }

    /// Gives up the connection or the attempt because of an error, and asks what comes next.
    pub(super) fn lose(&mut self, error: Error) -> State {
        let error = self.retry.count_malformed(error);
        self.effect(Effect::Drop);
        self.deliver(Event::Failed(error.clone(), About::Loss));
        State::Deciding(Deciding::after(Some(error)))
    }

    /// The close of a client that has no connection: nothing to shake hands with, so the handler is told at once.
    pub(super) fn close_without_connection(&mut self) -> State {
        self.effect(Effect::Drop);
        self.disconnected(Disconnect::unanswered())
    }

    /// The close handshake ended: asks what comes next.
    pub(super) fn disconnected(&mut self, disconnect: Disconnect) -> State {
        self.deliver(Event::Disconnected(disconnect));
        State::Deciding(Deciding::after(None))
    }

    /// Gives up connection and calls for good; only a callback that is running may still finish.
    pub(super) fn drain(&mut self, reason: ExitReason, now: Instant) -> State {
        self.effect(Effect::Drop);
        self.effect(Effect::DiscardCalls);
        // A close handshake that came before has used part of the budget.
        if !self.timers.is_set(Timer::Close) {
            self.start(Timer::Close, Some(self.config.close_timeout), now);
        }
        State::Draining(Draining(reason))
    }

    /// A frame of the handle's while there is no connection.
    pub(super) fn send_offline(&mut self, outbound: Outbound) {
        self.effect(match self.config.offline {
            Offline::Reject => Effect::Refuse(outbound, SendFailure::NotConnected),
            Offline::Queue(_) => Effect::Hold(outbound),
            Offline::Drop => Effect::Refuse(outbound, SendFailure::Dropped),
        });
    }

    /// A message in pieces while there is no connection: never held, as its sender waits to be asked for the next piece.
    pub(super) fn cut_offline(&mut self, receipt: u64) {
        self.effect(Effect::Cut(receipt, SendFailure::NotConnected));
    }

    /// Frames of a callback's that cannot go out now; where the policy rejects, `handle_error` is told.
    pub(super) fn refuse_reply(&mut self, frames: Frames, failure: &SendFailure) {
        for frame in frames {
            self.effect(Effect::Refuse(Outbound::reply(frame), failure.clone()));
        }
        self.fault(failure.clone());
    }

    /// The frames that may be sent at all; the handler is told of the others.
    fn checked(&mut self, frames: Frames) -> Frames {
        let mut allowed = Vec::new();
        for frame in frames {
            match frame.check() {
                Ok(()) => allowed.push(frame),
                Err(error) => self.fault(error),
            }
        }
        Frames::Many(allowed)
    }

    fn reply_offline(&mut self, frames: Frames) {
        let frames = self.checked(frames);
        if frames.is_empty() {
            return;
        }
        match self.config.offline {
            Offline::Reject => self.refuse_reply(frames, &SendFailure::NotConnected),
            Offline::Queue(_) | Offline::Drop => {
                for frame in frames {
                    self.send_offline(Outbound::reply(frame));
                }
            }
        }
    }

    /// What a callback returned while there is no connection, in a state that no verdict but an ending one changes.
    /// `None`: the state stays.
    pub(super) fn answer_offline(&mut self, answer: Answer, now: Instant) -> Option<State> {
        match answer {
            Answer::Action(Action::Continue) | Answer::Settled => None,
            Answer::Action(Action::Reply(frames)) => {
                self.reply_offline(frames);
                None
            }
            Answer::Action(Action::Close(_)) => Some(self.close_without_connection()),
            Answer::Raised(error) => {
                self.fault(error);
                None
            }
            Answer::Verdict(recovery, _) => self.verdict_offline(recovery, now),
            Answer::Panicked(message) => Some(self.drain(ExitReason::Panicked(message), now)),
        }
    }

    fn verdict_offline(&mut self, recovery: Recovery, now: Instant) -> Option<State> {
        match self.ending(recovery) {
            Ok(reason) => Some(self.drain(reason, now)),
            Err(Again::Ignore | Again::Reconnect) => None,
            Err(Again::Restart) => {
                self.effect(Effect::Renew);
                None
            }
        }
    }

    /// The end that a recovery asks for; where it asks for none, what it asks for instead.
    pub(super) fn ending(&self, recovery: Recovery) -> Result<ExitReason, Again> {
        match recovery {
            Recovery::Ignore => Err(Again::Ignore),
            Recovery::Reconnect => Err(Again::Reconnect),
            Recovery::Restart if self.config.renewable => Err(Again::Restart),
            Recovery::Restart => Ok(ExitReason::Failed(Reason::from(NoFactory))),
            Recovery::Close => Ok(ExitReason::Normal),
            Recovery::Fail(reason) => Ok(reason.into()),
        }
    }
}

/// The recoveries that do not end the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Ignore,
    Reconnect,
    Restart,
}

/// `Recovery::Restart` was asked of a client that was started without a factory.
#[derive(Debug, thiserror::Error)]
#[error("`Recovery::Restart` needs a factory: start the client with `Client::start_with`")]
struct NoFactory;
