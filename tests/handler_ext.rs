//! What every handler can do by itself: be a child of a supervisor. Being started is in `tests/derive.rs`.

#![cfg(all(feature = "macros", feature = "testing"))]
#![allow(clippy::unwrap_used)]

use std::{cell::Cell, time::Duration};

use fresh::{
    Action, Client, Handler, HandlerExt, Message, Recovery, Result, Upgrade,
    supervisor::{ChildSpec, ChildState, Restart, Strategy, Supervisor},
    testing::Server,
};

/// Counts its messages from where it was when it started; `Cell` makes it a handler that is not `Sync`.
#[derive(Clone, Handler)]
#[handler(handle_in, handle_error)]
struct Count {
    seen: Cell<u32>,
    on_error: Recovery,
}

impl Count {
    fn from(seen: u32) -> Self {
        Self { seen: Cell::new(seen), on_error: Recovery::fail("told to") }
    }

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        if message.to_text()? == "fail" {
            return Err("told to".into());
        }
        self.seen.set(self.seen.get() + 1);
        Ok(Action::reply(self.seen.get().to_string()))
    }

    fn handle_error(&mut self, _: &fresh::Error) -> Recovery {
        self.on_error.clone()
    }
}

async fn supervised(spec: ChildSpec) -> Supervisor {
    Supervisor::builder(Strategy::OneForOne).child(spec).start().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_start_of_a_child_begins_with_a_clone_of_the_handler() {
    let server = Server::in_memory();
    let _supervisor = supervised(Count::from(40).child_spec(server.options())).await;
    for _ in 0..2 {
        let mut connection = server.accept().await;
        for expected in ["41", "42"] {
            connection.send("count").await;
            connection.expect_text(expected).await;
        }
        connection.send("fail").await;
        connection.finish_close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_by_the_child_itself_begins_with_a_clone_too() {
    let server = Server::in_memory();
    let spec = Count { on_error: Recovery::Restart, ..Count::from(40) }.child_spec(server.options());
    let _supervisor = supervised(spec).await;
    for _ in 0..2 {
        let mut connection = server.accept().await;
        connection.send("count").await;
        connection.expect_text("41").await;
        connection.drop_connection();
    }
}

/// Whether the child runs again after the server's end of its connection was answered by `Recovery::Close`.
async fn is_back_after_a_normal_end(spec: impl FnOnce(ChildSpec) -> ChildSpec) -> (String, ChildState) {
    let server = Server::in_memory();
    let handler = Count { on_error: Recovery::Close, ..Count::from(0) };
    let supervisor = supervised(spec(handler.child_spec(server.options()))).await;
    server.accept().await.drop_connection();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let child = supervisor.which_children().await.remove(0);
    (child.id.to_string(), child.state)
}

#[tokio::test(start_paused = true)]
async fn a_child_spec_is_transient_and_named_after_its_type() {
    let child = is_back_after_a_normal_end(|spec| spec).await;
    assert_eq!(child, ("handler_ext::Count".to_owned(), ChildState::Stopped));
}

#[tokio::test(start_paused = true)]
async fn every_field_of_a_child_spec_can_be_overridden() {
    let child = is_back_after_a_normal_end(|spec| spec.id("count").restart(Restart::Permanent)).await;
    assert_eq!(child, ("count".to_owned(), ChildState::Running));
}

/// Keeps its own client, so it is made by a factory.
#[derive(Handler)]
#[handler(handle_connect, handle_in)]
struct Selfish(Client);

impl Selfish {
    async fn handle_connect(&mut self, _: &Upgrade) -> Result<Action> {
        self.0.send("mine").await?;
        Ok(Action::Continue)
    }

    fn handle_in(&mut self, _: Message) -> Result<Action> {
        Err("over".into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_may_be_made_anew_by_a_factory_that_is_given_the_client() {
    let server = Server::in_memory();
    let _supervisor = supervised(Selfish::child_spec_with(server.options(), Selfish)).await;
    for _ in 0..2 {
        let mut connection = server.accept().await;
        connection.expect_text("mine").await;
        connection.send("over?").await;
        connection.finish_close().await;
    }
}
