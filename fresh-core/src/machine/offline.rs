//! Idle, deciding and waiting: no connection, and no attempt under way.

use super::{
    context::{Again, Context},
    io::{About, Answer, Command, Event, Input},
    state::State,
    timers::Timer,
    world::World,
};
use crate::{
    action::{Action, Recovery},
    connection::{ConnectionState, Disconnect},
    error::Error,
    exit::ExitReason,
};

/// No attempt begins until `client.reconnect()`.
#[derive(Debug)]
pub(super) struct Idle;

impl Idle {
    pub(super) fn step(self, input: Input, cx: &mut Context<'_, impl World>) -> State {
        match input {
            Input::Start | Input::Command(Command::Reconnect | Command::ReconnectNow) => cx.connect(),
            // Here, unlike elsewhere without a connection, a verdict that reconnects changes something.
            Input::Answer(Answer::Verdict(recovery, _)) => recover(recovery, None, cx),
            input @ (Input::Attempt(_) | Input::Wire(_) | Input::Command(_) | Input::Answer(_) | Input::Timer(_)) => {
                rest(ConnectionState::Idle, input, cx).unwrap_or(State::Idle)
            }
        }
    }
}

/// The next attempt begins after the backoff's delay.
#[derive(Debug)]
pub(super) struct Waiting;

impl Waiting {
    pub(super) fn step(self, input: Input, cx: &mut Context<'_, impl World>) -> State {
        match input {
            Input::Timer(Timer::Backoff) | Input::Command(Command::Reconnect | Command::ReconnectNow) => cx.connect(),
            input @ (Input::Start
            | Input::Attempt(_)
            | Input::Wire(_)
            | Input::Command(_)
            | Input::Answer(_)
            | Input::Timer(_)) => rest(ConnectionState::Waiting, input, cx).unwrap_or(State::Waiting),
        }
    }
}

/// The connection, or the attempt, is gone, and the handler has been asked what follows.
#[derive(Debug)]
pub(super) struct Deciding {
    /// The question whose answer decides.
    question: u64,
    after: After,
}

/// What the question is about.
#[derive(Debug)]
enum After {
    Loss(Error),
    Close,
}

impl Deciding {
    pub(super) fn lost(question: u64, error: Error) -> Self {
        Self { question, after: After::Loss(error) }
    }

    pub(super) fn closed(question: u64) -> Self {
        Self { question, after: After::Close }
    }

    pub(super) fn step(self: Box<Self>, input: Input, cx: &mut Context<'_, impl World>) -> State {
        match input {
            Input::Answer(Answer::Verdict(recovery, About::Loss(question))) if question == self.question => {
                recover(recovery, self.after.into_error(), cx)
            }
            // The user is quicker than the handler, whose verdict can still end the client.
            Input::Command(Command::Reconnect | Command::ReconnectNow) => cx.connect(),
            // The close ends the attempts: from now on only the answer to it decides. A second close changes nothing.
            Input::Command(Command::Close(_)) | Input::Answer(Answer::Action(Action::Close(_))) => match self.after {
                After::Loss(_) => cx.disconnected(Disconnect::unanswered()),
                After::Close => State::Deciding(self),
            },
            input @ (Input::Start
            | Input::Attempt(_)
            | Input::Wire(_)
            | Input::Command(_)
            | Input::Answer(_)
            | Input::Timer(_)) => rest(ConnectionState::Deciding, input, cx).unwrap_or(State::Deciding(self)),
        }
    }
}

impl After {
    fn into_error(self) -> Option<Error> {
        match self {
            Self::Loss(error) => Some(error),
            Self::Close => None,
        }
    }
}

/// Does what the handler decided after a loss.
fn recover(recovery: Recovery, lost: Option<Error>, cx: &mut Context<'_, impl World>) -> State {
    match cx.ending(recovery) {
        Ok(reason) => cx.drain(reason),
        Err(Again::Ignore) => State::Idle,
        // There is no connection left to abandon.
        Err(Again::Reconnect | Again::Abandon) => cx.wait(lost),
        Err(Again::ReconnectNow) => cx.retry_now(lost),
        Err(Again::Restart) => {
            let next = cx.wait(lost);
            // A client that gives up ends with the handler it has.
            if matches!(next, State::Waiting) {
                cx.world.deliver_next(Event::Renew);
            }
            next
        }
    }
}

/// What the three have in common; `None`: the state stays.
fn rest(state: ConnectionState, input: Input, cx: &mut Context<'_, impl World>) -> Option<State> {
    match input {
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
        // No attempt is under way and no connection open, so there is no news of either.
        Input::Start
        | Input::Command(Command::Abandon(_) | Command::Reconnect | Command::ReconnectNow)
        | Input::Attempt(_)
        | Input::Wire(_)
        | Input::Timer(
            Timer::Connect | Timer::Backoff | Timer::Ping | Timer::Pong | Timer::Idle | Timer::Write | Timer::Close,
        ) => None,
    }
}
