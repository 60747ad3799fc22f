use fresh::{Action, Handler, Message, Result};

#[derive(Handler)]
#[handler(handle_inn)]
struct Counter;

impl Counter {
    async fn handle_in(&mut self, _: Message) -> Result<Action> {
        Ok(Action::Continue)
    }
}

fn main() {}
