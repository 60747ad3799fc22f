//! Idle, deciding and waiting: no connection, and no attempt under way.

use std::time::Instant;

use super::{
    context::{Again, Context},
    io::{About, Answer, Command, Effect, Event, Input},
    state::State,
    timers::Timer,
};
use crate::{action::Action, connection::Disconnect, error::Error, exit::ExitReason};

/// Nothing is sought until somebody asks for it.
#[derive(Debug)]
pub(super) struct Idle;

impl Idle {
    pub(super) fn step(self, input: Input, now: Instant, context: &mut Context) -> State {
        match input {
            Input::Start | Input::Command(Command::Reconnect) => context.connect(now),
            // Here, unlike elsewhere without a connection, a wish to reconnect changes something.
            Input::Answer(Answer::Verdict(recovery, _)) => recover(context, recovery, None, now),
            input @ (Input::Attempt(_) | Input::Wire(_) | Input::Command(_) | Input::Answer(_) | Input::Timer(_)) => {
                rest(input, now, context).unwrap_or(State::Idle)
            }
        }
    }
}

/// The next attempt comes when the backoff's delay has passed.
#[derive(Debug)]
pub(super) struct Waiting;

impl Waiting {
    pub(super) fn step(self, input: Input, now: Instant, context: &mut Context) -> State {
        match input {
            Input::Timer(Timer::Backoff) | Input::Command(Command::Reconnect) => context.connect(now),
            input @ (Input::Start
            | Input::Attempt(_)
            | Input::Wire(_)
            | Input::Command(_)
            | Input::Answer(_)
            | Input::Timer(_)) => rest(input, now, context).unwrap_or(State::Waiting),
        }
    }
}

/// The connection, or the attempt, is gone, and the handler has been asked what comes next.
#[derive(Debug)]
pub(super) struct Deciding {
    /// What it was lost by; `None` after a close handshake.
    lost: Option<Error>,
}

impl Deciding {
    pub(super) fn after(lost: Option<Error>) -> Self {
        Self { lost }
    }

    pub(super) fn step(self, input: Input, now: Instant, context: &mut Context) -> State {
        match input {
            Input::Answer(Answer::Verdict(recovery, About::Loss)) => recover(context, recovery, self.lost, now),
            // The user is quicker than the handler; its verdict, when it comes, can still end the client.
            Input::Command(Command::Reconnect) => context.connect(now),
            // The question that is open stays open, and this one is asked after it.
            Input::Command(Command::Close(_)) | Input::Answer(Answer::Action(Action::Close(_))) => {
                context.deliver(Event::Disconnected(Disconnect::unanswered()));
                State::Deciding(self)
            }
            input @ (Input::Start
            | Input::Attempt(_)
            | Input::Wire(_)
            | Input::Command(_)
            | Input::Answer(_)
            | Input::Timer(_)) => rest(input, now, context).unwrap_or(State::Deciding(self)),
        }
    }
}

/// Does what the handler decided after a loss.
fn recover(context: &mut Context, recovery: crate::action::Recovery, lost: Option<Error>, now: Instant) -> State {
    match context.ending(recovery) {
        Ok(reason) => context.drain(reason, now),
        Err(Again::Ignore) => State::Idle,
        Err(Again::Reconnect) => context.wait(lost, now),
        Err(Again::Restart) => {
            let next = context.wait(lost, now);
            // A client that gives up ends with the handler it has.
            if matches!(next, State::Waiting) {
                context.effect(Effect::Renew);
            }
            next
        }
    }
}

/// What the three have in common; `None`: the state stays.
fn rest(input: Input, now: Instant, context: &mut Context) -> Option<State> {
    match input {
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
        // No attempt is under way and no connection open, so there is no news of either.
        Input::Start
        | Input::Command(Command::Abandon(_) | Command::Reconnect)
        | Input::Attempt(_)
        | Input::Wire(_)
        | Input::Timer(
            Timer::Connect | Timer::Backoff | Timer::Ping | Timer::Pong | Timer::Idle | Timer::Write | Timer::Close,
        ) => None,
    }
}
