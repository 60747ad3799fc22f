//! What is found where a listed callback has no method: a method whose bound does not hold, and says what to write.

use crate::{
    action::{Action, Recovery},
    connection::{Disconnect, Upgrade},
    down::Down,
    error::{Error, Result},
    exit::ExitReason,
    frame::{Control, Message},
};

/// Has every callback's name, for every type. None of these can be called.
pub trait Missing {
    fn handle_connect(&mut self, _: &Upgrade) -> Result<Action>
    where
        Self: ConnectMethod,
    {
        Ok(Action::Continue)
    }

    fn handle_in(&mut self, _: Message) -> Result<Action>
    where
        Self: InMethod,
    {
        Ok(Action::Continue)
    }

    fn handle_control(&mut self, _: Control) -> Result<Action>
    where
        Self: ControlMethod,
    {
        Ok(Action::Continue)
    }

    fn handle_info<Info>(&mut self, _: Info) -> Result<Action>
    where
        Self: InfoMethod,
    {
        Ok(Action::Continue)
    }

    fn handle_down(&mut self, _: &Down)
    where
        Self: DownMethod,
    {
    }

    fn handle_disconnect(&mut self, _: Disconnect) -> Recovery
    where
        Self: DisconnectMethod,
    {
        Recovery::Close
    }

    fn handle_error(&mut self, _: &Error) -> Recovery
    where
        Self: ErrorMethod,
    {
        Recovery::Close
    }

    fn handle_terminate(&mut self, _: &ExitReason)
    where
        Self: TerminateMethod,
    {
    }
}

impl<T: ?Sized> Missing for T {}

macro_rules! method {
    ($Trait:ident, $message:literal, $label:literal, $write:literal) => {
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $write)]
        pub trait $Trait {}

        /// Where there is no impl at all, the compiler proposes to write one.
        #[diagnostic::do_not_recommend]
        impl $Trait for () {}
    };
}

method! {
    ConnectMethod,
    "`{Self}` has no method `handle_connect`",
    "listed here, but there is no method of this name",
    "write `async fn handle_connect(&mut self, upgrade: &Upgrade) -> fresh::Result<Action>`, or take it off the list"
}
method! {
    InMethod,
    "`{Self}` has no method `handle_in`",
    "listed here, but there is no method of this name",
    "write `async fn handle_in(&mut self, message: Message) -> fresh::Result<Action>`, or take it off the list"
}
method! {
    ControlMethod,
    "`{Self}` has no method `handle_control`",
    "listed here, but there is no method of this name",
    "write `async fn handle_control(&mut self, control: Control) -> fresh::Result<Action>`, or take it off the list"
}
method! {
    InfoMethod,
    "`{Self}` has no method `handle_info`",
    "listed here, but there is no method of this name",
    "write `async fn handle_info(&mut self, info: T) -> fresh::Result<Action>`, where `T` is what \
     `#[handler(info = T)]` says, or take it off the list"
}
method! {
    DownMethod,
    "`{Self}` has no method `handle_down`",
    "listed here, but there is no method of this name",
    "write `async fn handle_down(&mut self, down: &Down)`, or take it off the list"
}
method! {
    DisconnectMethod,
    "`{Self}` has no method `handle_disconnect`",
    "listed here, but there is no method of this name",
    "write `async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery`, or take it off the list"
}
method! {
    ErrorMethod,
    "`{Self}` has no method `handle_error`",
    "listed here, but there is no method of this name",
    "write `async fn handle_error(&mut self, error: &fresh::Error) -> Recovery`, or take it off the list"
}
method! {
    TerminateMethod,
    "`{Self}` has no method `handle_terminate`",
    "listed here, but there is no method of this name",
    "write `async fn handle_terminate(&mut self, reason: &ExitReason)`, or take it off the list"
}
