//! A dashboard that is fed twenty thousand quotes a second, and says each second how it copes.
//!
//! The exchange ends every connection after a while, so that the reconnections show too. The statistics are those
//! that every client keeps: `client.stats()` and `client.latency()`.
//!
//! ```sh
//! cargo run --release --example dashboard_feed
//! cargo run --release --example dashboard_feed -- --seconds 10
//! ```

#[path = "../shared/accept.rs"]
mod accept;
mod board;
mod exchange;
#[path = "../shared/narrator.rs"]
mod narrator;
mod quote;

use std::{env, io, process, time::Duration};

use board::{Board, Show};
use fresh::{Client, Options, Stats};
use narrator::{Narrated, tell_waits};
use tokio::{net::TcpListener, time::interval};
use tracing_subscriber::EnvFilter;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> fresh::Result<()> {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).with_writer(io::stderr).init();
    let seconds = seconds()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let options = Options::new(format!("ws://{}/quotes", listener.local_addr()?))?;
    tokio::spawn(exchange::run(listener));

    // The latency is that of the last ping, so there should be a few a second.
    let client = Client::start(options.ping_interval(SECOND / 4), Narrated::new(Board::default()))?;
    tokio::spawn(tell_waits(client.clone()));
    client.connected().await?;
    let average = watch(&client, seconds).await?;

    client.close(1000, "seen enough")?;
    client.closed().await;
    let Stats { messages_received, messages_lost, connections, .. } = client.stats();
    println!(
        "done: {messages_received} messages, {average:.0} a second, {} reconnects, {messages_lost} lost",
        connections - 1
    );
    Ok(())
}

/// Prints what each second brought; the messages a second over all of them.
async fn watch(client: &Client<Show>, seconds: u32) -> fresh::Result<f64> {
    let mut ticks = interval(SECOND);
    ticks.tick().await;
    let first = client.stats();
    let mut before = first;
    for second in 1..=seconds {
        ticks.tick().await;
        let now = client.stats();
        println!("{second:>2} s  {}", report(&before, &now, client.latency()));
        client.info(Show).await?;
        before = now;
    }
    Ok((before.messages_received - first.messages_received) as f64 / f64::from(seconds))
}

fn report(before: &Stats, now: &Stats, latency: Option<Duration>) -> String {
    let messages = now.messages_received - before.messages_received;
    let megabytes = (now.bytes_received - before.bytes_received) as f64 / 1e6;
    let latency = latency.map_or_else(|| "unknown".to_owned(), |latency| format!("{latency:.1?}"));
    let reconnects = now.connections - 1;
    let lost = now.messages_lost + now.frames_lost;
    format!("{messages} messages/s  {megabytes:.2} MB/s  latency {latency}  {reconnects} reconnects  {lost} lost")
}

/// How long to watch.
fn seconds() -> fresh::Result<u32> {
    let mut words = env::args().skip(1);
    match words.next().as_deref() {
        None => Ok(3),
        Some("--seconds") => Ok(words.next().and_then(|word| word.parse().ok()).ok_or("--seconds needs a number")?),
        Some("--help") => {
            println!("Watches a feed of quotes.\n\n  --seconds N  for how long (default: 3)\n  --help       this text");
            process::exit(0)
        }
        Some(unknown) => Err(format!("no such option: {unknown}; see --help").into()),
    }
}
