//! What the handles drop in for their driver: frames and infos, each bounded, and what must not wait for room.
//!
//! A channel would do, but for what it costs: here the driver takes all there is at one look, and a mailbox that nobody
//! uses holds no memory.

mod mailbox;
mod post;
#[cfg(test)]
mod tests;

use tokio::sync::{mpsc, oneshot};

pub(crate) use self::{mailbox::Mailbox, post::Post};
use crate::{
    error::SendError,
    frame::{CloseFrame, Frame},
    machine::Command,
    wire::piece::Piece,
};

/// Where the fate of a frame is told.
pub(crate) type Confirm = oneshot::Sender<Result<(), SendError>>;

/// What is to be sent.
#[derive(Debug)]
pub(crate) enum Mail {
    Frame(Frame, Option<Confirm>),
    Pieces(Box<Pieces>),
}

/// A frame that was not taken, and where its fate would have been told.
pub(crate) type Letter = (Frame, Option<Confirm>);

/// A message that comes in pieces, by a channel of its own; the first one is in it.
///
/// Where the channel ends before the message does, its sender has given it up.
#[derive(Debug)]
pub(crate) struct Pieces {
    pub(crate) pieces: mpsc::Receiver<Piece>,
    pub(crate) confirm: Confirm,
    /// The connection that it is meant for: how many there had been.
    pub(crate) connection: u64,
}

impl Mail {
    /// The frame that it is, where it is one.
    pub(crate) fn into_frame(self) -> Option<Frame> {
        match self {
            Self::Frame(frame, _) => Some(frame),
            Self::Pieces(_) => None,
        }
    }

    /// Whether it may not go out amid a message (RFC 6455 §5.4).
    pub(super) fn is_data(&self) -> bool {
        match self {
            Self::Frame(frame, _) => frame.is_data(),
            Self::Pieces(_) => true,
        }
    }
}

/// What must not wait for room in the mailbox.
#[derive(Debug)]
pub(crate) enum Control {
    Close(CloseFrame),
    Reconnect,
    Stop,
}

impl From<Control> for Command {
    fn from(control: Control) -> Self {
        match control {
            Control::Close(close) => Self::Close(close),
            Control::Reconnect => Self::Reconnect,
            Control::Stop => Self::Stop,
        }
    }
}

/// Why nothing was dropped in; what was meant to be is given back.
#[derive(Debug)]
pub(crate) enum Refused<T> {
    Full(T),
    Ended(T),
}
