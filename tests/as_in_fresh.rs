//! The examples in the documentation of Fresh, each as it is written here.

#![cfg(all(feature = "macros", feature = "testing"))]
#![allow(clippy::unwrap_used)]

use fresh::{
    Action, Client, Control, Disconnect, Error, ErrorKind, ExitReason, Frame, Handler, Message, Recovery, Result,
    Upgrade,
    testing::{Connection, Server},
};
use tokio::sync::mpsc;

#[derive(Handler)]
#[handler(info = Command, handle_connect, handle_control, handle_disconnect, handle_error, handle_in, handle_info)]
#[handler(handle_terminate)]
struct Example {
    data: u32,
    printed: mpsc::UnboundedSender<String>,
}

enum Command {
    Reply(&'static str),
    Unsendable,
    Close,
}

impl Example {
    fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
        let about = format!("{} {:?}", upgrade.status.as_u16(), upgrade.headers["upgrade"]);
        let payload = format!("{{ \"op\": {}, \"data\": {{}} }}", self.data);
        Ok(Action::reply([Frame::text(payload), Frame::text(about)]))
    }

    fn handle_control(&mut self, control: Control) -> Result<Action> {
        self.printed.send(match control {
            Control::Ping(message) => format!("Received ping with content: {message:?}!"),
            Control::Pong(message) => format!("Received pong with content: {message:?}!"),
        })?;
        Ok(Action::Continue)
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        if disconnect.code == Some(1002.into()) { Recovery::Restart } else { Recovery::Close }
    }

    fn handle_error(&mut self, error: &Error) -> Recovery {
        if matches!(error.kind(), ErrorKind::Encode | ErrorKind::Send) { Recovery::Ignore } else { Recovery::Restart }
    }

    fn handle_in(&mut self, message: Message) -> Result<Action> {
        match message {
            Message::Text(text) => {
                self.data = text.parse()?;
                Ok(Action::Continue)
            }
            Message::Binary(_) => {
                Ok(Action::reply([Frame::text("i don't accept binary!"), Frame::text(self.data.to_string())]))
            }
        }
    }

    async fn handle_info(&mut self, command: Command) -> Result<Action> {
        match command {
            Command::Reply(message) => Ok(Action::reply(message)),
            Command::Unsendable => Ok(Action::reply(Frame::ping(vec![0; 126]))),
            Command::Close => Ok(Action::close(1000, "Normal Closure")),
        }
    }

    fn handle_terminate(&mut self, reason: &ExitReason) {
        let _ = self.printed.send(format!("Process is terminating with reason: {reason}"));
    }
}

struct Running {
    server: Server,
    client: Client<Command>,
    connection: Connection,
    printed: mpsc::UnboundedReceiver<String>,
}

async fn running() -> Running {
    let server = Server::in_memory();
    let (print, printed) = mpsc::unbounded_channel();
    let example = move |_| Example { data: 1, printed: print.clone() };
    let client = Client::start_with(server.options(), example).unwrap();
    let mut connection = server.accept().await;
    connection.expect_text("{ \"op\": 1, \"data\": {} }").await;
    Running { server, client, connection, printed }
}

#[tokio::test(start_paused = true)]
async fn handle_connect_is_told_status_and_headers_and_replies_with_frames() {
    running().await.connection.expect_text("101 \"websocket\"").await;
}

#[tokio::test(start_paused = true)]
async fn handle_control_is_told_pings_and_pongs() {
    let mut running = running().await;
    running.connection.send(Frame::ping("hi")).await;
    assert_eq!(running.printed.recv().await.unwrap(), "Received ping with content: b\"hi\"!");
    running.connection.send(Frame::pong("ho")).await;
    assert_eq!(running.printed.recv().await.unwrap(), "Received pong with content: b\"ho\"!");
}

#[tokio::test(start_paused = true)]
async fn handle_disconnect_decides_by_the_code() {
    let mut running = running().await;
    running.connection.expect_text("101 \"websocket\"").await;
    running.connection.close(1002, "timeout").await;
    running.connection.finish_close().await;
    let mut connection = running.server.accept().await;
    connection.close(1000, "").await;
    connection.finish_close().await;
    assert!(matches!(running.client.closed().await, ExitReason::Normal));
}

#[tokio::test(start_paused = true)]
async fn handle_error_ignores_what_is_about_a_frame_and_begins_anew_with_the_initial_state() {
    let mut running = running().await;
    running.connection.expect_text("101 \"websocket\"").await;
    running.connection.send("7").await;
    running.connection.send(Frame::binary("no")).await;
    running.connection.expect_text("i don't accept binary!").await;
    running.connection.expect_text("7").await;
    running.client.info(Command::Unsendable).await.unwrap();
    running.client.info(Command::Reply("still there")).await.unwrap();
    running.connection.expect_text("still there").await;
    running.connection.drop_connection();
    let mut connection = running.server.accept().await;
    connection.expect_text("{ \"op\": 1, \"data\": {} }").await;
}

#[tokio::test(start_paused = true)]
async fn handle_in_keeps_a_text_and_answers_a_binary() {
    let mut running = running().await;
    running.connection.expect_text("101 \"websocket\"").await;
    running.connection.send("7").await;
    running.connection.send(Frame::binary("no")).await;
    running.connection.expect_text("i don't accept binary!").await;
    running.connection.expect_text("7").await;
}

#[tokio::test(start_paused = true)]
async fn handle_info_replies_with_what_it_was_sent() {
    let mut running = running().await;
    running.connection.expect_text("101 \"websocket\"").await;
    running.client.info(Command::Reply("hello!")).await.unwrap();
    running.connection.expect_text("hello!").await;
}

#[tokio::test(start_paused = true)]
async fn a_callback_closes_with_its_code_and_reason() {
    let mut running = running().await;
    running.connection.expect_text("101 \"websocket\"").await;
    running.client.info(Command::Close).await.unwrap();
    assert_eq!(running.connection.expect_close(1000).await, "Normal Closure");
    running.connection.finish_close().await;
    assert!(matches!(running.client.closed().await, ExitReason::Normal));
}

#[tokio::test(start_paused = true)]
async fn handle_terminate_is_told_the_reason() {
    let mut running = running().await;
    let stopped = tokio::spawn(async move { running.client.stop().await });
    running.connection.finish_close().await;
    assert!(matches!(stopped.await.unwrap(), ExitReason::Stopped));
    assert_eq!(running.printed.recv().await.unwrap(), "Process is terminating with reason: stopped");
}
