//! 4. `handle_terminate` runs exactly once also where something of the user's panics: a callback, the factory, the request
//!    hook, the connector.

use fresh::{
    Action, Client, ExitReason, Handler, Message, Options, Recovery,
    options::{Connector, Target, Transport},
    testing::{Server, WireFrame},
};
use tokio::sync::oneshot;

use crate::{
    p04_terminate::assert_terminated_once,
    support::{
        script::{Log, S, Then, Told, accept, plain, recorder, start, steady},
        time::{settle, soon},
    },
};

/// Runs a client that does this, and says what comes of it, against a server that drops its connection.
async fn panicking(at: &'static str) -> (Client<u32>, Log) {
    let server = Server::in_memory();
    let (client, log) = start(server.options().backoff(steady()), move |told| match told {
        told if told.words() == at => Then::Panic("boom"),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("x").await;
    connection.send(fresh::Frame::ping("p")).await;
    client.info(1).await.unwrap();
    settle().await;
    if at == "error Stream" {
        connection.drop_connection();
    } else {
        if at.starts_with("disconnect") {
            client.close(1000, "").unwrap();
        }
        connection.finish_close().await;
    }
    (client, log)
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_in_each_callback() {
    for at in ["connect", "in x", "ping p", "info 1", "disconnect 1000 Local", "error Stream"] {
        let (client, log) = panicking(at).await;
        let reason = assert_terminated_once(&client, log, "Panicked").await;
        assert_eq!(reason.to_string(), "panicked: boom", "{at}");
    }
}

/// Looks at a message before there is a future.
struct Eager(Option<oneshot::Sender<ExitReason>>);

impl Handler for Eager {
    type Info = ();

    fn handle_in(&mut self, message: Message) -> impl Future<Output = fresh::Result<Action>> + Send {
        assert!(message != Message::Text("bad".into()), "boom");
        async move { Ok(Action::reply(message)) }
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        self.0.take().unwrap().send(reason.clone()).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_of_a_callback_that_has_no_future_yet() {
    let server = Server::in_memory();
    let (told, terminated) = oneshot::channel();
    let client = Client::start(server.options(), Eager(Some(told))).unwrap();
    let mut connection = server.accept().await;
    // By one read: what stands behind a message is handled without a turn.
    let bytes = ["one", "two", "bad"].map(|text| WireFrame::new(0x1, text).encode()).concat();
    connection.raw(bytes).await;
    for text in ["one", "two"] {
        connection.expect_text(text).await;
    }
    connection.finish_close().await;
    for reason in [soon(client.closed()).await, soon(terminated).await.unwrap()] {
        assert_eq!(reason.to_string(), "panicked: boom");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_not_told_again_of_its_own_panic() {
    let server = Server::in_memory();
    let (client, log) = start(server.options(), |told| match told {
        Told::Terminate(_) => Then::Panic("at the last"),
        _ => Then::Default,
    });
    let connection = accept(&server, &client).await;
    client.request_stop();
    connection.finish_close().await;
    let reason = soon(client.closed()).await;
    assert_eq!(reason.to_string(), "panicked: at the last");
    let told = log.rest().await;
    assert_eq!(told.last().unwrap(), "terminate Stopped");
    assert_eq!(told.iter().filter(|told| told.starts_with("terminate")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_while_the_client_stops() {
    let server = Server::in_memory();
    let (client, mut log) = start(server.options(), |told| match told {
        Told::In(_) => Then::Take(S, Box::new(Then::Panic("late"))),
        _ => Then::Default,
    });
    let mut connection = server.accept().await;
    connection.send("x").await;
    log.until("in x").await;
    client.request_stop();
    connection.finish_close().await;
    let reason = assert_terminated_once(&client, log, "Panicked").await;
    assert_eq!(reason.to_string(), "panicked: late");
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_in_the_factory() {
    let server = Server::in_memory();
    let (recorder, log) = recorder(|told| match told {
        Told::Error(_) => Then::Recover(Recovery::Restart),
        _ => Then::Default,
    });
    let mut made = 0;
    let client = Client::start_with(server.options(), move |_| {
        made += 1;
        assert!(made < 2, "no second one");
        recorder.clone()
    })
    .unwrap();
    server.accept().await.drop_connection();
    let reason = assert_terminated_once(&client, log, "Panicked").await;
    assert_eq!(reason.to_string(), "panicked: no second one");
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_in_the_request_hook() {
    let (recorder, log) = plain();
    let options = Options::new("ws://nowhere.test").unwrap();
    let client = Client::start(options.request_hook(|_| async { panic!("no token") }), recorder).unwrap();
    let reason = assert_terminated_once(&client, log, "Panicked").await;
    assert_eq!(reason.to_string(), "panicked: no token");
}

struct Broken;

#[async_trait::async_trait]
impl Connector for Broken {
    async fn connect(&self, _: &Target) -> fresh::Result<Transport> {
        panic!("no network")
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_in_the_connector() {
    let (recorder, log) = plain();
    let options = Options::new("ws://nowhere.test").unwrap();
    let client = Client::start(options.connector(Broken), recorder).unwrap();
    let reason = assert_terminated_once(&client, log, "Panicked").await;
    assert_eq!(reason.to_string(), "panicked: no network");
}
