//! The run: every client in every round, one after the other.

use std::collections::BTreeMap;

use crate::{
    arguments::Plan,
    certificate,
    clients::Peer,
    measurement::Measurement,
    process::{self, Server},
    table::Table,
    workload::Workload,
};

/// What the clients of one workload took, round by round.
pub(crate) type Rounds = BTreeMap<Peer, Vec<Measurement>>;

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
    Ok(vec![Table::ratios(&results), Table::figures(&results)])
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
