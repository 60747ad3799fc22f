//! yawc: `next_frame` and a `Sink` of frames, sent one by one or fed and flushed by hand.

use ::yawc::{Frame, OpCode, Options, WebSocket};
use fresh::Message;
use futures_util::{FutureExt, SinkExt};

use super::{Target, dial::Dial, socket::Socket};

pub(super) struct Yawc<S>(WebSocket<S>);

/// By default it takes less than 1 MiB.
const LIMIT: usize = 16 * 1024 * 1024;

impl<S: Dial> Socket for Yawc<S> {
    type Message = Frame;

    async fn open(target: &Target) -> fresh::Result<Self> {
        let options = Options::default().with_utf8().with_limits(LIMIT, 2 * LIMIT);
        let stream = S::dial(target).await?;
        Ok(Self(WebSocket::handshake(target.url(S::SCHEME).parse()?, stream, options).await?))
    }

    fn message(message: &Message) -> Self::Message {
        match message {
            Message::Text(text) => Frame::text(text.as_bytes().clone()),
            Message::Binary(bytes) => Frame::binary(bytes.clone()),
        }
    }

    async fn receive(&mut self) -> fresh::Result<Self::Message> {
        loop {
            let frame = self.0.next_frame().await?;
            if let OpCode::Text | OpCode::Binary = frame.opcode() {
                return Ok(frame);
            }
        }
    }

    async fn send(&mut self, message: Self::Message) -> fresh::Result<()> {
        Ok(self.0.send(message).await?)
    }
}

pub(super) struct ByHand<S>(Yawc<S>);

impl<S: Dial> Socket for ByHand<S> {
    type Message = Frame;

    async fn open(target: &Target) -> fresh::Result<Self> {
        Ok(Self(Yawc::open(target).await?))
    }

    fn message(message: &Message) -> Self::Message {
        Yawc::<S>::message(message)
    }

    async fn receive(&mut self) -> fresh::Result<Self::Message> {
        self.0.receive().await
    }

    async fn send(&mut self, message: Self::Message) -> fresh::Result<()> {
        self.0.send(message).await
    }

    async fn echo(&mut self, message: &Message, window: u64, count: u64) -> fresh::Result<()> {
        self.send_all(message, window).await?;
        for _ in 0..count {
            let message = match self.receive().now_or_never() {
                Some(message) => message?,
                None => {
                    self.0.0.flush().await?;
                    self.receive().await?
                }
            };
            self.0.0.feed(message).await?;
        }
        Ok(self.0.0.flush().await?)
    }

    async fn send_all(&mut self, message: &Message, count: u64) -> fresh::Result<()> {
        for _ in 0..count {
            self.0.0.feed(Self::message(message)).await?;
        }
        Ok(self.0.0.flush().await?)
    }
}
