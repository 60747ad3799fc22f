use fresh::{Action, Disconnect, Down, Error, ExitReason, Handler, Message, Recovery, Result, Upgrade};

#[derive(Handler)]
#[handler(info = u8, handle_connect, handle_in, handle_info, handle_disconnect, handle_error, handle_terminate)]
struct Wrong;

impl Wrong {
    /// By value.
    async fn handle_connect(&mut self, _: Upgrade) -> Result<Action> {
        Ok(Action::Continue)
    }

    /// Another argument.
    async fn handle_in(&mut self, _: String) -> Result<Action> {
        Ok(Action::Continue)
    }

    /// Another `Info`.
    async fn handle_info(&mut self, _: u16) -> Result<Action> {
        Ok(Action::Continue)
    }

    /// Another answer.
    async fn handle_disconnect(&mut self, _: Disconnect) -> Result<Action> {
        Ok(Action::Continue)
    }

    /// `self` by value.
    fn handle_error(self, _: &Error) -> Recovery {
        Recovery::Close
    }

    /// No argument.
    fn handle_terminate(&mut self) {}
}

#[derive(Handler)]
#[handler(handle_in, handle_control, handle_down, handle_terminate)]
struct MoreWrong;

impl MoreWrong {
    /// Another answer, without a future.
    fn handle_in(&mut self, _: Message) -> Action {
        Action::Continue
    }

    /// No `self`.
    async fn handle_control(_: fresh::Control) -> Result<Action> {
        Ok(Action::Continue)
    }

    /// By value.
    async fn handle_down(&mut self, _: Down) {}

    /// Another answer.
    async fn handle_terminate(&mut self, _: &ExitReason) -> Result<()> {
        Ok(())
    }
}

fn main() {}
