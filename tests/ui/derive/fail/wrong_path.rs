mod vendor {
    pub use fresh::{Action, Handler, Message, Result};
}

use vendor::{Action, Handler, Message, Result};

/// There is no such module.
#[derive(Handler)]
#[handler(crate = vender, handle_in)]
struct NoSuchModule;

impl NoSuchModule {
    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        Ok(Action::reply(message))
    }
}

/// The module has some of `fresh`, and is not `fresh`.
#[derive(Handler)]
#[handler(crate = vendor, handle_in)]
struct NotTheCrate;

impl NotTheCrate {
    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        Ok(Action::reply(message))
    }
}

fn main() {}
