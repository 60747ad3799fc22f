//! Plugins: handlers of different types in one collection, each on a connection of its own.
//!
//! ```sh
//! cargo run --all-features --example plugins
//! ```
//!
//! The program knows a plugin as a `Box<dyn DynHandler<Command>>`: by what it can be told, and not by its type. It
//! starts an echo server and one client a plugin, tells all of them the same, and ends when they have left.

use fresh::{Action, Client, DynHandler, Handler, Message, Options, Recovery, testing::EchoServer};
use tokio::sync::mpsc;

/// What every plugin can be told.
enum Command {
    Say(&'static str),
    Leave,
}

type Heard = mpsc::UnboundedSender<String>;

/// What plugins do unless they say otherwise.
#[derive(Handler)]
#[handler(info = Command, handle_in, handle_info, handle_error)]
struct Plain {
    heard: Heard,
}

impl Plain {
    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        self.heard.send(message.to_text()?.to_owned())?;
        Ok(Action::Continue)
    }

    async fn handle_info(&mut self, command: Command) -> fresh::Result<Action> {
        Ok(match command {
            Command::Say(what) => Action::reply(what),
            Command::Leave => Action::close(1000, "left"),
        })
    }

    fn handle_error(&mut self, error: &fresh::Error) -> Recovery {
        Recovery::fail(error.clone())
    }
}

/// Says everything louder; the rest is left to the plain one.
#[derive(Handler)]
#[handler(delegate = plain, handle_info)]
struct Loud {
    plain: Plain,
}

impl Loud {
    async fn handle_info(&mut self, command: Command) -> fresh::Result<Action> {
        match command {
            Command::Say(what) => Ok(Action::reply(what.to_uppercase())),
            Command::Leave => self.plain.handle_info(command).await,
        }
    }
}

/// Written by hand: it numbers what it hears.
struct Numbering {
    plain: Plain,
    count: usize,
}

impl Handler for Numbering {
    type Info = Command;

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        self.count += 1;
        self.plain.heard.send(format!("{}: {}", self.count, message.to_text()?))?;
        Ok(Action::Continue)
    }

    async fn handle_info(&mut self, command: Command) -> fresh::Result<Action> {
        self.plain.handle_info(command).await
    }
}

fn plugins(heard: &Heard) -> Vec<Box<dyn DynHandler<Command>>> {
    let plain = || Plain { heard: heard.clone() };
    vec![Box::new(plain()), Box::new(Loud { plain: plain() }), Box::new(Numbering { plain: plain(), count: 0 })]
}

#[tokio::main]
async fn main() -> fresh::Result<()> {
    let server = EchoServer::start().await?;
    let (heard, mut hears) = mpsc::unbounded_channel();
    let mut clients: Vec<Client<Command>> = Vec::new();
    for plugin in plugins(&heard) {
        clients.push(Client::start(Options::new(server.url().as_str())?, plugin)?);
    }

    let mut answers = 0;
    for what in ["hello", "bye"] {
        for client in &clients {
            client.connected().await?;
            client.info(Command::Say(what)).await?;
            println!("{}", hears.recv().await.ok_or("every plugin has ended")?);
            answers += 1;
        }
    }
    for client in &clients {
        client.info(Command::Leave).await?;
        client.closed().await.into_result()?;
    }
    println!("done: {} plugins, {answers} answers", clients.len());
    Ok(())
}
