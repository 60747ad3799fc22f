//! Draining and ended: no way back.

use super::{
    context::Context,
    io::{Answer, Command, Input},
    state::State,
    timers::Timer,
    world::World,
};
use crate::{action::Action, connection::ConnectionState, exit::ExitReason};

/// The connection is gone for good, for this reason; a callback that is still running may finish.
#[derive(Debug)]
pub(super) struct Draining(pub(super) ExitReason);

impl Draining {
    pub(super) fn step(self: Box<Self>, input: Input, cx: &mut Context<'_, impl World>) -> State {
        match input {
            Input::Answer(Answer::Settled) | Input::Timer(Timer::Close) => {
                cx.world.terminate(self.0);
                State::Ended
            }
            // The last callback panicked, so that is why the client ended.
            Input::Answer(Answer::Panicked(message)) => State::Draining(Box::new(Self(ExitReason::Panicked(message)))),
            Input::Command(Command::Send(outbound)) => {
                cx.send_in(ConnectionState::Draining, outbound);
                State::Draining(self)
            }
            Input::Command(Command::Piece(_, receipt)) => {
                cx.cut_in(ConnectionState::Draining, receipt);
                State::Draining(self)
            }
            // Refused, and so counted as lost.
            Input::Answer(Answer::Action(Action::Reply(frames))) => {
                cx.reply_in(ConnectionState::Draining, frames);
                State::Draining(self)
            }
            // Every other request comes too late.
            Input::Start
            | Input::Attempt(_)
            | Input::Wire(_)
            | Input::Command(
                Command::Abandon(_) | Command::Close(_) | Command::Reconnect | Command::ReconnectNow | Command::Stop,
            )
            | Input::Answer(
                Answer::Action(Action::Continue | Action::Close(_)) | Answer::Raised(_) | Answer::Verdict(..),
            )
            | Input::Timer(Timer::Connect | Timer::Backoff | Timer::Ping | Timer::Pong | Timer::Idle | Timer::Write) => {
                State::Draining(self)
            }
        }
    }
}
