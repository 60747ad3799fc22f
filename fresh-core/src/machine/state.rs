//! The states, each with the data that only it has.

use std::time::Instant;

use super::{
    closing::Closing,
    connected::Connected,
    context::Context,
    ending::Draining,
    io::Input,
    offline::{Deciding, Idle, Waiting},
    seeking::{Connecting, Upgrading},
    timers::Timer,
};
use crate::connection::ConnectionState;

/// Where a client stands; [`ConnectionState`] is the same without the data.
#[derive(Debug)]
pub(super) enum State {
    Idle,
    Connecting,
    Upgrading,
    Connected(Connected),
    Closing(Closing),
    Deciding(Deciding),
    Waiting,
    Draining(Draining),
    Ended,
}

impl State {
    pub(super) fn step(self, input: Input, now: Instant, context: &mut Context) -> Self {
        match self {
            Self::Idle => Idle.step(input, now, context),
            Self::Connecting => Connecting.step(input, now, context),
            Self::Upgrading => Upgrading.step(input, now, context),
            Self::Connected(connected) => connected.step(input, now, context),
            Self::Closing(closing) => closing.step(input, now, context),
            Self::Deciding(deciding) => deciding.step(input, now, context),
            Self::Waiting => Waiting.step(input, now, context),
            Self::Draining(draining) => draining.step(input, context),
            Self::Ended => Self::Ended,
        }
    }

    pub(super) fn name(&self) -> ConnectionState {
        match self {
            Self::Idle => ConnectionState::Idle,
            Self::Connecting => ConnectionState::Connecting,
            Self::Upgrading => ConnectionState::Upgrading,
            Self::Connected(_) => ConnectionState::Connected,
            Self::Closing(_) => ConnectionState::Closing,
            Self::Deciding(_) => ConnectionState::Deciding,
            Self::Waiting => ConnectionState::Waiting,
            Self::Draining(_) => ConnectionState::Draining,
            Self::Ended => ConnectionState::Ended,
        }
    }

    /// The timers that may run in this state; a transition clears all others.
    pub(super) fn timers(&self) -> &'static [Timer] {
        match self {
            Self::Idle | Self::Deciding(_) | Self::Ended => &[],
            Self::Connecting | Self::Upgrading => &[Timer::Connect],
            Self::Connected(_) => &[Timer::Ping, Timer::Pong, Timer::Idle, Timer::Write],
            Self::Closing(_) | Self::Draining(_) => &[Timer::Close],
            Self::Waiting => &[Timer::Backoff],
        }
    }

    /// Whether what is received may still lead to a callback.
    pub(super) fn delivers(&self) -> bool {
        match self {
            Self::Connected(_) => true,
            Self::Closing(closing) => closing.delivers(),
            Self::Idle
            | Self::Connecting
            | Self::Upgrading
            | Self::Deciding(_)
            | Self::Waiting
            | Self::Draining(_)
            | Self::Ended => false,
        }
    }

    /// How many bytes of frames wait for the end of a message in pieces.
    pub(super) fn waiting(&self) -> usize {
        match self {
            Self::Connected(connected) => connected.waiting(),
            Self::Idle
            | Self::Connecting
            | Self::Upgrading
            | Self::Closing(_)
            | Self::Deciding(_)
            | Self::Waiting
            | Self::Draining(_)
            | Self::Ended => 0,
        }
    }

    /// Whether the end is certain: no callback begins any more.
    pub(super) fn is_leaving(&self) -> bool {
        match self {
            Self::Draining(_) | Self::Ended => true,
            Self::Closing(closing) => closing.is_leaving(),
            Self::Idle
            | Self::Connecting
            | Self::Upgrading
            | Self::Connected(_)
            | Self::Deciding(_)
            | Self::Waiting => false,
        }
    }

    /// Whether there is no connection, and one may come.
    pub(super) fn is_offline(&self) -> bool {
        match self {
            Self::Idle | Self::Connecting | Self::Upgrading | Self::Deciding(_) | Self::Waiting => true,
            Self::Connected(_) | Self::Closing(_) | Self::Draining(_) | Self::Ended => false,
        }
    }
}
