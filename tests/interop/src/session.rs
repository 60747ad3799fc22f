//! A client and what its handler was told: the words that the cases are written in.

use std::{fmt::Debug, time::Duration};

use fresh::{Client, Control, Disconnect, Error, ExitReason, Frame, Message, MessageType, Options, Stats, Upgrade};
use futures_util::stream;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use crate::probe::{Event, Probe};

/// How long an event may take.
const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct Session {
    client: Client<()>,
    events: UnboundedReceiver<Event>,
}

impl Session {
    /// Starts a client.
    pub(crate) fn start(options: Options) -> fresh::Result<Self> {
        let (events, heard) = unbounded_channel();
        Ok(Self { client: Client::start(options, Probe::new(events))?, events: heard })
    }

    /// Starts a client and waits for its connection.
    pub(crate) async fn open(options: Options) -> fresh::Result<Self> {
        let mut session = Self::start(options)?;
        session.connected().await?;
        Ok(session)
    }

    /// What the client has counted.
    pub(crate) fn stats(&self) -> Stats {
        self.client.stats()
    }

    /// The next event, whatever it is.
    async fn next(&mut self) -> fresh::Result<Event> {
        let event = timeout(PATIENCE, self.events.recv()).await.map_err(|_| "nothing happened")?;
        Ok(event.ok_or("the client has ended")?)
    }

    /// The next event must be a connection.
    pub(crate) async fn connected(&mut self) -> fresh::Result<Upgrade> {
        let event = self.next().await?;
        let Event::Connected(upgrade) = event else { return Err(unexpected("a connection", &event)) };
        Ok(upgrade)
    }

    /// The next event must be a message.
    pub(crate) async fn message(&mut self) -> fresh::Result<Message> {
        let event = self.next().await?;
        let Event::Message(message) = event else { return Err(unexpected("a message", &event)) };
        Ok(message)
    }

    /// The next event must be a ping or a pong.
    pub(crate) async fn control(&mut self) -> fresh::Result<Control> {
        let event = self.next().await?;
        let Event::Control(control) = event else { return Err(unexpected("a control frame", &event)) };
        Ok(control)
    }

    /// The next event must be the end of a close handshake.
    pub(crate) async fn disconnected(&mut self) -> fresh::Result<Disconnect> {
        let event = self.next().await?;
        let Event::Disconnected(disconnect) = event else { return Err(unexpected("a close handshake", &event)) };
        Ok(disconnect)
    }

    /// The next event must be an error.
    pub(crate) async fn failed(&mut self) -> fresh::Result<Error> {
        let event = self.next().await?;
        let Event::Failed(error) = event else { return Err(unexpected("an error", &event)) };
        Ok(error)
    }

    /// The next event must be the end of the client, and nothing may come after it.
    pub(crate) async fn terminated(&mut self) -> fresh::Result<ExitReason> {
        let event = self.next().await?;
        let Event::Terminated(reason) = event else { return Err(unexpected("the end", &event)) };
        match timeout(PATIENCE, self.events.recv()).await {
            Ok(None) => Ok(reason),
            Ok(Some(event)) => Err(unexpected("nothing after the end", &event)),
            Err(_) => Err("the handler outlives the client".into()),
        }
    }

    /// Passes over events until one is what is sought.
    pub(crate) async fn until<T>(&mut self, pick: impl Fn(Event) -> Option<T>) -> fresh::Result<T> {
        loop {
            if let Some(found) = pick(self.next().await?) {
                return Ok(found);
            }
        }
    }

    pub(crate) async fn send(&self, frame: impl Into<Frame>) -> fresh::Result<()> {
        Ok(self.client.send(frame).await?)
    }

    pub(crate) async fn close(&self, code: u16, reason: &'static str) -> fresh::Result<()> {
        Ok(self.client.close(code, reason)?)
    }

    /// What is sent comes back as it is.
    pub(crate) async fn echo(&mut self, message: impl Into<Message>) -> fresh::Result<()> {
        let message = message.into();
        self.send(message.clone()).await?;
        self.comes_back(message).await
    }

    /// What is sent in pieces of these sizes, and then of 100,000 bytes, comes back as one message.
    pub(crate) async fn echo_in_pieces(&mut self, message: Message, sizes: &[usize]) -> fresh::Result<()> {
        let message_type = if message.is_text() { MessageType::Text } else { MessageType::Binary };
        let mut rest = message.clone().into_bytes();
        let mut sizes = sizes.iter().chain(std::iter::repeat(&100_000));
        let pieces = std::iter::from_fn(move || {
            let size = rest.len().min(*sizes.next()?);
            (size > 0).then(|| Ok::<_, std::convert::Infallible>(rest.split_to(size)))
        });
        self.client.send_stream(message_type, stream::iter(pieces)).await?;
        self.comes_back(message).await
    }

    async fn comes_back(&mut self, message: Message) -> fresh::Result<()> {
        let answer = self.until(|event| if let Event::Message(message) = event { Some(message) } else { None }).await?;
        check(answer == message, || format!("{} B became {} B, or others", message.len(), answer.len()))
    }

    /// Ends the client by `stop()`.
    pub(crate) async fn stop(self) -> fresh::Result<()> {
        let reason = timeout(PATIENCE, self.client.stop()).await.map_err(|_| "it does not stop")?;
        check(matches!(reason, ExitReason::Stopped), || format!("it ended as {reason}"))
    }
}

/// A case that failed leaves no client behind that disturbs the next one.
impl Drop for Session {
    fn drop(&mut self) {
        let client = self.client.clone();
        tokio::spawn(async move { client.stop().await });
    }
}

/// Fails the case with these words unless the condition holds.
pub(crate) fn check(holds: bool, otherwise: impl FnOnce() -> String) -> fresh::Result<()> {
    if holds { Ok(()) } else { Err(otherwise().into()) }
}

/// Fails the case unless both are equal.
#[expect(clippy::needless_pass_by_value, reason = "a case reads better without references")]
pub(crate) fn same<A: PartialEq<B> + Debug, B: Debug>(actual: A, expected: B) -> fresh::Result<()> {
    check(actual == expected, || format!("{actual:?} where {expected:?} was expected"))
}

fn unexpected(expected: &str, event: &Event) -> fresh::BoxError {
    format!("{event} where {expected} was expected").into()
}
