//! The handler under a socket: it puts what it is told into the inbox, and never connects anew.

use std::{convert::Infallible, sync::Arc};

use tokio::sync::oneshot;

use super::{Client, error::SocketError, event::Ending, inbox::Inbox};
use crate::{
    action::{Action, Recovery},
    connection::{Disconnect, Upgrade},
    error::{Error, Result},
    exit::ExitReason,
    frame::{Control, Frame, Message},
    handler::Handler,
    machine::is_keepalive,
};

/// Where the outcome of the attempt is told.
pub(super) type Opening = oneshot::Sender<Result<(), SocketError>>;

/// Its callbacks take in a frame first and wait for room then, so that one may be dropped where it waits.
#[derive(Debug)]
pub(super) struct Forwarder {
    client: Client,
    inbox: Arc<Inbox>,
    /// Who waits for the connection, until that is told.
    opening: Option<Opening>,
    /// Messages that came after a close of ours and found no room.
    lost: u64,
}

impl Forwarder {
    pub(super) fn new(client: Client, inbox: Arc<Inbox>, opening: Option<Opening>) -> Self {
        Self { client, inbox, opening, lost: 0 }
    }

    /// The end is told once: to whoever waits for the connection, or behind what was received.
    fn end(&mut self, ending: Ending) {
        match self.opening.take() {
            Some(opening) => {
                self.inbox.told();
                // Whoever stopped waiting for the connection does not want to know.
                let _ = opening.send(Err(ending.into()));
            }
            None => self.inbox.end(ending),
        }
    }
}

impl Handler for Forwarder {
    type Info = Infallible;

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
        self.inbox.opened(upgrade.clone());
        if let Some(opening) = self.opening.take() {
            let _ = opening.send(Ok(()));
        }
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        if !self.inbox.push(message.into()) {
            self.lost += 1;
        }
        self.inbox.room().await;
        Ok(Action::Continue)
    }

    async fn handle_control(&mut self, control: Control) -> Result<Action> {
        match control {
            // Nobody asked for it.
            Control::Pong(payload) if is_keepalive(&payload) => {}
            // A control frame carries nothing that could be missed after a close.
            Control::Ping(_) | Control::Pong(_) => {
                self.inbox.push(Frame::from(control));
                self.inbox.room().await;
            }
        }
        Ok(Action::Continue)
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        self.end(Ending::Closed(disconnect));
        Recovery::Close
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        match error {
            // Whoever sent the frame is told.
            Error::Encode(_) | Error::Send(_) | Error::Handler(_) => Recovery::Ignore,
            Error::Connect(_)
            | Error::Upgrade(_)
            | Error::Establish(_)
            | Error::Process(_)
            | Error::Stream(_)
            | Error::Decode(_) => {
                self.end(Ending::Failed(error.clone()));
                Recovery::fail(error.clone())
            }
        }
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        self.client.lost_messages(self.lost);
        self.end(Ending::Ended(reason.clone()));
    }
}

/// Where the client is killed, no callback tells of it.
impl Drop for Forwarder {
    fn drop(&mut self) {
        self.end(Ending::Ended(ExitReason::Aborted));
    }
}
