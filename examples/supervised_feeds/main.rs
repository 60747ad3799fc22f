//! Three feeds under one_for_one, and a pair under rest_for_one, against a server that misbehaves on purpose.
//!
//! ```sh
//! cargo run --all-features --example supervised_feeds
//! ```
//!
//! It prints what befalls the tree, and the tree as it is then: `-` is one that ended, `~` one that is about to start.
//! It ends by itself when everything has failed once and works again.

mod server;
mod tree;

use std::{collections::HashMap, error::Error, time::Duration};

use fresh::{
    Action, Client, Handler, Message, Options, Upgrade,
    supervisor::{ChildSpec, Event, Strategy, Supervisor},
};
use futures_util::StreamExt;
use server::Server;
use tokio::{sync::mpsc, time::timeout};
use tree::Tree;

/// A feed of numbers; anything else is an error, which ends it, for the supervisor.
struct Feed {
    name: &'static str,
    reports: Reports,
    last: Option<u64>,
}

type Reports = mpsc::UnboundedSender<(&'static str, u64)>;

impl Handler for Feed {
    type Info = ();

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> fresh::Result<Action> {
        // After a reconnection the handler is the same, after a restart it is a new one.
        println!("{} connected (attempt {}), last seen: {:?}", self.name, upgrade.attempt, self.last);
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        let number = message.to_text()?.parse()?;
        self.last = Some(number);
        self.reports.send((self.name, number))?;
        Ok(Action::Continue)
    }
}

fn feed(name: &'static str, server: &Server, reports: &Reports) -> Result<ChildSpec, Box<dyn Error>> {
    let options = Options::new(server.url().join(name)?.as_str())?;
    let reports = reports.clone();
    Ok(ChildSpec::client(name, options, move |_client: Client| Feed { name, reports: reports.clone(), last: None }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await;
    let (reports, mut reported) = mpsc::unbounded_channel();

    // One feed's failure is no other's.
    let feeds = Supervisor::builder(Strategy::OneForOne)
        .child(feed("prices", &server, &reports)?)
        .child(feed("trades", &server, &reports)?)
        .child(feed("news", &server, &reports)?);
    // Orders need a session: a new session needs new orders, but not the other way round.
    let pair = Supervisor::builder(Strategy::RestForOne)
        .child(feed("session", &server, &reports)?)
        .child(feed("orders", &server, &reports)?);

    let supervisor = Supervisor::builder(Strategy::OneForOne).intensity(3, Duration::from_secs(5)).start().await?;
    // Listening before there are children, so that no event is missed.
    let mut events = supervisor.events();
    supervisor.start_child(ChildSpec::supervisor("feeds", feeds)).await?;
    supervisor.start_child(ChildSpec::supervisor("pair", pair)).await?;

    let mut tree = Tree::default();
    let mut restarts = 0;
    let mut numbers = HashMap::new();
    let everything_works = async {
        // The server sends 3 as soon as it is done misbehaving.
        while numbers.values().filter(|number| **number >= 3).count() < 5 || restarts < 3 {
            tokio::select! {
                Some(event) = events.next() => {
                    tell(&event, &mut tree);
                    restarts += usize::from(matches!(event, Event::Restarting { .. }));
                }
                Some((name, number)) = reported.recv() => drop(numbers.insert(name, number)),
            }
        }
    };
    timeout(Duration::from_secs(30), everything_works).await?;

    let reason = supervisor.stop().await;
    while let Some(event) = events.next().await {
        tell(&event, &mut tree);
    }
    println!("done: {restarts} restarts, {reason}");
    Ok(())
}

fn tell(event: &Event, tree: &mut Tree) {
    let what = match event {
        Event::Started { child } => format!("{child} started"),
        Event::NotStarted { child, reason } => format!("{child} did not start: {reason}"),
        Event::Exited { child, reason } => format!("{child} ended: {reason}"),
        Event::Restarting { child } => format!("{child} is restarted"),
        Event::GaveUp { child, .. } => format!("{child} failed too often"),
        Event::Skipped(count) => format!("{count} events were missed"),
        other => format!("{other:?}"),
    };
    tree.apply(event);
    println!("{what}\n    {tree}");
}
