use fresh::{Action, Client, Handler, Message, Options, Result};

#[derive(Handler)]
#[handler(handle_in)]
struct Borrowing<'a, T: 'a>(&'a T);

impl<T> Borrowing<'_, T> {
    async fn handle_in(&mut self, _: Message) -> Result<Action> {
        Ok(Action::Continue)
    }
}

fn main() {
    let options = Options::new("ws://example.com").unwrap();
    let _ = Client::start(options, Borrowing(&7));
}
