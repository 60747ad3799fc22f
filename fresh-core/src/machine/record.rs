//! A world that only records: the effects of a machine as a list, for tests and fuzz targets.

use std::time::{Duration, Instant};

use super::{
    io::{Event, Outbound},
    world::World,
};
use crate::{connection::ConnectionState, error::SendFailure, exit::ExitReason, wire::piece::Piece};

/// One call on the world; [`World`] describes each of them.
#[derive(Debug)]
pub(crate) enum Effect {
    Connect { attempt: u64 },
    Upgrade { deadline: Option<Instant> },
    Send(Outbound),
    SendPiece(Piece, u64),
    Cut(u64, SendFailure),
    Refuse(Outbound, SendFailure),
    Hold(Outbound),
    Deliver(Event),
    DeliverNext(Event),
    DeliverMessage,
    DiscardMessage,
    DiscardCalls,
    Disconnect,
    Latency(Duration),
    Enter(ConnectionState),
    Terminate(ExitReason),
}

impl World for Vec<Effect> {
    fn connect(&mut self, attempt: u64) {
        self.push(Effect::Connect { attempt });
    }

    fn upgrade(&mut self, deadline: Option<Instant>) {
        self.push(Effect::Upgrade { deadline });
    }

    fn send(&mut self, outbound: Outbound) {
        self.push(Effect::Send(outbound));
    }

    fn send_piece(&mut self, piece: Piece, receipt: u64) {
        self.push(Effect::SendPiece(piece, receipt));
    }

    fn cut(&mut self, receipt: u64, failure: SendFailure) {
        self.push(Effect::Cut(receipt, failure));
    }

    fn refuse(&mut self, outbound: Outbound, failure: SendFailure) {
        self.push(Effect::Refuse(outbound, failure));
    }

    fn queued(&self) -> usize {
        self.iter().filter(|effect| matches!(effect, Effect::Hold(_))).count()
    }

    fn hold(&mut self, outbound: Outbound) {
        self.push(Effect::Hold(outbound));
    }

    fn deliver(&mut self, event: Event) {
        self.push(Effect::Deliver(event));
    }

    fn deliver_next(&mut self, event: Event) {
        self.push(Effect::DeliverNext(event));
    }

    fn deliver_message(&mut self) {
        self.push(Effect::DeliverMessage);
    }

    fn discard_message(&mut self) {
        self.push(Effect::DiscardMessage);
    }

    fn discard_calls(&mut self) {
        self.push(Effect::DiscardCalls);
    }

    fn disconnect(&mut self) {
        self.push(Effect::Disconnect);
    }

    fn latency(&mut self, latency: Duration) {
        self.push(Effect::Latency(latency));
    }

    fn enter(&mut self, state: ConnectionState, _: Option<Instant>) {
        self.push(Effect::Enter(state));
    }

    fn terminate(&mut self, reason: ExitReason) {
        self.push(Effect::Terminate(reason));
    }
}
