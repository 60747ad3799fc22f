//! What follows a look at something: a call, another pass, the end of the turn.

use crate::{exit::ExitReason, frame::Message, machine::Event};

/// What the handler's side does next.
#[derive(Debug)]
pub(super) enum Due {
    Message(Message),
    Event(Event),
    /// The next info of the mailbox.
    Info,
    /// The last call.
    Terminate(ExitReason),
}

/// What follows a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A call is due.
    Call,
    /// Another pass.
    Again,
    /// The turn ends.
    Park,
}

/// What the connection is polled beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    /// A callback that is pending.
    Callback,
}

/// What decoding the read buffer led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// There is no whole frame left.
    All,
    /// A call waits, and the rest of the buffer waits for it.
    Call,
    /// The inbound queue is full.
    Full,
}

/// A frame that leads to no call, or whose call is queued.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handled;
