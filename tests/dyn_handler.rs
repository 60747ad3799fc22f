//! Handlers of different types live in one collection.

#![allow(clippy::unwrap_used)]

use fresh::{
    Action, Client, Control, Disconnect, DynHandler, Error, ExitReason, Frame, Handler, Message, Recovery, Result,
    Upgrade, testing::Server,
};
use tokio::sync::mpsc;

/// What every handler of the collection understands.
enum Command {
    Say(&'static str),
    Leave,
}

struct Echo;

impl Handler for Echo {
    type Info = Command;

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        Ok(Action::reply(message))
    }
}

struct Shout {
    shouted: usize,
}

impl Handler for Shout {
    type Info = Command;

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        self.shouted += 1;
        Ok(Action::reply(format!("{}{}", message.to_text()?.to_uppercase(), "!".repeat(self.shouted))))
    }

    async fn handle_info(&mut self, command: Command) -> Result<Action> {
        Ok(match command {
            Command::Say(text) => Action::reply(text.to_uppercase()),
            Command::Leave => Action::close(4000, "left"),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_of_different_types_each_run_on_a_connection_of_their_own() {
    let handlers: Vec<Box<dyn DynHandler<Command>>> = vec![Box::new(Echo), Box::new(Shout { shouted: 0 })];
    let answers = [["one", "two"], ["ONE!", "TWO!!"]];
    let mut clients = Vec::new();
    for (handler, answers) in handlers.into_iter().zip(answers) {
        let server = Server::in_memory();
        let client = Client::start(server.options(), handler).unwrap();
        let mut connection = server.accept().await;
        for (question, answer) in ["one", "two"].into_iter().zip(answers) {
            connection.send(question).await;
            connection.expect_text(answer).await;
        }
        clients.push((client, connection));
    }
    // Their handles are of one type too.
    let (shouting, mut connection) = clients.pop().unwrap();
    shouting.info(Command::Say("said")).await.unwrap();
    connection.expect_text("SAID").await;
    shouting.info(Command::Leave).await.unwrap();
    assert_eq!(connection.expect_close(4000).await, "left");
    connection.finish_close().await;
    assert!(matches!(shouting.closed().await, ExitReason::Normal));
    assert!(clients[0].0.is_open());
}

/// Tells which of its callbacks was called.
struct Told(mpsc::UnboundedSender<&'static str>);

impl Told {
    fn tell(&self, callback: &'static str) -> Result<Action> {
        self.0.send(callback)?;
        Ok(Action::Continue)
    }
}

impl Handler for Told {
    type Info = Command;

    async fn handle_connect(&mut self, _: &Upgrade) -> Result<Action> {
        self.tell("connect")
    }

    async fn handle_in(&mut self, _: Message) -> Result<Action> {
        self.tell("in")
    }

    async fn handle_control(&mut self, _: Control) -> Result<Action> {
        self.tell("control")
    }

    async fn handle_info(&mut self, _: Command) -> Result<Action> {
        self.tell("info")?;
        Err("raised".into())
    }

    async fn handle_error(&mut self, _: &Error) -> Recovery {
        self.tell("error").unwrap();
        Recovery::Ignore
    }

    async fn handle_disconnect(&mut self, _: Disconnect) -> Recovery {
        self.tell("disconnect").unwrap();
        Recovery::Close
    }

    async fn handle_terminate(&mut self, _: &ExitReason) {
        self.tell("terminate").unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn every_callback_reaches_the_handler_in_the_box() {
    let server = Server::in_memory();
    let (told, mut callbacks) = mpsc::unbounded_channel();
    let handler: Box<dyn DynHandler<Command>> = Box::new(Told(told));
    let client = Client::start(server.options(), handler).unwrap();
    let mut connection = server.accept().await;
    client.connected().await.unwrap();
    connection.send("message").await;
    connection.send(Frame::ping("ping")).await;
    connection.expect_pong().await;
    client.info(Command::Leave).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    connection.close(1001, "").await;
    connection.finish_close().await;
    client.closed().await;
    for expected in ["connect", "in", "control", "info", "error", "disconnect", "terminate"] {
        assert_eq!(callbacks.recv().await, Some(expected));
    }
    assert_eq!(callbacks.recv().await, None);
}
