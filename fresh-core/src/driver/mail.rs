//! What the handles drop into a driver's mailboxes.

use tokio::sync::{mpsc, oneshot};

use crate::{
    error::SendError,
    frame::{CloseFrame, Frame},
    machine::Command,
};

/// Where the fate of a frame is told.
pub(crate) type Confirm = oneshot::Sender<Result<(), SendError>>;

/// A frame to send.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) frame: Frame,
    pub(crate) confirm: Option<Confirm>,
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
