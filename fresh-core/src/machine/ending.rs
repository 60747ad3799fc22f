//! Draining and ended: no way back.

use super::{
    context::Context,
    io::{Answer, Command, Effect, Input},
    state::State,
    timers::Timer,
};
use crate::{error::SendFailure, exit::ExitReason};

/// The connection is gone for good, with this reason; a callback that is still running may finish.
#[derive(Debug)]
pub(super) struct Draining(pub(super) ExitReason);

impl Draining {
    pub(super) fn step(self, input: Input, context: &mut Context) -> State {
        match input {
            Input::Answer(Answer::Settled) | Input::Timer(Timer::Close) => {
                context.effect(Effect::Terminate(self.0));
                State::Ended
            }
            // The last callback panicked: that is what this client ended of.
            Input::Answer(Answer::Panicked(message)) => State::Draining(Self(ExitReason::Panicked(message))),
            Input::Command(Command::Send(outbound)) => {
                context.effect(Effect::Refuse(outbound, SendFailure::Ended));
                State::Draining(self)
            }
            Input::Command(Command::Piece(_, receipt)) => {
                context.effect(Effect::Cut(receipt, SendFailure::Ended));
                State::Draining(self)
            }
            // Whatever else the last callback, or anybody, asks for comes too late.
            Input::Start
            | Input::Attempt(_)
            | Input::Wire(_)
            | Input::Command(Command::Abandon(_) | Command::Close(_) | Command::Reconnect | Command::Stop)
            | Input::Answer(Answer::Action(_) | Answer::Raised(_) | Answer::Verdict(..))
            | Input::Timer(Timer::Connect | Timer::Backoff | Timer::Ping | Timer::Pong | Timer::Idle | Timer::Write) => {
                State::Draining(self)
            }
        }
    }
}
