//! Closing: our close frame is queued or written, and the server's close frame, or its end of TCP, is awaited
//! (RFC 6455 §7).

use std::time::Instant;

use super::{
    connected::Writing,
    context::{Again, Context},
    io::{About, Answer, Command, Event, Input, Wire},
    state::State,
    timers::Timer,
    world::World,
};
use crate::{
    action::{Action, Recovery},
    connection::{ConnectionState, Disconnect, Initiator},
    down::Down,
    error::Error,
    exit::ExitReason,
    frame::{CloseFrame, Control},
};

/// A close handshake under way.
#[derive(Debug)]
pub(super) struct Closing {
    purpose: Purpose,
    exchange: Exchange,
    writing: Writing,
    /// When the budget of the whole handshake is used up; `None` where the clock cannot express it.
    until: Option<Instant>,
}

/// What the handshake is for, and so what follows it.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The connection ends in order: `handle_disconnect` is asked.
    Disconnect(Initiator),
    /// The connection failed, usually because the server broke the protocol: `handle_error` is asked.
    Fail(Error),
    /// The client ends.
    Exit(ExitReason),
    /// Another connection takes the place of this one.
    Reconnect(When),
}

/// When the next connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// `client.reconnect()`.
    Now,
    /// A verdict.
    AfterBackoff,
}

/// How far the handshake has come.
#[derive(Debug)]
pub(super) enum Exchange {
    /// The server's close frame has not arrived.
    Unanswered,
    /// Both close frames were sent; the server ends TCP first (RFC 6455 §7.1.1). It holds the server's close frame.
    Answered(Option<CloseFrame>),
    /// The server broke the protocol, so its close frame can no longer be read.
    Broken,
}

impl Closing {
    /// Our close frame was just queued.
    pub(super) fn begin(
        purpose: Purpose,
        exchange: Exchange,
        writing: Writing,
        cx: &mut Context<'_, impl World>,
    ) -> State {
        let until = cx.after(cx.config.close_timeout);
        let closing = Self { purpose: purpose.adopted(cx), exchange, writing, until };
        closing.schedule(cx);
        State::Closing(Box::new(closing))
    }

    pub(super) fn step(self: Box<Self>, input: Input, cx: &mut Context<'_, impl World>) -> State {
        match input {
            Input::Wire(wire) => self.hear(wire, cx),
            Input::Command(command) => self.obey(command, cx),
            Input::Answer(answer) => self.answer(answer, cx),
            Input::Timer(Timer::Close) => self.finish(cx),
            Input::Start
            | Input::Attempt(_)
            | Input::Timer(Timer::Connect | Timer::Backoff | Timer::Ping | Timer::Pong | Timer::Idle | Timer::Write) => {
                State::Closing(self)
            }
        }
    }

    /// Whether a received message still leads to a callback.
    pub(super) fn delivers(&self) -> bool {
        matches!((&self.purpose, &self.exchange), (Purpose::Disconnect(_), Exchange::Unanswered))
    }

    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.purpose, Purpose::Exit(_))
    }

    /// Whether nothing but the server's end of TCP is left to wait for, or nothing that is worth the whole budget.
    ///
    /// A client that fails waits for no answer: a supervisor counts its failures per time, and OTP drops the socket of a
    /// process that crashed.
    fn lingers(&self) -> bool {
        match (&self.purpose, &self.exchange) {
            (_, Exchange::Answered(_)) => true,
            (Purpose::Exit(reason), Exchange::Unanswered | Exchange::Broken) => reason.is_abnormal(),
            (Purpose::Disconnect(_), Exchange::Broken) => true,
            (Purpose::Fail(_) | Purpose::Reconnect(_), Exchange::Unanswered | Exchange::Broken) => false,
            (Purpose::Disconnect(_), Exchange::Unanswered) => false,
        }
    }

    /// Sets the one deadline: the budget of the handshake, or the linger as soon as our close frame is written.
    fn schedule(&self, cx: &mut Context<'_, impl World>) {
        let linger = match self.writing {
            Writing::Flowing if self.lingers() => cx.after(cx.config.close_linger),
            Writing::Flowing | Writing::Stalled => None,
        };
        match self.until.into_iter().chain(linger).min() {
            Some(at) => cx.timers.set(Timer::Close, at),
            None => cx.timers.clear(Timer::Close),
        }
    }

    fn hear(mut self: Box<Self>, wire: Wire, cx: &mut Context<'_, impl World>) -> State {
        match wire {
            Wire::Close(theirs) => {
                // Nothing is processed after the server's close frame (RFC 6455 §5.5.1).
                if let Exchange::Unanswered = self.exchange {
                    self.exchange = Exchange::Answered(theirs);
                    self.schedule(cx);
                }
            }
            Wire::Message if self.delivers() => cx.world.deliver_message(),
            Wire::Message => cx.world.discard_message(),
            // Reported to the handler, but not answered: nothing is sent behind our close frame, because many servers
            // take that for a violation.
            Wire::Ping(payload) if self.delivers() => cx.world.deliver(Event::Control(Control::Ping(payload))),
            Wire::Pong(payload) if self.delivers() => cx.world.deliver(Event::Control(Control::Pong(payload))),
            // Control frames carry nothing that could be missed.
            Wire::Ping(_) | Wire::Pong(_) => {}
            Wire::Lost(_) | Wire::WriteFailed(_) => return self.finish(cx),
            Wire::Panicked(message) => {
                self.restore_budget(cx);
                return cx.drain(ExitReason::Panicked(message));
            }
            Wire::Violated(error) => return State::Closing(self.violated(error.into(), cx)),
            Wire::WriteStalled { .. } if self.writing == Writing::Flowing => {
                self.writing = Writing::Stalled;
                self.schedule(cx);
            }
            Wire::WriteResumed if self.writing == Writing::Stalled => {
                self.writing = Writing::Flowing;
                self.schedule(cx);
            }
            // One budget bounds the whole handshake; no other deadline counts any more.
            Wire::Alive | Wire::WriteStalled { .. } | Wire::WriteResumed | Wire::ReadPaused | Wire::ReadResumed => {}
        }
        State::Closing(self)
    }

    /// Our one close frame is already sent, so this violation is reported, but not answered. It does not change what
    /// follows: a close that we began ends the client whatever the answer is.
    fn violated(mut self: Box<Self>, error: Error, cx: &mut Context<'_, impl World>) -> Box<Self> {
        if let (Purpose::Disconnect(_), Exchange::Unanswered) = (&self.purpose, &self.exchange) {
            cx.world.deliver(Event::Failed(Box::new(error), About::Fault));
        }
        if let Exchange::Unanswered = self.exchange {
            self.exchange = Exchange::Broken;
            self.schedule(cx);
        }
        self
    }

    fn obey(self: Box<Self>, command: Command, cx: &mut Context<'_, impl World>) -> State {
        match command {
            Command::Send(outbound) => {
                cx.send_in(ConnectionState::Closing, outbound);
                State::Closing(self)
            }
            Command::Piece(_, receipt) => {
                cx.cut_in(ConnectionState::Closing, receipt);
                State::Closing(self)
            }
            Command::Close(_) | Command::Abandon(_) => State::Closing(self),
            Command::Reconnect => {
                self.report_server_side(cx);
                self.instead(Purpose::Reconnect(When::Now), cx)
            }
            Command::ReconnectNow if self.is_leaving() => State::Closing(self),
            Command::ReconnectNow => {
                self.drop_to_reconnect(cx);
                cx.connect()
            }
            Command::Stop => self.instead(Purpose::Exit(ExitReason::Stopped), cx),
        }
    }

    fn answer(mut self: Box<Self>, answer: Answer, cx: &mut Context<'_, impl World>) -> State {
        match answer {
            Answer::Action(Action::Continue | Action::Close(_)) | Answer::Settled => State::Closing(self),
            Answer::Action(Action::Reply(frames)) => {
                cx.reply_in(ConnectionState::Closing, frames);
                State::Closing(self)
            }
            Answer::Raised(error) => {
                cx.fault(error);
                State::Closing(self)
            }
            Answer::Verdict(recovery, about) => self.verdict(recovery, about, cx),
            // A panic is why the client ends, also if it was already ending.
            Answer::Panicked(message) => {
                self.purpose = Purpose::Exit(ExitReason::Panicked(message)).adopted(cx);
                self.schedule(cx);
                State::Closing(self)
            }
        }
    }

    /// A verdict about something before the handshake. It can end the client, or drop the connection. Anything else that
    /// it requests is asked again when the handshake has ended.
    fn verdict(self: Box<Self>, recovery: Recovery, about: About, cx: &mut Context<'_, impl World>) -> State {
        match cx.ending(recovery) {
            Ok(reason) => self.instead(Purpose::Exit(reason), cx),
            // A handler that has to end is not replaced by one that never did anything.
            Err(_) if self.is_leaving() => State::Closing(self),
            Err(Again::Restart) => {
                cx.world.deliver_next(Event::Renew);
                State::Closing(self)
            }
            Err(Again::Ignore | Again::Reconnect) => State::Closing(self),
            // About an earlier connection: the reconnect that it requests has already happened.
            Err(Again::Abandon | Again::ReconnectNow) if about != About::Fault => State::Closing(self),
            // A close that we began ends the client; only its handshake is cut short.
            Err(Again::Abandon | Again::ReconnectNow)
                if matches!(self.purpose, Purpose::Disconnect(Initiator::Local)) =>
            {
                self.finish(cx)
            }
            Err(Again::Abandon) => {
                self.drop_to_reconnect(cx);
                cx.wait(None)
            }
            Err(Again::ReconnectNow) => {
                self.drop_to_reconnect(cx);
                cx.retry_now(None)
            }
        }
    }

    /// Drops the connection without the rest of the handshake, in order to open another one.
    fn drop_to_reconnect(&self, cx: &mut Context<'_, impl World>) {
        self.report_server_side(cx);
        cx.world.disconnect();
        cx.down(Down::Replaced);
    }

    /// Reports what the server did, where another connection takes the place of this one before the handshake ends: a
    /// close that it began, a violation. A close of ours is replaced by the new request.
    fn report_server_side(&self, cx: &mut Context<'_, impl World>) {
        match (&self.purpose, &self.exchange) {
            (Purpose::Disconnect(Initiator::Remote), Exchange::Answered(theirs)) => {
                let disconnect = Disconnect::clean(Initiator::Remote, theirs.clone());
                cx.down(Down::Closed(disconnect.clone()));
                cx.report_disconnect(disconnect);
            }
            (Purpose::Fail(error), _) => {
                cx.down(Down::Lost(error.clone()));
                cx.report_loss(error.clone());
            }
            (Purpose::Disconnect(_) | Purpose::Exit(_) | Purpose::Reconnect(_), _) => {}
        }
    }

    /// Adopts another purpose, unless the client already ends.
    fn instead(mut self: Box<Self>, purpose: Purpose, cx: &mut Context<'_, impl World>) -> State {
        if !self.is_leaving() {
            self.purpose = purpose.adopted(cx);
            self.schedule(cx);
        }
        State::Closing(self)
    }

    /// The linger is over, the budget is not: a callback that still runs gets the rest of it.
    fn restore_budget(&self, cx: &mut Context<'_, impl World>) {
        if let Some(until) = self.until {
            cx.timers.set(Timer::Close, until);
        }
    }

    /// The handshake ended, or its time did.
    fn finish(self, cx: &mut Context<'_, impl World>) -> State {
        cx.world.disconnect();
        self.restore_budget(cx);
        match (self.purpose, self.exchange) {
            (Purpose::Disconnect(initiator), Exchange::Answered(theirs)) => {
                closed(Disconnect::clean(initiator, theirs), cx)
            }
            (Purpose::Disconnect(_), Exchange::Unanswered | Exchange::Broken) => closed(Disconnect::unanswered(), cx),
            (Purpose::Fail(error), _) => cx.lose(error),
            (Purpose::Exit(reason), _) => cx.drain(reason),
            (Purpose::Reconnect(when), _) => {
                cx.down(Down::Replaced);
                match when {
                    When::Now => cx.connect(),
                    When::AfterBackoff => cx.wait(None),
                }
            }
        }
    }
}

fn closed(disconnect: Disconnect, cx: &mut Context<'_, impl World>) -> State {
    cx.down(Down::Closed(disconnect.clone()));
    cx.disconnected(disconnect)
}

impl Purpose {
    /// A client that ends begins no callback any more, so the calls that wait are dropped.
    fn adopted(self, cx: &mut Context<'_, impl World>) -> Self {
        match self {
            Self::Exit(_) => cx.world.discard_calls(),
            Self::Disconnect(_) | Self::Fail(_) | Self::Reconnect(_) => {}
        }
        self
    }
}
