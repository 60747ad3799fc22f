//! A turn of a client's task: what happened goes to the machine, which acts on the world.
//!
//! A turn is one poll of the task, from one yield to the next. It consists of passes over everything that can have news,
//! in five phases, and of the callbacks between them. [`Budget`] has the share of each class of work.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    alarm::{Alarm, Clock},
    budget::{Budget, Class},
    calls::Waiting,
    guarded::panic_of,
    link::Progress,
    next::{Beside, Decoded, Due, Handled, Next},
    shared::Shared,
    stream::Wrote,
    world::Net,
};
use crate::{
    action::{Action, Recovery},
    backoff::Backoff,
    error::{Callback, HandlerError, Result, SendFailure, StreamError},
    exit::ExitReason,
    frame::{Frame, Message},
    machine::{About, Answer, Attempt, Command, Config, Input, Machine, Now, Wire, World},
    mailbox::{Close, Control, Mail, Post},
    options::Options,
    within::Mark,
};

pub(super) struct Turn {
    machine: Machine,
    world: Net,
    clock: Clock,
    alarm: Alarm,
    budget: Budget,
    /// Whether a callback may reply. One that never does needs no room for a reply.
    replies: bool,
    /// The machine received an input in this pass, so an earlier phase may have work again.
    fed: bool,
}

impl Turn {
    pub(super) fn new(options: Options, shared: Arc<Shared>, renewable: bool, replies: bool) -> Self {
        Self {
            machine: Machine::new(Config::new(&options, renewable), Backoff::new(options.backoff)),
            world: Net::new(options, shared),
            clock: Clock::default(),
            alarm: Alarm::default(),
            budget: Budget::new(),
            replies,
            fed: false,
        }
    }

    /// Begins the client's life, with the controls that arrived before.
    pub(super) fn start(&mut self, early: Vec<Control>) {
        self.feed(Input::Start);
        for control in early {
            self.feed(Input::Command(control.into()));
        }
    }

    /// The next call for the handler, as soon as one is due. The connection is served until then.
    pub(super) fn poll_due<I>(&mut self, post: &mut Post<I>, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            if let Some(due) = self.due() {
                return Poll::Ready(due);
            }
            if self.pass(post, Beside::Nothing, cx) == Next::Park {
                return self.budget.yields(cx);
            }
        }
    }

    /// Polls a callback that returns an action, and serves the connection while it is pending. Ready if the callback
    /// returned, or the client ended before it did.
    #[inline]
    pub(super) fn poll_action<I, F: Future<Output = Result<Action>>>(
        &mut self,
        post: &mut Post<I>,
        name: Callback,
        callback: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Poll::Ready(returned) = self.poll_marked(name, callback, cx) else { return self.poll_beside(post, cx) };
        match returned {
            Ok(action) => self.handle(Input::Answer(Answer::Action(action))),
            Err(error) => self.feed(Input::Answer(Answer::Raised(HandlerError::new(name, error)))),
        }
        Poll::Ready(())
    }

    /// As [`poll_action`](Self::poll_action), for a callback that returns a verdict.
    pub(super) fn poll_verdict<I, F: Future<Output = Recovery>>(
        &mut self,
        post: &mut Post<I>,
        name: Callback,
        about: About,
        callback: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Poll::Ready(recovery) = self.poll_marked(name, callback, cx) else { return self.poll_beside(post, cx) };
        self.feed(Input::Answer(Answer::Verdict(recovery, about)));
        Poll::Ready(())
    }

    /// Polls a callback; the clock is read again after it.
    #[inline]
    pub(super) fn poll_marked<F: Future>(
        &mut self,
        name: Callback,
        callback: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        let polled = Mark::new(self.world.shared.id(), name).poll(callback, cx);
        // The callback may have taken any time.
        self.clock.expire();
        polled
    }

    /// Serves the connection beside a callback that is pending. Ready if the client ended before the callback returned.
    pub(super) fn poll_beside<I>(&mut self, post: &mut Post<I>, cx: &mut Context<'_>) -> Poll<()> {
        // An ended machine takes no mail: the rest of the mail is counted at the end.
        while self.pass(post, Beside::Callback, cx) == Next::Again && !self.machine.has_ended() {}
        if self.machine.has_ended() { Poll::Ready(()) } else { self.budget.yields(cx) }
    }

    /// A callback panicked, or code of the user's that runs beside it.
    pub(super) fn panicked(&mut self, message: Arc<str>) {
        self.clock.expire();
        match &mut self.world.exit {
            Some(reason) => *reason = ExitReason::Panicked(message),
            None => self.feed(Input::Answer(Answer::Panicked(message))),
        }
    }

    /// Something of the user's panicked while the world dropped it.
    fn take_panic(&mut self) {
        if let Some(message) = self.world.panic.take() {
            self.panicked(message);
        }
    }

    /// Whether the end of the client is certain.
    pub(super) fn is_leaving(&self) -> bool {
        self.machine.is_leaving()
    }

    /// Drops everything except the handler and the infos.
    pub(super) fn end<I>(self, post: &mut Post<I>) {
        self.world.end(post);
    }

    /// The next message, if it is in the read buffer and waits behind nothing. Inlined where the handler is called, so that
    /// the message is not moved on its way.
    ///
    /// Each message is handled before the next one is decoded, so that a reply is sent before a close frame behind its
    /// message is answered.
    #[inline(always)]
    pub(super) fn next_message(&mut self) -> Option<Message> {
        if !self.world.calls.is_empty() || !self.may_call() || !self.budget.take(Class::Callbacks) {
            return None;
        }
        self.decode_one()?.ok()
    }

    /// The call that may begin now, without a look at anything but the queue.
    fn due(&mut self) -> Option<Due> {
        if !self.may_call() {
            return self.last_due();
        }
        if self.world.calls.is_empty() || !self.budget.take(Class::Callbacks) {
            return None;
        }
        Some(match self.world.calls.pop()? {
            Waiting::Message(message) => Due::Message(message),
            Waiting::Event(event) => Due::Event(event),
            Waiting::Info => Due::Info,
        })
    }

    fn last_due(&mut self) -> Option<Due> {
        self.take_panic();
        if self.machine.is_draining() {
            self.feed(Input::Answer(Answer::Settled));
        }
        self.world.exit.take().map(Due::Terminate)
    }

    /// One pass over everything that can have news.
    fn pass<I>(&mut self, post: &mut Post<I>, beside: Beside, cx: &mut Context<'_>) -> Next {
        self.clock.expire();
        self.fed = false;
        self.commands(post, cx);
        self.attempt(cx);
        self.receive(beside, cx);
        self.transmit(cx);
        self.timers(cx);
        self.next(beside)
    }

    /// Phase 1: infos, controls, pieces and frames from the handles.
    fn commands<I>(&mut self, post: &mut Post<I>, cx: &mut Context<'_>) {
        post.look(cx);
        self.world.keep_held(post);
        // First, because they arrived before a close that arrives with them.
        if !self.machine.is_leaving() {
            self.world.calls.note_infos(post.infos());
        }
        while self.budget.has(Class::Controls)
            && let Some(control) = post.next_control()
        {
            self.budget.take(Class::Controls);
            // Frames that were accepted before the control are sent before it takes effect, whatever their share. Only
            // those behind a message in pieces have to wait for its end.
            self.take_mail(post, |_| true);
            self.feed(Input::Command(control.into()));
        }
        self.take_pieces(cx);
        self.take_mail(post, |turn| turn.has_room() && turn.budget.take(Class::Mail));
    }

    /// Phase 2: the attempt, if one is under way.
    fn attempt(&mut self, cx: &mut Context<'_>) {
        while self.world.link.is_attempt() && self.budget.has(Class::Attempts) {
            let options = Arc::clone(&self.world.options);
            let Poll::Ready(progress) = self.world.link.poll(&options, cx) else { return };
            if let Progress::Failed(_) = progress {
                // With a delay of zero, attempts that fail at once would otherwise never let the turn end.
                self.budget.take(Class::Attempts);
            }
            self.feed(match progress {
                Progress::Transported => Input::Attempt(Attempt::Transported),
                Progress::Upgraded(upgrade, read) => {
                    self.world.shared.counters.bytes_received.add(read as u64);
                    Input::Attempt(Attempt::Upgraded(upgrade))
                }
                Progress::Failed(error) => Input::Attempt(Attempt::Failed(error)),
                Progress::Panicked(message) => Input::Answer(Answer::Panicked(message)),
            });
        }
    }

    /// Phase 3: the server's bytes, until a call is due, the inbound queue is full, or the socket has no more.
    fn receive(&mut self, beside: Beside, cx: &mut Context<'_>) {
        loop {
            // While no callback may begin, messages wait in the queue instead of in the buffer, so that pings are answered.
            let eager = beside == Beside::Callback || !self.may_call();
            let decoded = self.decode(eager);
            let Some(connection) = self.world.link.connection() else { return };
            // The only reasons to pause reading: the queue is full, or the bytes that wait for it are as many as a read
            // buffer holds.
            let paused = match decoded {
                Decoded::Full => true,
                Decoded::Call => connection.stream.is_backed_up(),
                Decoded::All => false,
            };
            self.report(if paused { Wire::ReadPaused } else { Wire::ReadResumed });
            // A deadline is judged only after a look at the socket: bytes may have arrived while a callback ran. So one
            // more read follows the share if a deadline has passed.
            let overdue = self.is_overdue();
            if decoded != Decoded::All && (paused || !overdue) {
                return;
            }
            let goes_on = self.budget.take(Class::Reads);
            if !(goes_on || overdue) || !self.read(cx) || decoded == Decoded::Call {
                return;
            }
            if !goes_on {
                return;
            }
        }
    }

    /// Phase 4: what is encoded goes out, before anything is dropped for being late: a close timeout may be zero.
    fn transmit(&mut self, cx: &mut Context<'_>) {
        let had_room = self.has_room();
        let Some(connection) = self.world.link.connection() else { return };
        if connection.stream.is_unwritable() {
            return;
        }
        let wrote = connection.stream.poll_write(cx);
        self.world.report_sent();
        match wrote {
            Ok(Wrote::All) => self.report(Wire::WriteResumed),
            Ok(Wrote::Stalled { progress }) => self.report(Wire::WriteStalled { progress }),
            Err(error) => self.write_failed(error),
        }
        // The mailbox had to wait for room.
        self.fed |= !had_room && self.has_room();
    }

    /// Phase 5: what is due, and the alarm for what is due next.
    fn timers(&mut self, cx: &mut Context<'_>) {
        if self.is_overdue() {
            if !self.budget.take(Class::Timers) {
                return;
            }
            self.machine.handle_timeout(&mut self.clock, &mut self.world);
            self.fed = true;
        }
        self.world.tally();
        self.fed |= self.alarm.poll(self.machine.next_timeout(), cx).is_ready();
    }

    fn next(&mut self, beside: Beside) -> Next {
        self.take_panic();
        match beside {
            Beside::Nothing if self.world.exit.is_some() || self.has_call() => Next::Call,
            Beside::Nothing | Beside::Callback if self.fed => Next::Again,
            Beside::Nothing | Beside::Callback => Next::Park,
        }
    }

    /// Decodes what is read, up to the next call, or eagerly all of it.
    fn decode(&mut self, eager: bool) -> Decoded {
        loop {
            if !eager && self.world.calls.has_event() {
                return Decoded::Call;
            }
            if !self.world.calls.has_room() && self.machine.delivers() {
                return Decoded::Full;
            }
            match self.decode_one() {
                // While callbacks run, only one message is queued, and it is handled next.
                Some(Ok(message)) => self.world.calls.push_message(if eager { message.compact() } else { message }),
                Some(Err(Handled)) => {}
                None => return Decoded::All,
            }
        }
    }

    /// Decodes one frame: the one place where bytes become frames. A message that is to be delivered is returned; the
    /// machine has handled everything else. `None` if there is no whole frame.
    #[inline(always)]
    fn decode_one(&mut self) -> Option<std::result::Result<Message, Handled>> {
        let message = match self.world.link.connection()?.stream.next_frame() {
            Ok(None) => return None,
            Ok(Some(Frame::Text(text))) => Message::Text(text),
            Ok(Some(Frame::Binary(bytes))) => Message::Binary(bytes),
            Ok(Some(control @ (Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_)))) => {
                self.feed(Input::Wire(control.into()));
                return Some(Err(Handled));
            }
            Err(error) => {
                self.feed(Input::Wire(Wire::Violated(error)));
                return Some(Err(Handled));
            }
        };
        self.world.delivers = false;
        self.fed = true;
        self.handle(Input::Wire(Wire::Message));
        Some(if self.world.delivers { Ok(message) } else { Err(Handled) })
    }

    /// Reads once; whether bytes arrived.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(connection) = self.world.link.connection() else { return false };
        let wire = match connection.stream.poll_read(cx) {
            Poll::Pending => match connection.stream.take_write_error() {
                Some(error) => Wire::WriteFailed(Arc::new(error)),
                None => return false,
            },
            Poll::Ready(Ok(0)) => Wire::Lost(StreamError::Eof),
            Poll::Ready(Ok(read)) => {
                self.world.shared.counters.bytes_received.add(read as u64);
                self.feed(Input::Wire(Wire::Alive));
                return true;
            }
            Poll::Ready(Err(error)) => match panic_of(&error) {
                Some(message) => Wire::Panicked(message),
                None => Wire::Lost(StreamError::from_read(error)),
            },
        };
        self.feed(Input::Wire(wire));
        false
    }

    fn write_failed(&mut self, error: io::Error) {
        self.report(Wire::WriteResumed);
        if let Some(message) = panic_of(&error) {
            return self.feed(Input::Wire(Wire::Panicked(message)));
        }
        // Reported when everything that can still be read is read.
        if let Some(connection) = self.world.link.connection() {
            connection.stream.fail_writing(error);
        }
        self.fed = true;
    }

    /// Takes the frames of the mailbox that need not wait for a connection or for the end of a message in pieces, as long
    /// as they may be sent now.
    #[inline]
    fn take_mail<I>(&mut self, post: &mut Post<I>, may_send: impl Fn(&mut Self) -> bool) {
        let mut batch = post.mail();
        while let Some(next) = batch.peek()
            && !self.machine.holds_mail()
            && !(self.is_amid_message() && next.is_data())
            && may_send(self)
            && let Some(mail) = batch.next()
        {
            self.take(mail);
        }
    }

    #[inline]
    fn is_amid_message(&mut self) -> bool {
        self.world.link.connection().is_some_and(|connection| connection.is_amid_message())
    }

    fn take(&mut self, mail: Mail) {
        match mail {
            Mail::Frame(frame, confirm) => {
                let outbound = self.world.outbound(frame, confirm);
                self.fed = true;
                self.handle(Input::Command(Command::Send(outbound)));
            }
            Mail::Close(close) => {
                let Close { frame, confirm, connection } = *close;
                let outbound = self.world.outbound(frame, confirm);
                if connection == self.world.connections {
                    self.feed(Input::Command(Command::Send(outbound)));
                } else {
                    self.world.refuse(outbound, SendFailure::NotConnected);
                }
            }
            // Its first piece is taken in the next pass.
            Mail::Pieces(pieces) => self.fed |= self.world.begin(*pieces),
        }
    }

    /// Takes the pieces of a message as fast as the socket accepts them.
    fn take_pieces(&mut self, cx: &mut Context<'_>) {
        while self.has_room()
            && self.is_amid_message()
            && self.budget.take(Class::Mail)
            && let Some(connection) = self.world.link.connection()
            && let Poll::Ready((piece, receipt)) = connection.poll_piece(cx)
        {
            self.feed(Input::Command(match piece {
                Some(piece) => Command::Piece(piece, receipt),
                None => Command::Abandon(receipt),
            }));
        }
    }

    /// Gives an input to the machine, after which the pass is followed by another one.
    fn feed(&mut self, input: Input) {
        self.fed = true;
        self.handle(input);
    }

    /// Reports the flow of bytes, in each pass. It only moves timers, which are the last phase, so it needs no other pass.
    fn report(&mut self, flow: Wire) {
        self.handle(Input::Wire(flow));
    }

    /// The machine's step, inlined where the input is known: then nothing is left of it but what the input leads to.
    #[inline(always)]
    fn handle(&mut self, input: Input) {
        self.machine.handle(input, &mut self.clock, &mut self.world);
    }

    fn is_overdue(&mut self) -> bool {
        self.machine.next_timeout().is_some_and(|at| at <= self.clock.now())
    }

    /// Whether a callback may begin: the client is not on its way out, and so little waits to be written, or for the end
    /// of a message in pieces, that a reply may be added.
    #[inline]
    fn may_call(&mut self) -> bool {
        !self.machine.is_leaving()
            && (!self.replies
                || (self.machine.waiting() < self.world.options.write_buffer
                    && !self.world.link.connection().is_some_and(|connection| connection.stream.is_full())))
    }

    fn has_call(&mut self) -> bool {
        !self.world.calls.is_empty() && self.may_call() && self.budget.has(Class::Callbacks)
    }

    fn has_room(&mut self) -> bool {
        self.world
            .link
            .connection()
            .is_none_or(|connection| !connection.stream.is_full() && !connection.stream.is_unwritable())
    }
}
