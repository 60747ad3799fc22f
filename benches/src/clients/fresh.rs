//! `fresh`: a handler that replies, and a handle.

use std::{any::Any, marker::PhantomData, time::Duration};

use fresh::{Action, Client as Handle, Handler, Message, Options, options::TlsOptions};
use tokio::{net::TcpStream, sync::oneshot};

use super::{Client, Target, Work, dial::Dial, idle};
use crate::workload::Job;

pub(super) struct Fresh<S> {
    client: Handle,
    done: oneshot::Receiver<()>,
    stream: PhantomData<S>,
}

impl<S: Dial> Fresh<S> {
    async fn start(target: &Target, work: &Work, configured: impl FnOnce(Options) -> Options) -> fresh::Result<Self> {
        let (on_done, done) = oneshot::channel();
        let options = Options::new(target.url(S::SCHEME))?.tls(TlsOptions::new().config(target.tls.clone()));
        let options = configured(options);
        let left = if let Job::Send { .. } = work.job { 1 } else { work.count };
        let client = Handle::start(options, Player { job: work.job, left, on_done: Some(on_done) })?;
        client.connected().await?;
        Ok(Self { client, done, stream: PhantomData })
    }
}

impl<S: Dial> Client for Fresh<S> {
    async fn connect(target: &Target, work: &Work) -> fresh::Result<Self> {
        let waits = matches!(work.job, Job::Wait);
        Self::start(target, work, |options| if waits { options.ping_interval(idle::PING) } else { options }).await
    }

    async fn perform(self, work: &Work) -> fresh::Result<()> {
        match work.job {
            Job::Echo { window } => send(&self.client, &work.message, window).await?,
            Job::Receive => self.client.send("go").await?,
            Job::Wait => {}
            Job::Send { tasks } => {
                for share in work.shares(tasks) {
                    let (client, message) = (self.client.clone(), work.message.clone());
                    tokio::spawn(async move { send(&client, &message, share).await });
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

/// `fresh` with its keepalive off.
pub(super) struct Silent(Fresh<TcpStream>);

impl Client for Silent {
    async fn connect(target: &Target, work: &Work) -> fresh::Result<Self> {
        Ok(Self(Fresh::start(target, work, |options| options.ping_interval(Duration::ZERO)).await?))
    }

    async fn perform(self, work: &Work) -> fresh::Result<()> {
        self.0.perform(work).await
    }

    fn wait(self, work: Work) -> Box<dyn Any> {
        self.0.wait(work)
    }
}

async fn send(client: &Handle, message: &Message, count: u64) -> fresh::Result<()> {
    for _ in 0..count {
        client.send(message.clone()).await?;
    }
    Ok(())
}

struct Player {
    job: Job,
    left: u64,
    on_done: Option<oneshot::Sender<()>>,
}

impl Handler for Player {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        self.left -= 1;
        if self.left == 0 {
            self.on_done.take().map(|done| done.send(()));
        }
        Ok(match self.job {
            Job::Echo { .. } => Action::reply(message),
            Job::Receive | Job::Wait | Job::Send { .. } => Action::Continue,
        })
    }
}
