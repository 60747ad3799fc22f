//! What the machine acts on: [`World`], and the time it is given: [`Now`].

use std::time::{Duration, Instant};

use super::io::{Event, Outbound};
use crate::{connection::ConnectionState, error::SendFailure, exit::ExitReason, wire::piece::Piece};

/// Carries out what the machine decides, in the order of the calls. The driver has the real one; in tests it is a list.
///
/// A method that carries out an effect must not call back into the machine: the machine is in the middle of a step.
pub(crate) trait World {
    /// Opens a byte stream, for the attempt of this number.
    fn connect(&mut self, attempt: u64);

    /// Requests the upgrade on the byte stream that is open. The attempt ends at the deadline, if there is one.
    fn upgrade(&mut self, deadline: Option<Instant>);

    /// Encodes a frame and writes it.
    fn send(&mut self, outbound: Outbound);

    /// Encodes and writes a part of the message that this receipt belongs to.
    fn send_piece(&mut self, piece: Piece, receipt: u64);

    /// Ends the message that this receipt belongs to: no more of it is sent, for this reason.
    fn cut(&mut self, receipt: u64, failure: SendFailure);

    /// Returns a frame that is not sent, for this reason.
    fn refuse(&mut self, outbound: Outbound, failure: SendFailure);

    /// How many frames are kept for the next connection.
    fn queued(&self) -> usize;

    /// Keeps a frame for the next connection.
    fn hold(&mut self, outbound: Outbound);

    /// Queues a call of the handler.
    fn deliver(&mut self, event: Event);

    /// Delivers the message that was received to the handler, in its turn.
    fn deliver_message(&mut self);

    /// Counts the message that was received, which no callback receives.
    fn discard_message(&mut self);

    /// Queues a call of the handler before all calls that wait: a callback's own answer caused this event.
    fn deliver_next(&mut self, event: Event);

    /// Drops the calls that a connection caused and that have not begun.
    fn discard_calls(&mut self);

    /// Drops the connection or the attempt at once.
    fn disconnect(&mut self);

    /// Records the round-trip time of a keepalive ping.
    fn latency(&mut self, latency: Duration);

    /// Publishes the state that the machine has entered, and when its next timer is due. Nothing else does.
    fn enter(&mut self, state: ConnectionState, deadline: Option<Instant>);

    /// Ends the client: `handle_terminate`, and nothing after it.
    fn terminate(&mut self, reason: ExitReason);
}

/// The time of an input. The machine asks for it only where a timer depends on it, because reading a clock costs as much
/// as handling a small message.
pub(crate) trait Now {
    /// The time; the same one during the whole input.
    fn now(&mut self) -> Instant;
}

impl Now for Instant {
    fn now(&mut self) -> Instant {
        *self
    }
}
