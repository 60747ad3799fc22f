//! Measures `fresh` beside other WebSocket clients: `cargo run --release -p fresh-benches`. See docs/performance.md.
//!
//! This process only starts others: a server on one core, and on the other core one client after the other, each in a
//! process of its own, so that what the system accounts to it is its own.

mod arguments;
mod certificate;
mod clients;
mod measurement;
mod process;
mod rounds;
mod server;
mod table;
mod usage;
mod workload;

use arguments::Arguments;

fn main() -> fresh::Result<()> {
    match Arguments::parse(std::env::args().skip(1))? {
        Arguments::Measure(plan) => {
            for measured in rounds::run(&plan)? {
                println!("{measured}");
            }
            Ok(())
        }
        Arguments::Serve { folder, port } => server::run(&folder, port),
        Arguments::Play { peer, workload, count, site } => {
            println!("{}", clients::run(peer, workload, count, &site)?);
            Ok(())
        }
        Arguments::Idle { peer, connections, site } => {
            println!("{}", clients::idle::run(peer, connections, &site)?);
            Ok(())
        }
        Arguments::Restart { clients, folder } => {
            println!("{}", clients::restart::run(clients, &folder)?);
            Ok(())
        }
    }
}
