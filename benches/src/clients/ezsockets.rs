//! ezsockets: callbacks, and a handle that never waits.

use std::{any::Any, marker::PhantomData};

use ::ezsockets::{
    Bytes, ClientConfig, ClientConnectorTokio, ClientExt, Error, Utf8Bytes,
    client::{ClientConnector, connect_with},
};
use async_trait::async_trait;
use fresh::Message;
use tokio::{sync::oneshot, task};
use tokio_tungstenite_026::{WebSocketStream, client_async, tungstenite};

use super::{Client, Target, Work, dial::Dial};
use crate::workload::Job;

/// After how many messages a sender lets the others run, as nothing makes it wait.
const BATCH: u64 = 256;

pub(super) struct Ezsockets<S> {
    handle: ::ezsockets::Client<Player>,
    done: oneshot::Receiver<()>,
    stream: PhantomData<S>,
}

impl<S: Dial> Client for Ezsockets<S> {
    async fn connect(target: &Target, work: &Work) -> fresh::Result<Self> {
        let (on_connect, connected) = oneshot::channel();
        let (on_done, done) = oneshot::channel();
        let left = if let Job::Send { .. } = work.job { 1 } else { work.count };
        let echo = matches!(work.job, Job::Echo { .. });
        let player = |handle| Player { handle, echo, left, on_connect: Some(on_connect), on_done: Some(on_done) };
        let connector =
            Connector::<S> { target: target.clone(), tokio: ClientConnectorTokio::default(), stream: PhantomData };
        let (handle, _) = connect_with(player, ClientConfig::new(target.url(S::SCHEME).as_str()), connector);
        connected.await?;
        Ok(Self { handle, done, stream: PhantomData })
    }

    async fn perform(self, work: &Work) -> fresh::Result<()> {
        match work.job {
            Job::Echo { window } => send(&self.handle, &work.message, window).await?,
            Job::Receive => send(&self.handle, &Message::Text("go".into()), 1).await?,
            Job::Wait => {}
            Job::Send { tasks } => {
                for share in work.shares(tasks) {
                    let (handle, message) = (self.handle.clone(), work.message.clone());
                    tokio::spawn(async move { send(&handle, &message, share).await });
                }
            }
        }
        Ok(self.done.await?)
    }

    /// It runs by itself.
    fn wait(self, _work: Work) -> Box<dyn Any> {
        Box::new(self)
    }
}

async fn send(handle: &::ezsockets::Client<Player>, message: &Message, count: u64) -> fresh::Result<()> {
    for sent in 1..=count {
        match message {
            Message::Text(text) => handle.text(text.to_string())?,
            Message::Binary(bytes) => handle.binary(bytes.clone())?,
        };
        if sent % BATCH == 0 {
            task::yield_now().await;
        }
    }
    Ok(())
}

struct Player {
    handle: ::ezsockets::Client<Self>,
    echo: bool,
    left: u64,
    on_connect: Option<oneshot::Sender<()>>,
    on_done: Option<oneshot::Sender<()>>,
}

impl Player {
    fn count(&mut self) {
        self.left -= 1;
        if self.left == 0 {
            self.on_done.take().map(|done| done.send(()));
        }
    }
}

#[async_trait]
impl ClientExt for Player {
    type Call = ();

    async fn on_connect(&mut self) -> Result<(), Error> {
        self.on_connect.take().map(|connected| connected.send(()));
        Ok(())
    }

    async fn on_text(&mut self, text: Utf8Bytes) -> Result<(), Error> {
        if self.echo {
            self.handle.text(text)?;
        }
        self.count();
        Ok(())
    }

    async fn on_binary(&mut self, bytes: Bytes) -> Result<(), Error> {
        if self.echo {
            self.handle.binary(bytes)?;
        }
        self.count();
        Ok(())
    }

    async fn on_call(&mut self, (): ()) -> Result<(), Error> {
        Ok(())
    }
}

/// Its own connector leaves Nagle's algorithm on and trusts no certificate of ours.
struct Connector<S> {
    target: Target,
    tokio: ClientConnectorTokio,
    stream: PhantomData<fn() -> S>,
}

#[async_trait]
impl<S: Dial> ClientConnector for Connector<S> {
    type Handle = <ClientConnectorTokio as ClientConnector>::Handle;
    type Message = tungstenite::Message;
    type WSError = tungstenite::Error;
    type Socket = WebSocketStream<S>;

    fn handle(&self) -> Self::Handle {
        self.tokio.handle()
    }

    async fn connect(&self, config: &ClientConfig) -> Result<Self::Socket, Self::WSError> {
        let stream = S::dial(&self.target).await.map_err(std::io::Error::other)?;
        let (socket, _) = client_async(config.connect_http_request(), stream).await?;
        Ok(socket)
    }
}
