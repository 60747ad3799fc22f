//! Connected: the connection is open.

use std::{
    io, mem,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    closing::{Closing, Exchange, Purpose, When},
    context::{Again, Context},
    io::{About, Answer, Command, Event, Input, Outbound, Wire},
    keepalive::Keepalive,
    sending::Sending,
    state::State,
    timers::Timer,
    world::World,
};
use crate::{
    action::{Action, Frames, Recovery},
    connection::{ConnectionState, Initiator, Upgrade},
    down::Down,
    error::{SendFailure, StreamError},
    exit::ExitReason,
    frame::{CloseCode, CloseFrame, Control, Frame},
};

/// An open connection.
#[derive(Debug)]
pub(super) struct Connected {
    since: Instant,
    keepalive: Keepalive,
    reading: Reading,
    writing: Writing,
    sending: Sending,
}

/// Whether the socket is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Flowing,
    /// The inbound queue is full: nothing behind it can be seen, so the deadlines for the server's bytes are suspended.
    /// What was left of each of them then; `None` where it was not running.
    Paused {
        pong: Option<Duration>,
        idle: Option<Duration>,
    },
}

/// Whether the socket accepts what is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    Flowing,
    Stalled,
}

/// What a frame of a reply leads to.
enum Replied {
    Sent,
    /// It was a close frame.
    Close,
}

impl Connected {
    pub(super) fn open(upgrade: Box<Upgrade>, cx: &mut Context<'_, impl World>) -> State {
        cx.start(Timer::Ping, cx.config.ping_interval);
        cx.start(Timer::Idle, cx.config.idle_timeout);
        cx.world.deliver(Event::Connected(upgrade));
        State::Connected(Box::new(Self {
            since: cx.now(),
            keepalive: Keepalive::default(),
            reading: Reading::Flowing,
            writing: Writing::Flowing,
            sending: Sending::Whole,
        }))
    }

    /// How many bytes of frames wait for the end of a message in pieces.
    pub(super) fn waiting(&self) -> usize {
        self.sending.waiting()
    }

    /// Each arm takes all that its input holds: of an input that is known where this is inlined, nothing then needs a place in
    /// memory.
    #[inline(always)]
    pub(super) fn step(self: Box<Self>, input: Input, cx: &mut Context<'_, impl World>) -> State {
        match input {
            Input::Wire(wire) => self.wire(wire, cx),
            Input::Command(command) => self.command(command, cx),
            Input::Answer(answer) => self.answered(answer, cx),
            Input::Timer(timer) => self.timed(timer, cx),
            Input::Start => State::Connected(self),
            // The attempt is over.
            Input::Attempt(attempt) => {
                drop(attempt);
                State::Connected(self)
            }
        }
    }

    #[inline(always)]
    fn wire(self: Box<Self>, wire: Wire, cx: &mut Context<'_, impl World>) -> State {
        if let Wire::Message = wire {
            // It owns nothing, so nothing has to be dropped.
            mem::forget(wire);
            cx.world.deliver_message();
            return State::Connected(self);
        }
        self.hear(wire, cx)
    }

    #[inline(always)]
    fn command(self: Box<Self>, command: Command, cx: &mut Context<'_, impl World>) -> State {
        match command {
            Command::Send(outbound) => self.send(outbound, cx),
            other @ (Command::Piece(..)
            | Command::Abandon(_)
            | Command::Close(_)
            | Command::Reconnect
            | Command::ReconnectNow
            | Command::Stop) => self.obey(other, cx),
        }
    }

    #[inline(never)]
    fn hear(mut self: Box<Self>, wire: Wire, cx: &mut Context<'_, impl World>) -> State {
        match wire {
            Wire::Message => cx.world.deliver_message(),
            // Answered first, whatever the handler is busy with (RFC 6455 §5.5.2).
            Wire::Ping(payload) => {
                cx.world.send(Outbound::own(Frame::Pong(payload.clone())));
                cx.world.deliver(Event::Control(Control::Ping(payload)));
            }
            Wire::Pong(payload) => {
                if let Some(latency) = self.keepalive.pong(&payload, cx.now()) {
                    cx.world.latency(latency);
                }
                cx.world.deliver(Event::Control(Control::Pong(payload)));
            }
            Wire::Close(theirs) => return self.closed_by_server(theirs, cx),
            // Any bytes are a sign of life: a pong that is late behind data is no reason to drop the connection.
            Wire::Alive => {
                cx.timers.clear(Timer::Pong);
                cx.start(Timer::Idle, cx.config.idle_timeout);
                self.reading = Reading::Flowing;
            }
            Wire::Violated(error) => {
                let close = CloseFrame::new(error.close_code(), error.to_string());
                return self.close(Some(close), Purpose::Fail(error.into()), Exchange::Broken, cx);
            }
            Wire::Lost(error) => return self.lose(error, cx),
            Wire::WriteFailed(error) => return self.write_failed(SendFailure::Io(Arc::clone(&error)), error, cx),
            Wire::Panicked(message) => {
                self.leave(&SendFailure::NotConnected, cx);
                return cx.drain(ExitReason::Panicked(message));
            }
            Wire::WriteStalled { progress } => {
                if progress || self.writing == Writing::Flowing {
                    cx.start(Timer::Write, cx.config.write_timeout);
                }
                self.writing = Writing::Stalled;
            }
            Wire::WriteResumed => {
                cx.timers.clear(Timer::Write);
                self.writing = Writing::Flowing;
            }
            Wire::ReadPaused => self.pause(cx),
            Wire::ReadResumed => self.resume(cx),
        }
        State::Connected(self)
    }

    /// Suspends the deadlines for the server's bytes. The part that has elapsed stays elapsed.
    fn pause(&mut self, cx: &mut Context<'_, impl World>) {
        if self.reading == Reading::Flowing {
            let mut rest = |timer| {
                let left = cx.timers.at(timer).map(|at| at.saturating_duration_since(cx.now()));
                cx.timers.clear(timer);
                left
            };
            self.reading = Reading::Paused { pong: rest(Timer::Pong), idle: rest(Timer::Idle) };
        }
    }

    fn resume(&mut self, cx: &mut Context<'_, impl World>) {
        if let Reading::Paused { pong, idle } = self.reading {
            cx.start(Timer::Pong, pong);
            cx.start(Timer::Idle, idle);
            self.reading = Reading::Flowing;
        }
    }

    #[inline(always)]
    fn send(mut self: Box<Self>, outbound: Outbound, cx: &mut Context<'_, impl World>) -> State {
        if matches!(outbound.frame, Frame::Close(_)) {
            cx.world.send(outbound);
            return self.closing(Purpose::Disconnect(Initiator::Local), Exchange::Unanswered, cx);
        }
        self.sending.send(outbound, cx);
        State::Connected(self)
    }

    #[inline(never)]
    fn obey(mut self: Box<Self>, command: Command, cx: &mut Context<'_, impl World>) -> State {
        match command {
            Command::Send(outbound) => self.send(outbound, cx),
            Command::Piece(piece, receipt) => {
                self.sending = self.sending.piece(piece, receipt, cx);
                State::Connected(self)
            }
            Command::Abandon(receipt) if self.sending.is_amid(receipt) => self.abandoned(cx),
            Command::Abandon(_) => State::Connected(self),
            Command::Close(close) => {
                self.close(Some(close), Purpose::Disconnect(Initiator::Local), Exchange::Unanswered, cx)
            }
            Command::Reconnect => self.close_normally(Purpose::Reconnect(When::Now), cx),
            Command::ReconnectNow => {
                self.drop_to_reconnect(cx);
                cx.connect()
            }
            Command::Stop => self.exit(ExitReason::Stopped, cx),
        }
    }

    #[inline(always)]
    fn answered(self: Box<Self>, answer: Answer, cx: &mut Context<'_, impl World>) -> State {
        match answer {
            Answer::Action(action) => self.act(action, cx),
            Answer::Settled => State::Connected(self),
            Answer::Raised(error) => {
                cx.fault(error);
                State::Connected(self)
            }
            Answer::Verdict(recovery, About::Fault) => self.recover(recovery, cx),
            Answer::Verdict(recovery, About::Loss(_)) => self.recover_late(recovery, cx),
            Answer::Panicked(message) => self.exit(ExitReason::Panicked(message), cx),
        }
    }

    #[inline(always)]
    fn act(self: Box<Self>, action: Action, cx: &mut Context<'_, impl World>) -> State {
        match action {
            Action::Continue => State::Connected(self),
            Action::Reply(frames) => self.reply(frames, cx),
            Action::Close(close) => self.reply(Frames::One(close.into()), cx),
        }
    }

    #[inline(never)]
    fn timed(mut self: Box<Self>, timer: Timer, cx: &mut Context<'_, impl World>) -> State {
        match timer {
            Timer::Ping => {
                let ping = self.keepalive.ping(cx.now());
                cx.world.send(Outbound::own(Frame::Ping(ping)));
                cx.start(Timer::Ping, cx.config.ping_interval);
                match &mut self.reading {
                    // The next ping does not postpone the deadline of a ping that is still unanswered.
                    Reading::Paused { pong, .. } => *pong = pong.or(cx.config.pong_timeout),
                    Reading::Flowing if cx.timers.is_set(Timer::Pong) => {}
                    Reading::Flowing => cx.start(Timer::Pong, cx.config.pong_timeout),
                }
                State::Connected(self)
            }
            Timer::Pong => {
                let after = cx.config.pong_timeout.unwrap_or_default();
                self.lose(StreamError::PongTimeout { after }, cx)
            }
            Timer::Idle => {
                let after = cx.config.idle_timeout.unwrap_or_default();
                self.lose(StreamError::IdleTimeout { after }, cx)
            }
            Timer::Write => {
                let after = cx.config.write_timeout.unwrap_or_default();
                let error = Arc::new(io::ErrorKind::TimedOut.into());
                self.write_failed(SendFailure::Timeout { after }, error, cx)
            }
            Timer::Connect | Timer::Backoff | Timer::Close => State::Connected(self),
        }
    }

    /// The rest of a message that is partly written cannot be sent, and no other message may begin: only a new connection
    /// helps.
    fn abandoned(self, cx: &mut Context<'_, impl World>) -> State {
        let error = StreamError::Unfinished;
        let close = CloseFrame::new(CloseCode::INTERNAL_ERROR, error.to_string());
        self.close(Some(close), Purpose::Fail(error.into()), Exchange::Unanswered, cx)
    }

    /// Sends what a callback replied; a close frame among the frames begins the close handshake.
    #[inline(always)]
    fn reply(mut self: Box<Self>, frames: Frames, cx: &mut Context<'_, impl World>) -> State {
        match frames {
            Frames::One(frame) => match self.reply_frame(frame, false, cx) {
                Replied::Sent => State::Connected(self),
                Replied::Close => self.closing(Purpose::Disconnect(Initiator::Local), Exchange::Unanswered, cx),
            },
            Frames::Many(frames) => self.reply_many(frames, cx),
        }
    }

    #[inline(never)]
    fn reply_many(mut self: Box<Self>, frames: Vec<Frame>, cx: &mut Context<'_, impl World>) -> State {
        let mut frames = frames.into_iter();
        let mut behind_data = false;
        while let Some(frame) = frames.next() {
            behind_data |= frame.is_data();
            if let Replied::Close = self.reply_frame(frame, behind_data, cx) {
                cx.reply_in(ConnectionState::Closing, frames.collect());
                return self.closing(Purpose::Disconnect(Initiator::Local), Exchange::Unanswered, cx);
            }
        }
        State::Connected(self)
    }

    /// Sends one frame of a reply. Behind data of the same reply, a control frame keeps its place.
    #[inline(always)]
    fn reply_frame(&mut self, frame: Frame, behind_data: bool, cx: &mut Context<'_, impl World>) -> Replied {
        if let Err(error) = frame.check() {
            cx.fault(error);
            return Replied::Sent;
        }
        if matches!(frame, Frame::Close(_)) {
            cx.world.send(Outbound::reply(frame));
            return Replied::Close;
        }
        if behind_data {
            self.sending.send_or_hold(Outbound::reply(frame), cx);
        } else {
            self.sending.send(Outbound::reply(frame), cx);
        }
        Replied::Sent
    }

    #[inline(never)]
    fn recover(self: Box<Self>, recovery: Recovery, cx: &mut Context<'_, impl World>) -> State {
        match cx.ending(recovery) {
            Ok(reason) => self.exit(reason, cx),
            Err(Again::Ignore) => State::Connected(self),
            Err(Again::Reconnect) => self.close_normally(Purpose::Reconnect(When::AfterBackoff), cx),
            Err(Again::Abandon) => {
                self.drop_to_reconnect(cx);
                cx.wait(None)
            }
            Err(Again::ReconnectNow) => {
                self.drop_to_reconnect(cx);
                cx.retry_now(None)
            }
            Err(Again::Restart) => {
                // The calls that wait were meant for the handler that goes.
                cx.world.discard_calls();
                cx.world.deliver_next(Event::Renew);
                self.close_normally(Purpose::Reconnect(When::AfterBackoff), cx)
            }
        }
    }

    /// A verdict about the connection before this one, for which `client.reconnect()` did not wait: it can still end
    /// the client, but the reconnect that it requests has already happened.
    #[inline(never)]
    fn recover_late(self: Box<Self>, recovery: Recovery, cx: &mut Context<'_, impl World>) -> State {
        match cx.ending(recovery) {
            Ok(reason) => self.exit(reason, cx),
            Err(Again::Ignore | Again::Reconnect | Again::Abandon | Again::ReconnectNow) => State::Connected(self),
            Err(Again::Restart) => {
                cx.world.deliver_next(Event::Renew);
                State::Connected(self)
            }
        }
    }

    /// Closes, to end with this reason: the code tells the server whether something was wrong.
    #[inline(never)]
    fn exit(self, reason: ExitReason, cx: &mut Context<'_, impl World>) -> State {
        let code = match reason {
            ExitReason::Normal => CloseCode::NORMAL_CLOSURE,
            ExitReason::Stopped => CloseCode::GOING_AWAY,
            ExitReason::Failed(_)
            | ExitReason::Error(_)
            | ExitReason::GaveUp { .. }
            | ExitReason::Panicked(_)
            | ExitReason::Aborted
            | ExitReason::Intensity { .. } => CloseCode::INTERNAL_ERROR,
        };
        self.close(Some(CloseFrame::new(code, "")), Purpose::Exit(reason), Exchange::Unanswered, cx)
    }

    fn close_normally(self, purpose: Purpose, cx: &mut Context<'_, impl World>) -> State {
        self.close(Some(CloseFrame::new(CloseCode::NORMAL_CLOSURE, "")), purpose, Exchange::Unanswered, cx)
    }

    fn close(
        self,
        close: Option<CloseFrame>,
        purpose: Purpose,
        exchange: Exchange,
        cx: &mut Context<'_, impl World>,
    ) -> State {
        cx.world.send(Outbound::own(Frame::Close(close)));
        self.closing(purpose, exchange, cx)
    }

    /// The server's close frame is answered with its own code (RFC 6455 §5.5.1).
    fn closed_by_server(self, theirs: Option<CloseFrame>, cx: &mut Context<'_, impl World>) -> State {
        let echo = theirs.as_ref().map(|close| CloseFrame::new(close.code, ""));
        self.close(echo, Purpose::Disconnect(Initiator::Remote), Exchange::Answered(theirs), cx)
    }

    fn closing(self, purpose: Purpose, exchange: Exchange, cx: &mut Context<'_, impl World>) -> State {
        let writing = self.writing;
        self.leave(&SendFailure::Closing, cx);
        Closing::begin(purpose, exchange, writing, cx)
    }

    /// Drops the connection without a close handshake, in order to open another one.
    fn drop_to_reconnect(self, cx: &mut Context<'_, impl World>) {
        self.leave(&SendFailure::NotConnected, cx);
        cx.world.disconnect();
        cx.down(Down::Replaced);
    }

    fn lose(self, error: StreamError, cx: &mut Context<'_, impl World>) -> State {
        self.leave(&SendFailure::NotConnected, cx);
        cx.lose(error.into())
    }

    /// The frame that was being written is reported apart from the connection that was lost with it: the first error may
    /// be ignored, the second needs a decision.
    fn write_failed(self, failure: SendFailure, error: Arc<io::Error>, cx: &mut Context<'_, impl World>) -> State {
        cx.world.deliver(Event::Failed(Box::new(failure.into()), About::Fault));
        self.lose(StreamError::Write(error), cx)
    }

    /// Frames that wait for the end of a message are not sent any more.
    fn leave(self, failure: &SendFailure, cx: &mut Context<'_, impl World>) {
        let uptime = cx.now().saturating_duration_since(self.since);
        self.sending.give_up(failure, cx);
        cx.retry.was_up(uptime);
    }
}
