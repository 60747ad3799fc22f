use std::rc::Rc;

use fresh::{Action, Handler, Message, Result};

#[derive(Handler)]
#[handler(handle_in)]
struct Callback;

impl Callback {
    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        let shared = Rc::new(message);
        std::future::ready(()).await;
        Ok(Action::reply((*shared).clone()))
    }
}

#[derive(Handler)]
struct Field(Rc<u8>);

fn main() {}
