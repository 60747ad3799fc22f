//! One turn of the loop: what has come in goes to the machine, what it wants done is done.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    mem,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use tokio::task::coop;

use super::{
    alarm::{Alarm, now},
    callbacks::caught,
    calls::{Call, Calls, Waiting},
    link::Link,
    log::Log,
    pieces::Underway,
    shared::Shared,
};
use crate::{
    action::{Action, Frames},
    backoff::Backoff,
    connection::ConnectionState,
    error::{Callback, Reason, SendFailure},
    exit::ExitReason,
    machine::{Answer, Command, Config, Input, Machine, Origin, Outbound},
    mailbox::{Close, Confirm, Control, Mail, Post},
    options::Options,
    within::{ClientId, Mark},
};

/// How many callbacks may run before the connection is looked at again.
const BURST: usize = 128;

pub(super) struct Turn<I> {
    pub(super) machine: Machine,
    now: Instant,
    /// A callback was pending since that time.
    pended: bool,
    pub(super) options: Arc<Options>,
    shared: Arc<Shared>,
    pub(super) post: Post<I>,
    /// What was asked for before the start.
    early: Vec<Control>,
    /// The message that goes out in pieces.
    pub(super) pieces: Option<Box<Underway>>,
    pub(super) receipts: HashMap<u64, Confirm>,
    pub(super) next_receipt: u64,
    pub(super) link: Link,
    pub(super) calls: Calls,
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
    /// Bytes were read that nobody has looked at.
    pub(super) unseen: bool,
}

impl<I: Send + 'static> Turn<I> {
    pub(super) fn new(options: Options, shared: Arc<Shared>, post: Post<I>, renewable: bool) -> Self {
        let machine = Machine::new(Config::new(&options, renewable), Backoff::new(options.backoff));
        Self {
            state: machine.state(),
            machine,
            now: now(),
            pended: false,
            calls: Calls::new(&options),
            log: Log::new(&options),
            options: Arc::new(options),
            shared,
            post,
            early: Vec::new(),
            pieces: None,
            receipts: HashMap::new(),
            next_receipt: 0,
            link: Link::None,
            burst: 0,
            alarm: Alarm::default(),
            discarded: 0,
            renewal: false,
            exit: None,
            again: false,
            unseen: false,
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
        poll_fn(|cx| {
            self.post.look(cx);
            while let Some(control) = self.post.next_control() {
                match control {
                    Control::Stop => return Poll::Ready(()),
                    Control::Close(_) | Control::Reconnect => self.early.push(control),
                }
            }
            Poll::Pending
        })
        .await;
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
                    if let Some(message) = self.next_message() {
                        return Poll::Ready(Call::Message(message));
                    }
                    self.decode(false);
                }
                if let Some(call) = self.next_call() {
                    self.burst += 1;
                    return Poll::Ready(call);
                }
            }
            if self.burst >= BURST {
                // A flood must not keep other tasks from running.
                ready!(coop::poll_proceed(cx)).made_progress();
            }
            self.burst = 0;
            self.poll(cx, false);
            if self.machine.is_draining() {
                self.feed(Input::Answer(Answer::Settled));
            } else if self.exit.is_none() && !self.may_have_call() {
                return Poll::Pending;
            }
        }
    }

    /// Runs a callback, and the connection beside it; `None` where the client ended before the callback did.
    pub(super) async fn while_pending<T>(&mut self, mark: Mark, callback: impl Future<Output = T>) -> Option<T> {
        let mut callback = pin!(callback);
        poll_fn(|cx| match mark.poll(callback.as_mut(), cx) {
            Poll::Ready(answer) => {
                self.returned();
                Poll::Ready(Some(answer))
            }
            Poll::Pending => self.poll_beside(cx),
        })
        .await
    }

    /// The mark of the thread while it polls this callback.
    #[inline]
    pub(super) fn mark(&self, callback: Callback) -> Mark {
        Mark::new(ClientId::of(self.shared()), callback)
    }

    /// Polls the connection beside a callback that is pending; ready where the client ended before the callback did.
    pub(super) fn poll_beside<T>(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.poll(cx, true);
        self.pended = true;
        if self.machine.has_ended() { Poll::Ready(None) } else { Poll::Pending }
    }

    /// A callback returned: where it had to wait, what is decoded next comes at another time than the last look.
    #[inline]
    pub(super) fn returned(&mut self) {
        if mem::take(&mut self.pended) {
            self.now = now();
        }
    }

    pub(super) fn answer(&mut self, answer: Answer) {
        // The commonest answers start no timer, so they need no clock.
        let timeless = match &answer {
            Answer::Action(Action::Continue) => true,
            Answer::Action(Action::Reply(Frames::One(frame))) => frame.is_data(),
            Answer::Action(_) | Answer::Raised(_) | Answer::Verdict(..) | Answer::Panicked(_) | Answer::Settled => {
                false
            }
        };
        if !timeless {
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
        self.post.close();
        self.lost_infos(self.post.infos() as u64);
        let mut lost = 0;
        let mails: Vec<Mail> = self.post.mail().collect();
        for mail in mails {
            // The sender of a message in pieces learns it from the end of its channel.
            if let Some((frame, confirm)) = mail.into_frame() {
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
            self.unseen = false;
            self.post.look(cx);
            // First, as they came before a close that comes with them.
            self.take_infos();
            self.take_controls();
            self.take_pieces(cx);
            self.take_mail();
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
            if !self.again || (!busy && self.may_have_call()) {
                break;
            }
        }
    }

    fn take_controls(&mut self) {
        while let Some(control) = self.post.next_control() {
            // What was accepted before goes out before; what waits for the end of a message cannot.
            self.take_mail_while(|turn| !turn.machine.holds_mail() && !turn.is_held_up());
            self.feed(Input::Command(control.into()));
        }
    }

    fn take_mail(&mut self) {
        self.take_mail_while(Self::takes_mail);
    }

    fn take_mail_while(&mut self, takes: impl Fn(&mut Self) -> bool) {
        while takes(self) {
            self.transmit_mail();
            if !takes(self) {
                break;
            }
            // The batch ends here, so the mail has returned its room before it may have to be held.
            let Some(mail) = self.post.mail().next() else { break };
            self.take(mail);
        }
    }

    /// Sends the messages at the head of the mailbox that the connection takes and nobody waits to hear of: nothing
    /// else would come of them.
    fn transmit_mail(&mut self) {
        let (true, None, Some(stream)) = (self.machine.is_open(), &self.pieces, self.link.stream()) else { return };
        let mut batch = self.post.mail();
        while !stream.is_full()
            && !stream.is_unwritable()
            && let Some(Mail::Frame(frame, None)) = batch.peek()
            && frame.is_data()
            && let Some(Mail::Frame(frame, None)) = batch.next()
        {
            stream.send(Outbound { frame, origin: Origin::Handle(None) });
        }
    }

    fn take(&mut self, mail: Mail) {
        match mail {
            Mail::Frame(frame, confirm) => {
                let outbound = self.outbound(frame, confirm);
                self.feed(Input::Command(Command::Send(outbound)));
            }
            Mail::Close(close) => {
                let Close { frame, confirm, connection } = *close;
                let outbound = self.outbound(frame, confirm);
                if self.is_current(connection) {
                    self.feed(Input::Command(Command::Send(outbound)));
                } else {
                    self.refuse(outbound, &SendFailure::NotConnected);
                }
            }
            Mail::Pieces(pieces) => self.begin(*pieces),
        }
    }

    /// Whether this is the number of the last connection that was opened.
    pub(super) fn is_current(&self, connection: u64) -> bool {
        connection == self.shared.status.borrow().connections
    }

    /// Gives the infos that have come their place among the calls, behind what was received before them.
    fn take_infos(&mut self) {
        if !self.machine.is_leaving() {
            self.calls.note_infos(self.post.infos());
        }
    }

    /// Whether a message that is read now may be handled at once: it waits behind nothing, and changes nothing else.
    #[inline]
    pub(super) fn flows(&mut self) -> bool {
        let open = self.machine.is_open() && self.calls.is_empty() && self.burst < BURST;
        open && !self.renewal && self.link.stream().is_some_and(|stream| !stream.is_full() && !stream.paused)
    }

    #[inline]
    pub(super) fn count_call(&mut self) {
        self.burst += 1;
    }

    fn next_call(&mut self) -> Option<Call<I>> {
        match self.calls.pop()? {
            Waiting::Event(event) => Some(Call::Event(event)),
            Waiting::Info => self.post.next_info().map(Call::Info),
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
    fn is_held_up(&mut self) -> bool {
        self.pieces.is_some() && self.post.mail().peek().is_some_and(Mail::is_data)
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

    /// Whether there is one, or may be one in what was read.
    fn may_have_call(&mut self) -> bool {
        self.unseen || self.has_call()
    }

    pub(super) fn is_full(&mut self) -> bool {
        self.link.stream().is_some_and(|stream| stream.is_full())
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl From<Control> for Command {
    fn from(control: Control) -> Self {
        match control {
            Control::Close(close) => Self::Close(close),
            Control::Reconnect => Self::Reconnect,
            Control::Stop => Self::Stop,
        }
    }
}
