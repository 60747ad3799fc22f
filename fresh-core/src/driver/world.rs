//! The world that the machine acts on: the connection, the queue of calls, and what the handles see of the client.

use std::{
    collections::HashMap,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    alarm::now,
    calls::Calls,
    connection::{Connection, report},
    guarded::caught,
    link::Link,
    log::Log,
    shared::Shared,
};
use crate::{
    connection::ConnectionState,
    error::{SendError, SendFailure},
    exit::ExitReason,
    frame::Frame,
    machine::{Event, Origin, Outbound, World},
    mailbox::{Confirm, Mail, Pieces, Post},
    options::{Offline, Options},
    wire::piece::Piece,
};

/// Not generic over the handler or its infos, so that a program has one machine, however many handlers it has.
pub(super) struct Net {
    pub(super) options: Arc<Options>,
    pub(super) shared: Arc<Shared>,
    pub(super) link: Link,
    pub(super) calls: Calls,
    pub(super) log: Log,
    /// Where to report the result of a frame that the machine has not decided about yet.
    receipts: HashMap<u64, Confirm>,
    next_receipt: u64,
    /// Replies for the next connection, on their way into the mailbox.
    held: Vec<Outbound>,
    /// How many frames wait in the mailbox for a connection.
    queued: usize,
    /// How many connections there have been.
    pub(super) connections: u64,
    /// The message in the driver's hand is delivered.
    pub(super) delivers: bool,
    /// A user's byte stream or future panicked while it was dropped.
    pub(super) panic: Option<Arc<str>>,
    /// The client has ended, for this reason.
    pub(super) exit: Option<ExitReason>,
}

impl Net {
    pub(super) fn new(options: Options, shared: Arc<Shared>) -> Self {
        Self {
            calls: Calls::new(&options),
            log: Log::new(&options),
            options: Arc::new(options),
            shared,
            link: Link::None,
            receipts: HashMap::new(),
            next_receipt: 0,
            held: Vec::new(),
            queued: 0,
            connections: 0,
            delivers: false,
            panic: None,
            exit: None,
        }
    }

    /// A handle's frame, with a receipt if its sender waits for the result.
    #[inline(always)]
    pub(super) fn outbound(&mut self, frame: Frame, confirm: Option<Confirm>) -> Outbound {
        let receipt = confirm.map(|confirm| {
            let receipt = self.new_receipt();
            self.receipts.insert(receipt, confirm);
            receipt
        });
        Outbound { frame, origin: Origin::Handle(receipt) }
    }

    fn new_receipt(&mut self) -> u64 {
        self.next_receipt += 1;
        self.next_receipt
    }

    #[inline]
    fn take_receipt(&mut self, origin: Origin) -> Option<Confirm> {
        match origin {
            Origin::Handle(Some(receipt)) => self.receipts.remove(&receipt),
            Origin::Machine | Origin::Callback | Origin::Handle(None) => None,
        }
    }

    /// Reports a frame that is not sent to the sender that waits for its result; `true` if none does, and the frame is
    /// lost.
    pub(super) fn is_lost(&mut self, Outbound { frame, origin }: Outbound, failure: &SendFailure) -> bool {
        let confirm = self.take_receipt(origin);
        !confirm.is_some_and(|confirm| report(confirm, Err(SendError::new(Some(frame), failure.clone()))))
    }

    pub(super) fn lost_frames(&self, count: u64, failure: &SendFailure) {
        if count > 0 {
            self.shared.lost_frames(count, failure);
        }
    }

    fn lost_messages(&self, count: u64) {
        self.shared.counters.messages_lost.add(count);
        self.log.lost_messages(count);
    }

    /// Moves replies for the next connection into the mailbox, as far as the queue has room.
    pub(super) fn keep_held<I>(&mut self, post: &mut Post<I>) {
        let Offline::Queue(most) = self.options.offline else { return };
        for Outbound { frame, origin } in mem::take(&mut self.held) {
            let confirm = self.take_receipt(origin);
            let refused = post.hold(Mail::Frame(frame, confirm), most).err();
            if let Some((frame, confirm)) = refused.and_then(Mail::into_frame) {
                let outbound = self.outbound(frame, confirm);
                self.refuse(outbound, SendFailure::QueueFull);
            }
        }
        self.queued = post.waiting();
    }

    /// Begins a message in pieces; `false` if its sender left before anything of it was sent, or its connection is gone.
    pub(super) fn begin(&mut self, Pieces { pieces, confirm, connection }: Pieces) -> bool {
        if confirm.is_closed() {
            return false;
        }
        let receipt = self.new_receipt();
        match self.link.connection() {
            Some(open) if connection == self.connections => {
                open.begin(receipt, pieces, confirm);
                true
            }
            Some(_) | None => {
                report(confirm, Err(SendError::new(None, SendFailure::NotConnected)));
                false
            }
        }
    }

    /// Reports the frames that were written since the last call.
    pub(super) fn report_sent(&mut self) {
        let Some(connection) = self.link.connection() else { return };
        count_sent(connection, &self.shared);
    }

    /// Counts what compression did since the last call.
    pub(super) fn tally(&mut self) {
        let Some(connection) = self.link.connection() else { return };
        let Some((received, sent)) = connection.stream.take_tallies() else { return };
        let counters = &self.shared.counters;
        counters.inflate_bytes_in.add(received.compressed);
        counters.inflate_bytes_out.add(received.plain);
        counters.deflate_bytes_in.add(sent.plain);
        counters.deflate_bytes_out.add(sent.compressed);
    }

    /// Gives up everything. Senders that still wait for a result learn that the client has ended.
    pub(super) fn end<I>(mut self, post: &mut Post<I>) {
        self.disconnect();
        post.close();
        let infos = post.infos() as u64;
        self.shared.counters.infos_lost.add(infos);
        self.log.lost_infos(infos);
        let mut lost = 0;
        for outbound in mem::take(&mut self.held) {
            lost += u64::from(self.is_lost(outbound, &SendFailure::Ended));
        }
        for mail in post.mail() {
            // The sender of a message in pieces learns it from the end of its channel.
            if let Some((frame, confirm)) = mail.into_frame() {
                let outbound = self.outbound(frame, confirm);
                lost += u64::from(self.is_lost(outbound, &SendFailure::Ended));
            }
        }
        self.lost_frames(lost, &SendFailure::Ended);
    }

    fn close(&mut self, mut connection: Box<Connection>) {
        if let Err(panic) = connection.close() {
            self.panic = Some(panic);
        }
        count_sent(&mut connection, &self.shared);
        let lost = connection.report_unsent();
        self.lost_frames(lost, &SendFailure::NotConnected);
        self.lost_messages(connection.discarded());
    }
}

fn count_sent(connection: &mut Connection, shared: &Shared) {
    let written = connection.stream.take_written();
    if written > 0 {
        shared.counters.bytes_sent.add(written);
    }
    let frames = connection.take_sent();
    if frames > 0 {
        shared.counters.frames_sent.add(frames);
    }
    while let Some(confirm) = connection.next_confirm() {
        report(confirm, Ok(()));
    }
}

impl World for Net {
    fn connect(&mut self, attempt: u64) {
        self.shared.counters.attempts.add(1);
        self.link = Link::open(Arc::clone(&self.options), attempt);
    }

    fn upgrade(&mut self, deadline: Option<Instant>) {
        self.link.upgrade(Arc::clone(&self.options), deadline);
    }

    #[inline(always)]
    fn send(&mut self, Outbound { frame, origin }: Outbound) {
        let confirm = self.take_receipt(origin);
        let Some(connection) = self.link.connection() else { return };
        match origin {
            Origin::Machine => connection.stream.send_own(frame),
            Origin::Callback | Origin::Handle(_) => connection.send(frame, confirm),
        }
    }

    fn send_piece(&mut self, piece: Piece, _: u64) {
        if let Some(connection) = self.link.connection() {
            connection.send_piece(piece);
        }
    }

    fn cut(&mut self, receipt: u64, failure: SendFailure) {
        if let Some(connection) = self.link.connection() {
            connection.cut(receipt, failure);
        }
    }

    fn refuse(&mut self, outbound: Outbound, failure: SendFailure) {
        let lost = self.is_lost(outbound, &failure);
        self.lost_frames(lost.into(), &failure);
    }

    fn queued(&self) -> usize {
        self.queued + self.held.len()
    }

    fn hold(&mut self, outbound: Outbound) {
        self.held.push(outbound);
    }

    fn deliver(&mut self, event: Event) {
        self.log.event(&event);
        self.calls.push(event);
    }

    #[inline]
    fn deliver_message(&mut self) {
        self.shared.counters.messages_received.count();
        self.delivers = true;
    }

    fn discard_message(&mut self) {
        self.shared.counters.messages_received.count();
        if let Some(connection) = self.link.connection() {
            connection.discard();
        }
    }

    fn deliver_next(&mut self, event: Event) {
        self.log.event(&event);
        self.calls.push_next(event);
    }

    fn discard_calls(&mut self) {
        let count = self.calls.discard_events();
        self.lost_messages(count);
    }

    fn disconnect(&mut self) {
        self.tally();
        match mem::take(&mut self.link) {
            Link::Open(connection) => self.close(connection),
            attempt @ (Link::None | Link::Opening(_) | Link::Opened(_) | Link::Upgrading(_)) => {
                if let Err(panic) = caught(|| drop(attempt)) {
                    self.panic = Some(panic);
                }
            }
        }
    }

    fn latency(&mut self, latency: Duration) {
        self.shared.counters.set_latency(latency);
    }

    fn enter(&mut self, state: ConnectionState, deadline: Option<Instant>) {
        if state == ConnectionState::Connected {
            self.connections += 1;
            self.shared.counters.connections.add(1);
        }
        self.log.entered(state, deadline.map(|at| at.saturating_duration_since(now())));
        // The end is published when everything is done.
        if state != ConnectionState::Ended {
            self.shared.publish(state, self.connections, self.link.connection());
        }
    }

    fn terminate(&mut self, reason: ExitReason) {
        self.exit = Some(reason);
    }
}
