//! The one task of a connected socket: it polls the driver, and beside it moves frames to the owner.

use std::{
    convert::Infallible,
    future::{Future, pending},
    sync::Arc,
};

use futures_util::StreamExt;

use super::{
    Client,
    delivery::Duty,
    event::{Ending, Owner},
    inbox::Inbox,
    state::SocketState,
};
use crate::{exit::ExitReason, frame::CloseCode};

/// Runs the driver to its end, reports the end, and delivers the rest to the owner.
pub(super) fn run(
    inbox: Arc<Inbox>,
    client: Client,
    driver: impl Future<Output = ExitReason> + Send + 'static,
) -> impl Future<Output = ()> + Send + 'static {
    // Dropped behind the driver, also before the first poll: the state is `Closed` before the end is reported.
    let parts = (driver, Running::new(inbox));
    async move {
        let (driver, running) = parts;
        let inbox = &running.inbox;
        let reason = tokio::select! {
            biased;
            reason = driver => reason,
            never = serve_owner(inbox, &client) => match never {},
        };
        inbox.end(Ending::Ended(reason));
        deliver_rest(running).await;
    }
}

/// The right to deliver to the owner, which one task has at a time. Dropped before the task has ended, it reports that
/// the socket was aborted.
#[derive(Debug)]
pub(super) struct Running {
    inbox: Arc<Inbox>,
    ended: bool,
}

impl Running {
    pub(super) fn new(inbox: Arc<Inbox>) -> Self {
        Self { inbox, ended: false }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.inbox.end(Ending::Ended(ExitReason::Aborted));
            self.inbox.task_dropped();
        }
    }
}

/// Moves frames to the owner, closes the connection when the owner's receiver is dropped, and notices the end of the
/// connection.
async fn serve_owner(inbox: &Inbox, client: &Client) -> Infallible {
    let mut states = client.watch().fuse();
    loop {
        let duty = inbox.duty();
        tokio::select! {
            biased;
            Some(state) = states.next() => {
                if SocketState::from(state) == SocketState::Closed {
                    inbox.gone();
                }
            }
            () = inbox.changed() => {}
            () = deliver(inbox, duty) => {
                // A client that has ended needs no closing.
                let _ = client.close(CloseCode::NORMAL_CLOSURE, "");
            }
        }
    }
}

/// Delivers while there is an owner; returns when the owner's receiver was dropped and the connection has to be closed.
async fn deliver(inbox: &Inbox, mut duty: Duty<Owner>) {
    loop {
        let gone = match duty {
            Duty::None => pending().await,
            Duty::Watch(owner) => {
                owner.0.closed().await;
                Some(owner)
            }
            Duty::Deliver(owner) => {
                if let Ok(permit) = owner.0.reserve().await {
                    inbox.deliver(&owner, permit);
                    None
                } else {
                    Some(owner)
                }
            }
        };
        if gone.is_some_and(|owner| inbox.owner_gone(&owner)) {
            return;
        }
        duty = inbox.duty();
    }
}

/// Delivers what was received before the end. Nothing more comes, so it returns when there is nothing to deliver.
pub(super) async fn deliver_rest(mut running: Running) {
    while let Some(owner) = running.inbox.last_duty() {
        let inbox = &running.inbox;
        tokio::select! {
            biased;
            () = inbox.changed() => {}
            room = owner.0.reserve() => match room {
                Ok(permit) => inbox.deliver(&owner, permit),
                Err(_) => {
                    inbox.owner_gone(&owner);
                }
            }
        }
    }
    running.ended = true;
}
