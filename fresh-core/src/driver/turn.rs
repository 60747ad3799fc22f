//! One turn of the loop: what has come in goes to the machine, what it wants done is done.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use super::{
    alarm::{Alarm, now},
    calls::{Call, Calls},
    link::{Link, Progress},
    log::Log,
    mail::{Confirm, Control, Mail, Mailboxes},
    stream::{Stream, Wrote},
};
use crate::{
    action::Action,
    backoff::Backoff,
    client::{Client, Shared},
    connection::ConnectionState,
    error::{Reason, SendFailure, StreamError},
    exit::ExitReason,
    machine::{Answer, Attempt, Command, Config, Input, Machine, Wire},
    options::Options,
};

/// How many callbacks may run before the connection is looked at again.
const BURST: usize = 128;
/// How many frames are taken out of the mailbox at once.
const MAIL_BATCH: usize = 64;

pub(super) struct Turn<I> {
    machine: Machine,
    now: Instant,
    pub(super) options: Arc<Options>,
    pub(super) client: Client<I>,
    boxes: Mailboxes<I>,
    batch: Vec<Mail>,
    pub(super) receipts: HashMap<u64, Confirm>,
    pub(super) next_receipt: u64,
    pub(super) link: Link,
    pub(super) calls: Calls<I>,
    burst: usize,
    alarm: Alarm,
    pub(super) log: Log,
    state: ConnectionState,
    pub(super) renewal: bool,
    pub(super) exit: Option<ExitReason>,
    /// An effect made something new to poll.
    pub(super) again: bool,
}

impl<I: Send + 'static> Turn<I> {
    pub(super) fn new(options: Options, client: Client<I>, boxes: Mailboxes<I>, renewable: bool) -> Self {
        let machine = Machine::new(Config::new(&options, renewable), Backoff::new(options.backoff));
        Self {
            state: machine.state(),
            machine,
            now: now(),
            calls: Calls::new(&options),
            log: Log::new(&options),
            options: Arc::new(options),
            client,
            boxes,
            batch: Vec::new(),
            receipts: HashMap::new(),
            next_receipt: 0,
            link: Link::None,
            burst: 0,
            alarm: Alarm::default(),
            renewal: false,
            exit: None,
            again: false,
        }
    }

    /// Waits for what has to come first; a stop ends the waiting.
    pub(super) async fn admitted<K>(
        &mut self,
        entry: impl Future<Output = Result<K, Reason>>,
    ) -> Result<K, ExitReason> {
        tokio::select! {
            biased;
            admitted = entry => admitted.map_err(ExitReason::Failed),
            () = self.stopped() => Err(ExitReason::Stopped),
        }
    }

    async fn stopped(&mut self) {
        while let Some(control) = self.boxes.control.recv().await {
            if matches!(control, Control::Stop) {
                break;
            }
        }
    }

    pub(super) fn start(&mut self) {
        self.now = now();
        self.feed(Input::Start);
    }

    /// The next call for the handler, once there is one; the connection goes on until then.
    pub(super) fn poll_call(&mut self, cx: &mut Context<'_>) -> Poll<Call<I>> {
        loop {
            if let Some(reason) = self.exit.take() {
                return Poll::Ready(Call::Terminate(reason));
            }
            if self.burst < BURST
                && self.may_call()
                && let Some(call) = self.calls.pop()
            {
                self.burst += 1;
                return Poll::Ready(call);
            }
            self.burst = 0;
            self.poll(cx, false);
            if self.machine.is_draining() {
                self.feed(Input::Answer(Answer::Settled));
            } else if self.exit.is_none() && !(self.may_call() && !self.calls.is_empty()) {
                return Poll::Pending;
            }
        }
    }

    /// Runs a callback, and the connection beside it; `None` where the client ended before the callback did.
    pub(super) async fn while_pending(&mut self, callback: impl Future<Output = Answer>) -> Option<Answer> {
        let mut callback = pin!(callback);
        poll_fn(|cx| {
            if let Poll::Ready(answer) = callback.as_mut().poll(cx) {
                return Poll::Ready(Some(answer));
            }
            self.poll(cx, true);
            if self.machine.has_ended() { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }

    pub(super) fn answer(&mut self, answer: Answer) {
        // The commonest answers start no timer, so they need no clock.
        if !matches!(answer, Answer::Action(Action::Continue | Action::Reply(_))) {
            self.now = now();
        }
        self.feed(Input::Answer(answer));
    }

    pub(super) fn take_renewal(&mut self) -> bool {
        std::mem::take(&mut self.renewal)
    }

    /// Gives up everything but the handler. Whoever still waits for a frame learns that the client has ended.
    pub(super) fn end(mut self, reason: &ExitReason) {
        self.log.ended(reason);
        self.boxes.mail.close();
        while let Ok(mail) = self.boxes.mail.try_recv() {
            let outbound = self.outbound(mail);
            self.refuse(outbound, &SendFailure::Ended);
        }
    }

    /// One look at everything that can have news.
    fn poll(&mut self, cx: &mut Context<'_>, busy: bool) {
        self.now = now();
        loop {
            self.again = false;
            self.take_controls(cx);
            self.take_mail(cx);
            self.take_infos(cx);
            self.advance(cx);
            self.read(cx, busy);
            // What can go out does before anything is given up for being late: a close timeout of zero is.
            self.write(cx);
            if self.machine.next_timeout().is_some_and(|at| at <= self.now) {
                self.machine.handle_timeout(self.now);
                self.apply();
                self.again = true;
            }
            self.tally();
            if self.alarm.poll(self.machine.next_timeout(), cx).is_ready() {
                self.now = now();
                self.again = true;
            }
            if !self.again {
                break;
            }
        }
    }

    fn take_controls(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(control)) = self.boxes.control.poll_recv(cx) {
            let command = match control {
                Control::Close(close) => Command::Close(close),
                Control::Reconnect => Command::Reconnect,
                Control::Stop => Command::Stop,
            };
            // What was accepted before goes out before.
            if !self.machine.holds_mail() {
                while let Ok(mail) = self.boxes.mail.try_recv() {
                    self.take(mail);
                }
            }
            self.feed(Input::Command(command));
        }
    }

    fn take_mail(&mut self, cx: &mut Context<'_>) {
        let mut batch = std::mem::take(&mut self.batch);
        while self.takes_mail() {
            match self.boxes.mail.poll_recv_many(cx, &mut batch, MAIL_BATCH) {
                Poll::Ready(count) if count > 0 => batch.drain(..).for_each(|mail| self.take(mail)),
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        self.batch = batch;
    }

    fn take(&mut self, mail: Mail) {
        let outbound = self.outbound(mail);
        self.feed(Input::Command(Command::Send(outbound)));
    }

    fn take_infos(&mut self, cx: &mut Context<'_>) {
        while self.calls.has_room_for_info() {
            let Poll::Ready(Some(info)) = self.boxes.info.poll_recv(cx) else { break };
            self.calls.push_info(info);
        }
    }

    /// Takes the attempt further, where one is under way.
    fn advance(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(progress) = self.link.poll(&self.options, cx) {
            self.feed(match progress {
                Progress::Transported => Input::Attempt(Attempt::Transported),
                Progress::Upgraded(upgrade) => Input::Attempt(Attempt::Upgraded(upgrade)),
                Progress::Failed(error) => Input::Attempt(Attempt::Failed(error)),
                Progress::Panicked(message) => Input::Answer(Answer::Panicked(message)),
            });
        }
    }

    /// Reads until the socket has no more, the queue of calls is full, or, while no callback runs, there is one to run.
    fn read(&mut self, cx: &mut Context<'_>, busy: bool) {
        while self.decode() && (busy || self.calls.is_empty() || !self.may_call()) {
            let Some(stream) = self.link.stream() else { return };
            match stream.poll_read(cx) {
                Poll::Pending => {
                    if let Some(error) = stream.take_write_error() {
                        self.feed(Input::Wire(Wire::WriteFailed(Arc::new(error))));
                    }
                    return;
                }
                Poll::Ready(Ok(0)) => return self.feed(Input::Wire(Wire::Lost(StreamError::Eof))),
                Poll::Ready(Ok(read)) => {
                    self.shared().counters.bytes_received.add(read as u64);
                    self.feed(Input::Wire(Wire::Alive));
                }
                Poll::Ready(Err(error)) => {
                    return self.feed(Input::Wire(Wire::Lost(StreamError::Read(Arc::new(error)))));
                }
            }
        }
    }

    /// Decodes what was read; whether more may be read.
    fn decode(&mut self) -> bool {
        loop {
            let full = self.machine.delivers() && !self.calls.has_room();
            let Some(stream) = self.link.stream() else { return false };
            if full != stream.paused {
                stream.paused = full;
                self.feed(Input::Wire(if full { Wire::ReadPaused } else { Wire::ReadResumed }));
            }
            if full {
                return false;
            }
            let Some(stream) = self.link.stream() else { return false };
            match stream.next_frame() {
                Ok(Some(frame)) => self.feed(Input::Wire(Wire::Received(frame))),
                Ok(None) => return true,
                Err(error) => self.feed(Input::Wire(Wire::Violated(error))),
            }
        }
    }

    fn write(&mut self, cx: &mut Context<'_>) {
        let was_full = !self.may_call();
        let Some(stream) = self.link.stream().filter(|stream| !stream.is_unwritable()) else { return };
        let before = stream.written();
        let wrote = stream.poll_write(cx);
        let (written, stalled) = (stream.written() - before, stream.stalled);
        stream.stalled = matches!(wrote, Ok(Wrote::Stalled { .. }));
        while let Some(receipt) = self.link.stream().and_then(Stream::next_sent) {
            self.confirm(receipt);
        }
        if written > 0 {
            self.shared().counters.bytes_sent.add(written);
        }
        match wrote {
            Ok(Wrote::Stalled { progress }) if progress || !stalled => self.feed(Input::Wire(Wire::WriteStalled)),
            Ok(Wrote::Stalled { .. }) => {}
            Ok(Wrote::All) if stalled => self.feed(Input::Wire(Wire::WriteResumed)),
            Ok(Wrote::All) => {}
            Err(error) => self.fail_writing(error, cx),
        }
        // The mailbox rested while too much waited to be written.
        self.again |= was_full && self.may_call();
    }

    /// The failure is told when all that can still be read has been read.
    fn fail_writing(&mut self, error: io::Error, cx: &mut Context<'_>) {
        if let Some(stream) = self.link.stream() {
            stream.fail_writing(error);
        }
        self.feed(Input::Wire(Wire::WriteResumed));
        self.read(cx, true);
    }

    /// Counts what compression did since the last time.
    pub(super) fn tally(&mut self) {
        let Some((received, sent)) = self.link.stream().and_then(super::stream::Stream::take_tallies) else { return };
        let counters = &self.shared().counters;
        counters.inflate_bytes_in.add(received.compressed);
        counters.inflate_bytes_out.add(received.plain);
        counters.deflate_bytes_in.add(sent.plain);
        counters.deflate_bytes_out.add(sent.compressed);
    }

    fn feed(&mut self, input: Input) {
        self.machine.handle(input, self.now);
        self.apply();
    }

    fn apply(&mut self) {
        while let Some(effect) = self.machine.next_effect() {
            self.perform(effect);
        }
        let state = self.machine.state();
        if state != self.state {
            self.state = state;
            let wait = self.machine.next_timeout().map(|at| at.saturating_duration_since(self.now));
            self.log.moved(state, wait);
            // The end is told when all of it is done.
            if state != ConnectionState::Ended {
                self.shared().moved(state);
            }
        }
    }

    fn takes_mail(&mut self) -> bool {
        let writable = |stream: &mut Stream| !stream.is_full() && !stream.is_unwritable();
        !self.machine.holds_mail() && self.link.stream().is_none_or(writable)
    }

    /// Whether so little waits to be written that callbacks may add to it, and the mailbox too.
    pub(super) fn may_call(&mut self) -> bool {
        self.link.stream().is_none_or(|stream| !stream.is_full())
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.client.inner.shared
    }
}
