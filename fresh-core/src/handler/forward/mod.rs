//! What `#[derive(Handler)]` expands to, apart from the public items: no part of the public surface.
//!
//! A callback listed in `#[handler(...)]` is forwarded to the inherent method of the same name. Two things make that
//! more than a call. The method may be `async` or not, which [`Returns`] evens out. And where there is no such method,
//! `Counter::handle_in` would be the trait's own method, and call itself without end. So the call stands in a function
//! for which `Counter: Handler` does not hold: the derived impl asks for `Counter: Itself<Type = Counter>`, and in that
//! function the only thing known is `Counter: Itself<Type = Other>`. What is then found under the name is the inherent
//! method, or else the one of [`Missing`], whose bound says what to write.

mod callbacks;
mod missing;

use std::future::{Ready, ready};

pub use std::{future::Future, marker::Send};

pub use callbacks::{
    HandleConnect, HandleControl, HandleDisconnect, HandleDown, HandleError, HandleIn, HandleInfo, HandleTerminate,
    handle_connect, handle_control, handle_disconnect, handle_down, handle_error, handle_in, handle_info,
    handle_terminate,
};
pub use missing::Missing;

/// Holds for every type; a function that knows it only for some `Type` cannot see what depends on it.
pub trait Itself {
    type Type: ?Sized;
}

impl<T: ?Sized> Itself for T {
    type Type = T;
}

/// What a callback may return: the answer itself, or a future of it. `Kind` tells the two impls apart.
pub trait Returns<Answer, Kind> {
    type Future: Future<Output = Answer>;

    fn into_future(self) -> Self::Future;
}

/// The kind of a method that returns a future.
#[derive(Debug)]
pub struct Async;

/// The kind of a method that returns its answer.
#[derive(Debug)]
pub struct Sync;

impl<Answer, F: Future<Output = Answer>> Returns<Answer, Async> for F {
    type Future = F;

    fn into_future(self) -> F {
        self
    }
}

impl<Answer> Returns<Answer, Sync> for Answer {
    type Future = Ready<Answer>;

    fn into_future(self) -> Ready<Answer> {
        ready(self)
    }
}

/// The infos of a handler that gives them on to its delegate.
#[diagnostic::on_unimplemented(
    message = "the delegate takes another `Info`: `{Theirs}`, not `{Self}`",
    label = "the delegate's `handle_info` cannot be given a `{Self}`",
    note = "leave `info = ...` out to have the delegate's `Info`, or list `handle_info` and write that method"
)]
pub trait SameInfo<Theirs> {
    fn same(self) -> Theirs;
}

impl<Info> SameInfo<Info> for Info {
    fn same(self) -> Info {
        self
    }
}
