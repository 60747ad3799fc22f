//! tokio-tungstenite: a `Stream` and a `Sink` of messages.

use fresh::Message as Given;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::{Target, dial::Dial, socket::Socket};

pub(super) struct Tungstenite<S>(WebSocketStream<S>);

impl<S: Dial> Socket for Tungstenite<S> {
    type Message = Message;

    async fn open(target: &Target) -> fresh::Result<Self> {
        let (socket, _) = client_async(target.url(S::SCHEME), S::dial(target).await?).await?;
        Ok(Self(socket))
    }

    fn message(message: &Given) -> Self::Message {
        match message {
            Given::Text(text) => Message::text(&**text),
            Given::Binary(bytes) => Message::binary(bytes.clone()),
        }
    }

    async fn receive(&mut self) -> fresh::Result<Self::Message> {
        loop {
            let message = self.0.next().await.ok_or("closed")??;
            if message.is_text() || message.is_binary() {
                return Ok(message);
            }
        }
    }

    async fn send(&mut self, message: Self::Message) -> fresh::Result<()> {
        Ok(self.0.send(message).await?)
    }
}
