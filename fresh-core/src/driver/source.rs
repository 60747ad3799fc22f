//! Where handlers come from: one that was given, or a factory.

use crate::handler::Handler;

/// A handler, and how to make another one.
pub(crate) struct Source<H: Handler> {
    pub(super) handler: H,
    factory: Option<Factory<H>>,
    replies: bool,
}

type Factory<H> = Box<dyn FnMut() -> H + Send>;

impl<H: Handler> Source<H> {
    /// A handler that cannot be made again.
    pub(crate) fn single(handler: H) -> Self {
        Self { handler, factory: None, replies: true }
    }

    pub(crate) fn factory(mut factory: impl FnMut() -> H + Send + 'static) -> Self {
        Self { handler: factory(), factory: Some(Box::new(factory)), replies: true }
    }

    /// A handler whose callbacks never reply. They run however much waits to be written.
    pub(crate) fn silent(handler: H) -> Self {
        Self { handler, factory: None, replies: false }
    }

    /// Whether a callback may add to what waits to be written.
    pub(super) fn replies(&self) -> bool {
        self.replies
    }

    pub(super) fn is_renewable(&self) -> bool {
        self.factory.is_some()
    }

    /// Replaces the handler; the old one is dropped when the new one is there, so that there always is one.
    pub(super) fn renew(&mut self) {
        if let Some(factory) = &mut self.factory {
            self.handler = factory();
        }
    }
}
