//! What is logged, by `tracing`; never a header's value, userinfo or a query.

use std::time::Duration;

use tracing::{Span, info, info_span, warn};

use crate::{
    connection::{ConnectionState, Disconnect, Upgrade},
    error::{Chain, Error},
    exit::ExitReason,
    machine::Event,
    options::{Options, redacted},
    registry::Name,
};

/// What a filter such as `RUST_LOG=fresh=info` goes by.
pub(crate) const TARGET: &str = "fresh";

/// The span of a client: its name and its URL.
pub(crate) fn span(options: &Options) -> Span {
    info_span!(target: TARGET, "fresh", name = options.name.as_ref().map(Name::as_str), url = redacted(&options.url))
}

/// The user's switches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    info: bool,
    error: bool,
}

impl Log {
    pub(super) fn new(options: &Options) -> Self {
        Self { info: options.info_logging, error: options.error_logging }
    }

    pub(super) fn event(self, event: &Event) {
        match event {
            Event::Connected(upgrade) => self.connected(upgrade),
            Event::Disconnected(disconnect, _) => self.disconnected(disconnect),
            Event::Failed(error, _) => self.failed(error),
            // Traffic is counted, not logged. The event behind a `Down` says the same.
            Event::Control(_) | Event::Down(_) | Event::Renew => {}
        }
    }

    fn connected(self, upgrade: &Upgrade) {
        if self.info {
            let peer = upgrade.peer_addr.map(tracing::field::display);
            info!(target: TARGET, attempt = upgrade.attempt, peer, protocol = upgrade.protocol, "connected");
        }
    }

    fn disconnected(self, disconnect: &Disconnect) {
        if self.info {
            let Disconnect { code, reason, initiator, clean } = disconnect;
            let code = code.map(tracing::field::display);
            info!(target: TARGET, code, %reason, ?initiator, clean, "disconnected");
        }
    }

    fn failed(self, error: &Error) {
        if self.error {
            warn!(target: TARGET, transient = error.is_transient(), "{}", Chain(error));
        }
    }

    /// Only the states that no event reports.
    pub(super) fn entered(self, state: ConnectionState, wait: Option<Duration>) {
        if self.info {
            match state {
                ConnectionState::Idle => info!(target: TARGET, "idle until `reconnect()` is called"),
                ConnectionState::Connecting => info!(target: TARGET, "connecting"),
                ConnectionState::Waiting => info!(target: TARGET, ?wait, "waiting for the next attempt"),
                ConnectionState::Upgrading
                | ConnectionState::Connected
                | ConnectionState::Closing
                | ConnectionState::Deciding
                | ConnectionState::Draining
                | ConnectionState::Ended => {}
            }
        }
    }

    /// Code of the user's panicked where no callback can learn it.
    pub(super) fn panicked(self, place: &str, message: &str) {
        if self.error {
            tracing::error!(target: TARGET, "{place} panicked: {message}");
        }
    }

    pub(super) fn lost_messages(self, count: u64) {
        if self.error && count > 0 {
            warn!(target: TARGET, messages = count, "messages were received that no callback will be told of");
        }
    }

    pub(super) fn lost_infos(self, count: u64) {
        if self.error && count > 0 {
            warn!(target: TARGET, infos = count, "infos came too late for a callback");
        }
    }

    pub(super) fn ended(self, reason: &ExitReason) {
        if reason.is_abnormal() {
            if self.error {
                tracing::error!(target: TARGET, "ended: {reason}");
            }
        } else if self.info {
            info!(target: TARGET, "ended: {reason}");
        }
    }
}
