//! Connecting and upgrading: an attempt is under way.

use super::{
    connected::Connected,
    context::Context,
    io::{Attempt, Command, Input},
    state::State,
    timers::Timer,
    world::World,
};
use crate::{connection::ConnectionState, error::ConnectError, exit::ExitReason};

/// DNS, TCP and TLS.
#[derive(Debug)]
pub(super) struct Connecting;

impl Connecting {
    pub(super) fn step(self, input: Input, cx: &mut Context<'_, impl World>) -> State {
        match input {
            Input::Attempt(Attempt::Transported) => {
                let deadline = cx.timers.at(Timer::Connect);
                cx.world.upgrade(deadline);
                State::Upgrading
            }
            // Without a transport there was no upgrade.
            Input::Attempt(Attempt::Upgraded(_)) => State::Connecting,
            Input::Attempt(Attempt::Failed(error)) => cx.fail(error),
            input @ (Input::Start | Input::Wire(_) | Input::Command(_) | Input::Answer(_) | Input::Timer(_)) => {
                seek(ConnectionState::Connecting, input, cx).unwrap_or(State::Connecting)
            }
        }
    }
}

/// The HTTP upgrade.
#[derive(Debug)]
pub(super) struct Upgrading;

impl Upgrading {
    pub(super) fn step(self, input: Input, cx: &mut Context<'_, impl World>) -> State {
        match input {
            Input::Attempt(Attempt::Transported) => State::Upgrading,
            Input::Attempt(Attempt::Upgraded(upgrade)) => Connected::open(upgrade, cx),
            Input::Attempt(Attempt::Failed(error)) => cx.fail(error),
            input @ (Input::Start | Input::Wire(_) | Input::Command(_) | Input::Answer(_) | Input::Timer(_)) => {
                seek(ConnectionState::Upgrading, input, cx).unwrap_or(State::Upgrading)
            }
        }
    }
}

/// What both have in common; `None`: the state stays.
fn seek(state: ConnectionState, input: Input, cx: &mut Context<'_, impl World>) -> Option<State> {
    match input {
        Input::Timer(Timer::Connect) => {
            let after = cx.config.connect_timeout.unwrap_or_default();
            Some(cx.fail(ConnectError::Timeout { after }.into()))
        }
        Input::Command(Command::Send(outbound)) => {
            cx.send_in(state, outbound);
            None
        }
        Input::Command(Command::Piece(_, receipt)) => {
            cx.cut_in(state, receipt);
            None
        }
        Input::Command(Command::Close(_)) => Some(cx.close_without_connection()),
        Input::Command(Command::Stop) => Some(cx.drain(ExitReason::Stopped)),
        Input::Answer(answer) => cx.answer_offline(state, answer),
        // An attempt is under way, so there is nothing to begin. No connection is open, so there is no news of one.
        Input::Start
        | Input::Command(Command::Abandon(_) | Command::Reconnect | Command::ReconnectNow)
        | Input::Attempt(_)
        | Input::Wire(_)
        | Input::Timer(Timer::Backoff | Timer::Ping | Timer::Pong | Timer::Idle | Timer::Write | Timer::Close) => None,
    }
}
