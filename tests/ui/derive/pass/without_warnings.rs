//! Nothing that the derive writes warns in the user's code, or fails where the user forbids a lint.

#![forbid(warnings, unused, deprecated, future_incompatible, impl_trait_redundant_captures, clippy::all)]
#![forbid(unused_qualifications, unused_lifetimes, single_use_lifetimes, non_local_definitions, unit_bindings)]

use fresh::{Action, Handler, Message, Result, Upgrade};

/// The path comes from this macro, and so does the list.
macro_rules! handler {
    ($name:ident { $($field:ident: $ty:ty)? }, $($entry:tt)*) => {
        #[derive(Handler)]
        #[handler(crate = fresh, $($entry)*)]
        pub struct $name {
            $(pub $field: $ty,)?
        }
    };
}
handler!(Base {},);
handler!(Made { base: Base }, handle_connect, handle_in, delegate = base);

impl Made {
    async fn handle_connect(&mut self, _: &Upgrade) -> Result<Action> {
        Ok(Action::Continue)
    }

    fn handle_in(&self, _: Message) -> Result<Action> {
        Ok(Action::Continue)
    }
}

/// Bounds in both places.
#[derive(Handler)]
#[handler(info = T, handle_connect, handle_in)]
pub struct Bounds<T: Sync>
where
    T: std::fmt::Debug,
{
    pub part: T,
}

impl<T: std::fmt::Debug + Sync> Bounds<T> {
    async fn handle_connect(&mut self, _: &Upgrade) -> Result<Action> {
        Ok(Action::Continue)
    }

    fn handle_in(&self, _: Message) -> Result<Action> {
        Ok(Action::Continue)
    }
}

#[deprecated]
#[derive(Handler)]
#[handler(info = u8, delegate = base)]
pub struct Old<B> {
    pub base: B,
}

fn main() {}
