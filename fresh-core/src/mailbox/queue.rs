//! The handles' end of the mailbox, and what both ends share.

use std::{collections::VecDeque, mem, sync::PoisonError, task::Waker};

use super::sync::{AtomicUsize, Mutex, MutexGuard, Ordering, Semaphore, SemaphorePermit, TryAcquireError};

/// A queue that becomes empty keeps the memory of this many entries.
const KEPT: usize = 8;

/// The handles' end, for mail `M`, infos `I` and controls `C`.
#[derive(Debug)]
pub(crate) struct Mailbox<M, I, C> {
    slot: Mutex<Slot<M, I, C>>,
    /// One permit for each free place. Senders that wait get a place in their order; one that is not polled keeps its
    /// own place and blocks no other.
    places: Semaphore,
    /// One permit for each info that may still be queued.
    infos: Semaphore,
    /// How many mails the driver has moved to its end and not settled. Only the driver writes it, and it grows only under
    /// the lock of `slot`: so a holder of that lock never sees a number that is too small.
    moved: AtomicUsize,
}

/// What the handles queued since the driver's last look.
#[derive(Debug)]
pub(super) struct Slot<M, I, C> {
    pub(super) queues: Queues<M, I, C>,
    /// The driver's waker, while the driver waits to be woken.
    pub(super) driver: Option<Waker>,
    /// The driver has ended: nothing more is accepted.
    pub(super) closed: bool,
}

#[derive(Debug)]
pub(super) struct Queues<M, I, C> {
    pub(super) mail: VecDeque<M>,
    pub(super) infos: VecDeque<I>,
    pub(super) controls: VecDeque<C>,
}

/// Why an entry was not queued; the entry is given back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused<T, R = std::convert::Infallible> {
    /// There is no room.
    Full(T),
    /// The caller's own rule forbids it, for this reason.
    Denied(T, R),
    /// The driver has ended.
    Ended(T),
}

impl<M, I, C> Mailbox<M, I, C> {
    /// A mailbox with room for this many mails and this many infos.
    pub(crate) fn new(mails: usize, infos: usize) -> Self {
        Self {
            slot: Mutex::new(Slot { queues: Queues::new(), driver: None, closed: false }),
            places: Semaphore::new(mails.min(Semaphore::MAX_PERMITS)),
            infos: Semaphore::new(infos.min(Semaphore::MAX_PERMITS)),
            moved: AtomicUsize::new(0),
        }
    }

    /// Queues a mail if `admit` agrees and there is room that nobody waits for.
    ///
    /// `admit` gets the number of mails that wait. No other mail is queued until it has decided.
    #[inline]
    pub(crate) fn try_send<R>(&self, mail: M, admit: impl FnOnce(usize) -> Result<(), R>) -> Result<(), Refused<M, R>> {
        let mut slot = self.slot();
        if slot.closed {
            return Err(Refused::Ended(mail));
        }
        if let Err(why) = admit(self.waiting(&slot)) {
            return Err(Refused::Denied(mail, why));
        }
        // Under the lock, so that each permit that is gone stands for a queued mail or for a `Place`.
        if !self.take_place() {
            return Err(Refused::Full(mail));
        }
        slot.queues.mail.push_back(mail);
        wake(slot);
        Ok(())
    }

    /// Waits in line for room for one mail; `None` once the driver has ended.
    ///
    /// Cancel safe: a place that was assigned to a dropped future goes to the next in line.
    pub(crate) async fn place(&self) -> Option<Place<'_, M, I, C>> {
        let permit = self.places.acquire().await.ok()?;
        Some(Place { mailbox: self, permit })
    }

    /// Waits in line for room for one info; `None` once the driver has ended.
    ///
    /// Cancel safe, as [`place`](Self::place).
    pub(crate) async fn info_place(&self) -> Option<InfoPlace<'_, M, I, C>> {
        let permit = self.infos.acquire().await.ok()?;
        Some(InfoPlace { mailbox: self, permit })
    }

    /// Queues an info if there is room that nobody waits for.
    pub(crate) fn try_info(&self, info: I) -> Result<(), Refused<I>> {
        match self.infos.try_acquire() {
            Ok(permit) => self.push_info(info, permit).map_err(Refused::Ended),
            Err(TryAcquireError::NoPermits) => Err(Refused::Full(info)),
            Err(TryAcquireError::Closed) => Err(Refused::Ended(info)),
        }
    }

    /// Queues a control; it is given back once the driver has ended.
    pub(crate) fn control(&self, control: C) -> Result<(), C> {
        let mut slot = self.slot();
        if slot.closed {
            return Err(control);
        }
        slot.queues.controls.push_back(control);
        wake(slot);
        Ok(())
    }

    /// Whether such a control is queued that the driver has not seen yet.
    pub(crate) fn holds_control(&self, is_such: impl FnMut(&C) -> bool) -> bool {
        self.slot().queues.controls.iter().any(is_such)
    }

    fn push_info(&self, info: I, permit: SemaphorePermit<'_>) -> Result<(), I> {
        let mut slot = self.slot();
        if slot.closed {
            return Err(info);
        }
        slot.queues.infos.push_back(info);
        // The driver returns it when it takes the info.
        permit.forget();
        wake(slot);
        Ok(())
    }

    /// Takes a place for a mail, if one is free.
    #[inline]
    pub(super) fn take_place(&self) -> bool {
        self.places.try_acquire().map(SemaphorePermit::forget).is_ok()
    }

    /// How many mails wait, at either end.
    #[inline]
    pub(super) fn waiting(&self, slot: &Slot<M, I, C>) -> usize {
        slot.queues.mail.len() + self.moved.load(Ordering::Acquire)
    }

    /// Notes how many mails the driver has at its end. The number may only grow while the caller holds the lock.
    #[inline]
    pub(super) fn set_moved(&self, mails: usize) {
        self.moved.store(mails, Ordering::Release);
    }

    /// Returns the places of mails that the driver took.
    #[inline]
    pub(super) fn return_places(&self, mails: usize) {
        self.places.add_permits(mails);
    }

    /// Returns the place of an info that the driver took.
    pub(super) fn return_info(&self) {
        self.infos.add_permits(1);
    }

    /// Refuses later entries, and fails the calls that wait for room.
    pub(super) fn close(&self, queues: &mut Queues<M, I, C>) {
        let driver = {
            let mut slot = self.slot();
            slot.closed = true;
            queues.take(&mut slot.queues);
            self.set_moved(queues.mail.len());
            slot.driver.take()
        };
        // Dropping a waker may run any code: not under the lock.
        drop(driver);
        self.places.close();
        self.infos.close();
    }

    /// Locks what both ends share. No user code runs under this lock, so a panic leaves nothing half done.
    #[inline]
    pub(super) fn slot(&self) -> MutexGuard<'_, Slot<M, I, C>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Releases the lock, then wakes the driver if it waits.
#[inline]
fn wake<M, I, C>(mut slot: MutexGuard<'_, Slot<M, I, C>>) {
    let driver = slot.driver.take();
    drop(slot);
    if let Some(driver) = driver {
        driver.wake();
    }
}

/// Room for one mail. Dropping it returns the room.
#[derive(Debug)]
pub(crate) struct Place<'a, M, I, C> {
    mailbox: &'a Mailbox<M, I, C>,
    permit: SemaphorePermit<'a>,
}

impl<M, I, C> Place<'_, M, I, C> {
    /// Queues a mail in this place if `admit` agrees, as in [`Mailbox::try_send`]. Never [`Refused::Full`].
    pub(crate) fn send<R>(self, mail: M, admit: impl FnOnce(usize) -> Result<(), R>) -> Result<(), Refused<M, R>> {
        let mut slot = self.mailbox.slot();
        if slot.closed {
            return Err(Refused::Ended(mail));
        }
        if let Err(why) = admit(self.mailbox.waiting(&slot)) {
            return Err(Refused::Denied(mail, why));
        }
        slot.queues.mail.push_back(mail);
        // The driver returns it when it has taken the mail.
        self.permit.forget();
        wake(slot);
        Ok(())
    }
}

/// Room for one info. Dropping it returns the room.
#[derive(Debug)]
pub(crate) struct InfoPlace<'a, M, I, C> {
    mailbox: &'a Mailbox<M, I, C>,
    permit: SemaphorePermit<'a>,
}

impl<M, I, C> InfoPlace<'_, M, I, C> {
    /// Queues an info in this place; it is given back once the driver has ended.
    pub(crate) fn put(self, info: I) -> Result<(), I> {
        self.mailbox.push_info(info, self.permit)
    }
}

impl<M, I, C> Queues<M, I, C> {
    pub(super) fn new() -> Self {
        Self { mail: VecDeque::new(), infos: VecDeque::new(), controls: VecDeque::new() }
    }

    /// Moves all entries of `from` behind the entries here.
    pub(super) fn take(&mut self, from: &mut Self) {
        append(&mut self.mail, &mut from.mail);
        append(&mut self.infos, &mut from.infos);
        append(&mut self.controls, &mut from.controls);
    }
}

/// Moves all entries. A queue that is empty in two looks in a row returns its memory; a busy one keeps it.
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
