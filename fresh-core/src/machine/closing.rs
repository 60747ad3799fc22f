//! Closing: our close frame is out, and either the server's, or its end of TCP, is awaited (RFC 6455 §7).

use std::time::Instant;

use super::{
    context::{Again, Context},
    io::{About, Answer, Command, Effect, Event, Input, Wire},
    state::State,
    timers::Timer,
};
use crate::{
    action::{Action, Recovery},
    connection::{Disconnect, Initiator},
    error::{Error, SendFailure},
    exit::ExitReason,
    frame::{CloseFrame, Control, Frame, Message},
};

/// A close handshake under way.
#[derive(Debug)]
pub(super) struct Closing {
    purpose: Purpose,
    exchange: Exchange,
}

/// What the handshake is for, and so what comes after it.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The connection ends in order: `handle_disconnect` is asked.
    Disconnect(Initiator),
    /// The server broke the protocol: `handle_error` is asked.
    Fail(Error),
    /// The client ends.
    Exit(ExitReason),
    /// Another connection takes the place of this one.
    Reconnect(When),
}

/// When another connection is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// `client.reconnect()`.
    Now,
    /// A verdict.
    AfterBackoff,
}

/// How far the handshake has come.
#[derive(Debug)]
enum Exchange {
    /// The server's close frame has not come.
    Unanswered,
    /// Both close frames are out; the server closes TCP first (RFC 6455 §7.1.1).
    Answered(Option<CloseFrame>),
}

impl Closing {
    /// We sent a close frame first.
    pub(super) fn begun(purpose: Purpose, now: Instant, context: &mut Context) -> Self {
        Self::new(purpose, Exchange::Unanswered, now, context)
    }

    /// The server sent a close frame first, and we answered it.
    pub(super) fn answered(theirs: Option<CloseFrame>, now: Instant, context: &mut Context) -> Self {
        Self::new(Purpose::Disconnect(Initiator::Remote), Exchange::Answered(theirs), now, context)
    }

    fn new(purpose: Purpose, exchange: Exchange, now: Instant, context: &mut Context) -> Self {
        context.start(Timer::Close, Some(context.config.close_timeout), now);
        Self { purpose: purpose.taken_up(context), exchange }
    }

    pub(super) fn step(self, input: Input, now: Instant, context: &mut Context) -> State {
        match input {
            Input::Wire(wire) => self.hear(wire, now, context),
            Input::Command(command) => self.obey(command, context),
            Input::Answer(answer) => self.answer(answer, context),
            Input::Timer(Timer::Close) => {
                // The budget is used up: a callback that still runs gets no more of it.
                context.timers.set(Timer::Close, now);
                self.finish(now, context)
            }
            Input::Start
            | Input::Attempt(_)
            | Input::Timer(Timer::Connect | Timer::Backoff | Timer::Ping | Timer::Pong | Timer::Idle | Timer::Write) => {
                State::Closing(self)
            }
        }
    }

    /// Whether what is received still leads to a callback.
    pub(super) fn delivers(&self) -> bool {
        matches!((&self.purpose, &self.exchange), (Purpose::Disconnect(_), Exchange::Unanswered))
    }

    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.purpose, Purpose::Exit(_))
    }

    fn hear(self, wire: Wire, now: Instant, context: &mut Context) -> State {
        match wire {
            Wire::Received(frame) => State::Closing(self.received(frame, now, context)),
            Wire::Lost(_) | Wire::WriteFailed(_) => self.finish(now, context),
            Wire::Violated(error) => State::Closing(self.violated(error.into())),
            // One budget bounds the whole handshake; no other deadline counts any more.
            Wire::Alive | Wire::WriteStalled | Wire::WriteResumed | Wire::ReadPaused | Wire::ReadResumed => {
                State::Closing(self)
            }
        }
    }

    fn received(self, frame: Frame, now: Instant, context: &mut Context) -> Self {
        let delivers = self.delivers();
        match (self.exchange, frame) {
            (Exchange::Unanswered, Frame::Close(theirs)) => {
                context.linger(now);
                return Self { exchange: Exchange::Answered(theirs), ..self };
            }
            // Nothing is processed after the server's close frame (RFC 6455 §5.5.1).
            (Exchange::Answered(theirs), frame) => {
                discard(&frame, context);
                return Self { exchange: Exchange::Answered(theirs), ..self };
            }
            // Told, and not answered: nothing goes out behind our close frame, which many servers would not bear.
            (Exchange::Unanswered, Frame::Ping(payload)) if delivers => {
                context.deliver(Event::Control(Control::Ping(payload)));
            }
            (Exchange::Unanswered, Frame::Pong(payload)) if delivers => {
                context.deliver(Event::Control(Control::Pong(payload)));
            }
            (Exchange::Unanswered, Frame::Text(text)) if delivers => {
                context.deliver(Event::Message(Message::Text(text)));
            }
            (Exchange::Unanswered, Frame::Binary(bytes)) if delivers => {
                context.deliver(Event::Message(Message::Binary(bytes)));
            }
            (Exchange::Unanswered, frame) => discard(&frame, context),
        }
        Self { exchange: Exchange::Unanswered, ..self }
    }

    /// Our one close frame is out, so this violation can only be told, not answered.
    fn violated(self, error: Error) -> Self {
        match (self.purpose, self.exchange) {
            (Purpose::Disconnect(_), Exchange::Unanswered) => {
                Self { purpose: Purpose::Fail(error), exchange: Exchange::Unanswered }
            }
            (purpose, exchange) => Self { purpose, exchange },
        }
    }

    fn obey(self, command: Command, context: &mut Context) -> State {
        match command {
            Command::Send(outbound) => {
                context.effect(Effect::Refuse(outbound, SendFailure::Closing));
                State::Closing(self)
            }
            Command::Piece(_, receipt) => {
                context.effect(Effect::Cut(receipt, SendFailure::Closing));
                State::Closing(self)
            }
            Command::Close(_) | Command::Abandon(_) => State::Closing(self),
            Command::Reconnect => {
                self.tell(context);
                self.instead(Purpose::Reconnect(When::Now), context)
            }
            Command::Stop => self.instead(Purpose::Exit(ExitReason::Stopped), context),
        }
    }

    fn answer(self, answer: Answer, context: &mut Context) -> State {
        match answer {
            Answer::Action(Action::Continue | Action::Close(_)) | Answer::Settled => State::Closing(self),
            Answer::Action(Action::Reply(frames)) => {
                context.refuse_reply(frames, &SendFailure::Closing);
                State::Closing(self)
            }
            Answer::Raised(error) => {
                context.fault(error);
                State::Closing(self)
            }
            Answer::Verdict(recovery, _) => self.verdict(recovery, context),
            Answer::Panicked(message) => self.instead(Purpose::Exit(ExitReason::Panicked(message)), context),
        }
    }

    /// A verdict about something before the handshake: it can still end the client, and what else it asks for is
    /// asked again when the handshake has ended.
    fn verdict(self, recovery: Recovery, context: &mut Context) -> State {
        match context.ending(recovery) {
            Ok(reason) => self.instead(Purpose::Exit(reason), context),
            // A handler that has to end is not replaced by one that never did anything.
            Err(Again::Restart) if !self.is_leaving() => {
                context.effect(Effect::Renew);
                State::Closing(self)
            }
            Err(Again::Ignore | Again::Reconnect | Again::Restart) => State::Closing(self),
        }
    }

    /// Tells what the server did, where another connection takes the place of this one before its end: a close that it
    /// began, a violation. A close of ours is replaced by what we ask for next.
    fn tell(&self, context: &mut Context) {
        match (&self.purpose, &self.exchange) {
            (Purpose::Disconnect(Initiator::Remote), Exchange::Answered(theirs)) => {
                context.deliver(Event::Disconnected(Disconnect::clean(Initiator::Remote, theirs.clone())));
            }
            (Purpose::Fail(error), _) => context.deliver(Event::Failed(error.clone(), About::Loss)),
            (Purpose::Disconnect(_) | Purpose::Exit(_) | Purpose::Reconnect(_), _) => {}
        }
    }

    /// Takes up another purpose, unless the client already ends.
    fn instead(self, purpose: Purpose, context: &mut Context) -> State {
        if self.is_leaving() {
            return State::Closing(self);
        }
        State::Closing(Self { purpose: purpose.taken_up(context), ..self })
    }

    /// The handshake ended, or what was left of its time did.
    fn finish(self, now: Instant, context: &mut Context) -> State {
        context.effect(Effect::Drop);
        match (self.purpose, self.exchange) {
            (Purpose::Disconnect(initiator), Exchange::Answered(theirs)) => {
                context.disconnected(Disconnect::clean(initiator, theirs))
            }
            (Purpose::Disconnect(_), Exchange::Unanswered) => context.disconnected(Disconnect::unanswered()),
            (Purpose::Fail(error), _) => context.lose(error),
            (Purpose::Exit(reason), _) => context.drain(reason, now),
            (Purpose::Reconnect(When::Now), _) => context.connect(now),
            (Purpose::Reconnect(When::AfterBackoff), _) => context.wait(None, now),
        }
    }
}

impl Purpose {
    /// A client that ends begins no callback any more, so those that wait are dropped.
    fn taken_up(self, context: &mut Context) -> Self {
        match self {
            Self::Exit(_) => context.effect(Effect::DiscardCalls),
            Self::Disconnect(_) | Self::Fail(_) | Self::Reconnect(_) => {}
        }
        self
    }
}

fn discard(frame: &Frame, context: &mut Context) {
    match frame {
        Frame::Text(_) | Frame::Binary(_) => context.effect(Effect::Discard),
        // Control frames carry nothing that could be missed.
        Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_) => {}
    }
}
