//! The clients, each as its documentation shows it.

mod dial;
mod ezsockets;
mod fastwebsockets;
mod fresh;
pub(crate) mod idle;
pub(crate) mod restart;
mod socket;
mod tungstenite;
mod websockets;
mod yawc;

use std::{any::Any, net::SocketAddr, path::PathBuf, sync::Arc};

use ::fresh::Message;
use rustls::ClientConfig;
use tokio::{net::TcpStream, task::spawn_local};
use tokio_rustls::client::TlsStream;

use crate::{
    certificate,
    measurement::Measurement,
    server::HOST,
    usage,
    workload::{Job, Workload},
};
use dial::Dial;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// The yardstick.
    Fastwebsockets,
    Tungstenite,
    Websockets,
    Yawc,
    /// yawc whose user feeds messages and flushes when nothing else is there to do.
    YawcByHand,
    Ezsockets,
    Fresh,
    /// `fresh` with its keepalive off.
    FreshSilent,
}

impl Peer {
    pub(crate) const ALL: &[Self] = &[
        Self::Fastwebsockets,
        Self::Tungstenite,
        Self::Websockets,
        Self::Yawc,
        Self::YawcByHand,
        Self::Ezsockets,
        Self::Fresh,
        Self::FreshSilent,
    ];

    /// As the command line has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fastwebsockets => "fastwebsockets",
            Self::Tungstenite => "tokio-tungstenite",
            Self::Websockets => "tokio-websockets",
            Self::Yawc => "yawc",
            Self::YawcByHand => "yawc-by-hand",
            Self::Ezsockets => "ezsockets",
            Self::Fresh => "fresh",
            Self::FreshSilent => "fresh-silent",
        }
    }

    /// As a table has it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::YawcByHand => "yawc, flushed by hand",
            Self::FreshSilent => "fresh, keepalive off",
            Self::Fastwebsockets
            | Self::Tungstenite
            | Self::Websockets
            | Self::Yawc
            | Self::Ezsockets
            | Self::Fresh => self.name(),
        }
    }

    pub(crate) fn named(name: &str) -> ::fresh::Result<Self> {
        let found = Self::ALL.iter().copied().find(|peer| peer.name() == name);
        Ok(found.ok_or_else(|| format!("there is no client {name}"))?)
    }
}

/// Where the server is, and what it shows.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) folder: PathBuf,
    pub(crate) plain: u16,
    pub(crate) tls: u16,
}

/// Where a client connects to.
#[derive(Clone, Debug)]
struct Target {
    address: SocketAddr,
    path: String,
    tls: Arc<ClientConfig>,
}

impl Target {
    fn new(site: &Site, port: u16, path: String) -> ::fresh::Result<Self> {
        Ok(Self { address: SocketAddr::new(HOST.parse()?, port), path, tls: certificate::client(&site.folder)? })
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}{}", self.address, self.path)
    }
}

/// What a client has to do.
#[derive(Clone, Debug)]
struct Work {
    job: Job,
    message: Message,
    count: u64,
}

impl Work {
    /// How many messages each of so many tasks sends.
    fn shares(&self, tasks: u64) -> impl Iterator<Item = u64> + use<> {
        let count = self.count;
        (0..tasks).map(move |task| count / tasks + u64::from(task < count % tasks))
    }
}

/// A client that is connected.
trait Client: Sized {
    /// Connects, outside of what is measured.
    async fn connect(target: &Target, work: &Work) -> ::fresh::Result<Self>;

    /// Does its work.
    async fn perform(self, work: &Work) -> ::fresh::Result<()>;

    /// Waits for a message as long as what this gives is kept, the way a program does: a socket in a task.
    fn wait(self, work: Work) -> Box<dyn Any>
    where
        Self: 'static,
    {
        Box::new(spawn_local(async move { self.perform(&work).await }))
    }
}

/// Measures one client in this process.
pub(crate) fn run(peer: Peer, workload: &Workload, count: u64, site: &Site) -> ::fresh::Result<Measurement> {
    usage::pin(usage::CLIENT)?;
    let port = if workload.tls { site.tls } else { site.plain };
    let target = Target::new(site, port, workload.path(count))?;
    let work = Work { job: workload.job, message: workload.payload.message(), count };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        if workload.tls {
            play::<TlsStream<TcpStream>>(peer, &target, &work).await
        } else {
            play::<TcpStream>(peer, &target, &work).await
        }
    })
}

async fn play<S: Dial>(peer: Peer, target: &Target, work: &Work) -> ::fresh::Result<Measurement> {
    match peer {
        Peer::Fastwebsockets => measure::<fastwebsockets::Fastwebsockets<S>>(target, work).await,
        Peer::Tungstenite => measure::<tungstenite::Tungstenite<S>>(target, work).await,
        Peer::Websockets => measure::<websockets::Websockets<S>>(target, work).await,
        Peer::Yawc => measure::<yawc::Yawc<S>>(target, work).await,
        Peer::YawcByHand => measure::<yawc::ByHand<S>>(target, work).await,
        Peer::Ezsockets => measure::<ezsockets::Ezsockets<S>>(target, work).await,
        Peer::Fresh => measure::<fresh::Fresh<S>>(target, work).await,
        Peer::FreshSilent => measure::<fresh::Silent>(target, work).await,
    }
}

async fn measure<C: Client>(target: &Target, work: &Work) -> ::fresh::Result<Measurement> {
    let client = C::connect(target, work).await?;
    Measurement::of(work.count, client.perform(work)).await
}
