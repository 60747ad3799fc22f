//! Markdown tables of what was measured: medians over the rounds.

use std::fmt;

use crate::{
    clients::{
        Peer,
        idle::{Idle, QUIET},
        restart::Restart,
    },
    measurement::Measurement,
    rounds::Rounds,
    workload::Workload,
};

#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

type Results<'a> = [(&'a Workload, Rounds)];

impl Table {
    /// A row a workload, a column a client: CPU time a message, as a ratio to fastwebsockets in the same round.
    pub(crate) fn ratios(results: &Results<'_>) -> Self {
        let peers: Vec<Peer> = Peer::ALL
            .iter()
            .copied()
            .filter(|peer| results.iter().any(|(_, rounds)| rounds.contains_key(peer)))
            .collect();
        let head =
            ["".to_owned(), "workload".to_owned()].into_iter().chain(peers.iter().map(|peer| peer.title().to_owned()));
        let rows = results.iter().map(|(workload, rounds)| {
            let ratios = peers
                .iter()
                .map(|&peer| ratio(rounds, peer).map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")));
            [workload.name.to_owned(), workload.title.to_owned()].into_iter().chain(ratios).collect()
        });
        Self { head: head.collect(), rows: rows.collect() }
    }

    /// A row a workload and client: what it took.
    pub(crate) fn figures(results: &Results<'_>) -> Self {
        let head = ["", "client", "CPU a message", "wall time a message", "peak memory"].map(str::to_owned).to_vec();
        let rows = results.iter().flat_map(|(workload, rounds)| {
            rounds.iter().map(|(peer, measured)| {
                vec![
                    workload.name.to_owned(),
                    peer.title().to_owned(),
                    time(of(measured, Measurement::cpu_each)),
                    time(of(measured, Measurement::wall_each)),
                    memory(measured),
                ]
            })
        });
        Self { head, rows: rows.collect() }
    }

    /// W7: a row a client.
    pub(crate) fn idle(measured: &[(Peer, Idle)]) -> Self {
        let head = ["W7, idle", "connections", "memory a connection", "CPU a connection and second"];
        let rows = measured.iter().map(|(peer, idle)| {
            let each = idle.connections as f64;
            vec![
                peer.title().to_owned(),
                idle.connections.to_string(),
                format!("{:.1} KiB", idle.memory as f64 / each),
                time(idle.cpu.as_nanos() as f64 / each / QUIET.as_secs_f64()),
            ]
        });
        Self { head: head.map(str::to_owned).to_vec(), rows: rows.collect() }
    }

    /// W8: one row.
    pub(crate) fn restart(restart: &Restart) -> Self {
        let head =
            ["W8, restart", "half are back after", "all are back after", "attempts", "in the busiest 0.1 s", "CPU"];
        let row = [
            format!("{} clients", restart.clients),
            format!("{:.2} s", restart.half.as_secs_f64()),
            format!("{:.2} s", restart.last.as_secs_f64()),
            restart.attempts.to_string(),
            restart.busiest.to_string(),
            format!("{:.2} s", restart.cpu.as_secs_f64()),
        ];
        Self { head: head.map(str::to_owned).to_vec(), rows: vec![row.to_vec()] }
    }
}

/// The median of the ratios to fastwebsockets, each within its round.
fn ratio(rounds: &Rounds, peer: Peer) -> Option<f64> {
    let (own, yardstick) = (rounds.get(&peer)?, rounds.get(&Peer::Fastwebsockets)?);
    Some(median(own.iter().zip(yardstick).map(|(own, yardstick)| own.cpu_each() / yardstick.cpu_each()).collect()))
}

fn of(measured: &[Measurement], figure: impl Fn(&Measurement) -> f64) -> f64 {
    median(measured.iter().map(figure).collect())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Nanoseconds, told with three digits.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e4 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 1e5 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.0} µs", ns / 1e3),
    }
}

fn memory(measured: &[Measurement]) -> String {
    let peak = of(measured, |measurement| measurement.peak_memory as f64);
    format!("{:.1} MiB", peak / 1024.0)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| {} |", self.head.join(" | "))?;
        writeln!(f, "|{}", "---|".repeat(self.head.len()))?;
        for row in &self.rows {
            writeln!(f, "| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}
