//! A line a case, and the counts.

use std::{
    fmt::Display,
    future::Future,
    process::ExitCode,
    time::{Duration, Instant},
};

use tokio::time::timeout;

/// How long a case may take.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Report {
    filter: Option<String>,
    server: String,
    passed: usize,
    failed: usize,
}

impl Report {
    /// Only cases whose line contains the filter run.
    pub(crate) fn new(filter: Option<String>) -> Self {
        Self { filter, server: String::new(), passed: 0, failed: 0 }
    }

    /// What stands before the cases from here on.
    pub(crate) fn name_server(&mut self, server: impl Display) {
        self.server = server.to_string();
    }

    /// Runs a case and prints its line.
    pub(crate) async fn case(&mut self, name: impl Display, case: impl Future<Output = fresh::Result<()>>) {
        let name = format!("{}: {name}", self.server);
        if self.filter.as_ref().is_some_and(|filter| !name.contains(filter)) {
            return;
        }
        let start = Instant::now();
        let outcome = timeout(LIMIT, case).await.unwrap_or_else(|_| Err("it takes too long".into()));
        let took = start.elapsed();
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok      {name} ({took:.0?})");
            }
            Err(error) => {
                self.failed += 1;
                println!("FAILED  {name} ({took:.0?}): {error}");
            }
        }
    }

    /// Prints the counts. Nothing run is a failure too: a filter that fits nothing proves nothing.
    pub(crate) fn close(self) -> ExitCode {
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 && self.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
