//! What goes out over an open connection: whole frames, or one message in pieces and what waits behind it.
//!
//! Between the frames of one message only control frames may go out (RFC 6455 §5.4).

use super::{context::Context, io::Outbound, world::World};
use crate::{
    error::SendFailure,
    wire::piece::{Piece, Place},
};

/// How messages go out at this moment.
#[derive(Debug)]
pub(super) enum Sending {
    /// Each in one frame.
    Whole,
    /// One of them has begun and not ended.
    Pieces(Box<Unfinished>),
}

/// A message of which a part is out.
#[derive(Debug)]
pub(super) struct Unfinished {
    receipt: u64,
    /// The data frames that wait for its end.
    waiting: Vec<Outbound>,
    /// What they take up, in bytes.
    bytes: usize,
}

/// What a waiting frame takes up besides its payload: one without any must count for something.
const OVERHEAD: usize = size_of::<Outbound>();

impl Sending {
    /// Sends a frame; data that may not go out now waits.
    #[inline(always)]
    pub(super) fn send(&mut self, outbound: Outbound, cx: &mut Context<'_, impl World>) {
        if outbound.frame.is_data() {
            self.send_or_hold(outbound, cx);
        } else {
            cx.world.send(outbound);
        }
    }

    /// Sends a frame, or makes it wait, whatever it is: data, or what has to stay behind data.
    #[inline(always)]
    pub(super) fn send_or_hold(&mut self, outbound: Outbound, cx: &mut Context<'_, impl World>) {
        match self {
            Self::Whole => cx.world.send(outbound),
            Self::Pieces(unfinished) => {
                unfinished.bytes += outbound.frame.payload_len() + OVERHEAD;
                unfinished.waiting.push(outbound);
            }
        }
    }

    /// Sends a piece, and behind the last one what waited for it.
    pub(super) fn piece(self, piece: Piece, receipt: u64, cx: &mut Context<'_, impl World>) -> Self {
        match (self, piece.place) {
            (Self::Whole, Place::Only) => {
                cx.world.send_piece(piece, receipt);
                Self::Whole
            }
            (Self::Whole, Place::First) => {
                cx.world.send_piece(piece, receipt);
                Self::Pieces(Box::new(Unfinished { receipt, waiting: Vec::new(), bytes: 0 }))
            }
            (Self::Pieces(unfinished), Place::Middle) if unfinished.receipt == receipt => {
                cx.world.send_piece(piece, receipt);
                Self::Pieces(unfinished)
            }
            (Self::Pieces(unfinished), Place::Last) if unfinished.receipt == receipt => {
                cx.world.send_piece(piece, receipt);
                for outbound in unfinished.waiting {
                    cx.world.send(outbound);
                }
                Self::Whole
            }
            // It would go on with what another connection had of it, or begin amid another message.
            (sending @ (Self::Whole | Self::Pieces(_)), Place::Only | Place::First | Place::Middle | Place::Last) => {
                cx.world.cut(receipt, SendFailure::NotConnected);
                sending
            }
        }
    }

    /// Whether this message has begun and not ended.
    pub(super) fn is_amid(&self, message: u64) -> bool {
        matches!(self, Self::Pieces(unfinished) if unfinished.receipt == message)
    }

    /// Gives up what has not gone out, as nothing can any more.
    pub(super) fn give_up(self, failure: &SendFailure, cx: &mut Context<'_, impl World>) {
        if let Self::Pieces(unfinished) = self {
            cx.world.cut(unfinished.receipt, failure.clone());
            for outbound in unfinished.waiting {
                cx.world.refuse(outbound, failure.clone());
            }
        }
    }

    /// How many bytes wait for the end of a message.
    pub(super) fn waiting(&self) -> usize {
        match self {
            Self::Whole => 0,
            Self::Pieces(unfinished) => unfinished.bytes,
        }
    }
}
