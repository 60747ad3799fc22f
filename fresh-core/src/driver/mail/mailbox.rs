//! The handles' end of the mailbox, and what both ends share.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use tokio::sync::{Notify, Semaphore, SemaphorePermit, TryAcquireError};

use super::{Confirm, Control, Letter, Mail, Refused};
use crate::frame::Frame;

/// A queue that became empty keeps room for so many entries.
const KEPT: usize = 8;

/// The handles' end.
#[derive(Debug)]
pub(crate) struct Mailbox<I> {
    slot: Mutex<Slot<I>>,
    /// Those who wait for room for a frame, in their order: the first holds the permit.
    line: Semaphore,
    /// Tells the first of them that there is room.
    freed: Notify,
    /// How many frames may wait.
    capacity: usize,
    /// Room for the infos that may still come.
    infos: Semaphore,
}

/// What was dropped in since the driver looked last.
#[derive(Debug)]
pub(super) struct Slot<I> {
    pub(super) queues: Queues<I>,
    /// How many frames may still come.
    pub(super) room: usize,
    /// How many wait in line. Room for one frame each is kept for them.
    in_line: usize,
    /// The driver, where it wants to be woken.
    pub(super) driver: Option<Waker>,
    /// The driver has ended: nothing more is taken.
    pub(super) closed: bool,
}

#[derive(Debug)]
pub(super) struct Queues<I> {
    pub(super) mail: VecDeque<Mail>,
    pub(super) infos: VecDeque<I>,
    pub(super) controls: VecDeque<Control>,
}

impl<I> Mailbox<I> {
    pub(crate) fn new(frames: usize, infos: usize) -> Self {
        let slot = Slot { queues: Queues::new(), room: frames, in_line: 0, driver: None, closed: false };
        Self {
            slot: Mutex::new(slot),
            line: Semaphore::new(1),
            freed: Notify::new(),
            capacity: frames,
            infos: Semaphore::new(infos.min(Semaphore::MAX_PERMITS)),
        }
    }

    /// Drops in a frame, where there is room for it and for those who wait in line.
    #[inline]
    pub(crate) fn try_send(&self, frame: Frame, confirm: Option<Confirm>) -> Result<(), Refused<Letter>> {
        let mut slot = self.slot();
        if slot.closed {
            return Err(Refused::Ended((frame, confirm)));
        }
        if slot.room <= slot.in_line {
            return Err(Refused::Full((frame, confirm)));
        }
        slot.room -= 1;
        slot.queues.mail.push_back(Mail::Frame(frame, confirm));
        wake(slot);
        Ok(())
    }

    /// Waits in line until there is room for a frame, and keeps it; `None` once the driver has ended.
    pub(crate) async fn room(&self) -> Option<Room<'_, I>> {
        let _waiter = Waiter::join(self);
        let _first = self.line.acquire().await.ok()?;
        loop {
            {
                let mut slot = self.slot();
                if slot.closed {
                    return None;
                }
                if slot.room > 0 {
                    slot.room -= 1;
                    return Some(Room(self));
                }
            }
            // Kept where it comes before this is called.
            self.freed.notified().await;
        }
    }

    /// Refuses whatever comes later, and whoever waits.
    pub(super) fn close(&self, queues: &mut Queues<I>) {
        let driver = {
            let mut slot = self.slot();
            slot.closed = true;
            queues.take(&mut slot.queues);
            slot.driver.take()
        };
        drop(driver);
        self.line.close();
        self.infos.close();
        self.freed.notify_one();
    }

    /// Makes room for another info.
    pub(super) fn free_info(&self) {
        self.infos.add_permits(1);
    }

    /// How many frames wait.
    pub(crate) fn waiting(&self) -> usize {
        self.capacity - self.slot().room
    }

    /// Waits for room; the info is given back once the driver has ended.
    pub(crate) async fn info(&self, info: I) -> Result<(), I> {
        match self.infos.acquire().await {
            Ok(permit) => self.drop_info(info, permit),
            Err(_) => Err(info),
        }
    }

    pub(crate) fn try_info(&self, info: I) -> Result<(), Refused<I>> {
        match self.infos.try_acquire() {
            Ok(permit) => self.drop_info(info, permit).map_err(Refused::Ended),
            Err(TryAcquireError::NoPermits) => Err(Refused::Full(info)),
            Err(TryAcquireError::Closed) => Err(Refused::Ended(info)),
        }
    }

    /// It is given back once the driver has ended.
    pub(crate) fn control(&self, control: Control) -> Result<(), Control> {
        self.drop_in(control, |slot, control| slot.queues.controls.push_back(control))
    }

    fn drop_info(&self, info: I, permit: SemaphorePermit<'_>) -> Result<(), I> {
        self.drop_in(info, |slot, info| slot.queues.infos.push_back(info))?;
        permit.forget();
        Ok(())
    }

    fn drop_in<T>(&self, what: T, push: impl FnOnce(&mut Slot<I>, T)) -> Result<(), T> {
        let mut slot = self.slot();
        if slot.closed {
            return Err(what);
        }
        push(&mut slot, what);
        wake(slot);
        Ok(())
    }

    /// Makes room for so many frames.
    pub(super) fn free(&self, frames: usize) {
        let mut slot = self.slot();
        slot.room += frames;
        let awaited = slot.in_line > 0;
        drop(slot);
        if awaited {
            self.freed.notify_one();
        }
    }

    /// No code of a user's runs under the lock, so a panic leaves nothing half done.
    pub(super) fn slot(&self) -> MutexGuard<'_, Slot<I>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the driver, where it waits; after the lock.
#[inline]
fn wake<I>(mut slot: MutexGuard<'_, Slot<I>>) {
    let driver = slot.driver.take();
    drop(slot);
    if let Some(driver) = driver {
        driver.wake();
    }
}

/// Room for one frame, kept free.
pub(crate) struct Room<'a, I>(&'a Mailbox<I>);

impl<I> Room<'_, I> {
    /// The mail is given back once the driver has ended.
    pub(crate) fn send(self, mail: Mail) -> Result<(), Mail> {
        self.0.drop_in(mail, |slot, mail| slot.queues.mail.push_back(mail))?;
        // Taken, until the driver has done with the frame.
        mem::forget(self);
        Ok(())
    }
}

impl<I> Drop for Room<'_, I> {
    fn drop(&mut self) {
        self.0.free(1);
    }
}

/// Whoever waits in line, for as long as he does.
struct Waiter<'a, I>(&'a Mailbox<I>);

impl<'a, I> Waiter<'a, I> {
    fn join(mailbox: &'a Mailbox<I>) -> Self {
        mailbox.slot().in_line += 1;
        Self(mailbox)
    }
}

impl<I> Drop for Waiter<'_, I> {
    fn drop(&mut self) {
        self.0.slot().in_line -= 1;
    }
}

impl<I> Queues<I> {
    pub(super) fn new() -> Self {
        Self { mail: VecDeque::new(), infos: VecDeque::new(), controls: VecDeque::new() }
    }
}

impl<I> Queues<I> {
    pub(super) fn take(&mut self, from: &mut Self) {
        append(&mut self.mail, &mut from.mail);
        append(&mut self.infos, &mut from.infos);
        append(&mut self.controls, &mut from.controls);
    }
}

/// Moves all entries. Queues that were empty at two looks give back their memory, so that a busy one keeps it.
#[inline]
fn append<T>(queue: &mut VecDeque<T>, from: &mut VecDeque<T>) {
    if queue.is_empty() {
        if from.is_empty() && queue.capacity() > KEPT {
            *queue = VecDeque::new();
        }
        mem::swap(queue, from);
    } else {
        queue.append(from);
    }
}
