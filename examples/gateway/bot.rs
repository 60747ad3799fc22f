//! The client of the gateway: its handler is its session.

use std::time::Duration;

use fresh::{
    Action, Client, CloseCode, Disconnect, Error, Handler, Message, Recovery, default_after_disconnect,
    default_after_error,
};
use tokio::{sync::mpsc::UnboundedSender, time::sleep};
use tokio_util::task::AbortOnDropHandle;

use crate::protocol::{FromClient, FromServer};

/// What the ticker sends to the handler.
pub(crate) struct Heartbeat;

/// The server does not know our session: only a new one helps.
#[derive(Debug, thiserror::Error)]
#[error("the session is invalid")]
struct InvalidSession;

pub(crate) struct Bot {
    client: Client<Heartbeat>,
    events: UnboundedSender<FromServer>,
    session: Option<String>,
    seq: u64,
    ticker: Option<AbortOnDropHandle<()>>,
}

impl Handler for Bot {
    type Info = Heartbeat;

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        let event = serde_json::from_str(message.to_text()?)?;
        println!("  {event}");
        let answer = self.hear(&event)?;
        self.events.send(event)?;
        Ok(answer)
    }

    async fn handle_info(&mut self, Heartbeat: Heartbeat) -> fresh::Result<Action> {
        reply(&FromClient::Heartbeat { seq: self.seq })
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        self.ticker = None;
        match disconnect.code {
            Some(CloseCode::NORMAL_CLOSURE) => Recovery::Close,
            _ => default_after_disconnect(&disconnect),
        }
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        self.ticker = None;
        if is_invalid_session(error) { Recovery::Restart } else { default_after_error(error) }
    }
}

impl Bot {
    /// A bot without a session.
    pub(crate) fn new(client: Client<Heartbeat>, events: UnboundedSender<FromServer>) -> Self {
        Self { client, events, session: None, seq: 0, ticker: None }
    }

    fn hear(&mut self, event: &FromServer) -> fresh::Result<Action> {
        match event {
            FromServer::Hello { heartbeat_ms } => {
                self.ticker = Some(tick(self.client.clone(), Duration::from_millis(*heartbeat_ms)));
                return reply(&self.introduction());
            }
            FromServer::Ready { session } => self.session = Some(session.clone()),
            FromServer::Chat(chat) => self.seq = chat.seq,
            FromServer::InvalidSession => return Err(InvalidSession.into()),
            FromServer::Resumed { .. } | FromServer::HeartbeatAck => {}
        }
        Ok(Action::Continue)
    }

    /// A reconnection keeps the handler, and with it the session; a restart has neither.
    fn introduction(&self) -> FromClient {
        match &self.session {
            Some(session) => FromClient::Resume { session: session.clone(), seq: self.seq },
            None => FromClient::Identify { token: "letmein".to_owned() },
        }
    }
}

fn is_invalid_session(error: &Error) -> bool {
    matches!(error, Error::Handler(error) if error.reason().downcast_ref::<InvalidSession>().is_some())
}

fn reply(message: &FromClient) -> fresh::Result<Action> {
    Ok(Action::reply(serde_json::to_string(message)?))
}

/// Asks the handler for heartbeats until it lets go of this.
fn tick(client: Client<Heartbeat>, period: Duration) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            sleep(period).await;
            if client.info(Heartbeat).await.is_err() {
                break;
            }
        }
    }))
}
