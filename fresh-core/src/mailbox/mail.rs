//! The entries of the mailbox: frames, messages in pieces, and controls.

use tokio::sync::{mpsc, oneshot};

use crate::{
    error::SendError,
    frame::{CloseFrame, Frame},
    wire::piece::Piece,
};

/// Where the result of a send is reported.
pub(crate) type Confirm = oneshot::Sender<Result<(), SendError>>;

/// Something to send.
#[derive(Debug)]
pub(crate) enum Mail {
    /// A frame for the connection that is open when the driver takes it. A close frame is [`Mail::Close`] instead.
    Frame(Frame, Option<Confirm>),
    /// In a box, so that it does not make every other entry larger.
    Close(Box<Close>),
    /// In a box, as `Close`.
    Pieces(Box<Pieces>),
}

/// A close frame. It is meant for one connection, and never closes a later one.
#[derive(Debug)]
pub(crate) struct Close {
    /// Always [`Frame::Close`].
    pub(crate) frame: Frame,
    pub(crate) confirm: Option<Confirm>,
    /// The number of that connection, counted from 1 over the life of the client.
    pub(crate) connection: u64,
}

/// A message in pieces. The pieces come through a channel of their own, which already holds the first one.
///
/// If the channel ends before the message does, the sender has abandoned the message.
#[derive(Debug)]
pub(crate) struct Pieces {
    pub(crate) pieces: mpsc::Receiver<Piece>,
    pub(crate) confirm: Confirm,
    /// The number of the one connection that the message is meant for, counted from 1 over the life of the client.
    pub(crate) connection: u64,
}

impl Mail {
    /// A frame; `connection` is the number of the connection that is open now.
    #[inline]
    pub(crate) fn new(frame: Frame, confirm: Option<Confirm>, connection: impl FnOnce() -> u64) -> Self {
        match frame {
            Frame::Text(_) | Frame::Binary(_) | Frame::Ping(_) | Frame::Pong(_) => Self::Frame(frame, confirm),
            Frame::Close(_) => Self::Close(Box::new(Close { frame, confirm, connection: connection() })),
        }
    }

    /// The frame; `None` for a message in pieces.
    #[inline]
    pub(crate) fn frame(&self) -> Option<&Frame> {
        match self {
            Self::Frame(frame, _) => Some(frame),
            Self::Close(close) => Some(&close.frame),
            Self::Pieces(_) => None,
        }
    }

    /// The frame and where its result is reported; `None` for a message in pieces.
    pub(crate) fn into_frame(self) -> Option<(Frame, Option<Confirm>)> {
        match self {
            Self::Frame(frame, confirm) => Some((frame, confirm)),
            Self::Close(close) => Some((close.frame, close.confirm)),
            Self::Pieces(_) => None,
        }
    }

    /// Whether a sender waits for the result.
    #[inline]
    pub(crate) fn is_confirmed(&self) -> bool {
        match self {
            Self::Frame(_, confirm) => confirm.is_some(),
            Self::Close(close) => close.confirm.is_some(),
            Self::Pieces(_) => true,
        }
    }

    /// Whether it must not go out between the frames of another message (RFC 6455 §5.4).
    pub(crate) fn is_data(&self) -> bool {
        match self {
            Self::Frame(frame, _) => frame.is_data(),
            Self::Close(_) => false,
            Self::Pieces(_) => true,
        }
    }
}

/// A command that must not wait for room in the mailbox.
#[derive(Debug)]
pub(crate) enum Control {
    Close(CloseFrame),
    Reconnect,
    ReconnectNow,
    Stop,
}
