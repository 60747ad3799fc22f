//! What clients do that are sockets: read a message, write a message.

use fresh::Message;

use super::{Client, Target, Work};
use crate::workload::Job;

pub(super) trait Socket: Sized {
    type Message;

    async fn open(target: &Target) -> fresh::Result<Self>;

    fn message(message: &Message) -> Self::Message;

    /// The next message; control frames are the library's concern.
    async fn receive(&mut self) -> fresh::Result<Self::Message>;

    async fn send(&mut self, message: Self::Message) -> fresh::Result<()>;

    async fn echo(&mut self, message: &Message, window: u64, count: u64) -> fresh::Result<()> {
        for _ in 0..window {
            self.send(Self::message(message)).await?;
        }
        for _ in 0..count {
            let message = self.receive().await?;
            self.send(message).await?;
        }
        Ok(())
    }

    async fn send_all(&mut self, message: &Message, count: u64) -> fresh::Result<()> {
        for _ in 0..count {
            self.send(Self::message(message)).await?;
        }
        Ok(())
    }
}

impl<S: Socket> Client for S {
    async fn connect(target: &Target, _work: &Work) -> fresh::Result<Self> {
        Self::open(target).await
    }

    async fn perform(mut self, work: &Work) -> fresh::Result<()> {
        match work.job {
            Job::Echo { window } => self.echo(&work.message, window, work.count).await,
            Job::Receive => {
                self.send(Self::message(&Message::Text("go".into()))).await?;
                for _ in 0..work.count {
                    self.receive().await?;
                }
                Ok(())
            }
            Job::Wait => self.receive().await.map(drop),
            // A socket has one owner, which is the one task that sends.
            Job::Send { .. } => {
                self.send_all(&work.message, work.count).await?;
                self.receive().await.map(drop)
            }
        }
    }
}
