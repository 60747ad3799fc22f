//! The one task of a connected socket: the driver, and beside it what moves frames to the owner.

use std::{
    convert::Infallible,
    future::{Future, pending},
    sync::Arc,
};

use futures_util::StreamExt;

use super::{Client, inbox::Inbox, queue::Errand, state::SocketState};
use crate::{exit::ExitReason, frame::CloseCode};

/// Runs the driver to its end, then delivers what is left for the owner.
pub(super) async fn live(inbox: Arc<Inbox>, client: Client, running: impl Future<Output = ExitReason>) {
    tokio::select! {
        biased;
        _ = running => {}
        never = attend(&inbox, &client) => match never {},
    }
    deliver_rest(inbox).await;
}

/// Moves frames to the owner while there is one, and looks after the end of both.
async fn attend(inbox: &Inbox, client: &Client) -> Infallible {
    let mut states = client.watch().fuse();
    loop {
        let errand = inbox.errand();
        tokio::select! {
            biased;
            Some(state) = states.next() => {
                if SocketState::from(state) == SocketState::Closed {
                    inbox.gone();
                }
            }
            () = inbox.changed() => {}
            () = run(inbox, errand) => {
                inbox.close();
                // A client that has ended needs no closing.
                let _ = client.close(CloseCode::NORMAL_CLOSURE, "");
            }
        }
    }
}

/// Delivers while there is an owner; returns where its receiver was dropped.
async fn run(inbox: &Inbox, mut errand: Errand) {
    loop {
        let orphan = match errand {
            Errand::None => pending().await,
            Errand::Watch(owner) => {
                owner.closed().await;
                Some(owner)
            }
            Errand::Deliver(owner) => {
                if let Ok(room) = owner.reserve().await {
                    inbox.deliver(&owner, room);
                    None
                } else {
                    Some(owner)
                }
            }
        };
        if orphan.is_some_and(|owner| inbox.disown(&owner)) {
            return;
        }
        errand = inbox.errand();
    }
}

/// Delivers what was received before the end. As nothing more comes, it ends when there is nothing to deliver.
pub(super) async fn deliver_rest(inbox: Arc<Inbox>) {
    while let Some(owner) = inbox.last_errand() {
        tokio::select! {
            biased;
            () = inbox.changed() => {}
            room = owner.reserve() => match room {
                Ok(permit) => inbox.deliver(&owner, permit),
                Err(_) => {
                    inbox.disown(&owner);
                }
            }
        }
    }
}
