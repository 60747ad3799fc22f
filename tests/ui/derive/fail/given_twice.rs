use fresh::{Action, Handler, Message, Result};

#[derive(Handler)]
#[handler(handle_in, info = u8)]
#[handler(handle_in, info = u16)]
struct Twice;

impl Twice {
    async fn handle_in(&mut self, _: Message) -> Result<Action> {
        Ok(Action::Continue)
    }
}

fn main() {}
