//! The handle of a client: starting it, sending, closing, stopping, and looking at it.

mod erased;
mod error;
mod named;
mod start;
mod streaming;
mod supervised;
mod waiting;

use std::{fmt, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use bytestring::ByteString;
use futures_util::{Stream, stream};
use tokio::sync::oneshot;

pub use crate::error::{InfoError, SendError};
pub use error::{EndedError, StartError, WaitError};
pub use named::RegistryExt;
pub use supervised::HandlerFactory;

use crate::{
    admission::{self, Verdict},
    connection::ConnectionState,
    driver::shared::{Shared, Status},
    error::{Callback, Error, SendFailure},
    exit::ExitReason,
    frame::{CloseCode, CloseFrame, Frame},
    mailbox::{Confirm, Control, Mail, Mailbox, Refused},
    options::Offline,
    stats::Stats,
};
use waiting::Call;

/// A handle of a running client: cheap to clone, to be used from any task.
///
/// Dropping the last one does not end the client, as dropping a pid ends no process: call [`stop`](Self::stop) or
/// [`close`](Self::close). `I` is the handler's [`Info`](crate::Handler::Info).
///
/// # Calls inside a callback
///
/// A callback may await calls of its own client: frames are written and connections are opened meanwhile. A few calls
/// can only resolve after that callback returns, so they wait for themselves. Each of them logs the call and the callback at
/// `error`, whatever [`error_logging`](crate::Options::error_logging) says. A call whose return type has an error
/// returns `WithinCallback`:
///
/// - [`connected`](Self::connected), while the connection depends on a verdict that this or a later callback gives, or the
///   client is ending;
/// - [`send_confirmed`](Self::send_confirmed), and [`send`](Self::send) where it waits for room, under
///   [`Offline::Queue`] while the connection depends on such a verdict;
/// - [`info`](Self::info), where the mailbox for infos is full.
///
/// [`closed`](Self::closed) and [`stop`](Self::stop) have no error to return. Inside `handle_terminate`, and the
/// `handle_down` before it, they resolve at once, with the reason that the callback was given; inside any other callback they never resolve, and the callback's future is
/// dropped when the client ends.
///
/// Calls of a task that the callback spawned are not affected.
pub struct Client<I = ()> {
    inner: Arc<Inner<I>>,
}

/// What all handles of one client share.
struct Inner<I> {
    shared: Arc<Shared>,
    mailbox: Arc<Mailbox<I>>,
}

impl<I: Send + 'static> Client<I> {
    /// Sends a frame; waits while the mailbox is full. `Fresh.send/2`.
    ///
    /// It returns when the frame is accepted, not when it is written: see [`send_confirmed`](Self::send_confirmed).
    /// A close frame is for the connection that is open at this moment, and never closes a later one.
    ///
    /// # Errors
    ///
    /// At once, with the frame given back: one that may not be sent (`Encode`), and, by the
    /// [`Offline`] policy, one for which there is no connection (`Send`). A close frame without a connection is
    /// refused under every policy ([`SendFailure::NotConnected`]). `SendFailure::WithinCallback`, with the frame, where the
    /// call [waits for itself](Self#calls-inside-a-callback).
    // No `async fn`, which would move the frame about once more; this is the way of every message that goes out.
    pub fn send(&self, frame: impl Into<Frame>) -> impl Future<Output = Result<(), SendError>> + Send {
        let frame = frame.into();
        async move {
            match self.accept_now(frame, None)? {
                Some(mail) => self.accept_later(mail, Call::Send).await,
                None => Ok(()),
            }
        }
    }

    /// Sends a frame, or answers at once that the mailbox is full.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and `SendFailure::MailboxFull`.
    pub fn try_send(&self, frame: impl Into<Frame>) -> Result<(), SendError> {
        match self.accept_now(frame.into(), None)? {
            Some(mail) => refuse(mail, SendFailure::MailboxFull),
            None => Ok(()),
        }
    }

    /// Sends a frame and waits until its bytes went to the socket.
    ///
    /// That the server read them is something only the server can say.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and any failure after the frame was accepted: the connection was lost before the
    /// frame was written, writing failed or timed out. With `Offline::Drop` the error is `SendFailure::Dropped`.
    ///
    /// `SendFailure::WithinCallback` where the call [waits for itself](Self#calls-inside-a-callback). The frame is given back
    /// if there was no connection when the call was made. If the connection was lost during the call, the frame stays in the
    /// queue and goes out on the next connection.
    pub async fn send_confirmed(&self, frame: impl Into<Frame>) -> Result<(), SendError> {
        let (confirm, confirmed) = oneshot::channel();
        if let Some(mail) = self.accept_now(frame.into(), Some(confirm))? {
            self.accept_later(mail, Call::SendConfirmed).await?;
        }
        match self.guarded(Call::SendConfirmed, pin!(confirmed)).await {
            Ok(confirmed) => confirmed.unwrap_or_else(|_| Err(SendError::new(None, SendFailure::Ended))),
            Err(callback) => Err(SendError::new(None, SendFailure::WithinCallback(callback))),
        }
    }

    /// Begins the close handshake behind the frames accepted so far; `handle_disconnect` comes when it has ended, and
    /// by default the client ends then. `Fresh.close/3`.
    ///
    /// Without a connection the attempts end, and `handle_disconnect` is told at once. While a close is under way,
    /// another changes nothing.
    ///
    /// # Errors
    ///
    /// A code that may not be sent, a reason of more than 123 bytes, and a client that has ended.
    pub fn close(&self, code: impl Into<CloseCode>, reason: impl Into<ByteString>) -> Result<(), Error> {
        let close = CloseFrame::new(code, reason);
        Frame::Close(Some(close.clone())).check()?;
        self.inner.mailbox.control(Control::Close(close)).map_err(|_| SendFailure::Ended.into())
    }

    /// Ends the client: a close frame with 1001 behind the frames accepted so far, the close handshake,
    /// `handle_terminate`. Resolves when all of it is done, to the reason it ended for.
    ///
    /// No callback begins any more; one that is running may finish within the `close_timeout`. OTP's `shutdown`.
    ///
    /// Inside a callback call [`request_stop`](Self::request_stop) instead. There, `stop` requests the stop and then
    /// [waits for itself](Self#calls-inside-a-callback): the client ends with the `close_timeout`, and the callback's future is
    /// dropped at this await. Inside `handle_terminate` it resolves as [`closed`](Self::closed) does.
    pub async fn stop(&self) -> ExitReason {
        self.request_stop();
        self.ended(Call::Stop).await
    }

    /// [`stop`](Self::stop) without waiting for its end.
    pub fn request_stop(&self) {
        // A client that has ended needs no stopping.
        let _ = self.inner.mailbox.control(Control::Stop);
    }

    /// Hands an info to `handle_info`; waits while the mailbox for infos is full. Erlang's `send/2` to the process.
    ///
    /// # Errors
    ///
    /// The client has ended, or the mailbox is full and the call [waits for itself](Self#calls-inside-a-callback)
    /// (`SendFailure::WithinCallback`); the info is given back.
    pub async fn info(&self, info: I) -> Result<(), InfoError<I>> {
        let mailbox = &self.inner.mailbox;
        let failure = match self.guarded(Call::Info, pin!(mailbox.info_place())).await {
            Ok(Some(place)) => return place.put(info).map_err(|info| InfoError::new(info, SendFailure::Ended)),
            Ok(None) => SendFailure::Ended,
            Err(callback) => SendFailure::WithinCallback(callback),
        };
        Err(InfoError::new(info, failure))
    }

    /// Hands an info to `handle_info`, or answers at once that the mailbox for infos is full.
    ///
    /// # Errors
    ///
    /// The client has ended, or the mailbox is full; the info is given back.
    pub fn try_info(&self, info: I) -> Result<(), InfoError<I>> {
        self.inner.mailbox.try_info(info).map_err(|refused| match refused {
            Refused::Full(info) => InfoError::new(info, SendFailure::MailboxFull),
            Refused::Ended(info) => InfoError::new(info, SendFailure::Ended),
            Refused::Denied(_, never) => match never {},
        })
    }

    /// Connects at once: out of `Idle`, or before the backoff's delay has passed. An open connection is closed
    /// first, with 1000 and without asking the handler; an attempt that is under way goes on.
    pub fn reconnect(&self) {
        // A client that has ended stays ended.
        let _ = self.inner.mailbox.control(Control::Reconnect);
    }

    /// As [`reconnect`](Self::reconnect), but an open connection is dropped at once, without a close handshake. For a server
    /// that is known to be dead: `reconnect` waits up to the `close_timeout` for its answer. A connection that is closing
    /// because the client ends is not affected.
    ///
    /// Frames that were accepted and not written yet are lost, and counted in [`Stats::frames_lost`].
    pub fn reconnect_now(&self) {
        // A client that has ended stays ended.
        let _ = self.inner.mailbox.control(Control::ReconnectNow);
    }

    /// Whether messages travel at this moment.
    pub fn is_open(&self) -> bool {
        self.state() == ConnectionState::Connected
    }

    /// Where the client stands at this moment.
    pub fn state(&self) -> ConnectionState {
        self.inner.shared.state()
    }

    /// The state now, and then each change. A slow reader misses intermediate states, never the last one; the
    /// stream ends after [`ConnectionState::Ended`].
    pub fn watch(&self) -> impl Stream<Item = ConnectionState> + Send + Unpin + use<I> {
        let mut changes = self.inner.shared.status.subscribe();
        changes.mark_changed();
        Box::pin(stream::unfold(Some((changes, None)), |watching| async move {
            let (mut changes, before) = watching?;
            loop {
                changes.changed().await.ok()?;
                let state = changes.borrow_and_update().state;
                if before == Some(state) {
                    continue;
                }
                let next = (state != ConnectionState::Ended).then_some((changes, Some(state)));
                return Some((state, next));
            }
        }))
    }

    /// Waits for a connection: returns at once where there is one, else when the next one is established. That may
    /// be before `handle_connect` has run, or returned.
    ///
    /// # Errors
    ///
    /// The client ended first, and why; `WithinCallback` where the call
    /// [waits for itself](Self#calls-inside-a-callback).
    pub async fn connected(&self) -> Result<(), WaitError> {
        self.guarded(Call::Connected, pin!(self.next_connection()))
            .await
            .unwrap_or_else(|callback| Err(callback.into()))
    }

    /// Waits for the client's end; returns at once where it has ended. Nothing of it is left then: no task, no
    /// timer, no socket.
    ///
    /// Inside a callback it [waits for itself](Self#calls-inside-a-callback). Inside `handle_terminate` it resolves at once
    /// with the reason that `handle_terminate` was given; if `handle_terminate` panics later, the client ends as
    /// [`Panicked`](ExitReason::Panicked) instead.
    pub async fn closed(&self) -> ExitReason {
        self.ended(Call::Closed).await
    }

    /// The server's address, while there is a connection over TCP. hackney_ws's `peername/1`.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.status(|status| status.peer_addr)
    }

    /// Our address, while there is a connection over TCP. hackney_ws's `sockname/1`.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.status(|status| status.local_addr)
    }

    /// The subprotocol in force, while there is a connection that has one.
    pub fn protocol(&self) -> Option<String> {
        self.status(|status| status.protocol.clone())
    }

    /// How long the last ping of the keepalive took to come back; `None` before the first one did.
    pub fn latency(&self) -> Option<Duration> {
        self.inner.shared.counters.latency()
    }

    /// What the client has counted so far.
    pub fn stats(&self) -> Stats {
        self.inner.shared.counters.snapshot()
    }

    pub(crate) fn lost_messages(&self, count: u64) {
        self.inner.shared.lost_messages(count);
    }

    /// Counts and logs a frame that was not sent, when no caller can get it back.
    pub(crate) fn lost_frame(&self, error: &SendError) {
        if let Error::Send(failure) = error.cause() {
            self.inner.shared.lost_frames(1, failure);
        }
    }

    fn status<T>(&self, look: impl FnOnce(&Status) -> T) -> T {
        look(&self.inner.shared.status.borrow())
    }

    /// Queues a frame for the driver; gives it back if the connection is open and the mailbox is full.
    #[inline]
    fn accept_now(&self, frame: Frame, confirm: Option<Confirm>) -> Result<Option<Mail>, SendError> {
        if let Err(error) = frame.check() {
            return Err(SendError::new(Some(frame), error));
        }
        let mail = Mail::new(frame, confirm, || self.status(|status| status.connections));
        let (state, policy) = self.rules(&mail);
        let stuck = self.stuck(&mail);
        match self.inner.mailbox.try_send(mail, |queued| admit(state, policy, queued, stuck)) {
            Ok(()) => Ok(None),
            // A full mailbox is a full queue as well: it has room for at least as many frames.
            Err(Refused::Full(mail)) => match admission::verdict(state, policy, usize::MAX).failure() {
                None => Ok(Some(mail)),
                Some(failure) => refuse(mail, failure).map(|()| None),
            },
            Err(refused) => self.refused(refused).map(|()| None),
        }
    }

    /// Waits for room in the mailbox; the connection may be gone by then.
    async fn accept_later(&self, mail: Mail, call: Call) -> Result<(), SendError> {
        let place = match self.guarded(call, pin!(self.inner.mailbox.place())).await {
            Ok(Some(place)) => place,
            Ok(None) => return refuse(mail, SendFailure::Ended),
            Err(callback) => return refuse(mail, SendFailure::WithinCallback(callback)),
        };
        let (state, policy) = self.rules(&mail);
        let stuck = self.stuck(&mail);
        place.send(mail, |queued| admit(state, policy, queued, stuck)).or_else(|refused| self.refused(refused))
    }

    /// The callback in which the result of this mail would be awaited in vain, if the mail were queued.
    #[inline]
    fn stuck(&self, mail: &Mail) -> Option<Callback> {
        if mail.is_confirmed() { self.waits_for_itself(Call::SendConfirmed) } else { None }
    }

    /// The state and the policy that decide about this mail.
    #[inline]
    fn rules(&self, mail: &Mail) -> (ConnectionState, Offline) {
        (self.state(), admission::policy_for(mail.frame(), self.inner.shared.offline))
    }

    /// Reports the loss to the sender, or counts it if the sender does not wait for the result.
    fn refused(&self, refused: Refused<Mail, Verdict>) -> Result<(), SendError> {
        match refused {
            Refused::Denied(Mail::Frame(_, None), Verdict::Drop) => {
                self.inner.shared.lost_frames(1, &SendFailure::Dropped);
                Ok(())
            }
            Refused::Denied(mail, Verdict::Refuse(SendFailure::WithinCallback(callback))) => {
                self.report(Call::SendConfirmed, callback);
                refuse(mail, SendFailure::WithinCallback(callback))
            }
            Refused::Denied(mail, verdict) => refuse(mail, verdict.failure().unwrap_or(SendFailure::NotConnected)),
            Refused::Full(mail) => refuse(mail, SendFailure::MailboxFull),
            Refused::Ended(mail) => refuse(mail, SendFailure::Ended),
        }
    }
}

/// The verdict, as the mailbox asks for it: `Err` keeps the frame out. A frame is not queued if its sender is `stuck`.
#[inline]
fn admit(state: ConnectionState, policy: Offline, queued: usize, stuck: Option<Callback>) -> Result<(), Verdict> {
    match admission::verdict(state, policy, queued) {
        Verdict::Accept => Ok(()),
        Verdict::Queue => match stuck {
            None => Ok(()),
            Some(callback) => Err(Verdict::Refuse(SendFailure::WithinCallback(callback))),
        },
        Verdict::Drop => Err(Verdict::Drop),
        Verdict::Refuse(failure) => Err(Verdict::Refuse(failure)),
    }
}

/// The error of a frame that was not accepted, with the frame.
fn refuse(mail: Mail, failure: SendFailure) -> Result<(), SendError> {
    Err(SendError::new(mail.into_frame().map(|(frame, _)| frame), failure))
}

impl<I> Clone for Client<I> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<I> fmt::Debug for Client<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("state", &self.inner.shared.status.borrow().state).finish_non_exhaustive()
    }
}
