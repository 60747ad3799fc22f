//! What comes before what, where several things happen at once.

use std::{sync::Arc, time::Duration};

use fresh::{
    Action, Client, Error, ErrorKind, Frame, Handler, Message, Options, Recovery, Result, Upgrade,
    testing::{EchoServer, Server},
};
use tokio::sync::{Notify, mpsc};

/// Tells everything in words, and does what a message says.
#[derive(Clone)]
struct Teller {
    told: mpsc::UnboundedSender<String>,
    gate: Arc<Notify>,
    name: &'static str,
}

impl Teller {
    fn tell(&self, what: impl Into<String>) {
        // The test may have seen enough.
        let _ = self.told.send(format!("{}: {}", self.name, what.into()));
    }
}

impl Handler for Teller {
    type Info = u8;

    async fn handle_connect(&mut self, _: &Upgrade) -> Result<Action> {
        self.tell("connected");
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        let text = message.to_text()?.to_owned();
        self.tell(&text);
        match text.as_str() {
            "wait" => self.gate.notified().await,
            "raise" => return Err("raised".into()),
            _ => {}
        }
        Ok(Action::reply(text))
    }

    async fn handle_info(&mut self, info: u8) -> Result<Action> {
        self.tell(format!("info {info}"));
        Ok(Action::Continue)
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        self.tell(format!("{:?}", error.kind()));
        if error.kind() == ErrorKind::Handler { Recovery::Restart } else { Recovery::Ignore }
    }
}

/// A teller whose infos wait for the gate.
struct Held(Teller);

impl Handler for Held {
    type Info = u8;

    async fn handle_info(&mut self, info: u8) -> Result<Action> {
        self.0.tell(format!("info {info}"));
        self.0.gate.notified().await;
        Ok(Action::Continue)
    }
}

fn teller() -> (Teller, Arc<Notify>, mpsc::UnboundedReceiver<String>) {
    let (told, telling) = mpsc::unbounded_channel();
    let gate = Arc::new(Notify::new());
    (Teller { told, gate: Arc::clone(&gate), name: "first" }, gate, telling)
}

/// Everything told so far and until nothing more is told for a while.
async fn all(telling: &mut mpsc::UnboundedReceiver<String>) -> Vec<String> {
    let mut all = Vec::new();
    while let Ok(Some(told)) = tokio::time::timeout(Duration::from_secs(1), telling.recv()).await {
        all.push(told);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_reply_goes_out_before_the_answer_to_a_close_frame_that_came_with_the_message() {
    let server = Server::in_memory();
    let (handler, ..) = teller();
    let _client = Client::start(server.options(), handler).unwrap();
    let frames = [Frame::text("1"), Frame::text("2"), Frame::close(1000, "")];
    let mut connection = server.pending().await.accept_and_send(frames).await;
    connection.expect_text("1").await;
    connection.expect_text("2").await;
    connection.expect_close(1000).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_callback_raises_is_told_before_the_messages_that_wait() {
    let server = Server::in_memory();
    let (handler, gate, mut telling) = teller();
    let _client = Client::start(server.options(), handler).unwrap();
    let mut connection = server.accept().await;
    for text in ["wait", "raise", "later"] {
        connection.send(text).await;
    }
    assert_eq!(all(&mut telling).await, ["first: connected", "first: wait"]);
    gate.notify_one();
    let told = all(&mut telling).await;
    assert_eq!(told[..2], ["first: raise", "first: Handler"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_handler_is_told_nothing_of_the_connection_before_it() {
    let server = Server::in_memory();
    let (first, gate, mut telling) = teller();
    let mut names = ["first", "second"].into_iter();
    let factory = move |_| Teller { name: names.next().expect("one restart"), ..first.clone() };
    let client = Client::start_with(server.options(), factory).unwrap();
    let mut connection = server.accept().await;
    for text in ["wait", "raise", "later"] {
        connection.send(text).await;
    }
    all(&mut telling).await;
    gate.notify_one();
    assert!(connection.finish_close().await.is_some());
    let _again = server.accept().await;
    assert_eq!(all(&mut telling).await, ["first: raise", "first: Handler", "second: connected"]);
    assert_eq!(client.stats().messages_lost, 1);
}

#[tokio::test(start_paused = true)]
async fn no_callback_begins_after_stop() {
    let server = Server::in_memory();
    let (handler, _, mut telling) = teller();
    let client = Client::start(server.options(), handler).unwrap();
    let mut connection = server.accept().await;
    assert_eq!(all(&mut telling).await, ["first: connected"]);
    client.request_stop();
    connection.expect_close(1001).await;
    client.info(1).await.unwrap();
    connection.send("late").await;
    assert_eq!(all(&mut telling).await, Vec::<String>::new());
    connection.finish_close().await;
    client.closed().await;
    assert_eq!((client.stats().infos_lost, client.stats().messages_lost), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_known_also_where_its_body_never_ends() {
    let server = Server::in_memory();
    let (handler, _, mut telling) = teller();
    let options = server.options().connect_timeout(Duration::from_millis(500));
    let _client = Client::start(options, handler).unwrap();
    let answer = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 100\r\n\r\nno";
    let _connection = server.pending().await.raw(answer).await;
    assert_eq!(all(&mut telling).await, ["first: Establish"]);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_came_with_the_answer_are_counted() {
    let server = Server::in_memory();
    let (handler, ..) = teller();
    let client = Client::start(server.options(), handler).unwrap();
    let mut connection = server.pending().await.accept_and_send([Frame::text("12345")]).await;
    connection.expect_text("12345").await;
    assert_eq!(client.stats().bytes_received, 7);
}

#[tokio::test(start_paused = true)]
async fn frames_that_waited_for_a_connection_go_out_while_a_callback_waits() {
    let server = Server::in_memory();
    let (handler, gate, mut telling) = teller();
    let client = Client::start(server.options().offline(fresh::Offline::Queue(8)), Held(handler)).unwrap();
    client.info(1).await.unwrap();
    assert_eq!(all(&mut telling).await, ["first: info 1"]);
    client.send("queued").await.unwrap();
    let mut connection = server.accept().await;
    let soon = tokio::time::timeout(Duration::from_millis(50), connection.expect_text("queued"));
    soon.await.expect("nothing has to wait for the callback");
    gate.notify_one();
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_waits_for_room_is_told_of_a_lost_connection_while_its_callback_waits() {
    /// Sends more than fits, and waits for what becomes of the last frame.
    struct Greedy(Option<Client>, mpsc::UnboundedSender<String>);
    impl Handler for Greedy {
        type Info = ();
        async fn handle_connect(&mut self, _: &Upgrade) -> Result<Action> {
            let Some(client) = self.0.take() else { return Ok(Action::Continue) };
            client.send(vec![0; 1 << 20]).await?;
            let fate = client.send_confirmed("last").await;
            self.1.send(format!("{}", fate.is_err()))?;
            Ok(Action::Continue)
        }
    }
    let server = Server::in_memory_with_buffer(4096);
    let (told, mut telling) = mpsc::unbounded_channel();
    let options = server.options().write_buffer(1024);
    let _client = Client::start_with(options, move |client: Client| Greedy(Some(client), told.clone())).unwrap();
    let connection = server.accept().await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    connection.drop_connection();
    assert_eq!(all(&mut telling).await, ["true"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waited_for_the_connection_can_send() {
    let server = EchoServer::start().await.unwrap();
    for _ in 0..200 {
        let (handler, ..) = teller();
        let client = Client::start(Options::new(server.url()).unwrap(), handler).unwrap();
        client.connected().await.unwrap();
        client.send("at once").await.unwrap();
        client.stop().await;
    }
}
