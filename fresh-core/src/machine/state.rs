//! The states, each with the data that only it has.

use super::{
    closing::Closing,
    connected::Connected,
    context::Context,
    ending::Draining,
    io::Input,
    offline::{Deciding, Idle, Waiting},
    seeking::{Connecting, Upgrading},
    timers::Timer,
    world::World,
};
use crate::connection::ConnectionState;

/// The state of a client; [`ConnectionState`] is the same without the data.
///
/// The data is boxed, so that a step moves one word.
#[derive(Debug)]
pub(super) enum State {
    Idle,
    Connecting,
    Upgrading,
    Connected(Box<Connected>),
    Closing(Box<Closing>),
    Deciding(Box<Deciding>),
    Waiting,
    Draining(Box<Draining>),
    Ended,
}

/// An input that is moved out of the way of an open connection: the compiler then keeps the input of an open connection in
/// registers, as nothing else needs its place in memory.
struct Apart(Input);

impl State {
    #[inline(always)]
    pub(super) fn step(self, input: Input, cx: &mut Context<'_, impl World>) -> Self {
        match self {
            Self::Connected(connected) => connected.step(input, cx),
            other @ (Self::Idle
            | Self::Connecting
            | Self::Upgrading
            | Self::Closing(_)
            | Self::Deciding(_)
            | Self::Waiting
            | Self::Draining(_)
            | Self::Ended) => other.step_apart(Apart(input), cx),
        }
    }

    /// Out of line, so that the step of an open connection can be inlined where messages are handled.
    #[inline(never)]
    fn step_apart(self, Apart(input): Apart, cx: &mut Context<'_, impl World>) -> Self {
        match self {
            Self::Idle => Idle.step(input, cx),
            Self::Connecting => Connecting.step(input, cx),
            Self::Upgrading => Upgrading.step(input, cx),
            Self::Connected(connected) => connected.step(input, cx),
            Self::Closing(closing) => closing.step(input, cx),
            Self::Deciding(deciding) => deciding.step(input, cx),
            Self::Waiting => Waiting.step(input, cx),
            Self::Draining(draining) => draining.step(input, cx),
            Self::Ended => Self::Ended,
        }
    }

    #[inline]
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

    /// Whether a received message may still lead to a callback.
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
