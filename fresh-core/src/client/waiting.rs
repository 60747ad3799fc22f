//! Calls that wait: for the client's end, for a connection, for room in the mailbox.
//!
//! Inside a callback of the same client, some of them can only resolve after that callback returns. They are recognised
//! while the callback polls them, since what they wait for may change during the call.

use std::{
    fmt,
    future::{Future, poll_fn},
    mem,
    pin::{Pin, pin},
    task::Poll,
};

use futures_util::StreamExt;

use super::{Client, WaitError};
use crate::{
    connection::ConnectionState, driver::log, error::Callback, exit::ExitReason, mailbox::Control, options::Offline,
};

/// A method that may have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Connected,
    Closed,
    Stop,
    Send,
    SendConfirmed,
    Info,
}

/// What a call waits for that is pending inside a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    /// The return of the callback: the call waits for itself.
    Return,
    /// The verdict of this callback or of one behind it; otherwise only `reconnect()` helps.
    Verdict,
    /// A connection that may come while the callback waits; what the call waits for changes with the state.
    Connection,
    /// Something that does not depend on the callback.
    Other,
}

impl Call {
    fn awaits(self, callback: Callback, state: ConnectionState, offline: Offline) -> Awaited {
        match self {
            // The end comes after every callback, and the next info is taken after this one.
            Self::Closed | Self::Stop | Self::Info => Awaited::Return,
            Self::Connected => connection(callback, state),
            Self::Send | Self::SendConfirmed => match (offline, connection(callback, state)) {
                (Offline::Queue(_), awaited @ (Awaited::Verdict | Awaited::Connection)) => awaited,
                // A client that is ending refuses every frame. Under another policy, so does one without a connection.
                (Offline::Queue(_), Awaited::Return | Awaited::Other) | (Offline::Reject | Offline::Drop, _) => {
                    Awaited::Other
                }
            },
        }
    }
}

/// What has to happen before there is a connection.
fn connection(callback: Callback, state: ConnectionState) -> Awaited {
    if callback == Callback::Terminate {
        return Awaited::Return;
    }
    match state {
        ConnectionState::Deciding => Awaited::Verdict,
        ConnectionState::Idle if gives_verdict(callback) => Awaited::Verdict,
        ConnectionState::Idle
        | ConnectionState::Connecting
        | ConnectionState::Upgrading
        | ConnectionState::Connected
        | ConnectionState::Closing
        | ConnectionState::Waiting => Awaited::Connection,
        ConnectionState::Draining | ConnectionState::Ended => Awaited::Return,
    }
}

fn gives_verdict(callback: Callback) -> bool {
    match callback {
        Callback::Disconnect | Callback::Error => true,
        Callback::Connect
        | Callback::In
        | Callback::Control
        | Callback::Info
        | Callback::Down
        | Callback::Terminate => false,
    }
}

impl<I: Send + 'static> Client<I> {
    /// Awaits what a call waits for. Inside a callback that has to return first, logs the call and returns the callback.
    pub(super) async fn guarded<T>(
        &self,
        call: Call,
        mut awaited: Pin<&mut (impl Future<Output = T> + Send)>,
    ) -> Result<T, Callback> {
        let mut states = None;
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(output) = awaited.as_mut().poll(cx) {
                    return Poll::Ready(Ok(output));
                }
                match self.look(call) {
                    Some((callback, Awaited::Return | Awaited::Verdict)) => {
                        self.report(call, callback);
                        return Poll::Ready(Err(callback));
                    }
                    // The next change of the state wakes this task.
                    Some((_, Awaited::Connection)) => {
                        let states = states.get_or_insert_with(|| self.watch().fuse());
                        if let Poll::Ready(Some(_)) = states.poll_next_unpin(cx) {
                            continue;
                        }
                    }
                    Some((_, Awaited::Other)) | None => {}
                }
                return Poll::Pending;
            }
        })
        .await
    }

    /// The callback in which this call, if it had to wait now, would wait for itself.
    pub(super) fn waits_for_itself(&self, call: Call) -> Option<Callback> {
        match self.look(call)? {
            (callback, Awaited::Return | Awaited::Verdict) => Some(callback),
            (_, Awaited::Connection | Awaited::Other) => None,
        }
    }

    /// The callback of this client that makes the call, and what the call waits for; `None` outside of a callback.
    fn look(&self, call: Call) -> Option<(Callback, Awaited)> {
        let callback = self.callback()?;
        let awaited = call.awaits(callback, self.state(), self.inner.shared.offline);
        match awaited {
            // The last callbacks run, whatever the state was before.
            Awaited::Verdict | Awaited::Connection if self.inner.shared.terminated_by().is_some() => {
                Some((callback, Awaited::Return))
            }
            // The driver has yet to begin the attempt.
            Awaited::Verdict
                if self
                    .inner
                    .mailbox
                    .holds_control(|control| matches!(control, Control::Reconnect | Control::ReconnectNow)) =>
            {
                Some((callback, Awaited::Connection))
            }
            awaited @ (Awaited::Return | Awaited::Verdict | Awaited::Connection | Awaited::Other) => {
                Some((callback, awaited))
            }
        }
    }

    /// Waits for the client's end.
    ///
    /// The last callbacks are given the reason, so a call inside of them need not wait.
    pub(super) async fn ended(&self, call: Call) -> ExitReason {
        let mut exit = pin!(self.exit());
        let mut reported = false;
        poll_fn(|cx| {
            if let Poll::Ready(reason) = exit.as_mut().poll(cx) {
                return Poll::Ready(reason);
            }
            let Some(callback) = self.callback() else { return Poll::Pending };
            if !mem::replace(&mut reported, true) {
                self.report(call, callback);
            }
            match self.inner.shared.terminated_by() {
                Some(reason) => Poll::Ready(reason),
                None => Poll::Pending,
            }
        })
        .await
    }

    async fn exit(&self) -> ExitReason {
        let mut status = self.inner.shared.status.subscribe();
        match status.wait_for(|status| status.exit.is_some()).await {
            Ok(status) => status.exit.clone().unwrap_or(ExitReason::Aborted),
            // The sender lives in this handle, so the watch cannot be closed.
            Err(_) => ExitReason::Aborted,
        }
    }

    pub(super) async fn next_connection(&self) -> Result<(), WaitError> {
        let mut status = self.inner.shared.status.subscribe();
        let seen = status.borrow().connections;
        let found = status
            .wait_for(|status| {
                let open = status.state == ConnectionState::Connected || status.connections > seen;
                open || status.exit.is_some()
            })
            .await;
        // The sender lives in this handle, so the watch cannot be closed.
        let Ok(found) = found else { return Err(WaitError::Ended(ExitReason::Aborted)) };
        match &found.exit {
            Some(reason) if found.connections == seen => Err(WaitError::Ended(reason.clone())),
            Some(_) | None => Ok(()),
        }
    }

    /// The callback of this client that the calling task is in.
    fn callback(&self) -> Option<Callback> {
        self.inner.shared.id().callback()
    }

    pub(super) fn report(&self, call: Call, callback: Callback) {
        tracing::error!(
            target: log::TARGET,
            parent: &self.inner.shared.span,
            "`{call}` inside `{callback}` of the same client waits for itself: it can only resolve after the callback returns",
        );
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connected => "connected",
            Self::Closed => "closed",
            Self::Stop => "stop",
            Self::Send => "send",
            Self::SendConfirmed => "send_confirmed",
            Self::Info => "info",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Awaited::*, *};

    const CALLBACKS: [Callback; 8] = [
        Callback::Connect,
        Callback::In,
        Callback::Control,
        Callback::Info,
        Callback::Disconnect,
        Callback::Error,
        Callback::Down,
        Callback::Terminate,
    ];
    const POLICIES: [Offline; 3] = [Offline::Reject, Offline::Drop, Offline::Queue(8)];

    /// What `connected()` awaits in a state: inside `handle_terminate`, inside a callback that gives a verdict, and inside
    /// any other.
    const CONNECTED: [(ConnectionState, [Awaited; 3]); 9] = [
        (ConnectionState::Idle, [Return, Verdict, Connection]),
        (ConnectionState::Connecting, [Return, Connection, Connection]),
        (ConnectionState::Upgrading, [Return, Connection, Connection]),
        (ConnectionState::Connected, [Return, Connection, Connection]),
        (ConnectionState::Closing, [Return, Connection, Connection]),
        (ConnectionState::Deciding, [Return, Verdict, Verdict]),
        (ConnectionState::Waiting, [Return, Connection, Connection]),
        (ConnectionState::Draining, [Return, Return, Return]),
        (ConnectionState::Ended, [Return, Return, Return]),
    ];

    /// Each call, in each callback, state and policy, with what `connected()` awaits there.
    fn each_cell(mut check: impl FnMut(Callback, ConnectionState, Offline, Awaited)) {
        for (state, [terminating, deciding, other]) in CONNECTED {
            for callback in CALLBACKS {
                let connected = match callback {
                    Callback::Terminate => terminating,
                    Callback::Disconnect | Callback::Error => deciding,
                    Callback::Connect | Callback::In | Callback::Control | Callback::Info | Callback::Down => other,
                };
                for offline in POLICIES {
                    check(callback, state, offline, connected);
                }
            }
        }
    }

    #[test]
    fn connected_waits_for_itself_where_a_verdict_is_open_or_the_client_ends() {
        each_cell(|callback, state, offline, expected| {
            assert_eq!(Call::Connected.awaits(callback, state, offline), expected, "{callback} while {state}");
        });
    }

    #[test]
    fn a_send_waits_for_itself_where_its_frame_is_queued_until_a_verdict() {
        each_cell(|callback, state, offline, connected| {
            let expected = match (offline, connected) {
                (Offline::Queue(_), Verdict | Connection) => connected,
                (Offline::Queue(_), Return | Other) | (Offline::Reject | Offline::Drop, _) => Other,
            };
            for call in [Call::Send, Call::SendConfirmed] {
                assert_eq!(call.awaits(callback, state, offline), expected, "{call} in {callback} while {state}");
            }
        });
    }

    #[test]
    fn the_end_and_room_for_an_info_always_come_after_the_callback() {
        each_cell(|callback, state, offline, _| {
            for call in [Call::Closed, Call::Stop, Call::Info] {
                assert_eq!(call.awaits(callback, state, offline), Return, "{call} in {callback} while {state}");
            }
        });
    }
}
