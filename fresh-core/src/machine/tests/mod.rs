//! The machine under a hand-moved clock, without a runtime: no test here sleeps or does I/O.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for the effects that it is about")]

mod closing;
mod invariants;
mod keepalive;
mod offline;
mod open;
mod pieces;
mod recovery;
mod sending;
mod table;

use std::time::{Duration, Instant};

use http::HeaderMap;

use super::*;
use crate::{
    action::{Action, Frames, Recovery},
    connection::{Disconnect, Initiator, Upgrade},
    error::{Error, SendFailure, StreamError},
    exit::ExitReason,
    frame::{CloseCode, CloseFrame, Frame, Message, MessageType},
    options::{BackoffOptions, Options},
    wire::piece::{Piece, Place},
};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);

/// A machine, its clock, and what it wanted done since the last look.
struct Rig {
    machine: Machine,
    now: Instant,
}

impl Rig {
    fn with(options: impl FnOnce(Options) -> Options) -> Self {
        let plain = BackoffOptions::new().jitter(false);
        let options = options(Options::new("ws://host").unwrap().backoff(plain));
        let machine = Machine::new(Config::new(&options, true), Backoff::new(options.backoff));
        Self { machine, now: Instant::now() }
    }

    fn new() -> Self {
        Self::with(|options| options)
    }

    /// A machine whose connection is open, with nothing left to do.
    fn connected() -> Self {
        Self::connected_with(|options| options)
    }

    fn connected_with(options: impl FnOnce(Options) -> Options) -> Self {
        let mut rig = Self::with(options);
        rig.feed(Input::Start);
        rig.establish();
        rig
    }

    fn establish(&mut self) {
        self.feed(Input::Attempt(Attempt::Transported));
        self.feed(Input::Attempt(Attempt::Upgraded(Box::new(Upgrade::new(HeaderMap::new())))));
        assert_eq!(self.machine.state(), ConnectionState::Connected);
        self.effects();
    }

    fn feed(&mut self, input: Input) -> &mut Self {
        self.machine.handle(input, self.now);
        self
    }

    fn command(&mut self, command: Command) -> &mut Self {
        self.feed(Input::Command(command))
    }

    fn answer(&mut self, answer: Answer) -> &mut Self {
        self.feed(Input::Answer(answer))
    }

    fn verdict(&mut self, recovery: Recovery) -> &mut Self {
        self.answer(Answer::Verdict(recovery, About::Loss))
    }

    fn hear(&mut self, wire: Wire) -> &mut Self {
        self.feed(Input::Wire(wire))
    }

    fn receive(&mut self, frame: impl Into<Frame>) -> &mut Self {
        self.hear(Wire::Received(frame.into()))
    }

    fn lose(&mut self) -> &mut Self {
        self.hear(Wire::Lost(StreamError::Eof))
    }

    /// Lets time pass, with every timer firing at its own moment.
    fn pass(&mut self, time: Duration) -> &mut Self {
        let until = self.now + time;
        while let Some(at) = self.machine.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.machine.handle_timeout(self.now);
        }
        self.now = until;
        self
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.machine.next_effect()).collect()
    }

    /// The frames that go out, among the effects since the last look.
    fn sent(&mut self) -> Vec<Frame> {
        let sent = |effect| if let Effect::Send(outbound) = effect { Some(outbound.frame) } else { None };
        self.effects().into_iter().filter_map(sent).collect()
    }

    /// What the handler is told, among the effects since the last look.
    fn told(&mut self) -> Vec<Event> {
        let told = |effect| match effect {
            Effect::Deliver(event) | Effect::DeliverNext(event) => Some(event),
            _ => None,
        };
        self.effects().into_iter().filter_map(told).collect()
    }

    fn state(&self) -> ConnectionState {
        self.machine.state()
    }

    /// How long until the next timer.
    fn until_next(&self) -> Option<Duration> {
        self.machine.next_timeout().map(|at| at - self.now)
    }

    /// Ends what drains, and tells the reason.
    fn exit(&mut self) -> ExitReason {
        assert_eq!(self.state(), ConnectionState::Draining);
        self.answer(Answer::Settled);
        let mut reasons = self.effects().into_iter().filter_map(|effect| match effect {
            Effect::Terminate(reason) => Some(reason),
            _ => None,
        });
        let reason = reasons.next().expect("the end is told");
        assert!(reasons.next().is_none(), "the end is told once");
        reason
    }
}

fn outbound(frame: impl Into<Frame>) -> Outbound {
    Outbound { frame: frame.into(), origin: Origin::Handle(None) }
}

/// A piece of the message that this receipt belongs to.
fn piece(place: Place, receipt: u64) -> Command {
    Command::Piece(Piece { message_type: MessageType::Text, place, bytes: "x".into() }, receipt)
}

fn close_frame(code: u16, reason: &'static str) -> CloseFrame {
    CloseFrame::new(code, reason)
}

fn refusals(effects: Vec<Effect>) -> Vec<(Frame, SendFailure)> {
    let refused = |effect| if let Effect::Refuse(outbound, why) = effect { Some((outbound.frame, why)) } else { None };
    effects.into_iter().filter_map(refused).collect()
}
