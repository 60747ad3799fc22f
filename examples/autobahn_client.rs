//! Runs the client cases of the Autobahn test suite: `autobahn_client URL [OPTION...] [CASE...]`.
//!
//! The URL is that of a running fuzzing server (`wstest -m fuzzingserver`). A case is named as in its reports,
//! `6.4.1`; where none is named, all run. The server writes its reports once, at the end. `tests/autobahn/run` starts
//! a server, runs this and reads the reports.
//!
//! - `--agent NAME`: the client's name in the reports. Default: `fresh`.
//! - `--jobs N`: how many cases run at a time. Default: 1.
//! - `--no-report`: leaves the reports to a later run against the same server.

use std::{env, time::Duration};

use fresh::{
    Action, BoxError, Client, Disconnect, Error, Handler, Message, Options, Recovery, Result, options::DeflateOptions,
    url::Url,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

/// What one case may take; the suite's own limits are below it.
const CASE_LIMIT: Duration = Duration::from_secs(180);

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse(env::args().skip(1))?;
    let server = Server { url: args.url, agent: args.agent };
    let cases = match args.cases.is_empty() {
        true => server.all_cases().await?,
        false => args.cases,
    };
    stream::iter(&cases).map(|case| run(&server, case)).buffered(args.jobs).try_collect::<()>().await?;
    if args.report {
        server.update_reports().await?;
    }
    println!("done: {} cases", cases.len());
    Ok(())
}

/// Runs a case to its end and prints how the client ended and what the server says of it.
async fn run(server: &Server, case: &Case) -> Result<()> {
    let began = Instant::now();
    let client = Client::start(options(&server.page("runCase", Some(case))?)?, Echo)?;
    let end = timeout(CASE_LIMIT, client.closed()).await;
    let took = began.elapsed().as_secs_f64();
    let end = match end {
        Ok(end) => end.to_string(),
        Err(_) => format!("{} when it took too long", client.stop().await),
    };
    println!("{:<8} {:<13} {took:6.2} s  {end}", server.name(case).await?, server.verdict(case).await?);
    Ok(())
}

/// Every client of this program has these.
fn options(url: &Url) -> Result<Options> {
    // The shortest messages of 12 and 13 would go out as they are by default.
    let deflate = DeflateOptions::new().threshold(0);
    // A ping of ours is no part of any case.
    Ok(Options::new(url)?.ping_interval(Duration::ZERO).deflate(deflate))
}

/// Everything the server sends goes back to it, as it came.
struct Echo;

impl Handler for Echo {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        Ok(Action::reply(message))
    }

    async fn handle_disconnect(&mut self, _disconnect: Disconnect) -> Recovery {
        Recovery::Close
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        Recovery::fail(error.clone())
    }
}

/// How a case is called: by its place in the server's list, or by its name.
enum Case {
    Place(usize),
    Name(String),
}

/// The fuzzing server: each page of it is a WebSocket that says what was asked for and closes.
struct Server {
    url: Url,
    agent: String,
}

impl Server {
    async fn all_cases(&self) -> Result<Vec<Case>> {
        let count: usize = self.ask("getCaseCount", None).await?.parse()?;
        Ok((1..=count).map(Case::Place).collect())
    }

    async fn name(&self, case: &Case) -> Result<String> {
        match case {
            Case::Place(_) => field("id", &self.ask("getCaseInfo", Some(case)).await?),
            Case::Name(name) => Ok(name.clone()),
        }
    }

    /// Waits until the server has seen the end of the case.
    async fn verdict(&self, case: &Case) -> Result<String> {
        field("behavior", &self.ask("getCaseStatus", Some(case)).await?)
    }

    async fn update_reports(&self) -> Result<()> {
        self.ask("updateReports", None).await.map(drop)
    }

    async fn ask(&self, page: &str, case: Option<&Case>) -> Result<String> {
        let (said, mut heard) = mpsc::unbounded_channel();
        let client = Client::start(options(&self.page(page, case)?)?, Listener(said))?;
        let ended = timeout(CASE_LIMIT, client.closed()).await?;
        ended.into_result().map_err(|failure| format!("{page}: {failure}"))?;
        Ok(heard.recv().await.unwrap_or_default())
    }

    fn page(&self, page: &str, case: Option<&Case>) -> Result<Url> {
        let mut url = self.url.join(page)?;
        let mut query = url.query_pairs_mut();
        query.append_pair("agent", &self.agent);
        match case {
            Some(Case::Place(place)) => query.append_pair("case", &place.to_string()),
            Some(Case::Name(name)) => query.append_pair("casetuple", name),
            None => &mut query,
        };
        drop(query);
        Ok(url)
    }
}

/// A field of one of the server's answers, which are small objects of texts.
fn field(name: &str, answer: &str) -> Result<String> {
    let object: Value = serde_json::from_str(answer)?;
    let text = object[name].as_str().ok_or_else(|| format!("the server's answer has no {name}: {answer}"))?;
    Ok(text.to_owned())
}

/// Passes on the one message of a page, until the server closes.
struct Listener(mpsc::UnboundedSender<String>);

impl Handler for Listener {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        self.0.send(message.to_text()?.to_string())?;
        Ok(Action::Continue)
    }

    async fn handle_disconnect(&mut self, _disconnect: Disconnect) -> Recovery {
        Recovery::Close
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        Recovery::fail(error.clone())
    }
}

struct Args {
    url: Url,
    agent: String,
    jobs: usize,
    report: bool,
    cases: Vec<Case>,
}

impl Args {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let usage = || BoxError::from("usage: autobahn_client URL [--agent NAME] [--jobs N] [--no-report] [CASE...]");
        let url = args.next().ok_or_else(usage)?.parse()?;
        let mut parsed = Self { url, agent: "fresh".to_owned(), jobs: 1, report: true, cases: Vec::new() };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--agent" => parsed.agent = args.next().ok_or_else(usage)?,
                "--jobs" => parsed.jobs = args.next().ok_or_else(usage)?.parse::<usize>()?.max(1),
                "--no-report" => parsed.report = false,
                option if option.starts_with('-') => return Err(usage()),
                _ => parsed.cases.push(Case::Name(arg)),
            }
        }
        Ok(parsed)
    }
}
