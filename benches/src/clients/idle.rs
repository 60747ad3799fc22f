//! W7: thousands of connections on which nothing happens.

use std::{any::Any, fmt, str::FromStr, time::Duration};

use fresh::Message;
use tokio::{net::TcpStream, task::LocalSet, time::sleep};

use super::{
    Client, Peer, Site, Target, Work, ezsockets, fastwebsockets, fresh as ours, tungstenite, websockets, yawc,
};
use crate::{usage, workload::Job};

/// How long nothing happens while the CPU time is taken; `fresh` sends two pings in it, and ezsockets four.
pub(crate) const QUIET: Duration = Duration::from_secs(20);

/// Every how often `fresh` sends a ping.
pub(crate) const PING: Duration = Duration::from_secs(10);

/// After how long the timers of connecting have passed, the longest of which is the ten seconds of `reset_after`.
const SETTLED: Duration = Duration::from_secs(11);

/// What the connections took together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    pub(crate) connections: u64,
    /// In KiB.
    pub(crate) memory: u64,
    /// Within [`QUIET`].
    pub(crate) cpu: Duration,
}

/// Measures so many connections in this process.
pub(crate) fn run(peer: Peer, connections: u64, site: &Site) -> fresh::Result<Idle> {
    usage::pin(usage::CLIENT)?;
    usage::allow_files()?;
    let target = Target::new(site, site.plain, "/idle".to_owned())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        match peer {
            Peer::Fastwebsockets => measure::<fastwebsockets::Fastwebsockets<TcpStream>>(&target, connections).await,
            Peer::Tungstenite => measure::<tungstenite::Tungstenite<TcpStream>>(&target, connections).await,
            Peer::Websockets => measure::<websockets::Websockets<TcpStream>>(&target, connections).await,
            Peer::Yawc | Peer::YawcByHand => measure::<yawc::Yawc<TcpStream>>(&target, connections).await,
            Peer::Ezsockets => measure::<ezsockets::Ezsockets<TcpStream>>(&target, connections).await,
            Peer::Fresh => measure::<ours::Fresh<TcpStream>>(&target, connections).await,
            Peer::FreshSilent => measure::<ours::Silent>(&target, connections).await,
        }
    })
}

async fn measure<C: Client + 'static>(target: &Target, connections: u64) -> fresh::Result<Idle> {
    // What the first one needs is none of the others'.
    let _first = open::<C>(target).await?;
    let before = usage::memory()?;
    let mut waiting = Vec::new();
    for _ in 0..connections {
        waiting.push(open::<C>(target).await?);
    }
    sleep(SETTLED).await;
    let memory = usage::memory()?.saturating_sub(before);
    let cpu = usage::cpu()?;
    sleep(QUIET).await;
    Ok(Idle { connections, memory, cpu: usage::cpu()?.saturating_sub(cpu) })
}

/// Connects and waits for a message.
async fn open<C: Client + 'static>(target: &Target) -> fresh::Result<Box<dyn Any>> {
    let work = Work { job: Job::Wait, message: Message::Text("".into()), count: 1 };
    Ok(C::connect(target, &work).await?.wait(work))
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.connections, self.memory, self.cpu.as_nanos())
    }
}

impl FromStr for Idle {
    type Err = fresh::BoxError;

    fn from_str(line: &str) -> fresh::Result<Self> {
        let [connections, memory, cpu] = crate::measurement::numbers(line)?;
        Ok(Self { connections, memory, cpu: Duration::from_nanos(cpu) })
    }
}
