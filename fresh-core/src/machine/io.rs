//! What goes into the machine and what comes out of it.

use std::{io, sync::Arc};

use bytes::Bytes;

use super::timers::Timer;
use crate::{
    action::{Action, Recovery},
    connection::{Disconnect, Upgrade},
    down::Down,
    error::{DecodeError, Error, HandlerError, StreamError},
    frame::{CloseFrame, Control, Frame},
    wire::piece::Piece,
};

/// Everything that can happen to a client.
#[derive(Debug)]
pub(crate) enum Input {
    /// The driver began.
    Start,
    /// News of an attempt to connect.
    Attempt(Attempt),
    /// News of the open connection.
    Wire(Wire),
    /// The handle asks for something.
    Command(Command),
    /// A callback returned.
    Answer(Answer),
    /// A timer is due; only `Machine::handle_timeout` makes this one.
    Timer(Timer),
}

#[derive(Debug)]
pub(crate) enum Attempt {
    /// TCP, and TLS where there is any, are up.
    Transported,
    /// The server agreed.
    Upgraded(Box<Upgrade>),
    Failed(Error),
}

#[derive(Debug)]
pub(crate) enum Wire {
    /// Bytes came, whatever they are.
    Alive,
    /// A whole message. The world holds it, and the machine decides only what becomes of it: moving a small message costs
    /// as much as handling it.
    Message,
    Ping(Bytes),
    Pong(Bytes),
    /// The server's close frame.
    Close(Option<CloseFrame>),
    /// The server broke the protocol; nothing after it is decoded.
    Violated(DecodeError),
    /// The stream ended or failed while reading.
    Lost(StreamError),
    /// The byte stream, which may be the user's own, panicked. It is not used again.
    Panicked(Arc<str>),
    /// The stream failed while writing.
    WriteFailed(Arc<io::Error>),
    /// The socket takes no more bytes, and some are left; whether it took any this time. May be reported repeatedly.
    WriteStalled {
        progress: bool,
    },
    /// Every byte is written. May be reported repeatedly.
    WriteResumed,
    /// The inbound queue is full, so the socket is not read. May be reported repeatedly.
    ReadPaused,
    /// The socket is read. May be reported repeatedly.
    ReadResumed,
}

impl From<Frame> for Wire {
    #[inline]
    fn from(frame: Frame) -> Self {
        match frame {
            Frame::Text(_) | Frame::Binary(_) => Self::Message,
            Frame::Ping(payload) => Self::Ping(payload),
            Frame::Pong(payload) => Self::Pong(payload),
            Frame::Close(close) => Self::Close(close),
        }
    }
}

#[derive(Debug)]
pub(crate) enum Command {
    Send(Outbound),
    /// A part of the message that this receipt belongs to.
    Piece(Piece, u64),
    /// No more parts of that message come, though it has not ended.
    Abandon(u64),
    /// Checked by the handle.
    Close(CloseFrame),
    Reconnect,
    /// As `Reconnect`, but an open connection is dropped without a close handshake.
    ReconnectNow,
    Stop,
}

#[derive(Debug)]
pub(crate) enum Answer {
    /// What a callback wants done.
    Action(Action),
    /// A callback returned an error.
    Raised(HandlerError),
    /// The answer of `handle_error` or `handle_disconnect`.
    Verdict(Recovery, About),
    /// A callback panicked.
    Panicked(Arc<str>),
    /// No callback is running.
    Settled,
}

/// What a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The connection, or the attempt, is gone, and this verdict says what follows. The number identifies the question:
    /// a verdict that arrives after another question was asked no longer decides.
    Loss(u64),
    /// A frame or a callback failed, and that alone.
    Fault,
}

/// A frame on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outbound {
    pub(crate) frame: Frame,
    pub(crate) origin: Origin,
}

/// Who wants a frame sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The machine itself: pongs, keepalive, the close handshake.
    Machine,
    /// A callback's reply.
    Callback,
    /// The handle; the number by which somebody waits to hear of it, if anybody does.
    Handle(Option<u64>),
}

impl Outbound {
    pub(super) fn own(frame: Frame) -> Self {
        Self { frame, origin: Origin::Machine }
    }

    pub(crate) fn reply(frame: Frame) -> Self {
        Self { frame, origin: Origin::Callback }
    }
}

/// What a handler is called with.
#[derive(Debug)]
pub(crate) enum Event {
    Connected(Box<Upgrade>),
    Control(Control),
    Down(Box<Down>),
    Disconnected(Box<Disconnect>, About),
    Failed(Box<Error>, About),
    /// Not a callback: the factory makes a new handler in place of this one.
    Renew,
}
