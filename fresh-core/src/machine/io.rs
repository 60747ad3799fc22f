//! What goes into the machine and what comes out of it.

use std::{io, sync::Arc, time::Duration};

use super::timers::Timer;
use crate::{
    action::{Action, Recovery},
    connection::{Disconnect, Upgrade},
    error::{DecodeError, Error, HandlerError, SendFailure, StreamError},
    exit::ExitReason,
    frame::{CloseFrame, Control, Frame, Message},
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
    /// A whole message or a control frame.
    Received(Frame),
    /// The server broke the protocol; nothing after it is decoded.
    Violated(DecodeError),
    /// The stream ended or failed while reading.
    Lost(StreamError),
    /// The stream failed while writing.
    WriteFailed(Arc<io::Error>),
    /// The socket takes no more bytes, and there are some.
    WriteStalled,
    /// The socket takes bytes again.
    WriteResumed,
    /// The inbound queue is full: the socket is not read.
    ReadPaused,
    /// The socket is read again.
    ReadResumed,
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
    /// The connection, or the attempt, is gone: this verdict says what comes next.
    Loss,
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

/// What has to be done in the world.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Open a byte stream, for the attempt of this number.
    Connect { attempt: u64 },
    /// Ask for the upgrade on the stream that is open.
    Upgrade,
    /// Encode and write.
    Send(Outbound),
    /// Encode and write, as a part of the message that this receipt belongs to.
    SendPiece(Piece, u64),
    /// No more parts of that message go out.
    Cut(u64, SendFailure),
    /// This frame does not go out.
    Refuse(Outbound, SendFailure),
    /// Keep this frame for the next connection.
    Hold(Outbound),
    /// Call the handler when its turn comes.
    Deliver(Event),
    /// Call the handler before anything else that waits: its own answer led to this.
    DeliverNext(Event),
    /// A message came that nobody will be told of.
    Discard,
    /// Drop the calls that a connection led to and that have not begun.
    DiscardCalls,
    /// Replace the handler by a new one from the factory.
    Renew,
    /// Drop the connection or the attempt, at once.
    Drop,
    /// A ping of ours came back after this time.
    Latency(Duration),
    /// The end: `handle_terminate`, and nothing after it.
    Terminate(ExitReason),
}

/// What a handler is told.
#[derive(Debug)]
pub(crate) enum Event {
    Connected(Box<Upgrade>),
    Message(Message),
    Control(Control),
    Disconnected(Disconnect),
    Failed(Error, About),
}
