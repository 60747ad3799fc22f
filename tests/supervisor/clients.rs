//! Clients as children: the two levels, reconnection below and restart above.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use fresh::{
    Action, CancellationToken, Client, Handler, Message, Upgrade,
    registry::{LocalRegistry, Name},
    supervisor::{ChildState, Restart, Shutdown, StartError},
    testing::Server,
};

use crate::*;

/// Says its number when it is connected, fails on "fail", and does not end before it is allowed to.
struct Numbered {
    number: u32,
    log: Log,
    terminates_in: Duration,
}

impl Handler for Numbered {
    type Info = ();

    async fn handle_connect(&mut self, _upgrade: &Upgrade) -> fresh::Result<Action> {
        Ok(Action::reply(self.number.to_string()))
    }

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        if message.to_text()? == "fail" { Err("told to".into()) } else { Ok(Action::Continue) }
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        sleep(self.terminates_in).await;
        self.log.note(format!("{} ends: {reason}", self.number));
    }
}

/// A client of this server whose handlers are numbered, and where the latest of its handles is kept.
struct Feed {
    log: Log,
    terminates_in: Duration,
    latest: Arc<Mutex<Option<Client>>>,
}

impl Feed {
    fn new(log: &Log) -> Self {
        Self { log: log.clone(), terminates_in: Duration::ZERO, latest: Arc::default() }
    }

    fn spec(&self, server: &Server) -> ChildSpec {
        let Self { log, terminates_in, latest } = self;
        let (log, latest, terminates_in) = (log.clone(), Arc::clone(latest), *terminates_in);
        let made = AtomicU32::new(0);
        ChildSpec::client("feed", server.options(), move |client| {
            *latest.lock().unwrap() = Some(client);
            let number = 1 + made.fetch_add(1, Relaxed);
            Numbered { number, log: log.clone(), terminates_in }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_restarted_client_gets_a_new_handler_from_its_factory() {
    let (server, log) = (Server::in_memory(), Log::default());
    let _supervisor = start(Strategy::OneForOne, [Feed::new(&log).spec(&server)]).await;
    let mut connection = server.accept().await;
    connection.expect_text("1").await;
    connection.send("fail").await;
    let mut connection = server.accept().await;
    connection.expect_text("2").await;
    assert_eq!(log.take().len(), 1, "the first one was told its end");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_in_its_own_backoff_is_running_not_failed() {
    let server = Server::in_memory();
    let feed = Feed::new(&Log::default());
    let supervisor = start(Strategy::OneForOne, [feed.spec(&server)]).await;
    let mut connection = server.accept().await;
    connection.expect_text("1").await;
    drop(server);
    connection.drop_connection();
    sleep(60 * S).await;
    assert!(!feed.latest.lock().unwrap().as_ref().unwrap().is_open());
    assert_eq!(supervisor.which_children().await[0].state, ChildState::Running);
}

#[tokio::test(start_paused = true)]
async fn the_reconnection_of_a_client_keeps_its_handler_and_is_no_restart() {
    let server = Server::in_memory();
    let _supervisor = start(Strategy::OneForOne, [Feed::new(&Log::default()).spec(&server)]).await;
    let mut connection = server.accept().await;
    connection.expect_text("1").await;
    connection.drop_connection();
    server.accept().await.expect_text("1").await;
}

#[tokio::test(start_paused = true)]
async fn fresh_s_own_child_spec_is_transient_and_every_field_can_be_overridden() {
    let (server, log) = (Server::in_memory(), Log::default());
    let feed = Feed::new(&log);
    let supervisor = start(Strategy::OneForOne, [feed.spec(&server)]).await;
    let mut connection = server.accept().await;
    connection.expect_text("1").await;
    let client = feed.latest.lock().unwrap().clone().unwrap();
    client.close(1000, "").unwrap();
    connection.expect_close(1000).await;
    connection.finish_close().await;
    assert!(matches!(client.closed().await, ExitReason::Normal));
    settle().await;
    assert_eq!(supervisor.which_children().await[0].state, ChildState::Stopped, "transient");

    let spec = feed.spec(&server).id("other").restart(Restart::Permanent).shutdown(Shutdown::Infinity);
    supervisor.start_child(spec).await.unwrap();
    assert_eq!(ids(&supervisor.which_children().await), ["feed", "other"]);
}

#[tokio::test(start_paused = true)]
async fn stopping_the_supervisor_closes_with_1001_and_runs_handle_terminate() {
    let (server, log) = (Server::in_memory(), Log::default());
    let supervisor = start(Strategy::OneForOne, [Feed::new(&log).spec(&server)]).await;
    let mut connection = server.accept().await;
    connection.expect_text("1").await;
    supervisor.request_stop();
    connection.expect_close(1001).await;
    connection.finish_close().await;
    assert!(matches!(supervisor.closed().await, ExitReason::Stopped));
    assert_eq!(log.take(), ["1 ends: stopped"]);
    assert_eq!(tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_the_close_costs_no_handle_terminate() {
    let (server, log) = (Server::in_memory(), Log::default());
    let supervisor = start(Strategy::OneForOne, [Feed::new(&log).spec(&server)]).await;
    let mut connection = server.accept().await;
    connection.expect_text("1").await;
    let _frozen = connection.freeze();
    assert_eq!(time(supervisor.stop()).await.1, 5 * S, "the client's own close_timeout");
    assert_eq!(log.take(), ["1 ends: stopped"]);
}

#[tokio::test(start_paused = true)]
async fn s17_brutal_kill_of_a_client_runs_no_handle_terminate() {
    let (server, log) = (Server::in_memory(), Log::default());
    let feed = Feed::new(&log);
    let supervisor = start(Strategy::OneForOne, [feed.spec(&server).shutdown(Shutdown::Abort)]).await;
    let mut connection = server.accept().await;
    connection.expect_text("1").await;
    supervisor.stop().await;
    connection.expect_eof().await;
    let client = feed.latest.lock().unwrap().clone().unwrap();
    assert!(matches!(client.closed().await, ExitReason::Aborted));
    assert!(log.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn s16_a_client_whose_handle_terminate_takes_too_long_is_killed() {
    let (server, log) = (Server::in_memory(), Log::default());
    let feed = Feed { terminates_in: AGES, ..Feed::new(&log) };
    let spec = feed.spec(&server).shutdown(Shutdown::Timeout(2 * S));
    let supervisor = start(Strategy::OneForOne, [spec]).await;
    let mut connection = server.accept().await;
    connection.expect_text("1").await;
    let stopping = tokio::spawn(async move { time(supervisor.stop()).await.1 });
    connection.expect_close(1001).await;
    connection.finish_close().await;
    assert_eq!(stopping.await.unwrap(), 2 * S);
    assert!(log.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_name_is_taken_does_not_start() {
    let (server, registry) = (Server::in_memory(), Arc::new(LocalRegistry::new()));
    let named = |id: &str| {
        let options = server.options().name(Name::via(registry.clone(), "feed"));
        ChildSpec::client(id, options, |_client| Numbered { number: 0, log: Log::default(), terminates_in: S })
    };
    let started = Supervisor::builder(Strategy::OneForOne).child(named("a")).child(named("b")).start().await;
    let Err(StartError::Child { id, reason: ExitReason::Failed(reason) }) = started else { panic!("{started:?}") };
    assert_eq!(id, "b");
    assert!(matches!(reason.downcast_ref(), Some(fresh::client::StartError::AlreadyStarted { .. })));
}

/// Asks another client, by its name, to say something.
struct Asking(Arc<LocalRegistry>);

impl Handler for Asking {
    type Info = ();

    async fn handle_in(&mut self, message: Message) -> fresh::Result<Action> {
        let other = self.0.whereis::<()>("other")?;
        other.send(message).await?;
        Ok(Action::Continue)
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_find_each_other_by_name_through_restarts() {
    let (asking, other) = (Server::in_memory(), Server::in_memory());
    let registry = Arc::new(LocalRegistry::new());
    let named = other.options().name(Name::via(registry.clone(), "other"));
    let log = Log::default();
    let children = [
        ChildSpec::client("other", named, move |_client| Numbered { number: 0, log: log.clone(), terminates_in: S }),
        ChildSpec::client("asking", asking.options(), move |_client| Asking(registry.clone())),
    ];
    let _supervisor = start(Strategy::OneForOne, children).await;
    let mut from_asking = asking.accept().await;
    for asked in ["before", "after"] {
        let mut from_other = other.accept().await;
        from_other.expect_text("0").await;
        from_asking.send(asked).await;
        from_other.expect_text(asked).await;
        from_other.send("fail").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_factory_that_panics_is_a_failed_start() {
    let server = Server::in_memory();
    let spec = ChildSpec::client("feed", server.options(), |_client| -> Numbered { panic!("no handler") });
    let started = Supervisor::builder(Strategy::OneForOne).child(spec).start_linked(CancellationToken::new()).await;
    assert_eq!(started.unwrap_err().to_string(), "the child feed did not start: panicked: no handler");
}
