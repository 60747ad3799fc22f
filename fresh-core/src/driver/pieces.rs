//! A message that comes in pieces: they are taken as fast as the socket takes them.

use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::{effects::tell, turn::Turn};
use crate::{
    error::{SendError, SendFailure},
    machine::{Command, Input, Origin},
    mailbox::Pieces,
    wire::piece::Piece,
};

/// A message whose last piece has not come.
pub(super) struct Underway {
    receipt: u64,
    pieces: mpsc::Receiver<Piece>,
}

impl<I: Send + 'static> Turn<I> {
    /// Begins a message, unless its sender left before anything of it went out.
    pub(super) fn begin(&mut self, Pieces { pieces, confirm, connection }: Pieces) {
        if confirm.is_closed() {
            return;
        }
        if !self.is_current(connection) {
            tell(confirm, Err(SendError::new(None, SendFailure::NotConnected)));
            return;
        }
        let receipt = self.receipt(confirm);
        self.pieces = Some(Box::new(Underway { receipt, pieces }));
        self.again = true;
    }

    pub(super) fn take_pieces(&mut self, cx: &mut Context<'_>) {
        while self.has_room()
            && let Some(message) = &mut self.pieces
            && let Poll::Ready(piece) = message.pieces.poll_recv(cx)
        {
            let receipt = message.receipt;
            if piece.as_ref().is_none_or(|piece| piece.place.ends()) {
                self.pieces = None;
            }
            let command = match piece {
                Some(piece) => Command::Piece(piece, receipt),
                None => {
                    // Nobody waits to hear of it.
                    self.take_receipt(Origin::Handle(Some(receipt)));
                    Command::Abandon(receipt)
                }
            };
            self.feed(Input::Command(command));
        }
    }

    /// Takes no more pieces of a message, and tells its sender why.
    pub(super) fn cut(&mut self, receipt: u64, failure: SendFailure) {
        // What came behind it waits no longer.
        self.again |= self.pieces.take_if(|message| message.receipt == receipt).is_some();
        if let Some(confirm) = self.take_receipt(Origin::Handle(Some(receipt))) {
            tell(confirm, Err(SendError::new(None, failure)));
        }
    }
}
