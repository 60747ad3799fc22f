//! An open connection: its bytes, and everything that ends with it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::sync::mpsc;

use super::stream::Stream;
use crate::{
    connection::Upgrade,
    error::{SendError, SendFailure},
    frame::Frame,
    mailbox::Confirm,
    wire::piece::Piece,
};

/// Dropping it reports every send that waits for its result, and closes the channel of a message in pieces.
pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) peer_addr: Option<SocketAddr>,
    pub(super) local_addr: Option<SocketAddr>,
    pub(super) protocol: Option<String>,
    /// The users' frames that are encoded and not yet written, in order: the position of each one's end among the bytes of
    /// this connection.
    unsent: VecDeque<u64>,
    /// Where the results of some of them are reported, in order, with the same positions.
    awaited: VecDeque<(u64, Confirm)>,
    /// The message that is sent in pieces.
    message: Option<Box<Underway>>,
    /// Messages that arrived too late for a callback of this connection.
    discarded: u64,
}

/// A message whose last piece has not been sent.
struct Underway {
    receipt: u64,
    pieces: mpsc::Receiver<Piece>,
    confirm: Confirm,
}

impl Connection {
    pub(super) fn new(stream: Stream, upgrade: &Upgrade) -> Self {
        Self {
            stream,
            peer_addr: upgrade.peer_addr,
            local_addr: upgrade.local_addr,
            protocol: upgrade.protocol.clone(),
            unsent: VecDeque::new(),
            awaited: VecDeque::new(),
            message: None,
            discarded: 0,
        }
    }

    /// Sends a user's frame; the result is reported when it is written, or when the connection ends.
    #[inline(always)]
    pub(super) fn send(&mut self, frame: Frame, confirm: Option<Confirm>) {
        let end = self.stream.send(frame);
        self.await_sent(end, confirm);
    }

    #[inline(always)]
    fn await_sent(&mut self, end: u64, confirm: Option<Confirm>) {
        self.unsent.push_back(end);
        if let Some(confirm) = confirm {
            self.awaited.push_back((end, confirm));
        }
    }

    /// How many of the users' frames were written since the last call.
    pub(super) fn take_sent(&mut self) -> u64 {
        let sent = self.stream.sent();
        let count = self.unsent.iter().take_while(|end| **end <= sent).count();
        self.unsent.drain(..count);
        count as u64
    }

    /// Where to report the next frame that is written and whose sender waits for its result.
    pub(super) fn next_confirm(&mut self) -> Option<Confirm> {
        let sent = self.stream.sent();
        self.awaited.pop_front_if(|(end, _)| *end <= sent).map(|(_, confirm)| confirm)
    }

    /// Begins a message in pieces. There is none at the moment.
    pub(super) fn begin(&mut self, receipt: u64, pieces: mpsc::Receiver<Piece>, confirm: Confirm) {
        self.message = Some(Box::new(Underway { receipt, pieces, confirm }));
    }

    /// Whether a message in pieces is being sent.
    #[inline]
    pub(super) fn is_amid_message(&self) -> bool {
        self.message.is_some()
    }

    /// The next piece of the message in pieces, with its receipt; a piece of `None` if its sender has abandoned it.
    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<(Option<Piece>, u64)> {
        let Some(message) = &mut self.message else { return Poll::Pending };
        let piece = ready!(message.pieces.poll_recv(cx));
        let receipt = message.receipt;
        if piece.is_none() {
            // Its sender waits for no result.
            self.message = None;
        }
        Poll::Ready((piece, receipt))
    }

    /// Sends a piece. The result of the message is that of its last piece.
    pub(super) fn send_piece(&mut self, piece: Piece) {
        let ends = piece.place.ends();
        let end = self.stream.send_piece(piece);
        if ends {
            let confirm = self.message.take().map(|message| message.confirm);
            self.await_sent(end, confirm);
        }
    }

    /// Takes no more pieces of a message, and reports why.
    pub(super) fn cut(&mut self, receipt: u64, failure: SendFailure) {
        if let Some(message) = self.message.take_if(|message| message.receipt == receipt) {
            report(message.confirm, Err(SendError::new(None, failure)));
        }
    }

    /// A message arrived that no callback receives.
    pub(super) fn discard(&mut self) {
        self.discarded += 1;
    }

    /// Writes what the socket accepts at once, and ends the connection. What is still unsent then is lost.
    ///
    /// # Errors
    ///
    /// The message of the panic, if the user's byte stream panics.
    pub(super) fn close(&mut self) -> Result<(), Arc<str>> {
        self.stream.close()
    }

    /// Reports the frames that are not written, and counts those whose loss nobody waits to hear of.
    pub(super) fn report_unsent(&mut self) -> u64 {
        let refused = || Err(SendError::new(None, SendFailure::NotConnected));
        if let Some(message) = self.message.take() {
            report(message.confirm, refused());
        }
        let heard =
            self.awaited.drain(..).map(|(_, confirm)| report(confirm, refused())).filter(|heard| *heard).count();
        (self.unsent.drain(..).len() - heard) as u64
    }

    /// How many messages arrived that no callback received.
    pub(super) fn discarded(&self) -> u64 {
        self.discarded
    }
}

/// Reports the result of a send; `false` if its sender no longer waits for it.
pub(super) fn report(confirm: Confirm, result: Result<(), SendError>) -> bool {
    confirm.send(result).is_ok()
}
