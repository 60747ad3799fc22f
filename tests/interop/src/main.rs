//! Runs the client against real servers of other languages: Python's `websockets` and npm's `ws`, each over `ws` and
//! `wss`.
//!
//! `tests/interop/run` installs what the servers need and starts this. An argument runs only the cases whose line
//! contains it. A line a case, a closing line with the counts, and exit code 1 where a case failed.

mod authority;
mod cases;
mod probe;
mod report;
mod server;
mod session;

use std::process::ExitCode;

use authority::Authority;
use report::Report;
use server::{Library, Server};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(std::env::args().nth(1)).await {
        Ok(report) => report.close(),
        Err(error) => {
            eprintln!("the servers could not be run: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(filter: Option<String>) -> fresh::Result<Report> {
    let authority = Authority::new()?;
    let mut report = Report::new(filter);
    for library in [Library::Websockets, Library::Ws] {
        for tls in [None, Some(&authority)] {
            let mut server = Server::start(library, tls).await?;
            report.name_server(&server);
            cases::all(&mut server, &mut report).await;
        }
    }
    Ok(report)
}
