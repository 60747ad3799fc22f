//! The state machine of a client: `(state, input, now) → (state, effects)`, the only place where a state changes.
//!
//! It is pure: time is an argument, delays come from a seeded iterator, and what has to be done in the world
//! leaves it as an [`Effect`]. One file a group of states: `seeking` (connecting, upgrading), `connected` (and what
//! is `sending` there), `closing`, `offline` (idle, deciding, waiting), `ending` (draining, ended).

mod closing;
mod connected;
mod context;
mod ending;
mod io;
mod keepalive;
mod offline;
mod retry;
mod seeking;
mod sending;
mod state;
mod timers;

#[cfg(any(fuzzing, test))]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests;

use std::{mem, time::Instant};

pub(crate) use context::Config;
use context::Context;
pub(crate) use io::{About, Answer, Attempt, Command, Effect, Event, Input, Origin, Outbound, Wire};
pub(crate) use keepalive::is_keepalive;
use state::State;

use crate::{backoff::Backoff, connection::ConnectionState, options::Offline};

/// A client's state, and what every state shares.
#[derive(Debug)]
pub(crate) struct Machine {
    state: State,
    context: Context,
}

impl Machine {
    pub(crate) fn new(config: Config, backoff: Backoff) -> Self {
        Self { state: State::Idle, context: Context::new(config, backoff) }
    }

    /// The one transition site: consumes the state and takes the next one.
    pub(crate) fn handle(&mut self, input: Input, now: Instant) {
        let before = self.state.name();
        let state = mem::replace(&mut self.state, State::Idle);
        self.state = state.step(input, now, &mut self.context);
        if self.state.name() != before {
            self.context.timers.keep_only(self.state.timers());
        }
    }

    /// Handles every timer that is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.context.timers.take_due(now) {
            self.handle(Input::Timer(timer), now);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called next.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.context.timers.next()
    }

    /// What has to be done, in order.
    pub(crate) fn next_effect(&mut self) -> Option<Effect> {
        self.context.effects.pop_front()
    }

    pub(crate) fn state(&self) -> ConnectionState {
        self.state.name()
    }

    /// Whether frames stay in the mailbox until there is a connection: `Offline::Queue` while there is none.
    pub(crate) fn holds_mail(&self) -> bool {
        matches!(self.context.config.offline, Offline::Queue(_)) && self.state.is_offline()
    }

    /// Whether messages travel freely. While they do, one that is received is delivered, one that a handle or a callback
    /// sends is sent, and nothing else comes of it: the driver need not ask.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        matches!(&self.state, State::Connected(connected) if connected.is_whole())
    }

    /// Whether what is received may still lead to a callback; only then does a full queue of calls stop the reading.
    pub(crate) fn delivers(&self) -> bool {
        self.state.delivers()
    }

    /// How many bytes of frames wait for the end of a message in pieces.
    pub(crate) fn waiting(&self) -> usize {
        self.state.waiting()
    }

    /// Whether the end is certain: no callback begins any more.
    pub(crate) fn is_leaving(&self) -> bool {
        self.state.is_leaving()
    }

    /// Whether the machine only waits to hear that no callback is running.
    pub(crate) fn is_draining(&self) -> bool {
        matches!(self.state, State::Draining(_))
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }
}
