//! The run: every client in every round, one after the other.

use std::collections::BTreeMap;

use crate::{
    arguments::Plan,
    certificate,
    clients::{Peer, idle::Idle},
    measurement::Measurement,
    process::{self, Server},
    table::Table,
    workload::Workload,
};

/// What the clients of one workload took, round by round.
pub(crate) type Rounds = BTreeMap<Peer, Vec<Measurement>>;

/// The connections of W7, and whose they are.
const IDLE: u64 = 5_000;
const IDLING: &[Peer] = &[
    Peer::Fastwebsockets,
    Peer::Tungstenite,
    Peer::Websockets,
    Peer::Yawc,
    Peer::Ezsockets,
    Peer::Fresh,
    Peer::FreshSilent,
];

/// The clients of W8.
const RESTARTING: u64 = 10_000;

/// Measures one workload after the other.
pub(crate) fn run(plan: &Plan) -> fresh::Result<Vec<Table>> {
    let folder = tempfile::tempdir()?;
    certificate::write(folder.path())?;
    let server = Server::start(folder.path(), 0)?;
    let mut results = Vec::new();
    for &workload in &plan.workloads {
        eprintln!("{} {}", workload.name, workload.title);
        results.push((workload, measure(workload, plan, &server)?));
    }
    let mut tables = Vec::new();
    if !results.is_empty() {
        tables.extend([Table::ratios(&results), Table::figures(&results)]);
    }
    if plan.idle {
        tables.push(Table::idle(&idle(plan, &server)?));
    }
    if plan.restart {
        eprintln!("W8 restart");
        tables.push(Table::restart(&process::restart(RESTARTING / plan.fraction, &server.site)?));
    }
    Ok(tables)
}

/// Once, as it takes long and little of it is chance.
fn idle(plan: &Plan, server: &Server) -> fresh::Result<Vec<(Peer, Idle)>> {
    let mut measured = Vec::new();
    for peer in IDLING.iter().copied().filter(|peer| plan.peers.contains(peer)) {
        eprintln!("W7 {} idles", peer.title());
        measured.push((peer, process::idle(peer, IDLE / plan.fraction, &server.site)?));
    }
    Ok(measured)
}

/// The clients take turns within a round, and another one begins each round: what disturbs the machine for a while
/// disturbs all of them.
fn measure(workload: &Workload, plan: &Plan, server: &Server) -> fresh::Result<Rounds> {
    let mut peers: Vec<Peer> = workload.peers.iter().copied().filter(|peer| plan.peers.contains(peer)).collect();
    let count = (workload.count / plan.fraction).max(1);
    let mut rounds = Rounds::new();
    for round in 0..plan.rounds {
        eprintln!("  round {} of {}", round + 1, plan.rounds);
        for &peer in &peers {
            let measurement = process::play(peer, workload, count, &server.site)?;
            rounds.entry(peer).or_default().push(measurement);
        }
        peers.rotate_left(1);
    }
    Ok(rounds)
}
