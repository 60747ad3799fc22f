//! What was received and not yet handed out, and to whom it goes.
//!
//! Everything here is one look under a lock that nobody holds while waiting. Those who wait are woken: readers by their
//! wakers, the driver by `room`, the courier by `changed`.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::sync::{Notify, mpsc};

use super::{
    error::SocketError,
    event::{Ending, SocketEvent, SocketId},
    state::Active,
};
use crate::{connection::Upgrade, frame::Frame};

pub(super) type Owner = mpsc::Sender<SocketEvent>;

/// Which waker of those who read is meant: that of the `recv` whose turn it is, or that of a handle's `Stream`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Recv,
    Stream(u64),
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

#[derive(Debug)]
struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
    most_frames: usize,
    most_bytes: usize,
    active: Active,
    owner: Option<Owner>,
    wanted: Wanted,
    line: Line,
    upgrade: Option<Box<Upgrade>>,
    courier: Courier,
    readers: Vec<(Reader, Waker)>,
}

/// Whether anybody may still want what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
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
enum Line {
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
enum Courier {
    Working,
    /// It ended, as there was nothing to deliver and nothing more would come.
    Dismissed,
}

impl Inbox {
    pub(super) fn new(most_frames: usize, most_bytes: usize, active: Active, owner: Option<Owner>) -> Self {
        let queue = Queue {
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
        };
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
        if queue.wanted == Wanted::WhileThereIsRoom && queue.is_full_twice() {
            queue.wanted = Wanted::No;
        }
        if queue.wanted == Wanted::No {
            return false;
        }
        queue.bytes += frame.payload_len();
        queue.frames.push_back(frame);
        self.tell_news(&mut queue);
        true
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
        self.look().readers.retain(|(known, _)| *known != reader);
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
        let frame = queue.frames.pop_front()?;
        queue.bytes -= frame.payload_len();
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

impl Queue {
    /// Whether everything was handed out, and nothing more comes.
    fn is_spent(&self) -> bool {
        self.frames.is_empty() && matches!(self.line, Line::Told)
    }

    /// Whether reading has to wait: what is received is wanted, more may come, and there is no room.
    fn makes_wait(&self) -> bool {
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

    fn errand(&self) -> Errand {
        let Some(owner) = self.owner.clone() else { return Errand::None };
        let is_due = !self.frames.is_empty() || matches!(self.line, Line::Ended(_));
        match self.active {
            Active::On | Active::Once if is_due => Errand::Deliver(owner),
            Active::On | Active::Once | Active::Off => Errand::Watch(owner),
        }
    }

    /// How the connection ended, to be told now. The owner is let go, so that its channel ends too.
    fn take_ending(&mut self) -> Option<Ending> {
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

    fn await_news(&mut self, reader: Reader, cx: &Context<'_>) {
        match self.readers.iter_mut().find(|(known, _)| *known == reader) {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => self.readers.push((reader, cx.waker().clone())),
        }
    }

    fn wake_readers(&mut self) {
        for (_, waker) in self.readers.drain(..) {
            waker.wake();
        }
    }
}
