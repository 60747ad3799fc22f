//! Names: taken at the start, found while the client lives, free when it has ended, on every way out.

#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod by_name;
mod elsewhere;
mod freeing;
#[path = "../support/mod.rs"]
mod support;
mod taking;

use std::sync::Arc;

use fresh::{
    Action, Handler, Message, Options, Result,
    registry::{LocalRegistry, Name},
    testing::Server,
};

/// Replies to infos with their number, and panics when it is asked to.
struct Plain;

impl Handler for Plain {
    type Info = u8;

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        assert_ne!(message.to_text()?, "panic", "asked to");
        Ok(Action::Continue)
    }

    async fn handle_info(&mut self, info: u8) -> Result<Action> {
        Ok(Action::reply(info.to_string()))
    }
}

fn named(server: &Server, registry: &Arc<LocalRegistry>) -> Options {
    server.options().name(Name::via(registry.clone(), "ws_conn"))
}
