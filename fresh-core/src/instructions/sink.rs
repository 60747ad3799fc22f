//! A world that does nothing, so that only the machine's own instructions are counted.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crate::{
    connection::ConnectionState,
    error::SendFailure,
    exit::ExitReason,
    machine::{Event, Outbound, World},
    wire::piece::Piece,
};

pub(super) struct Sink;

impl World for Sink {
    fn connect(&mut self, attempt: u64) {
        black_box(attempt);
    }

    fn upgrade(&mut self, deadline: Option<Instant>) {
        black_box(deadline);
    }

    fn send(&mut self, outbound: Outbound) {
        black_box(outbound);
    }

    fn send_piece(&mut self, piece: Piece, receipt: u64) {
        black_box((piece, receipt));
    }

    fn cut(&mut self, receipt: u64, failure: SendFailure) {
        black_box((receipt, failure));
    }

    fn refuse(&mut self, outbound: Outbound, failure: SendFailure) {
        black_box((outbound, failure));
    }

    fn queued(&self) -> usize {
        0
    }

    fn hold(&mut self, outbound: Outbound) {
        black_box(outbound);
    }

    fn deliver(&mut self, event: Event) {
        black_box(event);
    }

    fn deliver_next(&mut self, event: Event) {
        black_box(event);
    }

    fn deliver_message(&mut self) {}

    fn discard_message(&mut self) {}

    fn discard_calls(&mut self) {}

    fn disconnect(&mut self) {}

    fn latency(&mut self, latency: Duration) {
        black_box(latency);
    }

    fn enter(&mut self, state: ConnectionState, deadline: Option<Instant>) {
        black_box((state, deadline));
    }

    fn terminate(&mut self, reason: ExitReason) {
        black_box(reason);
    }
}
