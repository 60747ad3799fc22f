//! The machine under a hand-moved clock, without a runtime: no test here sleeps or does I/O.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for the effects that it is about")]

mod closing;
mod down;
mod invariants;
mod keepalive;
mod offline;
mod pieces;
mod recovery;
mod sending;
mod table;

use std::time::{Duration, Instant};

use http::HeaderMap;

use super::{record::Effect, *};
use crate::{
    action::{Action, Frames, Recovery},
    connection::{Disconnect, Initiator, Upgrade},
    down::Down,
    error::{Error, SendFailure, StreamError},
    exit::ExitReason,
    frame::{CloseCode, CloseFrame, Frame, MessageType},
    options::{BackoffOptions, Options},
    wire::piece::{Piece, Place},
};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);

/// A machine, its clock, and what it wanted done since the last look.
struct Rig {
    machine: Machine,
    now: Instant,
    world: Vec<Effect>,
}

impl Rig {
    fn with(options: impl FnOnce(Options) -> Options) -> Self {
        let plain = BackoffOptions::new().jitter(false);
        let options = options(Options::new("ws://host").unwrap().backoff(plain));
        let machine = Machine::new(Config::new(&options, true), Backoff::new(options.backoff));
        Self { machine, now: Instant::now(), world: Vec::new() }
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
        self.machine.handle(input, &mut self.now, &mut self.world);
        self
    }

    fn command(&mut self, command: Command) -> &mut Self {
        self.feed(Input::Command(command))
    }

    fn answer(&mut self, answer: Answer) -> &mut Self {
        self.feed(Input::Answer(answer))
    }

    /// The answer to the last question about a loss.
    fn verdict(&mut self, recovery: Recovery) -> &mut Self {
        let question = self.machine.core.questions;
        self.answer(Answer::Verdict(recovery, About::Loss(question)))
    }

    fn hear(&mut self, wire: Wire) -> &mut Self {
        self.feed(Input::Wire(wire))
    }

    fn receive(&mut self, frame: impl Into<Frame>) -> &mut Self {
        self.hear(Wire::from(frame.into()))
    }

    fn lose(&mut self) -> &mut Self {
        self.hear(Wire::Lost(StreamError::Eof))
    }

    /// Lets time pass, with every timer firing at its own moment.
    fn pass(&mut self, time: Duration) -> &mut Self {
        let until = self.now + time;
        while let Some(at) = self.machine.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.machine.handle_timeout(&mut self.now, &mut self.world);
        }
        self.now = until;
        self
    }

    /// The effects since the last look. Which state the machine is in, `state` tells.
    fn effects(&mut self) -> Vec<Effect> {
        let effects = mem::take(&mut self.world);
        effects.into_iter().filter(|effect| !matches!(effect, Effect::Enter(_))).collect()
    }

    /// The frames that go out, among the effects since the last look.
    fn sent(&mut self) -> Vec<Frame> {
        let sent = |effect| if let Effect::Send(outbound) = effect { Some(outbound.frame) } else { None };
        self.effects().into_iter().filter_map(sent).collect()
    }

    /// The calls that wait for the handler, among the effects since the last look; `downs` has the others.
    fn told(&mut self) -> Vec<Told> {
        self.effects().into_iter().filter_map(Told::new).collect()
    }

    /// The ends of connections that are reported to the handler, among the effects since the last look.
    fn downs(&mut self) -> Vec<Down> {
        let down = |effect| match effect {
            Effect::Deliver(Event::Down(down)) => Some(*down),
            _ => None,
        };
        self.effects().into_iter().filter_map(down).collect()
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

/// An event for the handler, without its boxes.
#[derive(Debug)]
enum Told {
    Connected,
    Message,
    Control,
    Disconnected(Disconnect),
    Failed(Error, About),
}

impl Told {
    fn new(effect: Effect) -> Option<Self> {
        let event = match effect {
            Effect::Deliver(event) | Effect::DeliverNext(event) => event,
            Effect::DeliverMessage => return Some(Self::Message),
            _ => return None,
        };
        match event {
            Event::Connected(_) => Some(Self::Connected),
            Event::Control(_) => Some(Self::Control),
            Event::Disconnected(disconnect, _) => Some(Self::Disconnected(*disconnect)),
            Event::Failed(error, about) => Some(Self::Failed(*error, about)),
            Event::Down(_) | Event::Renew => None,
        }
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
