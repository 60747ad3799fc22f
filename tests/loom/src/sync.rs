//! The primitives of the mailbox, built on those of `loom`.
//!
//! tokio's own semaphore uses std inside of a dependency, which `loom` cannot see. The one here does what tokio documents
//! of its own, and nothing more: permits go to the waiting tasks in their order, before anybody else.

use std::{
    collections::VecDeque,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, Waker},
};

pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};

#[derive(Debug)]
pub(crate) struct Semaphore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Permits that anybody may take. There are none while a task waits.
    free: usize,
    closed: bool,
    last_ticket: u64,
    waiting: VecDeque<(u64, Waker)>,
    /// The tickets of the tasks that have a permit and do not know it yet.
    granted: Vec<u64>,
}

#[derive(Debug)]
pub(crate) struct SemaphorePermit<'a>(&'a Semaphore);

#[derive(Debug)]
pub(crate) enum TryAcquireError {
    Closed,
    NoPermits,
}

#[derive(Debug)]
pub(crate) struct Closed;

impl Semaphore {
    pub(crate) const MAX_PERMITS: usize = usize::MAX >> 3;

    pub(crate) fn new(permits: usize) -> Self {
        Self(Mutex::new(State { free: permits, ..State::default() }))
    }

    pub(crate) fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let mut state = self.state();
        if state.closed {
            return Err(TryAcquireError::Closed);
        }
        state.free = state.free.checked_sub(1).ok_or(TryAcquireError::NoPermits)?;
        Ok(SemaphorePermit(self))
    }

    pub(crate) fn acquire(&self) -> Acquire<'_> {
        Acquire { semaphore: self, ticket: None }
    }

    pub(crate) fn add_permits(&self, permits: usize) {
        let mut woken = Vec::new();
        let mut state = self.state();
        for _ in 0..permits {
            if let Some((ticket, waker)) = state.waiting.pop_front() {
                state.granted.push(ticket);
                woken.push(waker);
            } else {
                state.free += 1;
            }
        }
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let woken = mem::take(&mut state.waiting);
        drop(state);
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl SemaphorePermit<'_> {
    pub(crate) fn forget(self) {
        mem::forget(self);
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

/// A task in line for a permit.
pub(crate) struct Acquire<'a> {
    semaphore: &'a Semaphore,
    ticket: Option<u64>,
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<SemaphorePermit<'a>, Closed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let semaphore = self.semaphore;
        let mut state = semaphore.state();
        if state.closed {
            return Poll::Ready(Err(Closed));
        }
        let Some(ticket) = self.ticket else {
            if let Some(free) = state.free.checked_sub(1) {
                state.free = free;
                return Poll::Ready(Ok(SemaphorePermit(semaphore)));
            }
            state.last_ticket += 1;
            let ticket = state.last_ticket;
            state.waiting.push_back((ticket, cx.waker().clone()));
            self.ticket = Some(ticket);
            return Poll::Pending;
        };
        if let Some(place) = state.granted.iter().position(|granted| *granted == ticket) {
            state.granted.swap_remove(place);
            self.ticket = None;
            return Poll::Ready(Ok(SemaphorePermit(semaphore)));
        }
        for (_, waker) in state.waiting.iter_mut().filter(|(waiting, _)| *waiting == ticket) {
            waker.clone_from(cx.waker());
        }
        Poll::Pending
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.semaphore.state();
        state.waiting.retain(|(waiting, _)| *waiting != ticket);
        let before = state.granted.len();
        state.granted.retain(|granted| *granted != ticket);
        let unused = before - state.granted.len();
        drop(state);
        self.semaphore.add_permits(unused);
    }
}
