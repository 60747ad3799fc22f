//! What a socket received, and the tasks that wait for it.
//!
//! [`Delivery`] decides; the inbox holds it under a lock, together with the queue, and does what it says. The lock is never
//! held across an await. Three parties wait: readers by their wakers, the driver by `room`, and the socket's task by
//! `changed`.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::sync::{Notify, mpsc, oneshot};

use super::{
    delivery::{Delivery, Duty, Input, Step, Verdict, Wake},
    error::SocketError,
    event::{Ending, Owner, SocketEvent, SocketId},
    queue::Queue,
    readers::{Reader, Readers},
    state::Active,
};
use crate::{connection::Upgrade, frame::Frame};

/// Resolves when the connection is up, or when there will be none.
pub(super) type Opening = oneshot::Sender<Result<(), SocketError>>;

#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) id: SocketId,
    state: Mutex<State>,
    /// The driver may read on.
    room: Notify,
    /// The socket's task has something else to do.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    delivery: Delivery<Owner>,
    queue: Queue,
    readers: Readers,
    /// The call to `connect` that waits for the connection.
    opening: Option<Opening>,
    upgrade: Option<Box<Upgrade>>,
}

impl Inbox {
    pub(super) fn new(most_frames: usize, most_bytes: usize) -> Self {
        let state = State {
            delivery: Delivery::INITIAL,
            queue: Queue::new(most_frames, most_bytes),
            readers: Readers::default(),
            opening: None,
            upgrade: None,
        };
        Self { id: SocketId::next(), state: Mutex::new(state), room: Notify::new(), changed: Notify::new() }
    }

    /// A call to `connect` waits from now on.
    pub(super) fn opening(&self, opening: Opening) {
        self.lock().opening = Some(opening);
    }

    pub(super) fn opened(&self, upgrade: Upgrade) {
        let mut state = self.lock();
        state.upgrade = Some(Box::new(upgrade));
        if let Some(opening) = state.opening.take() {
            // If the call was dropped, the attempt has been given up already.
            let _ = opening.send(Ok(()));
        }
    }

    pub(super) fn upgrade(&self) -> Option<Upgrade> {
        self.lock().upgrade.as_deref().cloned()
    }

    /// Queues a received frame if it is to be delivered; returns whether it was lost.
    pub(super) fn push(&self, frame: Frame) -> bool {
        let mut state = self.lock();
        let ping = matches!(frame, Frame::Ping(_));
        let room = state.queue.has_room_after_close();
        // A reader that waits for this frame takes it at once. Otherwise the frame gets memory of its own.
        let is_taken_at_once = state.queue.is_empty() && !state.readers.is_empty();
        let verdict = self.step(&mut state, Input::Received { ping, room });
        if matches!(verdict, Verdict::Keep) {
            state.queue.push(if is_taken_at_once { frame } else { frame.compact() });
        }
        matches!(verdict, Verdict::Lose)
    }

    /// Waits until reading may go on. Dropping the future loses nothing.
    pub(super) async fn room(&self) {
        while self.lock().pauses_reading() {
            self.room.notified().await;
        }
    }

    /// The connection is gone; nothing more is read.
    pub(super) fn gone(&self) {
        self.step(&mut self.lock(), Input::Gone);
    }

    /// Reports how the connection ended: to the call to `connect`, or behind the queued frames. The first report counts.
    pub(super) fn end(&self, ending: Ending) {
        let mut state = self.lock();
        match state.opening.take() {
            Some(opening) => {
                self.step(&mut state, Input::NeverOpened);
                // If the call was dropped, nobody asks for the outcome.
                let _ = opening.send(Err(ending.into()));
            }
            None => {
                self.step(&mut state, Input::End(ending));
            }
        }
    }

    /// The socket was closed while it was idle.
    pub(super) fn never_opened(&self) {
        self.step(&mut self.lock(), Input::NeverOpened);
    }

    /// The socket is closed from our side, so nothing waits for room any more.
    pub(super) fn close(&self) {
        self.step(&mut self.lock(), Input::Close);
    }

    /// Whether the socket was closed, even if the driver has not noticed yet.
    pub(super) fn is_closing(&self) -> bool {
        !self.lock().delivery.is_open()
    }

    /// The last handle was dropped.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        self.step(&mut state, Input::Abandoned);
        if matches!(state.delivery, Delivery::Spent) {
            state.queue.clear();
        }
    }

    /// The next frame for a reader, or why there is none.
    pub(super) fn poll_take(&self, reader: Reader, cx: &mut Context<'_>) -> Poll<Result<Frame, SocketError>> {
        let mut state = self.lock();
        loop {
            let queued = !state.queue.is_empty();
            match self.step(&mut state, Input::Take { queued }) {
                Verdict::Frame => match self.pop(&mut state) {
                    // It was meant for an owner, and a passive socket shows none.
                    Some(Frame::Ping(_)) | None => {}
                    Some(frame) => return Poll::Ready(Ok(frame)),
                },
                Verdict::End(ending) => return Poll::Ready(Err((*ending).into())),
                Verdict::Refused(refusal) => return Poll::Ready(Err(refusal.into())),
                Verdict::Wait
                | Verdict::Done
                | Verdict::Keep
                | Verdict::Lose
                | Verdict::Spawn
                | Verdict::CloseConnection => {
                    state.readers.wait(reader, cx);
                    return Poll::Pending;
                }
            }
        }
    }

    /// This reader waits no longer.
    pub(super) fn forget(&self, reader: Reader) {
        self.lock().readers.forget(reader);
    }

    /// Changes the mode; returns whether a task has to be spawned that [delivers the rest](super::task::deliver_rest).
    pub(super) fn set_active(&self, mode: Active) -> Result<bool, SocketError> {
        self.set(Input::SetMode(mode))
    }

    /// Replaces the owner.
    pub(super) fn set_owner(&self, owner: Owner) -> Result<(), SocketError> {
        self.set(Input::SetOwner(owner)).map(|_| ())
    }

    fn set(&self, input: Input<'_, Owner>) -> Result<bool, SocketError> {
        let verdict = self.step(&mut self.lock(), input);
        if let Verdict::Refused(refusal) = verdict {
            return Err(refusal.into());
        }
        Ok(matches!(verdict, Verdict::Spawn))
    }

    /// What the socket's task has to do now.
    pub(super) fn duty(&self) -> Duty<Owner> {
        self.lock().duty()
    }

    /// The owner that the socket's task has to deliver to after the connection has ended. If there is none, the task has
    /// ended.
    pub(super) fn last_duty(&self) -> Option<Owner> {
        let mut state = self.lock();
        match state.duty() {
            Duty::Deliver(owner) => Some(owner),
            Duty::Watch(_) | Duty::None => {
                self.step(&mut state, Input::TaskEnded);
                None
            }
        }
    }

    /// The socket's task was dropped before its end. Delivers what needs no waiting, and leaves the rest to readers.
    pub(super) fn task_dropped(&self) {
        while let Duty::Deliver(owner) = self.duty()
            && let Ok(permit) = owner.0.try_reserve()
        {
            self.deliver(&owner, permit);
        }
        self.step(&mut self.lock(), Input::TaskEnded);
    }

    /// Waits until the socket's task has something else to do.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Delivers the next event, if it still goes to this owner.
    pub(super) fn deliver(&self, owner: &Owner, permit: mpsc::Permit<'_, SocketEvent>) {
        let mut state = self.lock();
        let queued = !state.queue.is_empty();
        match self.step(&mut state, Input::Offer { owner, queued }) {
            Verdict::Frame => {
                if let Some(frame) = self.pop(&mut state) {
                    permit.send(SocketEvent::Frame(self.id, frame));
                }
            }
            Verdict::End(ending) => permit.send(ending.event(self.id)),
            Verdict::Wait
            | Verdict::Done
            | Verdict::Keep
            | Verdict::Lose
            | Verdict::Spawn
            | Verdict::CloseConnection
            | Verdict::Refused(_) => {}
        }
    }

    /// The receiver of this owner was dropped; returns whether the connection has to be closed.
    pub(super) fn owner_gone(&self, owner: &Owner) -> bool {
        matches!(self.step(&mut self.lock(), Input::OwnerGone(owner)), Verdict::CloseConnection)
    }

    /// Applies an input, and wakes those that have to look at the outcome.
    fn step(&self, state: &mut State, input: Input<'_, Owner>) -> Verdict {
        let paused = state.pauses_reading();
        let Step { delivery, verdict, wake } = mem::replace(&mut state.delivery, Delivery::Spent).step(input);
        state.delivery = delivery;
        if paused && !state.pauses_reading() {
            self.room.notify_one();
        }
        match wake {
            Wake::Nobody => {}
            Wake::Readers => state.readers.wake(),
            Wake::Task => self.changed.notify_one(),
            Wake::Both => {
                state.readers.wake();
                self.changed.notify_one();
            }
        }
        verdict
    }

    fn pop(&self, state: &mut State) -> Option<Frame> {
        let paused = state.pauses_reading();
        let frame = state.queue.pop()?;
        if paused && !state.pauses_reading() {
            self.room.notify_one();
        }
        Some(frame)
    }

    /// A panic elsewhere cannot leave the state half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pauses_reading(&self) -> bool {
        self.queue.is_full() && self.delivery.is_open()
    }

    fn duty(&self) -> Duty<Owner> {
        match self.delivery.duty(!self.queue.is_empty()) {
            Duty::None => Duty::None,
            Duty::Watch(owner) => Duty::Watch(owner.clone()),
            Duty::Deliver(owner) => Duty::Deliver(owner.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, task::Waker};

    use bytes::Bytes;

    use super::*;

    fn take(inbox: &Inbox) -> Poll<Result<Frame, SocketError>> {
        inbox.poll_take(Reader::Recv, &mut Context::from_waker(Waker::noop()))
    }

    fn binary(taken: Poll<Result<Frame, SocketError>>) -> Bytes {
        let Poll::Ready(Ok(Frame::Binary(bytes))) = taken else { panic!("{taken:?}") };
        bytes
    }

    #[test]
    fn a_frame_that_waits_does_not_keep_the_read_buffer_that_it_came_in() {
        let inbox = Inbox::new(64, 256 << 10);
        let buffer = Bytes::from(vec![7; 64 << 10]);
        inbox.push(Frame::Binary(buffer.slice(..100)));
        inbox.push(Frame::Pong(buffer.slice(..100)));
        assert!(buffer.is_unique());
        assert_eq!(binary(take(&inbox)), buffer.slice(..100));
    }

    #[test]
    fn a_frame_that_a_reader_waits_for_is_not_copied() {
        let inbox = Inbox::new(64, 256 << 10);
        assert!(take(&inbox).is_pending());
        let buffer = Bytes::from(vec![7; 64 << 10]);
        inbox.push(Frame::Binary(buffer.slice(..100)));
        // The reader has been woken and can take one frame at once. The next one waits.
        inbox.push(Frame::Binary(buffer.slice(..100)));
        assert_eq!(binary(take(&inbox)).as_ptr(), buffer.as_ptr());
        assert!(buffer.is_unique());
    }

    #[test]
    fn messages_of_more_than_32_kib_count_for_the_read_buffer_that_they_may_hold() {
        let inbox = Inbox::new(64, 256 << 10);
        for _ in 0..3 {
            inbox.push(Frame::binary(vec![0; 33 << 10]));
        }
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(inbox.room()).poll(&mut cx).is_ready());
        inbox.push(Frame::binary(vec![0; 33 << 10]));
        assert!(pin!(inbox.room()).poll(&mut cx).is_pending());
    }
}
