#![deny(warnings)]

use std::{convert::Infallible, future::Ready};

use fresh::{
    Action, Control, Disconnect, Down, Error, ExitReason, Frame, Handler, Message, Recovery, Result, Upgrade,
    client::StartError,
};

/// Each callback as the messages about a wrong signature say it: `async`, and by `&mut self`.
#[derive(Handler)]
#[handler(info = StartError, handle_connect, handle_in, handle_control, handle_info)]
#[handler(handle_down, handle_disconnect, handle_error, handle_terminate)]
struct AsWritten;

impl AsWritten {
    async fn handle_connect(&mut self, _: &Upgrade) -> fresh::Result<Action> {
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, _: Message) -> fresh::Result<Action> {
        Ok(Action::Continue)
    }

    async fn handle_control(&mut self, _: Control) -> fresh::Result<Action> {
        Ok(Action::Continue)
    }

    async fn handle_info(&mut self, info: StartError) -> fresh::Result<Action> {
        Err(info.into())
    }

    async fn handle_down(&mut self, _: &Down) {}

    async fn handle_disconnect(&mut self, _: Disconnect) -> Recovery {
        Recovery::Close
    }

    async fn handle_error(&mut self, _: &fresh::Error) -> Recovery {
        Recovery::Close
    }

    async fn handle_terminate(&mut self, _: &ExitReason) {}
}

/// And what else is a callback: no `async`, `&self`, a future made by hand, a generic argument, public, with another
/// lifetime.
#[derive(Handler)]
#[handler(info = (), handle_connect, handle_in, handle_control, handle_info, handle_disconnect, handle_error)]
#[handler(handle_down, handle_terminate)]
pub struct AndOtherwise;

impl AndOtherwise {
    fn handle_connect(&self, upgrade: &Upgrade) -> Result<Action> {
        Ok(Action::reply(upgrade.attempt.to_string()))
    }

    pub fn handle_in<M: Into<Frame>>(&mut self, message: M) -> Ready<Result<Action>> {
        std::future::ready(Ok(Action::reply(message)))
    }

    fn handle_control(&mut self, _: Control) -> impl Future<Output = Result<Action>> + Send + use<> {
        async { Ok(Action::Continue) }
    }

    async fn handle_info(&self, (): ()) -> Result<Action> {
        Ok(Action::Continue)
    }

    fn handle_down(&self, _: &Down) {}

    fn handle_disconnect(&self, _: Disconnect) -> Recovery {
        Recovery::fail("no")
    }

    fn handle_error<'e>(&mut self, error: &'e Error) -> impl Future<Output = Recovery> + Send + use<'e> {
        async move { fresh::default_after_error(error) }
    }

    pub(crate) fn handle_terminate(&mut self, _: &ExitReason) {}
}

fn main() {
    fn is_handler<H: Handler>(_: H) -> Option<Infallible> {
        None
    }
    is_handler(AsWritten);
    is_handler(AndOtherwise);
}
