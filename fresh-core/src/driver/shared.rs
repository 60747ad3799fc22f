//! What the handles and the driver share: where the client stands, and what it counts.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
};

use tokio::sync::watch;
use tracing::Span;

use super::{connection::Connection, log};
use crate::{
    connection::ConnectionState,
    error::{Chain, SendFailure},
    exit::ExitReason,
    options::{Offline, Options},
    stats::Counters,
    within::ClientId,
};

/// Where a client stands, as its driver last said.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) state: ConnectionState,
    /// How many connections there have been, so that a short one is not missed between two looks.
    pub(crate) connections: u64,
    pub(crate) peer_addr: Option<SocketAddr>,
    pub(crate) local_addr: Option<SocketAddr>,
    pub(crate) protocol: Option<String>,
    /// Set once, after everything else.
    pub(crate) exit: Option<ExitReason>,
}

/// Shared by all handles of a client and its driver.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) status: watch::Sender<Status>,
    /// The state in `status`, for whoever asks before each frame.
    state: AtomicU8,
    pub(crate) counters: Counters,
    pub(crate) offline: Offline,
    pub(crate) error_logging: bool,
    /// Why the client ends, while its last callbacks run.
    terminating: Mutex<Option<ExitReason>>,
    /// What the handles log belongs to the client, wherever they are used.
    pub(crate) span: Span,
}

impl Shared {
    pub(crate) fn new(options: &Options) -> Self {
        let status = Status {
            state: ConnectionState::Connecting,
            connections: 0,
            peer_addr: None,
            local_addr: None,
            protocol: None,
            exit: None,
        };
        Self {
            state: AtomicU8::new(status.state as u8),
            status: watch::Sender::new(status),
            counters: Counters::default(),
            offline: options.offline,
            error_logging: options.error_logging,
            terminating: Mutex::new(None),
            span: log::span(options),
        }
    }

    /// The mark of this client's callbacks names it by this address.
    #[inline]
    pub(crate) fn id(&self) -> ClientId {
        ClientId::of(self)
    }

    /// Where the client stands.
    #[inline]
    pub(crate) fn state(&self) -> ConnectionState {
        let index = usize::from(self.state.load(Ordering::Acquire));
        ConnectionState::ALL.get(index).copied().unwrap_or(ConnectionState::Ended)
    }

    /// Publishes the state, and what is known of the connection, all at once: a sender that `connected()` lets continue
    /// can send.
    pub(super) fn publish(&self, state: ConnectionState, connections: u64, connection: Option<&mut Connection>) {
        self.status.send_modify(|status| {
            status.connections = connections;
            status.peer_addr = connection.as_ref().and_then(|connection| connection.peer_addr);
            status.local_addr = connection.as_ref().and_then(|connection| connection.local_addr);
            status.protocol = connection.and_then(|connection| connection.protocol.clone());
            self.set(status, state);
        });
    }

    fn set(&self, status: &mut Status, state: ConnectionState) {
        status.state = state;
        self.state.store(state as u8, Ordering::Release);
    }

    /// Frames that nobody will get: counted, and told where nobody else is told.
    pub(crate) fn lost_frames(&self, count: u64, why: &SendFailure) {
        self.counters.frames_lost.add(count);
        if self.error_logging {
            let why = Chain(why);
            tracing::warn!(target: log::TARGET, parent: &self.span, frames = count, %why, "frames were not sent");
        }
    }

    /// Messages that came when nobody wanted them any more.
    pub(crate) fn lost_messages(&self, count: u64) {
        self.counters.messages_lost.add(count);
        if self.error_logging && count > 0 {
            tracing::warn!(target: log::TARGET, parent: &self.span, messages = count, "messages came after the close");
        }
    }

    /// The callbacks that still run are `handle_down` and `handle_terminate`, which get this reason. A panic in the first
    /// one changes it.
    pub(super) fn terminating(&self, reason: ExitReason) {
        *self.terminating.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// The reason that the last callbacks were given.
    pub(crate) fn terminated_by(&self) -> Option<ExitReason> {
        self.terminating.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Publishes the end of the client. Only the first reason counts.
    pub(super) fn ended(&self, reason: ExitReason) {
        self.status.send_modify(|status| {
            self.set(status, ConnectionState::Ended);
            status.exit.get_or_insert(reason);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_never_counted_before_it_can_be_used() {
        let shared = Shared::new(&Options::new("ws://host/").unwrap());
        shared.publish(ConnectionState::Connected, 1, None);
        let status = shared.status.borrow();
        assert_eq!((status.connections, status.state), (1, ConnectionState::Connected));
    }
}
