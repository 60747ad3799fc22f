//! 1 and 2. Every class of work has its share of a turn, and a turn ends in a yield: no class starves, and other tasks run.
//!
//! Each test runs in a thread of its own, because a client that never yields would hang its runtime for ever.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use fresh::{
    Action, Client, ConnectionState, Error, Frame, Handler, Message, Options, Recovery,
    options::{BackoffOptions, Connector, Target, Transport},
    testing::{Connection, Server},
};
use tokio::runtime::{Builder, Runtime};

use crate::support::{
    script::S,
    tap::{self, Tapped, Verdict},
    time::soon,
};

/// A runtime with a paused clock.
fn paused() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// A runtime for real sockets.
fn with_sockets() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs the test on a runtime with one thread; fails if the test does not end.
fn on_one_thread<T>(runtime: fn() -> Runtime, test: impl FnOnce() -> T + Send + 'static)
where
    T: Future<Output = ()> + Send + 'static,
{
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        // A task of its own has the same share as the client's.
        runtime().block_on(async { tokio::spawn(test()).await }).unwrap();
        done.send(()).unwrap();
    });
    ended.recv_timeout(30 * S).expect("the test ends, so other tasks of the runtime run");
}

/// Lets other tasks run this often.
async fn rounds(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// A ping is answered, a frame of the handle is sent, and a message is handled.
async fn assert_served<I: Send + 'static>(client: &Client<I>, connection: &mut Connection) {
    for _ in 0..10 {
        soon(connection.send(Frame::ping("are you there?"))).await;
        assert_eq!(soon(connection.expect_pong()).await, "are you there?");
        soon(client.send("mail")).await.unwrap();
        soon(connection.expect_text("mail")).await;
        soon(connection.send("echo")).await;
        soon(connection.expect_text("echo")).await;
    }
}

/// Sends an info to its own client from each `handle_info`, and echoes messages.
struct Restless(Client<u32>);

impl Handler for Restless {
    type Info = u32;

    async fn handle_info(&mut self, info: u32) -> fresh::Result<Action> {
        self.0.try_info(info.wrapping_add(1))?;
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        Ok(Action::reply(message))
    }
}

#[test]
fn promise_02_a_handler_that_always_has_another_info_starves_neither_the_connection_nor_other_tasks() {
    on_one_thread(paused, || async {
        let server = Server::in_memory();
        let client = Client::start_with(server.options(), Restless).unwrap();
        let mut connection = server.accept().await;
        client.connected().await.unwrap();
        client.info(0).await.unwrap();
        assert_served(&client, &mut connection).await;
        client.request_stop();
        connection.finish_close().await;
        soon(client.closed()).await;
    });
}

#[test]
fn promise_02_a_handler_that_always_has_another_info_lets_an_attempt_succeed_and_a_deadline_pass() {
    on_one_thread(paused, || async {
        let server = Server::in_memory();
        let options = server.options().connect_timeout(2 * S).backoff(BackoffOptions::new().initial(S).jitter(false));
        let client = Client::start_with(options, Restless).unwrap();
        client.info(0).await.unwrap();
        // The clock of a busy runtime does not advance by itself.
        let silent = soon(server.pending()).await;
        tokio::time::advance(2 * S).await;
        rounds(10).await;
        assert_eq!(client.state(), ConnectionState::Waiting);
        drop(silent);
        tokio::time::advance(S).await;
        let mut connection = soon(server.accept()).await;
        assert_served(&client, &mut connection).await;
        client.request_stop();
        connection.finish_close().await;
        soon(client.closed()).await;
    });
}

/// Fails each attempt at once, and counts them.
struct Refusing(Arc<AtomicU32>);

#[async_trait::async_trait]
impl Connector for Refusing {
    async fn connect(&self, _: &Target) -> fresh::Result<Transport> {
        self.0.fetch_add(1, SeqCst);
        Err("refused".into())
    }
}

/// Retries whatever happens, and echoes infos into a counter.
struct Undaunted(Arc<AtomicU32>);

impl Handler for Undaunted {
    type Info = ();

    async fn handle_info(&mut self, (): ()) -> fresh::Result<Action> {
        self.0.fetch_add(1, SeqCst);
        Ok(Action::Continue)
    }

    async fn handle_error(&mut self, _: &Error) -> Recovery {
        Recovery::Reconnect
    }
}

#[test]
fn promise_02_attempts_that_fail_at_once_without_a_delay_starve_neither_infos_nor_other_tasks() {
    for recovery_now in [false, true] {
        on_one_thread(paused, move || async move {
            let (attempts, infos) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
            let backoff = BackoffOptions::new().initial(Duration::ZERO);
            let options = Options::new("ws://nowhere.test").unwrap().connector(Refusing(Arc::clone(&attempts)));
            let client = if recovery_now {
                // The delay is an hour, and the verdict does not wait for it.
                let backoff = BackoffOptions::new().initial(3600 * S).max(3600 * S).jitter(false);
                Client::start(options.backoff(backoff), Hasty(Undaunted(Arc::clone(&infos)))).unwrap()
            } else {
                Client::start(options.backoff(backoff), Undaunted(Arc::clone(&infos))).unwrap()
            };
            for _ in 0..100 {
                client.info(()).await.unwrap();
                rounds(2).await;
            }
            let (attempts, infos) = (attempts.load(SeqCst), infos.load(SeqCst));
            assert!(infos >= 50, "{infos} infos");
            assert!(attempts >= 50, "{attempts} attempts");
            soon(client.stop()).await;
        });
    }
}

/// As [`Undaunted`], but retries without the backoff's delay.
struct Hasty(Undaunted);

impl Handler for Hasty {
    type Info = ();

    async fn handle_info(&mut self, info: ()) -> fresh::Result<Action> {
        self.0.handle_info(info).await
    }

    async fn handle_error(&mut self, _: &Error) -> Recovery {
        Recovery::ReconnectNow
    }
}

/// Echoes texts.
struct Echo;

impl Handler for Echo {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        Ok(if message.is_text() { Action::reply(message) } else { Action::Continue })
    }
}

#[test]
fn promise_02_a_transport_that_always_has_another_message_starves_neither_the_handle_nor_other_tasks() {
    for endless in [Verdict::Flood, Verdict::OneMore] {
        on_one_thread(with_sockets, move || serve_beside(endless));
    }
}

async fn serve_beside(endless: Verdict) {
    let server = Server::tcp().await;
    let floods = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&floods);
    let connector = tap::tcp(server.url(), move |tapped| match tapped {
        Tapped::NothingToRead if seen.load(SeqCst) => endless,
        _ => Verdict::Go,
    });
    let options = server.options().connector(connector).close_timeout(Duration::ZERO);
    let client = Client::start(options, Echo).unwrap();
    let mut connection = server.accept().await;
    client.connected().await.unwrap();
    floods.store(true, SeqCst);
    connection.send("wake up").await;
    connection.expect_text("wake up").await;
    assert_served(&client, &mut connection).await;
    assert!(client.stats().messages_received > 1000, "{:?}", client.stats());
    soon(client.stop()).await;
}
