//! The parts of a socket that all its handles share, and the phase it is in.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytestring::ByteString;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc, oneshot},
};

use super::{
    Active, Client, SocketEvent, SocketOptions, SocketState,
    error::SocketError,
    event::Owner,
    forwarder::Forwarder,
    inbox::Inbox,
    task::{self, Running, deliver_rest},
};
use crate::{
    client::StartError,
    error::SendError,
    frame::{CloseCode, CloseFrame, Frame},
    options::Offline,
};

/// It is dropped with the last handle.
pub(super) struct Shared {
    pub(super) inbox: Arc<Inbox>,
    pub(super) recv_timeout: Option<Duration>,
    /// Its one permit is the turn to `recv`. Calls get it in their order.
    pub(super) turn: Semaphore,
    phase: Mutex<Phase>,
    handles: AtomicU64,
}

/// The phases of a socket.
enum Phase {
    Idle(Box<SocketOptions>),
    Started {
        client: Client,
        runtime: Handle,
    },
    /// Closed while it was idle.
    Closed,
}

impl Shared {
    pub(super) fn new(mut options: SocketOptions) -> Self {
        let inbox = Inbox::new(options.most_frames, options.most_bytes);
        if let Some(owner) = options.owner.take() {
            // A socket that has just been started accepts any owner.
            let _ = inbox.set_owner(Owner(owner));
        }
        Self {
            inbox: Arc::new(inbox),
            recv_timeout: options.recv_timeout,
            turn: Semaphore::new(1),
            phase: Mutex::new(Phase::Idle(Box::new(options))),
            handles: AtomicU64::new(0),
        }
    }

    pub(super) fn next_handle(&self) -> u64 {
        self.handles.fetch_add(1, Ordering::Relaxed)
    }

    /// Begins to connect if the socket is idle.
    pub(super) fn launch(&self) -> Result<Attempt, SocketError> {
        let mut phase = self.phase();
        let Phase::Idle(options) = &*phase else {
            return Err(SocketError::WrongState { state: phase.state(&self.inbox) });
        };
        let runtime = Handle::try_current().map_err(|_| SocketError::Start(StartError::NoRuntime))?;
        self.inbox.set_active(options.active)?;
        let (opening, opened) = oneshot::channel();
        self.inbox.opening(opening);
        // The inbox is the queue; the driver keeps one frame before it.
        let options = options.options.clone().inbound(1, 0).offline(Offline::Reject);
        let inbox = Arc::clone(&self.inbox);
        let (client, driver) = Client::new_silent(options, |client| Forwarder::new(client, inbox));
        runtime.spawn(task::run(Arc::clone(&self.inbox), client.clone(), driver));
        *phase = Phase::Started { client: client.clone(), runtime };
        Ok(Attempt { client, opened })
    }

    /// Begins to close behind these frames; returns the client whose end is to be awaited, if there is one.
    pub(super) fn close(
        &self,
        code: CloseCode,
        reason: ByteString,
        unsent: impl FnOnce() -> Vec<Frame>,
    ) -> Result<Option<Client>, SocketError> {
        let frame = Frame::Close(Some(CloseFrame::new(code, reason.clone())));
        if let Err(error) = frame.check() {
            return Err(SocketError::Send(SendError::new(Some(frame), error)));
        }
        let mut phase = self.phase();
        match &*phase {
            Phase::Idle(_) => {
                *phase = Phase::Closed;
                self.inbox.never_opened();
                Ok(None)
            }
            Phase::Closed => Ok(None),
            Phase::Started { client, .. } => {
                for frame in unsent() {
                    if let Err(error) = client.try_send(frame) {
                        client.lost_frame(&error);
                    }
                }
                // The frame was checked, and a client that has ended needs no closing.
                let _ = client.close(code, reason);
                self.inbox.close();
                Ok(Some(client.clone()))
            }
        }
    }

    pub(super) fn state(&self) -> SocketState {
        self.phase().state(&self.inbox)
    }

    pub(super) fn client(&self) -> Option<Client> {
        match &*self.phase() {
            Phase::Started { client, .. } => Some(client.clone()),
            Phase::Idle(_) | Phase::Closed => None,
        }
    }

    /// Changes the mode; before the connection, it is the mode that the connection begins with.
    pub(super) fn set_active(&self, mode: Active) -> Result<(), SocketError> {
        let mut phase = self.phase();
        let needs_task = self.inbox.set_active(mode)?;
        match &mut *phase {
            Phase::Idle(options) => options.active = mode,
            Phase::Started { runtime, .. } if needs_task => {
                runtime.spawn(deliver_rest(Running::new(Arc::clone(&self.inbox))));
            }
            Phase::Started { .. } | Phase::Closed => {}
        }
        Ok(())
    }

    pub(super) fn set_owner(&self, owner: mpsc::Sender<SocketEvent>) -> Result<(), SocketError> {
        self.inbox.set_owner(Owner(owner))
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Phase {
    fn state(&self, inbox: &Inbox) -> SocketState {
        match self {
            Self::Idle(_) => SocketState::Idle,
            Self::Closed => SocketState::Closed,
            Self::Started { client, .. } => match client.state().into() {
                // The driver has not handled the close yet.
                SocketState::Connected if inbox.is_closing() => SocketState::Closing,
                state @ (SocketState::Idle
                | SocketState::Upgrading
                | SocketState::Connected
                | SocketState::Closing
                | SocketState::Closed) => state,
            },
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(client) = self.client() {
            self.inbox.abandon();
            // A client that has ended needs no closing.
            let _ = client.close(CloseCode::NORMAL_CLOSURE, "");
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// An attempt to connect. Dropped before its outcome is known, it is given up.
pub(super) struct Attempt {
    client: Client,
    opened: oneshot::Receiver<Result<(), SocketError>>,
}

impl Attempt {
    pub(super) async fn outcome(mut self) -> Result<(), SocketError> {
        (&mut self.opened).await.unwrap_or(Err(SocketError::CLOSED))
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        // A terminated channel has delivered the outcome.
        if !self.opened.is_terminated() {
            let _ = self.client.close(CloseCode::NORMAL_CLOSURE, "");
        }
    }
}
