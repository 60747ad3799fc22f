//! Connecting and upgrading: an attempt is under way.

use std::time::Instant;

use super::{
    connected::Connected,
    context::Context,
    io::{Attempt, Command, Effect, Input},
    state::State,
    timers::Timer,
};
use crate::{error::ConnectError, exit::ExitReason};

/// DNS, TCP and TLS.
#[derive(Debug)]
pub(super) struct Connecting;

impl Connecting {
    pub(super) fn step(self, input: Input, now: Instant, context: &mut Context) -> State {
        match input {
            Input::Attempt(Attempt::Transported) => {
                context.effect(Effect::Upgrade);
                State::Upgrading
            }
            // An upgrade before there is a transport is nobody's.
            Input::Attempt(Attempt::Upgraded(_)) => State::Connecting,
            Input::Attempt(Attempt::Failed(error)) => context.lose(error),
            input @ (Input::Start | Input::Wire(_) | Input::Command(_) | Input::Answer(_) | Input::Timer(_)) => {
                seek(input, now, context).unwrap_or(State::Connecting)
            }
        }
    }
}

/// The HTTP upgrade.
#[derive(Debug)]
pub(super) struct Upgrading;

impl Upgrading {
    pub(super) fn step(self, input: Input, now: Instant, context: &mut Context) -> State {
        match input {
            Input::Attempt(Attempt::Transported) => State::Upgrading,
            Input::Attempt(Attempt::Upgraded(upgrade)) => Connected::open(upgrade, now, context),
            Input::Attempt(Attempt::Failed(error)) => context.lose(error),
            input @ (Input::Start | Input::Wire(_) | Input::Command(_) | Input::Answer(_) | Input::Timer(_)) => {
                seek(input, now, context).unwrap_or(State::Upgrading)
            }
        }
    }
}

/// What both have in common; `None`: the state stays.
fn seek(input: Input, now: Instant, context: &mut Context) -> Option<State> {
    match input {
        Input::Timer(Timer::Connect) => {
            let after = context.config.connect_timeout.unwrap_or_default();
            Some(context.lose(ConnectError::Timeout { after }.into()))
        }
        Input::Command(Command::Send(outbound)) => {
            context.send_offline(outbound);
            None
        }
        Input::Command(Command::Piece(_, receipt)) => {
            context.cut_offline(receipt);
            None
        }
        Input::Command(Command::Close(_)) => Some(context.close_without_connection()),
        Input::Command(Command::Stop) => Some(context.drain(ExitReason::Stopped, now)),
        Input::Answer(answer) => context.answer_offline(answer, now),
        // An attempt is under way, so there is nothing to begin; and without a connection, no news of it.
        Input::Start
        | Input::Command(Command::Abandon(_) | Command::Reconnect)
        | Input::Attempt(_)
        | Input::Wire(_)
        | Input::Timer(Timer::Backoff | Timer::Ping | Timer::Pong | Timer::Idle | Timer::Write | Timer::Close) => None,
    }
}
