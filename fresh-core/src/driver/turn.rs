//! One turn of the loop: what has come in goes to the machine, what it wants done is done.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    mem,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use super::{
    alarm::{Alarm, now},
    callbacks::caught,
    calls::{Call, Calls, Waiting},
    link::Link,
    log::Log,
    mail::{Confirm, Control, Mail, Mailboxes},
    pieces::Underway,
    shared::Shared,
};
use crate::{
    action::{Action, Frames},
    backoff::Backoff,
    connection::ConnectionState,
    error::{Reason, SendFailure},
    exit::ExitReason,
    frame::Frame,
    machine::{Answer, Command, Config, Input, Machine},
    options::Options,
};

/// How many callbacks may run before the connection is looked at again.
const BURST: usize = 128;

pub(super) struct Turn<I> {
    pub(super) machine: Machine,
    now: Instant,
    pub(super) options: Arc<Options>,
    shared: Arc<Shared>,
    pub(super) boxes: Mailboxes<I>,
    /// What was asked for before the start.
    early: Vec<Control>,
    /// The message that goes out in pieces.
    pub(super) pieces: Option<Box<Underway>>,
    /// What came behind it and has to wait for its end; the mailbox rests then.
    in_hand: Option<Box<Mail>>,
    pub(super) receipts: HashMap<u64, Confirm>,
    pub(super) next_receipt: u64,
    pub(super) link: Link,
    pub(super) calls: Calls,
    /// The next info, taken out of its mailbox to be told of the one after it.
    info: Option<I>,
    burst: usize,
    alarm: Alarm,
    pub(super) log: Log,
    state: ConnectionState,
    /// Messages that came too late for a callback of this connection.
    pub(super) discarded: u64,
    pub(super) renewal: bool,
    pub(super) exit: Option<ExitReason>,
    /// An effect made something new to poll.
    pub(super) again: bool,
}

impl<I: Send + 'static> Turn<I> {
    pub(super) fn new(options: Options, shared: Arc<Shared>, boxes: Mailboxes<I>, renewable: bool) -> Self {
        let machine = Machine::new(Config::new(&options, renewable), Backoff::new(options.backoff));
        Self {
            state: machine.state(),
            machine,
            now: now(),
            calls: Calls::new(&options),
            log: Log::new(&options),
            options: Arc::new(options),
            shared,
            boxes,
            early: Vec::new(),
            pieces: None,
            in_hand: None,
            receipts: HashMap::new(),
            next_receipt: 0,
            link: Link::None,
            info: None,
            burst: 0,
            alarm: Alarm::default(),
            discarded: 0,
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
            admitted = caught(entry) => match admitted {
                Ok(admitted) => admitted.map_err(ExitReason::Failed),
                Err(panic) => Err(ExitReason::Panicked(panic)),
            },
            () = self.stopped() => Err(ExitReason::Stopped),
        }
    }

    /// Until a stop is asked for; what else is asked for meanwhile is done after the start.
    async fn stopped(&mut self) {
        while let Some(control) = self.boxes.control.recv().await {
            match control {
                Control::Stop => break,
                Control::Close(_) | Control::Reconnect => self.early.push(control),
            }
        }
    }

    pub(super) fn start(&mut self) {
        self.now = now();
        self.feed(Input::Start);
        for control in mem::take(&mut self.early) {
            self.feed(Input::Command(control.into()));
        }
    }

    /// The next call for the handler, once there is one; the connection goes on until then.
    pub(super) fn poll_call(&mut self, cx: &mut Context<'_>) -> Poll<Call<I>> {
        loop {
            if let Some(reason) = self.exit.take() {
                return Poll::Ready(Call::Terminate(reason));
            }
            if self.burst < BURST && self.may_call() {
                if self.calls.is_empty() {
                    self.decode(false);
                }
                if let Some(call) = self.next_call() {
                    self.burst += 1;
                    return Poll::Ready(call);
                }
            }
            self.burst = 0;
            self.poll(cx, false);
            if self.machine.is_draining() {
                self.feed(Input::Answer(Answer::Settled));
            } else if self.exit.is_none() && !self.has_call() {
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
        let timeless = |answer: &Answer| {
            use Frame::{Binary, Text};
            matches!(answer, Answer::Action(Action::Continue | Action::Reply(Frames::One(Text(_) | Binary(_)))))
        };
        if !timeless(&answer) {
            self.now = now();
        }
        self.feed(Input::Answer(answer));
    }

    pub(super) fn take_renewal(&mut self) -> bool {
        mem::take(&mut self.renewal)
    }

    /// Gives up everything but the handler. Whoever still waits for a frame learns that the client has ended.
    pub(super) fn end(mut self, reason: &ExitReason) {
        self.log.ended(reason);
        self.lost_infos(self.infos() as u64);
        self.boxes.mail.close();
        let mut lost = 0;
        while let Some(mail) = self.next_mail() {
            // Who sends a message in pieces learns it by the end of its channel.
            if let Mail::Frame(frame, confirm) = mail {
                let outbound = self.outbound(frame, confirm);
                lost += u64::from(self.give_back(outbound, &SendFailure::Ended));
            }
        }
        self.lost_frames(lost, &SendFailure::Ended);
    }

    /// One look at everything that can have news.
    fn poll(&mut self, cx: &mut Context<'_>, busy: bool) {
        self.now = now();
        loop {
            self.again = false;
            // First, as they came before a close that comes with them.
            self.take_infos(cx);
            self.take_controls(cx);
            self.take_pieces(cx);
            self.take_mail(cx);
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
            // A callback that may begin comes first: its reply goes out before what waits in the mailbox.
            if !self.again || (!busy && self.has_call()) {
                break;
            }
        }
    }

    fn take_controls(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(control)) = self.boxes.control.poll_recv(cx) {
            // What was accepted before goes out before; what waits for the end of a message cannot.
            while !self.machine.holds_mail()
                && !self.is_held_up()
                && let Some(mail) = self.next_mail()
            {
                self.take(mail);
            }
            self.feed(Input::Command(control.into()));
        }
    }

    fn take_mail(&mut self, cx: &mut Context<'_>) {
        while self.takes_mail() {
            let Poll::Ready(Some(mail)) = self.poll_mail(cx) else { break };
            self.take(mail);
        }
    }

    fn poll_mail(&mut self, cx: &mut Context<'_>) -> Poll<Option<Mail>> {
        match self.in_hand.take() {
            Some(mail) => Poll::Ready(Some(*mail)),
            None => self.boxes.mail.poll_recv(cx),
        }
    }

    fn next_mail(&mut self) -> Option<Mail> {
        self.in_hand.take().map(|mail| *mail).or_else(|| self.boxes.mail.try_recv().ok())
    }

    fn take(&mut self, mail: Mail) {
        match mail {
            mail if self.pieces.is_some() && mail.is_data() => self.in_hand = Some(Box::new(mail)),
            Mail::Frame(frame, confirm) => {
                let outbound = self.outbound(frame, confirm);
                self.feed(Input::Command(Command::Send(outbound)));
            }
            Mail::Pieces(pieces) => self.begin(*pieces),
        }
    }

    /// Gives the infos that have come their place among the calls, behind what was received before them.
    fn take_infos(&mut self, cx: &mut Context<'_>) {
        if self.machine.is_leaving() {
            return;
        }
        if self.info.is_none()
            && let Poll::Ready(info) = self.boxes.info.poll_recv(cx)
        {
            self.info = info;
        }
        self.calls.note_infos(self.infos());
    }

    fn infos(&self) -> usize {
        usize::from(self.info.is_some()) + self.boxes.info.len()
    }

    fn next_call(&mut self) -> Option<Call<I>> {
        match self.calls.pop()? {
            Waiting::Event(event) => Some(Call::Event(event)),
            Waiting::Info => self.info.take().or_else(|| self.boxes.info.try_recv().ok()).map(Call::Info),
        }
    }

    pub(super) fn feed(&mut self, input: Input) {
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
            // What another state takes up may have been passed by in this look: the mailbox, above all.
            self.again = true;
            let wait = self.machine.next_timeout().map(|at| at.saturating_duration_since(self.now));
            self.log.moved(state, wait);
            // The end is told when all of it is done.
            if state != ConnectionState::Ended {
                self.shared().moved(state);
            }
        }
    }

    fn takes_mail(&mut self) -> bool {
        !self.machine.holds_mail() && !self.is_held_up() && self.has_room()
    }

    /// Whether what comes next has to wait for the end of a message.
    fn is_held_up(&self) -> bool {
        self.pieces.is_some() && self.in_hand.is_some()
    }

    /// Whether what can wait elsewhere may be added to what waits to be written.
    pub(super) fn has_room(&mut self) -> bool {
        self.link.stream().is_none_or(|stream| !stream.is_full() && !stream.is_unwritable())
    }

    /// Whether a callback may begin: the client is not on its way out, and so little waits to be written, or for the end
    /// of a message in pieces, that a reply may add to it.
    pub(super) fn may_call(&mut self) -> bool {
        !self.machine.is_leaving() && !self.is_full() && self.machine.waiting() < self.options.write_buffer
    }

    /// Whether there is a call that may begin.
    pub(super) fn has_call(&mut self) -> bool {
        self.may_call() && !self.calls.is_empty()
    }

    pub(super) fn is_full(&mut self) -> bool {
        self.link.stream().is_some_and(|stream| stream.is_full())
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}
