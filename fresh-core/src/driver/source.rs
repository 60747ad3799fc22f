//! The handler of a client, and where a new one comes from.

use crate::handler::Handler;

/// A handler, how to make another one, and whether it has a connection.
pub(crate) struct Source<H: Handler> {
    pub(super) handler: H,
    factory: Option<Factory<H>>,
    /// `handle_connect` was called, and `handle_down` was not called since.
    pub(super) is_up: bool,
    replies: bool,
}

type Factory<H> = Box<dyn FnMut() -> H + Send>;

impl<H: Handler> Source<H> {
    /// A handler that cannot be made again.
    pub(crate) fn single(handler: H) -> Self {
        Self { handler, factory: None, is_up: false, replies: true }
    }

    /// A handler that never replies, so that its callbacks run however much waits to be written.
    pub(crate) fn silent(handler: H) -> Self {
        Self { replies: false, ..Self::single(handler) }
    }

    pub(crate) fn factory(mut factory: impl FnMut() -> H + Send + 'static) -> Self {
        Self { handler: factory(), factory: Some(Box::new(factory)), is_up: false, replies: true }
    }

    pub(super) fn is_renewable(&self) -> bool {
        self.factory.is_some()
    }

    pub(super) fn replies(&self) -> bool {
        self.replies
    }

    /// Replaces the handler. The old one is dropped when the new one exists, so that there always is one.
    pub(super) fn renew(&mut self) {
        if let Some(factory) = &mut self.factory {
            self.handler = factory();
        }
    }
}
