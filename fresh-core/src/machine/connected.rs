//! Connected: messages travel.

use std::{io, sync::Arc, time::Instant};

use super::{
    closing::{Closing, Purpose, When},
    context::{Again, Context},
    io::{About, Answer, Command, Effect, Event, Input, Outbound, Wire},
    keepalive::Keepalive,
    sending::Sending,
    state::State,
    timers::Timer,
};
use crate::{
    action::{Action, Frames, Recovery},
    connection::{Initiator, Upgrade},
    error::{SendFailure, StreamError},
    exit::ExitReason,
    frame::{CloseCode, CloseFrame, Control, Frame, Message},
};

/// An open connection.
#[derive(Debug)]
pub(super) struct Connected {
    since: Instant,
    keepalive: Keepalive,
    reading: Reading,
    sending: Sending,
}

/// Whether the socket is read: it rests while the inbound queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Flowing,
    /// Whether a sign of life was awaited when it began to rest, or has been since.
    Resting {
        life_awaited: bool,
    },
}

impl Connected {
    pub(super) fn open(upgrade: Box<Upgrade>, now: Instant, context: &mut Context) -> State {
        context.start(Timer::Ping, context.config.ping_interval, now);
        context.start(Timer::Idle, context.config.idle_timeout, now);
        context.deliver(Event::Connected(upgrade));
        State::Connected(Self {
            since: now,
            keepalive: Keepalive::default(),
            reading: Reading::Flowing,
            sending: Sending::Whole,
        })
    }

    /// Whether no message in pieces is on its way out.
    #[inline]
    pub(super) fn is_whole(&self) -> bool {
        self.sending.is_whole()
    }

    /// How many bytes of frames wait for the end of a message in pieces.
    pub(super) fn waiting(&self) -> usize {
        self.sending.waiting()
    }

    pub(super) fn step(self, input: Input, now: Instant, context: &mut Context) -> State {
        match input {
            Input::Wire(wire) => self.hear(wire, now, context),
            Input::Command(command) => self.obey(command, now, context),
            Input::Answer(answer) => self.answered(answer, now, context),
            Input::Timer(timer) => self.timed(timer, now, context),
            // The attempt is over.
            Input::Start | Input::Attempt(_) => State::Connected(self),
        }
    }

    fn hear(mut self, wire: Wire, now: Instant, context: &mut Context) -> State {
        match wire {
            Wire::Received(frame) => return self.received(frame, now, context),
            // Whatever came, the peer lives: a pong that is late behind data is no reason to give up.
            Wire::Alive => {
                context.timers.clear(Timer::Pong);
                context.start(Timer::Idle, context.config.idle_timeout, now);
            }
            Wire::Violated(error) => {
                let close = CloseFrame::new(error.close_code(), error.to_string());
                return self.close(Some(close), Purpose::Fail(error.into()), now, context);
            }
            Wire::Lost(error) => return self.lose(error, now, context),
            Wire::WriteFailed(error) => {
                return self.write_failed(SendFailure::Io(Arc::clone(&error)), error, now, context);
            }
            Wire::WriteStalled => context.start(Timer::Write, context.config.write_timeout, now),
            Wire::WriteResumed => context.timers.clear(Timer::Write),
            // Behind the backlog nothing can be seen, a pong included: the deadlines rest with the reading.
            Wire::ReadPaused => {
                self.reading = Reading::Resting { life_awaited: context.timers.is_set(Timer::Pong) };
                context.timers.clear(Timer::Pong);
                context.timers.clear(Timer::Idle);
            }
            Wire::ReadResumed => {
                if self.reading == (Reading::Resting { life_awaited: true }) {
                    context.start(Timer::Pong, context.config.pong_timeout, now);
                }
                context.start(Timer::Idle, context.config.idle_timeout, now);
                self.reading = Reading::Flowing;
            }
        }
        State::Connected(self)
    }

    fn received(mut self, frame: Frame, now: Instant, context: &mut Context) -> State {
        match frame {
            Frame::Text(text) => context.deliver(Event::Message(Message::Text(text))),
            Frame::Binary(bytes) => context.deliver(Event::Message(Message::Binary(bytes))),
            // Answered first, whatever the handler is busy with (RFC 6455 §5.5.2).
            Frame::Ping(payload) => {
                let frame = Frame::Pong(payload.clone());
                context.effect(Effect::Send(Outbound::own(frame)));
                context.deliver(Event::Control(Control::Ping(payload)));
            }
            Frame::Pong(payload) => {
                if let Some(latency) = self.keepalive.pong(&payload, now) {
                    context.effect(Effect::Latency(latency));
                }
                context.deliver(Event::Control(Control::Pong(payload)));
            }
            Frame::Close(theirs) => return self.closed_by_server(theirs, now, context),
        }
        State::Connected(self)
    }

    fn obey(mut self, command: Command, now: Instant, context: &mut Context) -> State {
        match command {
            Command::Send(outbound @ Outbound { frame: Frame::Close(_), .. }) => {
                context.effect(Effect::Send(outbound));
                self.closing(Purpose::Disconnect(Initiator::Local), now, context)
            }
            Command::Send(outbound) => {
                self.sending.send(outbound, context);
                State::Connected(self)
            }
            Command::Piece(piece, receipt) => {
                let sending = self.sending.piece(piece, receipt, context);
                State::Connected(Self { sending, ..self })
            }
            Command::Abandon(receipt) if self.sending.is_amid(receipt) => self.abandoned(now, context),
            Command::Abandon(_) => State::Connected(self),
            Command::Close(close) => self.close(Some(close), Purpose::Disconnect(Initiator::Local), now, context),
            Command::Reconnect => self.close_normally(Purpose::Reconnect(When::Now), now, context),
            Command::Stop => self.exit(ExitReason::Stopped, now, context),
        }
    }

    fn answered(self, answer: Answer, now: Instant, context: &mut Context) -> State {
        match answer {
            Answer::Action(Action::Continue) | Answer::Settled => State::Connected(self),
            Answer::Action(Action::Reply(frames)) => self.reply(frames, now, context),
            Answer::Action(Action::Close(close)) => self.reply(Frames::One(close.into()), now, context),
            Answer::Raised(error) => {
                context.fault(error);
                State::Connected(self)
            }
            Answer::Verdict(recovery, About::Fault) => self.recover(recovery, now, context),
            Answer::Verdict(recovery, About::Loss) => self.recover_late(recovery, now, context),
            Answer::Panicked(message) => self.exit(ExitReason::Panicked(message), now, context),
        }
    }

    fn timed(mut self, timer: Timer, now: Instant, context: &mut Context) -> State {
        match timer {
            Timer::Ping => {
                let frame = Frame::Ping(self.keepalive.ping(now));
                context.effect(Effect::Send(Outbound::own(frame)));
                context.start(Timer::Ping, context.config.ping_interval, now);
                match &mut self.reading {
                    Reading::Resting { life_awaited } => *life_awaited = true,
                    // The deadline of a ping that is still unanswered is not put off by the next one.
                    Reading::Flowing if context.timers.is_set(Timer::Pong) => {}
                    Reading::Flowing => context.start(Timer::Pong, context.config.pong_timeout, now),
                }
                State::Connected(self)
            }
            Timer::Pong => {
                let after = context.config.pong_timeout.unwrap_or_default();
                self.lose(StreamError::PongTimeout { after }, now, context)
            }
            Timer::Idle => {
                let after = context.config.idle_timeout.unwrap_or_default();
                self.lose(StreamError::IdleTimeout { after }, now, context)
            }
            Timer::Write => {
                let after = context.config.write_timeout.unwrap_or_default();
                let error = Arc::new(io::ErrorKind::TimedOut.into());
                self.write_failed(SendFailure::Timeout { after }, error, now, context)
            }
            Timer::Connect | Timer::Backoff | Timer::Close => State::Connected(self),
        }
    }

    /// A message of which a part is out has lost its rest, and no other may begin: only a new connection helps.
    fn abandoned(self, now: Instant, context: &mut Context) -> State {
        let error = StreamError::Unfinished;
        let close = CloseFrame::new(CloseCode::INTERNAL_ERROR, error.to_string());
        self.close(Some(close), Purpose::Fail(error.into()), now, context)
    }

    /// Sends what a callback replied; a close frame among the frames begins the close handshake.
    fn reply(mut self, frames: Frames, now: Instant, context: &mut Context) -> State {
        let mut frames = frames.into_iter();
        let mut behind_data = false;
        while let Some(frame) = frames.next() {
            if let Err(error) = frame.check() {
                context.fault(error);
                continue;
            }
            if matches!(frame, Frame::Close(_)) {
                context.effect(Effect::Send(Outbound::reply(frame)));
                let rest: Frames = frames.collect();
                if !rest.is_empty() {
                    context.refuse_reply(rest, &SendFailure::Closing);
                }
                return self.closing(Purpose::Disconnect(Initiator::Local), now, context);
            }
            behind_data |= frame.is_data();
            if behind_data {
                self.sending.send_or_hold(Outbound::reply(frame), context);
            } else {
                context.effect(Effect::Send(Outbound::reply(frame)));
            }
        }
        State::Connected(self)
    }

    fn recover(self, recovery: Recovery, now: Instant, context: &mut Context) -> State {
        match context.ending(recovery) {
            Ok(reason) => self.exit(reason, now, context),
            Err(Again::Ignore) => State::Connected(self),
            Err(Again::Reconnect) => self.close_normally(Purpose::Reconnect(When::AfterBackoff), now, context),
            Err(Again::Restart) => {
                // What this connection still had to say was for the handler that goes.
                context.effect(Effect::DiscardCalls);
                context.effect(Effect::Renew);
                self.close_normally(Purpose::Reconnect(When::AfterBackoff), now, context)
            }
        }
    }

    /// A verdict about the connection before this one, which `client.reconnect()` did not wait for: it can still end
    /// the client, and the way back that it asks for has been gone.
    fn recover_late(self, recovery: Recovery, now: Instant, context: &mut Context) -> State {
        match context.ending(recovery) {
            Ok(reason) => self.exit(reason, now, context),
            Err(Again::Ignore | Again::Reconnect) => State::Connected(self),
            Err(Again::Restart) => {
                context.effect(Effect::Renew);
                State::Connected(self)
            }
        }
    }

    /// Closes, to end with this reason: the code tells the server whether something was wrong.
    fn exit(self, reason: ExitReason, now: Instant, context: &mut Context) -> State {
        let code = match reason {
            ExitReason::Normal => CloseCode::NORMAL_CLOSURE,
            ExitReason::Stopped => CloseCode::GOING_AWAY,
            ExitReason::Failed(_)
            | ExitReason::Error(_)
            | ExitReason::GaveUp { .. }
            | ExitReason::Panicked(_)
            | ExitReason::Aborted
            | ExitReason::Intensity => CloseCode::INTERNAL_ERROR,
        };
        self.close(Some(CloseFrame::new(code, "")), Purpose::Exit(reason), now, context)
    }

    fn close_normally(self, purpose: Purpose, now: Instant, context: &mut Context) -> State {
        self.close(Some(CloseFrame::new(CloseCode::NORMAL_CLOSURE, "")), purpose, now, context)
    }

    fn close(self, close: Option<CloseFrame>, purpose: Purpose, now: Instant, context: &mut Context) -> State {
        context.effect(Effect::Send(Outbound::own(Frame::Close(close))));
        self.closing(purpose, now, context)
    }

    /// The server's close frame is answered with its own code (RFC 6455 §5.5.1).
    fn closed_by_server(self, theirs: Option<CloseFrame>, now: Instant, context: &mut Context) -> State {
        let echo = theirs.as_ref().map(|close| CloseFrame::new(close.code, ""));
        context.effect(Effect::Send(Outbound::own(Frame::Close(echo))));
        self.leave(&SendFailure::Closing, now, context);
        State::Closing(Closing::answered(theirs, now, context))
    }

    fn closing(self, purpose: Purpose, now: Instant, context: &mut Context) -> State {
        self.leave(&SendFailure::Closing, now, context);
        State::Closing(Closing::begun(purpose, now, context))
    }

    fn lose(self, error: StreamError, now: Instant, context: &mut Context) -> State {
        self.leave(&SendFailure::NotConnected, now, context);
        context.lose(error.into())
    }

    /// The frame that was being written is told apart from the connection that went with it: the first may be
    /// ignored, the second has to be decided about.
    fn write_failed(self, failure: SendFailure, error: Arc<io::Error>, now: Instant, context: &mut Context) -> State {
        context.deliver(Event::Failed(failure.into(), About::Fault));
        self.lose(StreamError::Write(error), now, context)
    }

    /// What waits for the end of a message does not go out any more.
    fn leave(self, failure: &SendFailure, now: Instant, context: &mut Context) {
        self.sending.give_up(failure, context);
        context.retry.was_up(now.saturating_duration_since(self.since));
    }
}
