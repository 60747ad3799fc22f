//! The command line of the example.

use std::{env, process};

const USAGE: &str = "\
Counts with an echo server that is killed and started again halfway.

  --count N    count to N (default: 20; with --url or --forever: without end)
  --forever    count until Ctrl-C; the server is killed and started again and again
  --url URL    count with any echo server instead of the embedded one
  --help       this text

RUST_LOG=info shows what the runtime logs.
";

const DEFAULT_COUNT: u64 = 20;

#[derive(Default)]
pub(crate) struct Args {
    pub(crate) count: Option<u64>,
    pub(crate) forever: bool,
    pub(crate) url: Option<String>,
}

impl Args {
    pub(crate) fn from_env() -> fresh::Result<Self> {
        let mut args = Self::default();
        let mut words = env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--count" => args.count = Some(number(words.next()).ok_or("--count needs a number")?),
                "--forever" => args.forever = true,
                "--url" => args.url = Some(words.next().ok_or("--url needs a URL")?),
                "--help" => help(),
                unknown => return Err(format!("no such option: {unknown}; see --help").into()),
            }
        }
        Ok(args)
    }

    /// What to count to.
    pub(crate) fn goal(&self) -> u64 {
        let endless = self.forever || self.url.is_some();
        self.count.unwrap_or(if endless { u64::MAX } else { DEFAULT_COUNT })
    }
}

fn number(word: Option<String>) -> Option<u64> {
    word?.parse().ok()
}

fn help() -> ! {
    print!("{USAGE}");
    process::exit(0)
}
