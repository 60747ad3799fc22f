//! The handles' end of the mailbox, and what both ends share.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

use super::{Confirm, Control, Letter, Mail, Refused};
use crate::frame::Frame;

/// A queue that became empty keeps room for so many entries.
const KEPT: usize = 8;

/// The handles' end.
#[derive(Debug)]
pub(crate) struct Mailbox<I> {
    slot: Mutex<Slot<I>>,
    /// Room for the frames that may still come. Those who wait for it get it in their turn; one who waits and is not
    /// polled keeps his own and holds up nobody.
    frames: Semaphore,
    /// How many frames may wait.
    capacity: usize,
    /// Room for the infos that may still come.
    infos: Semaphore,
}

/// What was dropped in since the driver looked last.
#[derive(Debug)]
pub(super) struct Slot<I> {
    pub(super) queues: Queues<I>,
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
        let capacity = frames.min(Semaphore::MAX_PERMITS);
        Self {
            slot: Mutex::new(Slot { queues: Queues::new(), driver: None, closed: false }),
            frames: Semaphore::new(capacity),
            capacity,
            infos: Semaphore::new(infos.min(Semaphore::MAX_PERMITS)),
        }
    }

    /// Drops in a frame, where there is room for it and for those who wait in line.
    #[inline]
    pub(crate) fn try_send(&self, frame: Frame, confirm: Option<Confirm>) -> Result<(), Refused<Letter>> {
        let room = match self.frames.try_acquire() {
            Ok(room) => room,
            Err(TryAcquireError::NoPermits) => return Err(Refused::Full((frame, confirm))),
            Err(TryAcquireError::Closed) => return Err(Refused::Ended((frame, confirm))),
        };
        let mut slot = self.slot();
        if slot.closed {
            return Err(Refused::Ended((frame, confirm)));
        }
        slot.queues.mail.push_back(Mail::Frame(frame, confirm));
        wake(slot);
        room.forget();
        Ok(())
    }

    /// Waits in line until there is room for a frame, and keeps it; `None` once the driver has ended.
    pub(crate) async fn room(&self) -> Option<Room<'_, I>> {
        let permit = self.frames.acquire().await.ok()?;
        Some(Room { mailbox: self, permit })
    }

    /// Takes room for a frame, where there is some.
    pub(super) fn take_room(&self) -> bool {
        self.frames.try_acquire().map(SemaphorePermit::forget).is_ok()
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
        self.frames.close();
        self.infos.close();
    }

    /// Makes room for another info.
    pub(super) fn free_info(&self) {
        self.infos.add_permits(1);
    }

    /// How many frames wait.
    pub(crate) fn waiting(&self) -> usize {
        self.capacity - self.frames.available_permits()
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
        self.frames.add_permits(frames);
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

/// Room for one frame, kept free until it is dropped.
pub(crate) struct Room<'a, I> {
    mailbox: &'a Mailbox<I>,
    permit: SemaphorePermit<'a>,
}

impl<I> Room<'_, I> {
    /// The mail is given back once the driver has ended.
    pub(crate) fn send(self, mail: Mail) -> Result<(), Mail> {
        self.mailbox.drop_in(mail, |slot, mail| slot.queues.mail.push_back(mail))?;
        // Taken, until the driver has done with the frame.
        self.permit.forget();
        Ok(())
    }
}

impl<I> Queues<I> {
    pub(super) fn new() -> Self {
        Self { mail: VecDeque::new(), infos: VecDeque::new(), controls: VecDeque::new() }
    }

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
