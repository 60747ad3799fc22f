//! The command line: what a user gives, and what this program gives to itself.

use std::path::PathBuf;

use crate::{
    clients::{Peer, Site},
    workload::{WORKLOADS, Workload},
};

#[derive(Debug)]
pub(crate) enum Arguments {
    /// Run workloads and print tables.
    Measure(Plan),
    /// Be the server.
    Serve { folder: PathBuf, port: u16 },
    /// Be a client, once.
    Play { peer: Peer, workload: &'static Workload, count: u64, site: Site },
    /// Be thousands of idle clients.
    Idle { peer: Peer, connections: u64, site: Site },
    /// Be thousands of clients whose server restarts.
    Restart { clients: u64, folder: PathBuf },
}

/// What to measure.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) workloads: Vec<&'static Workload>,
    /// Whether to run W7.
    pub(crate) idle: bool,
    /// Whether to run W8.
    pub(crate) restart: bool,
    pub(crate) peers: Vec<Peer>,
    pub(crate) rounds: usize,
    /// By what the number of messages is divided.
    pub(crate) fraction: u64,
}

const USAGE: &str =
    "cargo run --release -p fresh-benches -- [--rounds N] [--quick] [--only PEER,PEER...] [WORKLOAD...]";

impl Arguments {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> fresh::Result<Self> {
        let Some(first) = words.next() else { return Ok(Self::Measure(Plan::default())) };
        let mut next = || words.next().ok_or(USAGE);
        Ok(match first.as_str() {
            "serve" => Self::Serve { folder: next()?.into(), port: next()?.parse()? },
            "play" => Self::Play {
                peer: Peer::named(&next()?)?,
                workload: Workload::named(&next()?)?,
                count: next()?.parse()?,
                site: Site::parse(next)?,
            },
            "idle" => {
                Self::Idle { peer: Peer::named(&next()?)?, connections: next()?.parse()?, site: Site::parse(next)? }
            }
            "restart" => Self::Restart { clients: next()?.parse()?, folder: next()?.into() },
            _ => Self::Measure(Plan::parse([first].into_iter().chain(words))?),
        })
    }
}

impl Site {
    fn parse(mut next: impl FnMut() -> Result<String, &'static str>) -> fresh::Result<Self> {
        Ok(Self { folder: next()?.into(), plain: next()?.parse()?, tls: next()?.parse()? })
    }
}

impl Plan {
    fn parse(mut words: impl Iterator<Item = String>) -> fresh::Result<Self> {
        let mut plan = Self { workloads: Vec::new(), idle: false, restart: false, ..Self::default() };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--rounds" => plan.rounds = words.next().ok_or(USAGE)?.parse::<usize>()?.max(1),
                "--quick" => (plan.rounds, plan.fraction) = (3, 10),
                "--only" => {
                    plan.peers =
                        words.next().ok_or(USAGE)?.split(',').map(Peer::named).collect::<fresh::Result<_>>()?;
                    // Everything is told as a ratio to it.
                    plan.peers.push(Peer::Fastwebsockets);
                }
                "--help" => return Err(USAGE.into()),
                "W7" => plan.idle = true,
                "W8" => plan.restart = true,
                name => plan.workloads.push(Workload::named(name)?),
            }
        }
        if plan.workloads.is_empty() && !plan.idle && !plan.restart {
            let Self { workloads, idle, restart, .. } = Self::default();
            plan = Self { workloads, idle, restart, ..plan };
        }
        Ok(plan)
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            workloads: WORKLOADS.iter().collect(),
            idle: true,
            restart: true,
            peers: Peer::ALL.to_vec(),
            rounds: 7,
            fraction: 1,
        }
    }
}
