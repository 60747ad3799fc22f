//! What callbacks may answer: [`Action`] and [`Recovery`].

use bytestring::ByteString;

use crate::{
    error::Reason,
    frame::{CloseCode, CloseFrame, Frame},
};

/// What a callback wants done. Answers to Fresh's `generic_handle_response()`; the state is `&mut self`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Nothing: Fresh's `{:ok, state}`.
    #[default]
    Continue,
    /// Send these frames, in order, before what the mailbox holds: Fresh's `{:reply, frames, state}`.
    Reply(Frames),
    /// Begin the close handshake: Fresh's `{:close, code, reason, state}`. `handle_disconnect` comes when it ended.
    Close(CloseFrame),
}

impl Action {
    /// A reply of one frame, without allocating, or of several.
    ///
    /// A frame that may not be sent (a ping of more than 125 bytes) is told to `handle_error` as `Encode`.
    pub fn reply(frames: impl Into<Frames>) -> Self {
        Self::Reply(frames.into())
    }

    /// The start of the close handshake.
    ///
    /// A code that may not be sent, or a reason of more than 123 bytes, is told to `handle_error` as `Encode`, and
    /// the connection stays open.
    pub fn close(code: impl Into<CloseCode>, reason: impl Into<ByteString>) -> Self {
        Self::Close(CloseFrame::new(code, reason))
    }
}

/// The frames of a reply: one, held without allocating, or many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frames {
    /// A single frame.
    One(Frame),
    /// Any number of frames, in the order in which they go out.
    Many(Vec<Frame>),
}

impl<F: Into<Frame>> From<F> for Frames {
    fn from(frame: F) -> Self {
        Self::One(frame.into())
    }
}

impl From<Vec<Frame>> for Frames {
    fn from(frames: Vec<Frame>) -> Self {
        Self::Many(frames)
    }
}

impl<const N: usize> From<[Frame; N]> for Frames {
    fn from(frames: [Frame; N]) -> Self {
        Self::Many(frames.into())
    }
}

impl<F: Into<Frame>> FromIterator<F> for Frames {
    fn from_iter<I: IntoIterator<Item = F>>(frames: I) -> Self {
        Self::Many(frames.into_iter().map(Into::into).collect())
    }
}

impl Frames {
    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Many(frames) if frames.is_empty())
    }
}

impl IntoIterator for Frames {
    type Item = Frame;
    type IntoIter = std::iter::Chain<std::option::IntoIter<Frame>, std::vec::IntoIter<Frame>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self {
            Self::One(frame) => (Some(frame), Vec::new()),
            Self::Many(frames) => (None, frames),
        };
        one.into_iter().chain(many)
    }
}

/// What comes after a disconnect or an error. Answers to Fresh's `connection_handle_response()`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Recovery {
    /// Carries on. As the verdict about a loss or a close, it leaves the client `Idle` until `client.reconnect()`; as the
    /// verdict about a callback or a frame, it changes nothing. Fresh's `{:ignore, state}`.
    Ignore,
    /// Wait the backoff's delay and connect again, with the handler as it is. Fresh's `{:reconnect, state}`.
    ///
    /// An open connection is closed first, with 1000. That takes up to the `close_timeout` (5 s by default) if the server
    /// does not answer; [`Abandon`](Self::Abandon) does not wait.
    Reconnect,
    /// Drop the connection at once, without a close handshake, wait the backoff's delay and connect again. For a server
    /// that is known to be dead: [`Reconnect`](Self::Reconnect) of an open connection closes it first, which takes up to
    /// the `close_timeout` (5 s by default) if the server does not answer. Fresh has no counterpart.
    Abandon,
    /// Drop the connection at once, without a close handshake, and connect again without the backoff's delay, like
    /// [`Client::reconnect_now`](crate::Client::reconnect_now). The attempt counts: a client whose `attempts` are used up
    /// gives up.
    ///
    /// A handler that always returns it retries in a tight loop while the server refuses.
    ReconnectNow,
    /// The same as `Reconnect` with a new handler from the factory of `Client::start_with`. Fresh's `:reconnect`, which goes back to
    /// the initial state. A client that was started without a factory ends as `ExitReason::Failed`.
    Restart,
    /// End as `ExitReason::Normal`. Fresh's `:close`.
    ///
    /// An open connection is closed first, with 1000, which takes up to the `close_timeout` as for
    /// [`Reconnect`](Self::Reconnect).
    Close,
    /// End as `ExitReason::Failed` with this reason, or as `ExitReason::Error` where it is a
    /// [`fresh::Error`](crate::error::Error). Fresh's `{:close, reason}`.
    Fail(Reason),
}

impl Recovery {
    /// [`Recovery::Fail`] with any error or text.
    pub fn fail(reason: impl Into<Reason>) -> Self {
        Self::Fail(reason.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_frame_is_held_without_a_list() {
        assert_eq!(Action::reply("hi"), Action::Reply(Frames::One(Frame::text("hi"))));
    }

    #[test]
    fn many_frames_keep_their_order() {
        let frames = [Frame::text("1"), Frame::binary("2")];
        assert_eq!(Action::reply(frames.clone()), Action::reply(frames.to_vec()));
        assert_eq!(Frames::from_iter(["1", "2"]), Frames::Many(vec![Frame::text("1"), Frame::text("2")]));
    }
}
