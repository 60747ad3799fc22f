//! What the handles drop into a driver's mailboxes.

use tokio::sync::{mpsc, oneshot};

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
    /// Whether it may not go out amid a message (RFC 6455 §5.4).
    pub(super) fn is_data(&self) -> bool {
        match self {
            Self::Frame(Frame::Text(_) | Frame::Binary(_), _) | Self::Pieces(_) => true,
            Self::Frame(Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_), _) => false,
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

/// The driver's ends of the channels.
#[derive(Debug)]
pub(crate) struct Mailboxes<I> {
    pub(crate) mail: mpsc::Receiver<Mail>,
    pub(crate) info: mpsc::Receiver<I>,
    pub(crate) control: mpsc::UnboundedReceiver<Control>,
    /// The other end of `mail`, for frames that are kept for the next connection.
    pub(crate) mailbox: mpsc::Sender<Mail>,
}
