//! What `#[derive(Handler)]` expands to, apart from the public items: no part of the public surface.
//!
//! A callback listed in `#[handler(...)]` is forwarded to the inherent method of the same name. Three things make that
//! more than a call.
//!
//! - The method may be `async` or not, and take `&mut self` or `&self`. [`Returns`] and the kinds even that out.
//! - Without such a method, `Counter::handle_in` would be the trait's own method, and call itself without end. So the
//!   call stands in a function for which `Counter: Handler` does not hold: the derived impl asks for
//!   `Counter: Itself<Type = Counter>`, and that function knows only `Counter: Itself<Type = Other>`. The name then
//!   means the inherent method, or else the one of [`ListedMethodIsInherent`].
//! - The compiler adds the names of our traits to a message, unless the type that lacks the trait is a type parameter
//!   and the trait's function is called by its path. So each callback's traits hold for every type, and that function
//!   calls them on `Other`, which is one.

mod callbacks;
mod missing;

use std::{
    future::{Ready, ready},
    marker::PhantomData,
};

pub use std::{future::Future, marker::Send};

pub use callbacks::{
    HandleConnect, HandleControl, HandleDisconnect, HandleDown, HandleError, HandleIn, HandleInfo, HandleTerminate,
    HasHandleConnect, HasHandleControl, HasHandleDisconnect, HasHandleDown, HasHandleError, HasHandleIn, HasHandleInfo,
    HasHandleTerminate,
};
pub use missing::{ListedMethodIsInherent, NoMethod};

// Named in the signatures of the callbacks.
pub use crate::{
    action::{Action, Recovery},
    connection::{Disconnect, Upgrade},
    down::Down,
    error::{Error, Result},
    exit::ExitReason,
    frame::{Control, Message},
};

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

/// The kind of a method that takes `&mut self`.
#[derive(Debug)]
pub struct ByMut<Kind>(Kind);

/// The kind of a method that takes `&self`.
#[derive(Debug)]
pub struct ByRef<Kind>(Kind);

/// The kind of a method that is missing.
#[derive(Debug)]
pub struct Absent;

/// The future of a callback, and the kind of the method that returned it.
#[derive(Debug)]
pub struct Forwarded<Kind, F> {
    future: F,
    kind: PhantomData<Kind>,
}

impl<Kind, F> Forwarded<Kind, F> {
    fn new(future: F) -> Self {
        Self { future, kind: PhantomData }
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
