//! The frames of a socket that wait to be handed out, and what decides to whom they go. It wakes readers and waits for
//! nobody.

use std::{
    collections::VecDeque,
    mem,
    task::{Context, Waker},
};

use tokio::sync::mpsc;

use super::{
    event::{Ending, SocketEvent},
    state::Active,
};
use crate::{connection::Upgrade, frame::Frame};

pub(super) type Owner = mpsc::Sender<SocketEvent>;

/// What the lock of an inbox guards.
#[derive(Debug)]
pub(super) struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
    most_frames: usize,
    most_bytes: usize,
    pub(super) active: Active,
    pub(super) owner: Option<Owner>,
    pub(super) wanted: Wanted,
    pub(super) line: Line,
    pub(super) upgrade: Option<Box<Upgrade>>,
    pub(super) courier: Courier,
    readers: Vec<(Reader, Waker)>,
}

/// Whether anybody may still want what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Yes,
    /// No handle is left, so only an owner in an active mode can get anything.
    ByOwner,
    /// The socket was closed: what comes is kept while there is room, and nothing waits for room.
    WhileThereIsRoom,
    /// There was no room: what comes now would leave a gap.
    No,
}

/// How far the connection is from its end.
#[derive(Debug)]
pub(super) enum Line {
    Up,
    /// Nothing more is read; how it ended is not told yet.
    Gone,
    /// How it ended waits behind the frames.
    Ended(Ending),
    /// Nothing is left to be told.
    Told,
}

/// Whether a task moves frames to the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Courier {
    Working,
    /// It ended, as there was nothing to deliver and nothing more would come.
    Dismissed,
}

/// What the courier has to do next.
#[derive(Debug)]
pub(super) enum Errand {
    /// There is no owner.
    None,
    /// Nothing is to be delivered; where the owner goes, the socket does.
    Watch(Owner),
    Deliver(Owner),
}

/// Which waker of those who read is meant: that of the `recv` whose turn it is, or that of a handle's `Stream`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Recv,
    Stream(u64),
}

impl Queue {
    pub(super) fn new(most_frames: usize, most_bytes: usize, active: Active, owner: Option<Owner>) -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            most_frames,
            most_bytes,
            active,
            owner,
            wanted: Wanted::Yes,
            line: Line::Up,
            upgrade: None,
            courier: Courier::Working,
            readers: Vec::new(),
        }
    }

    /// Keeps a frame, where somebody may want it; whether it was kept.
    pub(super) fn push(&mut self, frame: Frame) -> bool {
        if self.wanted == Wanted::WhileThereIsRoom && self.is_full_twice() {
            self.wanted = Wanted::No;
        }
        if self.wanted == Wanted::No {
            return false;
        }
        self.bytes += frame.payload_len();
        self.frames.push_back(frame);
        true
    }

    pub(super) fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.payload_len();
        Some(frame)
    }

    /// Whether everything was handed out, and nothing more comes.
    pub(super) fn is_spent(&self) -> bool {
        self.frames.is_empty() && matches!(self.line, Line::Told)
    }

    /// Whether reading has to wait: what is received is wanted, more may come, and there is no room.
    pub(super) fn makes_wait(&self) -> bool {
        let is_full = self.frames.len() >= self.most_frames || self.bytes >= self.most_bytes;
        let is_wanted = match self.wanted {
            Wanted::Yes | Wanted::ByOwner => true,
            Wanted::WhileThereIsRoom | Wanted::No => false,
        };
        is_full && !self.frames.is_empty() && is_wanted && matches!(self.line, Line::Up)
    }

    /// What came before a close finds room beside what was there.
    fn is_full_twice(&self) -> bool {
        let most_bytes = self.most_bytes.saturating_mul(2);
        self.frames.len() >= self.most_frames.saturating_mul(2) || (self.bytes >= most_bytes && !self.frames.is_empty())
    }

    pub(super) fn errand(&self) -> Errand {
        let Some(owner) = self.owner.clone() else { return Errand::None };
        let is_due = !self.frames.is_empty() || matches!(self.line, Line::Ended(_));
        match self.active {
            Active::On | Active::Once if is_due => Errand::Deliver(owner),
            Active::On | Active::Once | Active::Off => Errand::Watch(owner),
        }
    }

    /// How the connection ended, to be told now. The owner is let go, so that its channel ends too.
    pub(super) fn take_ending(&mut self) -> Option<Ending> {
        match mem::replace(&mut self.line, Line::Told) {
            Line::Ended(ending) => {
                self.owner = None;
                self.wake_readers();
                Some(ending)
            }
            line @ (Line::Up | Line::Gone | Line::Told) => {
                self.line = line;
                None
            }
        }
    }

    pub(super) fn await_news(&mut self, reader: Reader, cx: &Context<'_>) {
        match self.readers.iter_mut().find(|(known, _)| *known == reader) {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => self.readers.push((reader, cx.waker().clone())),
        }
    }

    pub(super) fn forget(&mut self, reader: Reader) {
        self.readers.retain(|(known, _)| *known != reader);
    }

    pub(super) fn wake_readers(&mut self) {
        for (_, waker) in self.readers.drain(..) {
            waker.wake();
        }
    }
}
