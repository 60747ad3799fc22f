//! W8: thousands of clients whose server goes and comes back.

use std::{
    fmt,
    path::Path,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use fresh::{Action, Client, Handler, Options, Upgrade};
use tokio::time::sleep;

use super::Target;
use crate::{measurement::numbers, process::Server, usage};

/// How long there is no server.
const AWAY: Duration = Duration::from_secs(2);

/// So many connect at once in the beginning, which is not measured.
const TOGETHER: usize = 256;

/// The attempts are counted in pieces of time of this length.
const PIECE: Duration = Duration::from_millis(100);

/// How the clients came back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart {
    pub(crate) clients: u64,
    /// From when the server listens again until the last client is connected.
    pub(crate) last: Duration,
    /// The same for half of them.
    pub(crate) half: Duration,
    pub(crate) attempts: u64,
    /// How many attempts the busiest tenth of a second has.
    pub(crate) busiest: u64,
    /// From the loss of the connections on.
    pub(crate) cpu: Duration,
}

/// Measures so many clients in this process, with a server of its own.
pub(crate) fn run(clients: u64, folder: &Path) -> fresh::Result<Restart> {
    usage::pin(usage::CLIENT)?;
    usage::allow_files()?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(measure(clients, folder))
}

async fn measure(count: u64, folder: &Path) -> fresh::Result<Restart> {
    let server = Server::start(folder, 0)?;
    let port = server.site.plain;
    let target = Target::new(&server.site, port, "/idle".to_owned())?;
    let (attempts, connections) = (Moments::default(), Moments::default());
    let mut clients = Vec::new();
    while (clients.len() as u64) < count {
        let together = TOGETHER.min(usize::try_from(count)? - clients.len());
        for _ in 0..together {
            let attempts = attempts.clone();
            let options = Options::new(target.url("ws"))?.request_hook(move |request| {
                attempts.note();
                async { Ok(request) }
            });
            clients.push(Client::start(options, Returning(connections.clone()))?);
        }
        for client in &clients[clients.len() - together..] {
            client.connected().await?;
        }
    }
    attempts.take();
    connections.take();

    let cpu = usage::cpu()?;
    drop(server);
    sleep(AWAY).await;
    let _server = Server::start(folder, port)?;
    let back = Instant::now();
    for client in &clients {
        client.connected().await?;
    }
    let cpu = usage::cpu()?.saturating_sub(cpu);

    let connected = connections.take();
    let since = |at: Option<&Instant>| at.map_or(Duration::ZERO, |at| at.saturating_duration_since(back));
    let attempts = attempts.take();
    Ok(Restart {
        clients: count,
        last: since(connected.last()),
        half: since(connected.get(connected.len() / 2)),
        attempts: attempts.len() as u64,
        busiest: busiest(&attempts),
        cpu,
    })
}

/// How many moments the fullest piece of time has.
fn busiest(moments: &[Instant]) -> u64 {
    let within = |(first, from): (usize, &Instant)| moments[first..].partition_point(|at| *at - *from < PIECE);
    moments.iter().enumerate().map(within).max().unwrap_or(0) as u64
}

/// When something happened, each time.
#[derive(Clone, Debug, Default)]
struct Moments(Arc<Mutex<Vec<Instant>>>);

impl Moments {
    fn note(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
    }

    fn take(&self) -> Vec<Instant> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A handler that notes each connection and leaves the rest to the defaults.
struct Returning(Moments);

impl Handler for Returning {
    type Info = ();

    async fn handle_connect(&mut self, _upgrade: &Upgrade) -> fresh::Result<Action> {
        self.0.note();
        Ok(Action::Continue)
    }
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, last, half, attempts, busiest, cpu } = self;
        write!(f, "{clients} {} {} {attempts} {busiest} {}", last.as_nanos(), half.as_nanos(), cpu.as_nanos())
    }
}

impl FromStr for Restart {
    type Err = fresh::BoxError;

    fn from_str(line: &str) -> fresh::Result<Self> {
        let [clients, last, half, attempts, busiest, cpu] = numbers(line)?;
        let [last, half, cpu] = [last, half, cpu].map(Duration::from_nanos);
        Ok(Self { clients, last, half, attempts, busiest, cpu })
    }
}
