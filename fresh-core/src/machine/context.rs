//! What every state shares ([`Core`]), and what a step acts with ([`Context`]): the core, the time and the world.

use std::{
    ops::{Deref, DerefMut},
    time::{Duration, Instant},
};

use super::{
    ending::Draining,
    io::{About, Answer, Event, Outbound},
    offline::Deciding,
    retry::Retry,
    state::State,
    timers::{Timer, Timers},
    world::{Now, World},
};
use crate::{
    action::{Action, Frames, Recovery},
    admission::{self, Verdict},
    backoff::Backoff,
    connection::{ConnectionState, Disconnect},
    down::Down,
    error::{Error, Reason, SendFailure},
    exit::ExitReason,
    frame::Frame,
    options::{Offline, Options},
};

/// The options that the machine depends on; `None` is off.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) close_timeout: Duration,
    pub(crate) close_linger: Duration,
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
            close_linger: options.close_linger,
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
pub(super) struct Core {
    pub(super) config: Config,
    pub(super) timers: Timers,
    pub(super) retry: Retry,
    /// How many questions about a loss the handler was asked.
    pub(super) questions: u64,
}

impl Core {
    pub(super) fn new(config: Config, backoff: Backoff) -> Self {
        let retry = Retry::new(backoff, config.attempts, config.reset_after);
        Self { config, timers: Timers::default(), retry, questions: 0 }
    }
}

/// What a step acts with.
pub(super) struct Context<'a, W> {
    core: &'a mut Core,
    now: &'a mut dyn Now,
    pub(super) world: &'a mut W,
}

impl<W> Deref for Context<'_, W> {
    type Target = Core;

    fn deref(&self) -> &Core {
        self.core
    }
}

impl<W> DerefMut for Context<'_, W> {
    fn deref_mut(&mut self) -> &mut Core {
        self.core
    }
}

impl<'a, W: World> Context<'a, W> {
    pub(super) fn new(core: &'a mut Core, now: &'a mut dyn Now, world: &'a mut W) -> Self {
        Self { core, now, world }
    }

    pub(super) fn now(&mut self) -> Instant {
        self.now.now()
    }

    /// What a callback requested failed, and that alone: the handler is asked next, and the state stays.
    pub(super) fn fault(&mut self, error: impl Into<Error>) {
        self.world.deliver_next(Event::Failed(Box::new(error.into()), About::Fault));
    }

    /// A new question about a loss, which replaces the one that is still open.
    fn question(&mut self) -> u64 {
        self.core.questions += 1;
        self.core.questions
    }

    /// Starts a timer, unless its option is off.
    pub(super) fn start(&mut self, timer: Timer, after: Option<Duration>) {
        match after.and_then(|after| self.after(after)) {
            Some(at) => self.timers.set(timer, at),
            None => self.timers.clear(timer),
        }
    }

    /// The time after this delay; `None` where the clock cannot express it.
    pub(super) fn after(&mut self, delay: Duration) -> Option<Instant> {
        self.now().checked_add(delay)
    }

    /// Begins an attempt.
    pub(super) fn connect(&mut self) -> State {
        let attempt = self.retry.begin();
        self.start(Timer::Connect, self.config.connect_timeout);
        self.world.connect(attempt);
        State::Connecting
    }

    /// Begins an attempt without the backoff's delay, unless the attempts are used up.
    pub(super) fn retry_now(&mut self, last: Option<Error>) -> State {
        match self.retry.used_up() {
            None => self.connect(),
            Some(attempts) => self.drain(ExitReason::GaveUp { attempts, last }),
        }
    }

    /// Waits for the next attempt, or gives up.
    pub(super) fn wait(&mut self, last: Option<Error>) -> State {
        let floor = last.as_ref().and_then(Error::retry_after);
        if let Some(attempts) = self.retry.used_up() {
            return self.drain(ExitReason::GaveUp { attempts, last });
        }
        let delay = self.retry.next_delay(floor);
        self.start(Timer::Backoff, Some(delay));
        State::Waiting
    }

    /// An attempt failed: asks the handler what follows.
    pub(super) fn fail(&mut self, error: Error) -> State {
        self.world.disconnect();
        self.ask_about_loss(error)
    }

    /// An open connection failed: asks the handler what follows.
    pub(super) fn lose(&mut self, error: Error) -> State {
        self.world.disconnect();
        self.down(Down::Lost(error.clone()));
        self.ask_about_loss(error)
    }

    fn ask_about_loss(&mut self, error: Error) -> State {
        let error = self.retry.count_malformed(error);
        let question = self.question();
        self.world.deliver(Event::Failed(Box::new(error.clone()), About::Loss(question)));
        State::Deciding(Box::new(Deciding::lost(question, error)))
    }

    /// The connection of the last `handle_connect` has ended.
    pub(super) fn down(&mut self, down: Down) {
        self.world.deliver(Event::Down(Box::new(down)));
    }

    /// The close of a client that has no connection: there is nothing to close, so the handler is asked at once.
    pub(super) fn close_without_connection(&mut self) -> State {
        self.world.disconnect();
        self.disconnected(Disconnect::unanswered())
    }

    /// The close handshake ended: asks the handler what follows.
    pub(super) fn disconnected(&mut self, disconnect: Disconnect) -> State {
        let question = self.question();
        self.world.deliver(Event::Disconnected(Box::new(disconnect), About::Loss(question)));
        State::Deciding(Box::new(Deciding::closed(question)))
    }

    /// Asks the handler about a disconnect whose answer can only end the client: the state moves on without it.
    pub(super) fn report_disconnect(&mut self, disconnect: Disconnect) {
        let question = self.question();
        self.world.deliver(Event::Disconnected(Box::new(disconnect), About::Loss(question)));
    }

    /// As [`report_disconnect`](Self::report_disconnect), for a loss.
    pub(super) fn report_loss(&mut self, error: Error) {
        let question = self.question();
        self.world.deliver(Event::Failed(Box::new(error), About::Loss(question)));
    }

    /// Gives up connection and calls for good; only a callback that is running may still finish.
    pub(super) fn drain(&mut self, reason: ExitReason) -> State {
        self.world.disconnect();
        self.world.discard_calls();
        // A close handshake before this has used a part of the budget.
        if !self.timers.is_set(Timer::Close) {
            self.start(Timer::Close, Some(self.config.close_timeout));
        }
        State::Draining(Box::new(Draining(reason)))
    }

    /// What happens to a frame in a state without an open connection: one rule for the handle's frames and for replies.
    pub(super) fn send_in(&mut self, state: ConnectionState, outbound: Outbound) {
        match self.verdict(state, &outbound.frame) {
            Verdict::Accept | Verdict::Queue => self.world.hold(outbound),
            Verdict::Drop => self.world.refuse(outbound, SendFailure::Dropped),
            Verdict::Refuse(failure) => self.world.refuse(outbound, failure),
        }
    }

    /// A callback's reply in a state without an open connection; `handle_error` is asked about frames that are refused.
    pub(super) fn reply_in(&mut self, state: ConnectionState, frames: Frames) {
        let mut refused = None;
        for frame in frames {
            if let Err(error) = frame.check() {
                self.fault(error);
                continue;
            }
            if let Verdict::Refuse(failure) = self.verdict(state, &frame) {
                refused = Some(failure);
            }
            self.send_in(state, Outbound::reply(frame));
        }
        if let Some(failure) = refused {
            self.fault(failure);
        }
    }

    fn verdict(&self, state: ConnectionState, frame: &Frame) -> Verdict {
        admission::verdict(state, admission::policy_for(Some(frame), self.config.offline), self.world.queued())
    }

    /// A piece of a message in a state without an open connection: never held, because its sender waits for the socket.
    pub(super) fn cut_in(&mut self, state: ConnectionState, receipt: u64) {
        let failure = admission::verdict(state, admission::policy_for(None, self.config.offline), 0).failure();
        self.world.cut(receipt, failure.unwrap_or(SendFailure::NotConnected));
    }

    /// What a callback returned while there is no connection, in a state that no verdict but an ending one changes.
    /// `None`: the state stays.
    pub(super) fn answer_offline(&mut self, state: ConnectionState, answer: Answer) -> Option<State> {
        match answer {
            Answer::Action(Action::Continue) | Answer::Settled => None,
            Answer::Action(Action::Reply(frames)) => {
                self.reply_in(state, frames);
                None
            }
            Answer::Action(Action::Close(_)) => Some(self.close_without_connection()),
            Answer::Raised(error) => {
                self.fault(error);
                None
            }
            Answer::Verdict(recovery, _) => self.verdict_offline(recovery),
            Answer::Panicked(message) => Some(self.drain(ExitReason::Panicked(message))),
        }
    }

    fn verdict_offline(&mut self, recovery: Recovery) -> Option<State> {
        match self.ending(recovery) {
            Ok(reason) => Some(self.drain(reason)),
            Err(Again::Ignore | Again::Reconnect | Again::Abandon | Again::ReconnectNow) => None,
            Err(Again::Restart) => {
                self.world.deliver_next(Event::Renew);
                None
            }
        }
    }

    /// The end that a recovery requests; where it requests none, what it requests instead.
    pub(super) fn ending(&self, recovery: Recovery) -> Result<ExitReason, Again> {
        match recovery {
            Recovery::Ignore => Err(Again::Ignore),
            Recovery::Reconnect => Err(Again::Reconnect),
            Recovery::ReconnectNow => Err(Again::ReconnectNow),
            Recovery::Abandon => Err(Again::Abandon),
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
    ReconnectNow,
    Abandon,
    Restart,
}

/// `Recovery::Restart` in a client that was started without a factory.
#[derive(Debug, thiserror::Error)]
#[error("`Recovery::Restart` needs a factory: start the client with `Client::start_with`")]
struct NoFactory;
