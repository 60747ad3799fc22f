//! The handler under test: it tells each callback to the case that runs, and answers as the defaults do.

use std::fmt;

use fresh::{
    Action, Control, Disconnect, Error, ExitReason, Handler, Message, Recovery, Upgrade, default_after_disconnect,
    default_after_error,
};
use tokio::sync::mpsc::UnboundedSender;

/// A callback that ran.
#[derive(Debug)]
pub(crate) enum Event {
    Connected(Upgrade),
    Message(Message),
    Control(Control),
    Disconnected(Disconnect),
    Failed(Error),
    Terminated(ExitReason),
}

/// A message shows its length alone: some have 8 MiB.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => write!(f, "a message of {} B", message.len()),
            Self::Connected(_) | Self::Control(_) | Self::Disconnected(_) | Self::Failed(_) | Self::Terminated(_) => {
                write!(f, "{self:?}")
            }
        }
    }
}

pub(crate) struct Probe {
    events: UnboundedSender<Event>,
}

impl Probe {
    pub(crate) fn new(events: UnboundedSender<Event>) -> Self {
        Self { events }
    }

    fn tell(&self, event: Event) {
        // Nobody listens once the case is over.
        let _ = self.events.send(event);
    }
}

impl Handler for Probe {
    type Info = ();

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> fresh::Result<Action> {
        self.tell(Event::Connected(upgrade.clone()));
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        self.tell(Event::Message(message));
        Ok(Action::Continue)
    }

    async fn handle_control(&mut self, control: Control) -> fresh::Result<Action> {
        self.tell(Event::Control(control));
        Ok(Action::Continue)
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        let recovery = default_after_disconnect(&disconnect);
        self.tell(Event::Disconnected(disconnect));
        recovery
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        self.tell(Event::Failed(error.clone()));
        default_after_error(error)
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        self.tell(Event::Terminated(reason.clone()));
    }
}
