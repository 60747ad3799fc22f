//! One trait a callback: whether a method can be called as that callback, and if not, what to write.

use super::{Future, Returns};
use crate::{
    action::{Action, Recovery},
    error::Result,
};

/// The kind of a method that takes `&mut self`.
#[derive(Debug)]
pub struct ByMut<Kind>(Kind);

/// The kind of a method that takes `&self`.
#[derive(Debug)]
pub struct ByRef<Kind>(Kind);

macro_rules! callback {
    ($name:ident, $Trait:ident, $answer:ty, $message:literal, $label:literal, $write:literal) => {
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $write)]
        pub trait $Trait<'s, Handler, Argument, Kind> {
            type Future: Future<Output = $answer>;

            fn call(self, handler: &'s mut Handler, argument: Argument) -> Self::Future;
        }

        #[diagnostic::do_not_recommend]
        impl<'s, H: 's, A, K, M, R> $Trait<'s, H, A, ByMut<K>> for M
        where
            M: FnOnce(&'s mut H, A) -> R,
            R: Returns<$answer, K>,
        {
            type Future = R::Future;

            fn call(self, handler: &'s mut H, argument: A) -> R::Future {
                self(handler, argument).into_future()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'s, H: 's, A, K, M, R> $Trait<'s, H, A, ByRef<K>> for M
        where
            M: FnOnce(&'s H, A) -> R,
            R: Returns<$answer, K>,
        {
            type Future = R::Future;

            fn call(self, handler: &'s mut H, argument: A) -> R::Future {
                self(handler, argument).into_future()
            }
        }

        /// The method comes last, so that a message about it knows the other two.
        pub fn $name<'s, H, A, K, M: $Trait<'s, H, A, K>>(handler: &'s mut H, argument: A, method: M) -> M::Future {
            method.call(handler, argument)
        }
    };
}

callback! {
    handle_connect, HandleConnect, Result<Action>,
    "the method `handle_connect` of `{Handler}` has another signature than the callback",
    "the callback cannot be forwarded to this method",
    "write `async fn handle_connect(&mut self, upgrade: &Upgrade) -> fresh::Result<Action>`, with or without `async`"
}
callback! {
    handle_in, HandleIn, Result<Action>,
    "the method `handle_in` of `{Handler}` has another signature than the callback",
    "the callback cannot be forwarded to this method",
    "write `async fn handle_in(&mut self, message: Message) -> fresh::Result<Action>`, with or without `async`"
}
callback! {
    handle_control, HandleControl, Result<Action>,
    "the method `handle_control` of `{Handler}` has another signature than the callback",
    "the callback cannot be forwarded to this method",
    "write `async fn handle_control(&mut self, control: Control) -> fresh::Result<Action>`, with or without `async`"
}
callback! {
    handle_info, HandleInfo, Result<Action>,
    "the method `handle_info` of `{Handler}` has another signature than the callback",
    "the callback cannot be forwarded to this method",
    "write `async fn handle_info(&mut self, info: {Argument}) -> fresh::Result<Action>`, with or without `async`; \
     `#[handler(info = T)]` sets the type of `info`"
}
callback! {
    handle_down, HandleDown, (),
    "the method `handle_down` of `{Handler}` has another signature than the callback",
    "the callback cannot be forwarded to this method",
    "write `async fn handle_down(&mut self, down: &Down)`, with or without `async`"
}
callback! {
    handle_disconnect, HandleDisconnect, Recovery,
    "the method `handle_disconnect` of `{Handler}` has another signature than the callback",
    "the callback cannot be forwarded to this method",
    "write `async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery`, with or without `async`"
}
callback! {
    handle_error, HandleError, Recovery,
    "the method `handle_error` of `{Handler}` has another signature than the callback",
    "the callback cannot be forwarded to this method",
    "write `async fn handle_error(&mut self, error: &fresh::Error) -> Recovery`, with or without `async`"
}
callback! {
    handle_terminate, HandleTerminate, (),
    "the method `handle_terminate` of `{Handler}` has another signature than the callback",
    "the callback cannot be forwarded to this method",
    "write `async fn handle_terminate(&mut self, reason: &ExitReason)`, with or without `async`"
}
