//! What was received and not yet handed out, and to whom it goes.
//!
//! Everything here is one look under a lock that nobody holds while waiting. Those who wait are woken: readers by their
//! wakers, the driver by `room`, the courier by `changed`.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::sync::{Notify, mpsc};

use super::{
    error::SocketError,
    event::{Ending, SocketEvent, SocketId},
    queue::{Courier, Errand, Line, Owner, Queue, Reader, Wanted},
    state::Active,
};
use crate::{connection::Upgrade, frame::Frame};

/// The queue of a socket, and whom it is for.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) id: SocketId,
    queue: Mutex<Queue>,
    /// The queue has room again, or none is needed any more: for the driver.
    room: Notify,
    /// Something else is to be delivered, or to somebody else: for the courier.
    changed: Notify,
}

impl Inbox {
    pub(super) fn new(most_frames: usize, most_bytes: usize, active: Active, owner: Option<Owner>) -> Self {
        let queue = Queue::new(most_frames, most_bytes, active, owner);
        Self { id: SocketId::next(), queue: Mutex::new(queue), room: Notify::new(), changed: Notify::new() }
    }

    pub(super) fn opened(&self, upgrade: Upgrade) {
        self.look().upgrade = Some(Box::new(upgrade));
    }

    pub(super) fn upgrade(&self) -> Option<Upgrade> {
        self.look().upgrade.as_deref().cloned()
    }

    /// Takes a frame in; whether it was kept.
    pub(super) fn push(&self, frame: Frame) -> bool {
        let mut queue = self.look();
        // A ping is answered already, and a passive socket shows none.
        if matches!(frame, Frame::Ping(_)) && queue.active == Active::Off {
            return true;
        }
        let kept = queue.push(frame);
        if kept {
            self.tell_news(&mut queue);
        }
        kept
    }

    /// Waits until more may be read. Cancelling it loses nothing.
    pub(super) async fn room(&self) {
        while self.look().makes_wait() {
            self.room.notified().await;
        }
    }

    /// Nothing is read any more, so nothing has to wait for room.
    pub(super) fn gone(&self) {
        let mut queue = self.look();
        if matches!(queue.line, Line::Up) {
            queue.line = Line::Gone;
        }
        self.room.notify_one();
    }

    /// How the connection ended; the first word counts.
    pub(super) fn end(&self, ending: Ending) {
        let mut queue = self.look();
        if matches!(queue.line, Line::Up | Line::Gone) {
            queue.line = Line::Ended(ending);
            self.tell_news(&mut queue);
        }
    }

    /// The end was told to whoever called `connect`.
    pub(super) fn told(&self) {
        let mut queue = self.look();
        queue.owner = None;
        queue.line = Line::Told;
        queue.wake_readers();
    }

    /// The socket was closed: nobody is waited for any more.
    pub(super) fn close(&self) {
        let mut queue = self.look();
        match queue.wanted {
            Wanted::Yes | Wanted::ByOwner => queue.wanted = Wanted::WhileThereIsRoom,
            Wanted::WhileThereIsRoom | Wanted::No => {}
        }
        self.room.notify_one();
    }

    /// Whether the socket was closed, whatever the driver knows of it.
    pub(super) fn is_closing(&self) -> bool {
        self.look().wanted != Wanted::Yes
    }

    /// No handle is left.
    pub(super) fn abandon(&self) {
        let mut queue = self.look();
        if queue.wanted == Wanted::Yes {
            queue.wanted = Wanted::ByOwner;
        }
        self.give_up(&mut queue);
    }

    /// The next frame for a reader, or why there is none.
    pub(super) fn poll_take(&self, reader: Reader, cx: &mut Context<'_>) -> Poll<Result<Frame, SocketError>> {
        let mut queue = self.look();
        if queue.active != Active::Off && !queue.is_spent() {
            return Poll::Ready(Err(SocketError::Active(queue.active)));
        }
        while let Some(frame) = self.pop(&mut queue) {
            if !matches!(frame, Frame::Ping(_)) {
                return Poll::Ready(Ok(frame));
            }
        }
        if let Some(ending) = queue.take_ending() {
            return Poll::Ready(Err(ending.into()));
        }
        if queue.is_spent() {
            return Poll::Ready(Err(SocketError::CLOSED));
        }
        queue.await_news(reader, cx);
        Poll::Pending
    }

    /// This reader waits no more.
    pub(super) fn forget(&self, reader: Reader) {
        self.look().forget(reader);
    }

    /// Changes the mode; one that needs an owner is refused where there is none, and any where nothing is left.
    pub(super) fn set_active(&self, active: Active) -> Result<(), SocketError> {
        let mut queue = self.look();
        if queue.is_spent() {
            return Err(SocketError::CLOSED);
        }
        if active != Active::Off && queue.owner.is_none() {
            return Err(SocketError::NoOwner);
        }
        queue.active = active;
        self.redirected(&mut queue);
        Ok(())
    }

    /// Changes the owner; refused where nothing is left, as nobody would let it go.
    pub(super) fn set_owner(&self, owner: Owner) -> Result<(), SocketError> {
        let mut queue = self.look();
        if queue.is_spent() {
            return Err(SocketError::CLOSED);
        }
        queue.owner = Some(owner);
        self.redirected(&mut queue);
        Ok(())
    }

    /// Refuses a mode from the options that needs an owner and has none.
    pub(super) fn check_owner(&self) -> Result<(), SocketError> {
        let queue = self.look();
        let is_missing = queue.active != Active::Off && queue.owner.is_none();
        if is_missing { Err(SocketError::NoOwner) } else { Ok(()) }
    }

    /// What the courier has to do.
    pub(super) fn errand(&self) -> Errand {
        self.look().errand()
    }

    /// What the courier has left to deliver when nothing more comes. Where that is nothing, it is dismissed.
    pub(super) fn last_errand(&self) -> Option<Owner> {
        let mut queue = self.look();
        match queue.errand() {
            Errand::Deliver(owner) => Some(owner),
            Errand::Watch(_) | Errand::None => {
                queue.courier = Courier::Dismissed;
                None
            }
        }
    }

    /// Waits for a change of what is to be delivered.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Delivers the next event, where it still is for this owner.
    pub(super) fn deliver(&self, owner: &Owner, permit: mpsc::Permit<'_, SocketEvent>) {
        let mut queue = self.look();
        match queue.errand() {
            Errand::Deliver(now) if now.same_channel(owner) => {}
            Errand::Deliver(_) | Errand::Watch(_) | Errand::None => return,
        }
        let frame = self.pop(&mut queue).map(|frame| SocketEvent::Frame(self.id, frame));
        let event = frame.or_else(|| queue.take_ending().map(|ending| ending.event(self.id)));
        if queue.active == Active::Once {
            queue.active = Active::Off;
            self.give_up(&mut queue);
        }
        if let Some(event) = event {
            permit.send(event);
        }
    }

    /// The owner's receiver is gone; whether it was the owner still.
    pub(super) fn disown(&self, owner: &Owner) -> bool {
        let mut queue = self.look();
        let was = queue.owner.take_if(|now| now.same_channel(owner)).is_some();
        if was {
            queue.active = Active::Off;
            queue.wake_readers();
        }
        was
    }

    /// Whether there is something to deliver and nobody who does; if so, a courier has to be sent.
    pub(super) fn calls_courier(&self) -> bool {
        let mut queue = self.look();
        let calls = queue.courier == Courier::Dismissed && matches!(queue.errand(), Errand::Deliver(_));
        if calls {
            queue.courier = Courier::Working;
        }
        calls
    }

    /// Whoever may get the frames now looks again.
    fn redirected(&self, queue: &mut Queue) {
        self.changed.notify_one();
        queue.wake_readers();
    }

    /// Takes note where nobody is left who could get anything.
    fn give_up(&self, queue: &mut Queue) {
        if queue.wanted == Wanted::ByOwner && (queue.active == Active::Off || queue.owner.is_none()) {
            queue.wanted = Wanted::No;
            self.room.notify_one();
        }
    }

    fn tell_news(&self, queue: &mut Queue) {
        match queue.active {
            Active::Off => queue.wake_readers(),
            Active::On | Active::Once => self.changed.notify_one(),
        }
    }

    fn pop(&self, queue: &mut Queue) -> Option<Frame> {
        let waited = queue.makes_wait();
        let frame = queue.pop()?;
        if waited && !queue.makes_wait() {
            self.room.notify_one();
        }
        Some(frame)
    }

    /// A panic elsewhere cannot leave the queue half changed.
    fn look(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
