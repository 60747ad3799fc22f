//! A deprecated handler warns where it is used, and not where it is derived.

#![deny(warnings)]

use fresh::{Action, Handler, Message, Result};

#[deprecated]
#[derive(Handler)]
#[handler(handle_in)]
pub struct Old;

#[allow(deprecated)]
impl Old {
    fn handle_in(&self, _: Message) -> Result<Action> {
        Ok(Action::Continue)
    }
}

/// The field's own line says that it may be of a deprecated type.
#[derive(Handler)]
#[handler(delegate = old)]
pub struct New {
    #[allow(deprecated)]
    pub old: Old,
}

fn main() {}
