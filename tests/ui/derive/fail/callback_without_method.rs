use fresh::{Action, Handler, Message, Result};

#[derive(Handler)]
#[handler(
    handle_connect, handle_in, handle_control, handle_info, handle_down, handle_disconnect, handle_error,
    handle_terminate
)]
struct Empty;

#[derive(Handler)]
#[handler(handle_in)]
struct OnlyForText<T>(T);

impl OnlyForText<String> {
    async fn handle_in(&mut self, _: Message) -> Result<Action> {
        Ok(Action::Continue)
    }
}

fn main() {}
