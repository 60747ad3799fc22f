//! 4. `handle_terminate` runs exactly once, and the client's end is reported truthfully, also if code of the user's panics
//!    outside of a callback: a byte stream, a drop, a registry.

use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use fresh::{
    Action, CancellationToken, Client, Control, ExitReason, Frame, Handler, Options, Recovery,
    registry::{AnyClient, LocalRegistry, Name, Registry},
    testing::Server,
};
use tokio::sync::mpsc;

use crate::{
    p04_terminate::assert_terminated_once,
    support::{
        script::{Then, Told, accept, name, plain, recorder, start},
        tap::{self, Tapped, Verdict},
        time::{settle, soon},
    },
};

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

#[tokio::test]
async fn promise_04_it_is_told_of_a_panic_in_each_method_of_a_byte_stream() {
    for place in [Tapped::NothingToRead, Tapped::Write, Tapped::Shutdown, Tapped::Drop] {
        let server = Server::tcp().await;
        let armed = Arc::new(AtomicBool::new(false));
        let trigger = Arc::clone(&armed);
        let connector = tap::tcp(server.url(), move |tapped| {
            assert!(!(tapped == place && trigger.swap(false, SeqCst)), "panic at {place:?}");
            Verdict::Go
        });
        let (client, log) = start(server.options().connector(connector), |_| Then::Default);
        let mut connection = accept(&server, &client).await;
        settle_now().await;
        armed.store(true, SeqCst);
        match place {
            Tapped::NothingToRead => connection.send("x").await,
            Tapped::Write => client.send("x").await.unwrap(),
            Tapped::Shutdown | Tapped::Drop => {
                client.close(1000, "").unwrap();
                connection.finish_close().await;
            }
        }
        let reason = assert_terminated_once(&client, log, "Panicked").await;
        assert_eq!(reason.to_string(), format!("panicked: panic at {place:?}"));
    }
}

/// Lets the other tasks of the runtime run, without a clock.
async fn settle_now() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Notes the end; its callbacks wait for ever, with a local that may panic.
struct Mined {
    terminated: mpsc::UnboundedSender<ExitReason>,
    local: &'static str,
}

impl Handler for Mined {
    type Info = Bomb;

    async fn handle_control(&mut self, _: Control) -> fresh::Result<Action> {
        let bomb = (!self.local.is_empty()).then(|| Bomb(self.local));
        pending::<()>().await;
        drop(bomb);
        Ok(Action::Continue)
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        self.terminated.send(reason.clone()).unwrap();
    }
}

/// Stops a client whose `handle_control` is pending, with these infos queued. Returns every reason that `handle_terminate` receives.
async fn stop_mined(local: &'static str, infos: usize) -> Vec<String> {
    let server = Server::in_memory();
    let (terminated, mut reasons) = mpsc::unbounded_channel();
    let client = Client::start(server.options(), Mined { terminated, local }).unwrap();
    let mut connection = server.accept().await;
    connection.send(Frame::ping("")).await;
    connection.expect_pong().await;
    for _ in 0..infos {
        client.info(Bomb("info")).await.unwrap();
    }
    settle().await;
    client.request_stop();
    connection.finish_close().await;
    let ended = soon(client.closed()).await;
    assert_eq!(client.stats().infos_lost, infos as u64);
    let told = soon(reasons.recv()).await.unwrap();
    assert!(soon(reasons.recv()).await.is_none(), "`handle_terminate` runs once");
    vec![told.to_string(), ended.to_string()]
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_in_the_drop_of_queued_infos() {
    for infos in [1, 2, 10] {
        assert_eq!(stop_mined("", infos).await, ["panicked: info", "panicked: info"]);
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_in_the_drop_of_a_pending_callback() {
    assert_eq!(stop_mined("local", 0).await, ["panicked: local", "panicked: local"]);
    stop_mined("local", 2).await;
}

/// Panics in its drop, behind `handle_terminate`.
struct Last {
    _bomb: Bomb,
    terminated: mpsc::UnboundedSender<ExitReason>,
}

impl Handler for Last {
    type Info = ();

    async fn handle_error(&mut self, _: &fresh::Error) -> Recovery {
        Recovery::fail("lost")
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        self.terminated.send(reason.clone()).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_a_panic_in_the_drop_of_the_handler_changes_neither_the_reason_nor_the_token_nor_the_name() {
    for stopped in [true, false] {
        let server = Server::in_memory();
        let registry = Arc::new(LocalRegistry::new());
        let options = server.options().name(Name::via(Arc::clone(&registry) as _, "last"));
        let (terminated, mut reasons) = mpsc::unbounded_channel();
        let token = CancellationToken::new();
        let handler = Last { _bomb: Bomb("handler"), terminated };
        let client = Client::start_linked(options, handler, token.clone()).unwrap();
        let connection = server.accept().await;
        settle().await;
        if stopped {
            client.request_stop();
            connection.finish_close().await;
        } else {
            connection.drop_connection();
        }
        let expected = if stopped { "Stopped" } else { "Failed" };
        assert_eq!(name(&soon(client.closed()).await), expected);
        assert_eq!(name(&reasons.recv().await.unwrap()), expected);
        assert!(reasons.recv().await.is_none(), "`handle_terminate` runs once");
        settle().await;
        assert_eq!(token.is_cancelled(), !stopped);
        assert!(registry.registered().is_empty());
    }
}

/// What a registry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// `unregister_name` panics in its future.
    Poll,
    /// `unregister_name` panics before it returns a future.
    Call,
    /// `register_name` never answers, and its future panics when it is dropped.
    Drop,
}

struct Faulty(Fault);

impl Registry for Faulty {
    fn register_name<'a: 'f, 'b: 'f, 'f>(
        &'a self,
        _: &'b str,
        _: AnyClient,
    ) -> Pin<Box<dyn Future<Output = Result<(), AnyClient>> + Send + 'f>> {
        Box::pin(async {
            if self.0 == Fault::Drop {
                let _bomb = Bomb("registration");
                pending::<()>().await;
            }
            Ok(())
        })
    }

    fn unregister_name<'a: 'f, 'b: 'f, 'c: 'f, 'f>(
        &'a self,
        _: &'b str,
        _: &'c AnyClient,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'f>> {
        assert!(self.0 != Fault::Call, "registry");
        Box::pin(async { assert!(self.0 != Fault::Poll, "registry") })
    }

    fn whereis_name<'a: 'f, 'b: 'f, 'f>(
        &'a self,
        _: &'b str,
    ) -> Pin<Box<dyn Future<Output = Option<AnyClient>> + Send + 'f>> {
        Box::pin(async { None })
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_a_registry_that_panics_when_a_name_is_freed_changes_nothing_of_the_end() {
    for fault in [Fault::Poll, Fault::Call] {
        let server = Server::in_memory();
        let (recorder, log) = plain();
        let options = server.options().name(Name::via(Arc::new(Faulty(fault)), "name"));
        let client = Client::start(options, recorder).unwrap();
        let connection = accept(&server, &client).await;
        client.request_stop();
        connection.finish_close().await;
        assert_terminated_once(&client, log, "Stopped").await;
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_a_registry_that_panics_when_a_name_is_freed_does_not_reach_whoever_kills_the_client() {
    for fault in [Fault::Poll, Fault::Call] {
        let server = Server::in_memory();
        let options = server.options().name(Name::via(Arc::new(Faulty(fault)), "name"));
        let (client, running) = Client::new(options, plain().0);
        let mut running = Box::pin(running);
        tokio::select! {
            biased;
            _ = &mut running => panic!("the client runs on"),
            _ = server.accept() => {}
        }
        assert!(catch_unwind(AssertUnwindSafe(|| drop(running))).is_ok(), "{fault:?}");
        assert_eq!(name(&soon(client.closed()).await), "Aborted");
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_in_the_drop_of_a_registration_that_a_stop_cuts_short() {
    let server = Server::in_memory();
    let (recorder, log) = plain();
    let options = server.options().name(Name::via(Arc::new(Faulty(Fault::Drop)), "name"));
    let client = Client::start(options, recorder).unwrap();
    settle().await;
    client.request_stop();
    let reason = assert_terminated_once(&client, log, "Panicked").await;
    assert_eq!(reason.to_string(), "panicked: registration");
}

/// Never connects, and its future panics when it is dropped.
struct Stuck;

#[async_trait::async_trait]
impl fresh::options::Connector for Stuck {
    async fn connect(&self, _: &fresh::options::Target) -> fresh::Result<fresh::options::Transport> {
        let _bomb = Bomb("attempt");
        pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn promise_04_it_is_told_of_a_panic_in_the_drop_of_an_attempt() {
    for how in ["connect timeout", "stop", "close", "close in a callback", "verdict"] {
        let options = Options::new("ws://nowhere.test").unwrap().connector(Stuck);
        let (recorder, log) = recorder(move |told| match told {
            Told::Info(_) if how == "verdict" => Then::Raise("enough"),
            Told::Info(_) => Then::Do(Action::close(1000, "")),
            Told::Error(_) => Then::Recover(Recovery::Close),
            _ => Then::Default,
        });
        let client = Client::start(options, recorder).unwrap();
        settle().await;
        match how {
            "stop" => client.request_stop(),
            "close" => client.close(1000, "").unwrap(),
            "close in a callback" | "verdict" => client.info(1).await.unwrap(),
            _ => {}
        }
        let reason = assert_terminated_once(&client, log, "Panicked").await;
        assert_eq!(reason.to_string(), "panicked: attempt", "{how}");
    }
}

#[test]
fn promise_04_a_linked_token_is_cancelled_when_the_runtime_is_shut_down() {
    let token = CancellationToken::new();
    let client = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let server = Server::in_memory();
            let client = Client::start_linked(server.options(), plain().0, token.clone()).unwrap();
            let _connection = accept(&server, &client).await;
            client
        })
    };
    assert!(token.is_cancelled(), "an `Aborted` client ended abnormally");
    assert!(!client.is_open());
}
