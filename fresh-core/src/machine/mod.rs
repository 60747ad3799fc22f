//! The state machine of a client: `(state, input, now, &mut impl World) → state`. The state changes nowhere else.
//!
//! It is pure: time is an argument, delays come from a seeded iterator, and each effect is a call on the [`World`], made
//! where the machine decides on it. One file per group of states: `seeking` (connecting, upgrading), `connected` (and
//! what is `sending` there), `closing`, `offline` (idle, deciding, waiting), `ending` (draining, ended).

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
mod world;

#[cfg(any(fuzzing, test))]
pub(crate) mod fuzz;
#[cfg(any(fuzzing, test))]
mod record;
#[cfg(test)]
mod tests;

use std::{mem, time::Instant};

pub(crate) use context::Config;
use context::{Context, Core};
pub(crate) use io::{About, Answer, Attempt, Command, Event, Input, Origin, Outbound, Wire};
pub(crate) use keepalive::is_keepalive;
use state::State;
pub(crate) use world::{Now, World};

#[cfg(any(fuzzing, test))]
use crate::connection::ConnectionState;
use crate::{backoff::Backoff, options::Offline};

/// A client's state, and what every state shares.
#[derive(Debug)]
pub(crate) struct Machine {
    state: State,
    core: Core,
}

impl Machine {
    pub(crate) fn new(config: Config, backoff: Backoff) -> Self {
        Self { state: State::Idle, core: Core::new(config, backoff) }
    }

    /// The one transition site: consumes the state and takes the next one.
    #[inline(always)]
    pub(crate) fn handle(&mut self, input: Input, now: &mut dyn Now, world: &mut impl World) {
        let before = self.state.name();
        let state = mem::replace(&mut self.state, State::Idle);
        let next = state.step(input, &mut Context::new(&mut self.core, now, world));
        // `Idle` stood in for the state and owns nothing, so nothing has to be dropped.
        mem::forget(mem::replace(&mut self.state, next));
        let after = self.state.name();
        if after != before {
            self.core.timers.keep_only(self.state.timers());
            world.enter(after, self.core.timers.next());
        }
    }

    /// Handles every timer that is due.
    pub(crate) fn handle_timeout(&mut self, now: &mut dyn Now, world: &mut impl World) {
        while let Some(timer) = self.core.timers.take_due(now.now()) {
            self.handle(Input::Timer(timer), now, world);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called next.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.core.timers.next()
    }

    #[cfg(any(fuzzing, test))]
    pub(crate) fn state(&self) -> ConnectionState {
        self.state.name()
    }

    /// Whether frames stay in the mailbox until there is a connection: `Offline::Queue` while there is none.
    pub(crate) fn holds_mail(&self) -> bool {
        matches!(self.core.config.offline, Offline::Queue(_)) && self.state.is_offline()
    }

    /// Whether a received message may still lead to a callback; only then does a full queue of calls pause reading.
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
