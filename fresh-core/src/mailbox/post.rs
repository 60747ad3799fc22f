//! The driver's end of the mailbox.

use std::{sync::Arc, task::Context};

use super::queue::{Mailbox, Queues};

/// The driver's end. Dropping it refuses all later entries.
#[derive(Debug)]
pub(crate) struct Post<M, I, C> {
    mailbox: Arc<Mailbox<M, I, C>>,
    /// What was moved out of the mailbox. Each entry takes up room there until it is taken from here.
    queues: Queues<M, I, C>,
}

impl<M, I, C> Post<M, I, C> {
    pub(crate) fn new(mailbox: Arc<Mailbox<M, I, C>>) -> Self {
        Self { mailbox, queues: Queues::new() }
    }

    /// Moves all entries to this end; the next entry after that wakes the driver.
    pub(crate) fn look(&mut self, cx: &Context<'_>) {
        let mut driver = None;
        let mut slot = self.mailbox.slot();
        if !slot.driver.as_ref().is_some_and(|driver| driver.will_wake(cx.waker())) {
            driver = slot.driver.replace(cx.waker().clone());
        }
        self.queues.take(&mut slot.queues);
        self.mailbox.set_moved(self.queues.mail.len());
        drop(slot);
        // Dropping a waker may run any code: not under the lock.
        drop(driver);
    }

    /// The mails seen so far. Those that are taken return their room when the batch is dropped, all at once.
    #[inline]
    pub(crate) fn mail(&mut self) -> Batch<'_, M, I, C> {
        Batch { before: self.queues.mail.len(), post: self }
    }

    /// The next control seen so far.
    pub(crate) fn next_control(&mut self) -> Option<C> {
        self.queues.controls.pop_front()
    }

    /// The next info seen so far; taking it returns its room.
    pub(crate) fn next_info(&mut self) -> Option<I> {
        let info = self.queues.infos.pop_front()?;
        self.mailbox.return_info();
        Some(info)
    }

    /// How many infos wait, of those seen so far.
    pub(crate) fn infos(&self) -> usize {
        self.queues.infos.len()
    }

    /// How many mails wait, seen or not.
    pub(crate) fn waiting(&self) -> usize {
        self.mailbox.waiting(&self.mailbox.slot())
    }

    /// Queues a mail of the driver's own behind those seen so far, unless `limit` mails wait already or there is no room;
    /// then it is given back.
    pub(crate) fn hold(&mut self, mail: M, limit: usize) -> Result<(), M> {
        let slot = self.mailbox.slot();
        if self.mailbox.waiting(&slot) >= limit || !self.mailbox.take_place() {
            return Err(mail);
        }
        self.queues.mail.push_back(mail);
        self.mailbox.set_moved(self.queues.mail.len());
        Ok(())
    }

    /// Refuses all later entries; those queued before can still be taken.
    pub(crate) fn close(&mut self) {
        self.mailbox.close(&mut self.queues);
    }

    /// How many mails this end has memory for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.queues.mail.capacity()
    }
}

impl<M, I, C> Drop for Post<M, I, C> {
    fn drop(&mut self) {
        self.close();
    }
}

/// Mails to take, in their order. Dropping the batch returns the room of those that were taken.
#[derive(Debug)]
pub(crate) struct Batch<'a, M, I, C> {
    post: &'a mut Post<M, I, C>,
    /// How many mails there were when the batch began.
    before: usize,
}

impl<M, I, C> Batch<'_, M, I, C> {
    /// The next mail, which stays where it is.
    #[inline]
    pub(crate) fn peek(&self) -> Option<&M> {
        self.post.queues.mail.front()
    }
}

impl<M, I, C> Iterator for Batch<'_, M, I, C> {
    type Item = M;

    #[inline]
    fn next(&mut self) -> Option<M> {
        self.post.queues.mail.pop_front()
    }
}

impl<M, I, C> Drop for Batch<'_, M, I, C> {
    #[inline]
    fn drop(&mut self) {
        let rest = self.post.queues.mail.len();
        if rest < self.before {
            self.post.mailbox.set_moved(rest);
            self.post.mailbox.return_places(self.before - rest);
        }
    }
}
