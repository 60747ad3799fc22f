//! The handler under a socket: it puts what was received into the inbox, never replies and never reconnects.

use std::{convert::Infallible, sync::Arc};

use super::{Client, event::Ending, inbox::Inbox};
use crate::{
    action::{Action, Recovery},
    connection::{Disconnect, Upgrade},
    error::{Error, Result},
    exit::ExitReason,
    frame::{Control, Message},
    handler::Handler,
    machine::is_keepalive,
};

/// Its callbacks queue a frame first and wait for room afterwards, so that dropping a callback that waits loses nothing.
#[derive(Debug)]
pub(super) struct Forwarder {
    client: Client,
    inbox: Arc<Inbox>,
    /// Messages that came after the socket was closed and found no room.
    lost: u64,
}

impl Forwarder {
    pub(super) fn new(client: Client, inbox: Arc<Inbox>) -> Self {
        Self { client, inbox, lost: 0 }
    }
}

impl Handler for Forwarder {
    type Info = Infallible;

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
        self.inbox.opened(upgrade.clone());
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        self.lost += u64::from(self.inbox.push(message.into()));
        self.inbox.room().await;
        Ok(Action::Continue)
    }

    async fn handle_control(&mut self, control: Control) -> Result<Action> {
        match control {
            // It answers a ping of the keepalive.
            Control::Pong(payload) if is_keepalive(&payload) => {}
            // A control frame that finds no room after a close is not counted: it carries no data.
            Control::Ping(_) | Control::Pong(_) => {
                self.inbox.push(control.into());
                self.inbox.room().await;
            }
        }
        Ok(Action::Continue)
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        self.inbox.end(Ending::Closed(disconnect));
        Recovery::Close
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        match error {
            // The call that sent the frame returns the error.
            Error::Encode(_) | Error::Send(_) | Error::Handler(_) => Recovery::Ignore,
            Error::Connect(_)
            | Error::Upgrade(_)
            | Error::Establish(_)
            | Error::Process(_)
            | Error::Stream(_)
            | Error::Decode(_) => {
                self.inbox.end(Ending::Failed(error.clone()));
                Recovery::fail(error.clone())
            }
        }
    }

    /// The end itself is reported by the socket's task, once the client's state says so too.
    async fn handle_terminate(&mut self, _: &ExitReason) {
        self.client.lost_messages(self.lost);
    }
}
