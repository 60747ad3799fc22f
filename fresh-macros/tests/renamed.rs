//! A crate that has `fresh` under another name in its `Cargo.toml`: here there is no `fresh` at all.

use renamed::{Action, Handler, Message, Result, Upgrade};

#[derive(Handler)]
#[handler(crate = renamed, info = u8, handle_connect)]
struct Base;

impl Base {
    fn handle_connect(&self, _: &Upgrade) -> Result<Action> {
        Ok(Action::reply("base"))
    }
}

#[derive(Handler)]
#[handler(crate = ::renamed, delegate = 0, handle_in)]
struct Derived<T>(Base, Vec<T>)
where
    T: From<Message>;

impl<T: From<Message>> Derived<T> {
    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        self.1.push(message.into());
        Ok(Action::Continue)
    }
}

#[test]
fn the_derive_works_where_fresh_has_another_name() {
    fn is_handler<H: Handler<Info = u8>>(_: H) {}
    is_handler(Base);
    is_handler(Derived::<Message>(Base, Vec::new()));
}
