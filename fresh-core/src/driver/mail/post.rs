//! The driver's end of the mailbox.

use std::{sync::Arc, task::Context};

use super::{
    Control, Mail,
    mailbox::{Mailbox, Queues},
};

/// The driver's end; dropping it refuses whatever comes later.
#[derive(Debug)]
pub(crate) struct Post<I> {
    mailbox: Arc<Mailbox<I>>,
    /// What was taken out of the mailbox. It counts against its bounds until it is taken from here.
    queues: Queues<I>,
}

impl<I> Post<I> {
    pub(crate) fn new(mailbox: Arc<Mailbox<I>>) -> Self {
        Self { mailbox, queues: Queues::new() }
    }

    /// Takes all there is out of the mailbox; whoever drops in something later wakes the driver.
    pub(in crate::driver) fn look(&mut self, cx: &Context<'_>) {
        let mut driver = None;
        let mut slot = self.mailbox.slot();
        if !slot.driver.as_ref().is_some_and(|driver| driver.will_wake(cx.waker())) {
            driver = slot.driver.replace(cx.waker().clone());
        }
        self.queues.take(&mut slot.queues);
        // A waker's end may run anything: not under the lock.
        drop(slot);
        drop(driver);
    }

    #[inline]
    pub(in crate::driver) fn next_mail(&mut self) -> Option<Mail> {
        self.queues.mail.pop_front()
    }

    pub(in crate::driver) fn peek_mail(&self) -> Option<&Mail> {
        self.queues.mail.front()
    }

    /// Makes room for as many frames as were done with.
    pub(in crate::driver) fn done_with(&self, frames: usize) {
        self.mailbox.free(frames);
    }

    pub(in crate::driver) fn next_control(&mut self) -> Option<Control> {
        self.queues.controls.pop_front()
    }

    pub(in crate::driver) fn next_info(&mut self) -> Option<I> {
        let info = self.queues.infos.pop_front()?;
        self.mailbox.free_info();
        Some(info)
    }

    /// How many infos wait, as far as was looked.
    pub(in crate::driver) fn infos(&self) -> usize {
        self.queues.infos.len()
    }

    /// How many frames wait.
    pub(in crate::driver) fn waiting(&self) -> usize {
        self.mailbox.waiting()
    }

    /// How many entries there is memory for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.queues.mail.capacity()
    }

    /// Puts a frame behind the others; it is given back where there is no room.
    pub(in crate::driver) fn put_back(&mut self, mail: Mail) -> Result<(), Mail> {
        if !self.mailbox.take_room() {
            return Err(mail);
        }
        self.queues.mail.push_back(mail);
        Ok(())
    }

    /// Refuses whatever comes later; what came before can still be taken.
    pub(in crate::driver) fn close(&mut self) {
        self.mailbox.close(&mut self.queues);
    }
}

impl<I> Drop for Post<I> {
    fn drop(&mut self) {
        self.close();
    }
}
