//! Two traits for each callback. One holds if a method can be called as the callback, the other if the method exists.
//! Where one does not hold, its message says what to write.

use std::future::{Pending, pending};

use super::{Absent, ByMut, ByRef, Forwarded, Future, NoMethod, Returns};
use crate::{
    action::{Action, Recovery},
    error::Result,
};

macro_rules! callback {
    (
        $Signature:ident -> $answer:ty, $Exists:ident,
        wrong: $wrong:literal, missing: $missing:literal, write: $write:literal,
    ) => {
        /// Holds if `Method` can be called with `Handler` and `Argument`, and returns the callback's answer.
        #[diagnostic::on_unimplemented(
            message = $wrong,
            label = "the callback cannot be forwarded to this method",
            note = $write
        )]
        pub trait $Signature<'s, Handler, Argument, Method, Kind> {
            type Future: Future<Output = $answer>;

            fn call(handler: &'s mut Handler, argument: Argument, method: Method) -> Forwarded<Kind, Self::Future>;
        }

        #[diagnostic::do_not_recommend]
        impl<'s, T: ?Sized, H: 's, A, K, M, R> $Signature<'s, H, A, M, ByMut<K>> for T
        where
            M: FnOnce(&'s mut H, A) -> R,
            R: Returns<$answer, K>,
        {
            type Future = R::Future;

            fn call(handler: &'s mut H, argument: A, method: M) -> Forwarded<ByMut<K>, R::Future> {
                Forwarded::new(method(handler, argument).into_future())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'s, T: ?Sized, H: 's, A, K, M, R> $Signature<'s, H, A, M, ByRef<K>> for T
        where
            M: FnOnce(&'s H, A) -> R,
            R: Returns<$answer, K>,
        {
            type Future = R::Future;

            fn call(handler: &'s mut H, argument: A, method: M) -> Forwarded<ByRef<K>, R::Future> {
                Forwarded::new(method(handler, argument).into_future())
            }
        }

        /// Where the method is missing, the other trait reports it, and this function is never called.
        #[diagnostic::do_not_recommend]
        impl<'s, T: ?Sized, H: 's, A, M: FnOnce(NoMethod)> $Signature<'s, H, A, M, Absent> for T {
            type Future = Pending<$answer>;

            fn call(_: &'s mut H, _: A, _: M) -> Forwarded<Absent, Pending<$answer>> {
                Forwarded::new(pending())
            }
        }

        /// Holds for every kind of method but [`Absent`].
        #[diagnostic::on_unimplemented(
            message = $missing,
            label = "listed here, but no method of this name can be called here",
            note = $write,
            note = "a method that is private to another module cannot be called here, nor one whose `impl` has bounds \
                    that the type does not have"
        )]
        pub trait $Exists<Handler, Kind> {
            fn future<F>(forwarded: Forwarded<Kind, F>) -> F {
                forwarded.future
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: ?Sized, H, K> $Exists<H, ByMut<K>> for T {}

        #[diagnostic::do_not_recommend]
        impl<T: ?Sized, H, K> $Exists<H, ByRef<K>> for T {}
    };
}

callback! {
    HandleConnect -> Result<Action>, HasHandleConnect,
    wrong: "the method `handle_connect` of `{Handler}` has another signature than the callback",
    missing: "`{Handler}` has no method `handle_connect`",
    write: "write `async fn handle_connect(&mut self, upgrade: &Upgrade) -> fresh::Result<Action>`, with or without `async`, \
            or take it off the list",
}
callback! {
    HandleIn -> Result<Action>, HasHandleIn,
    wrong: "the method `handle_in` of `{Handler}` has another signature than the callback",
    missing: "`{Handler}` has no method `handle_in`",
    write: "write `async fn handle_in(&mut self, message: Message) -> fresh::Result<Action>`, with or without `async`, \
            or take it off the list",
}
callback! {
    HandleControl -> Result<Action>, HasHandleControl,
    wrong: "the method `handle_control` of `{Handler}` has another signature than the callback",
    missing: "`{Handler}` has no method `handle_control`",
    write: "write `async fn handle_control(&mut self, control: Control) -> fresh::Result<Action>`, with or without `async`, \
            or take it off the list",
}
callback! {
    HandleInfo -> Result<Action>, HasHandleInfo,
    wrong: "the method `handle_info` of `{Handler}` has another signature than the callback",
    missing: "`{Handler}` has no method `handle_info`",
    write: "write `async fn handle_info(&mut self, info: T) -> fresh::Result<Action>`, with or without `async`, where `T` \
            is what `#[handler(info = T)]` says, or take it off the list",
}
callback! {
    HandleDown -> (), HasHandleDown,
    wrong: "the method `handle_down` of `{Handler}` has another signature than the callback",
    missing: "`{Handler}` has no method `handle_down`",
    write: "write `async fn handle_down(&mut self, down: &Down)`, with or without `async`, or take it off the list",
}
callback! {
    HandleDisconnect -> Recovery, HasHandleDisconnect,
    wrong: "the method `handle_disconnect` of `{Handler}` has another signature than the callback",
    missing: "`{Handler}` has no method `handle_disconnect`",
    write: "write `async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery`, with or without `async`, \
            or take it off the list",
}
callback! {
    HandleError -> Recovery, HasHandleError,
    wrong: "the method `handle_error` of `{Handler}` has another signature than the callback",
    missing: "`{Handler}` has no method `handle_error`",
    write: "write `async fn handle_error(&mut self, error: &fresh::Error) -> Recovery`, with or without `async`, \
            or take it off the list",
}
callback! {
    HandleTerminate -> (), HasHandleTerminate,
    wrong: "the method `handle_terminate` of `{Handler}` has another signature than the callback",
    missing: "`{Handler}` has no method `handle_terminate`",
    write: "write `async fn handle_terminate(&mut self, reason: &ExitReason)`, with or without `async`, \
            or take it off the list",
}
