//! The tasks that wait for a frame.

use std::task::{Context, Waker};

/// Which waker of the waiting readers is meant: that of the `recv` whose turn it is, or that of a handle's `Stream`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Recv,
    Stream(u64),
}

#[derive(Debug, Default)]
pub(super) struct Readers(Vec<(Reader, Waker)>);

impl Readers {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes that this reader waits.
    pub(super) fn wait(&mut self, reader: Reader, cx: &Context<'_>) {
        match self.0.iter_mut().find(|(known, _)| *known == reader) {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => self.0.push((reader, cx.waker().clone())),
        }
    }

    pub(super) fn forget(&mut self, reader: Reader) {
        self.0.retain(|(known, _)| *known != reader);
    }

    pub(super) fn wake(&mut self) {
        for (_, waker) in self.0.drain(..) {
            waker.wake();
        }
    }
}
