//! Which callback of which client the current thread is polling, so that a call can recognise that it waits for itself.
//!
//! The mark is set for the length of one poll. A task that the callback spawned, or any other task of the same thread, is
//! polled without it; a future that the callback polls itself (in a `select!`, a `join!`, a `FuturesUnordered`) is polled
//! with it.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    ptr,
    task::{Context, Poll},
};

use crate::error::Callback;

thread_local! {
    static MARK: Cell<Option<Mark>> = const { Cell::new(None) };
}

/// One client of this process, while it lives: the address of the data that its handles and its driver share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientId(usize);

impl ClientId {
    pub(crate) fn of<T>(shared: &T) -> Self {
        Self(ptr::from_ref(shared).addr())
    }

    /// The callback of this client that the current thread is polling.
    #[inline]
    pub(crate) fn callback(self) -> Option<Callback> {
        MARK.get().filter(|mark| mark.client == self).map(|mark| mark.callback)
    }
}

/// A callback of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    client: ClientId,
    callback: Callback,
}

impl Mark {
    #[inline]
    pub(crate) fn new(client: ClientId, callback: Callback) -> Self {
        Self { client, callback }
    }

    /// Polls the callback's future, and marks the thread meanwhile.
    #[inline]
    pub(crate) fn poll<F: Future>(self, future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _restore = Restore(MARK.replace(Some(self)));
        future.poll(cx)
    }

    /// Runs a callback, and marks the thread while it is polled.
    pub(crate) async fn run<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| self.poll(future.as_mut(), cx)).await
    }
}

/// Sets the mark back to what it was, also where the callback panics: a callback may itself poll the driver of another
/// client.
struct Restore(Option<Mark>);

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        MARK.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        task::Waker,
    };

    use super::*;

    const OUTER: ClientId = ClientId(1);
    const INNER: ClientId = ClientId(2);

    fn poll_marked<T>(client: ClientId, callback: Callback, mut poll: impl FnMut() -> T) -> T {
        let future = pin!(poll_fn(|_| Poll::Ready(poll())));
        let polled = Mark::new(client, callback).poll(future, &mut Context::from_waker(Waker::noop()));
        let Poll::Ready(output) = polled else { panic!("the future is ready at once") };
        output
    }

    #[test]
    fn only_the_client_whose_callback_is_polled_is_marked_and_only_meanwhile() {
        assert_eq!(OUTER.callback(), None);
        poll_marked(OUTER, Callback::In, || {
            assert_eq!(OUTER.callback(), Some(Callback::In));
            assert_eq!(INNER.callback(), None);
        });
        assert_eq!(OUTER.callback(), None);
    }

    #[test]
    fn a_callback_that_polls_another_client_is_marked_again_afterwards() {
        poll_marked(OUTER, Callback::Info, || {
            poll_marked(INNER, Callback::Error, || assert_eq!(INNER.callback(), Some(Callback::Error)));
            assert_eq!(OUTER.callback(), Some(Callback::Info));
        });
    }

    #[test]
    fn a_panic_leaves_no_mark_behind() {
        let panicked = catch_unwind(AssertUnwindSafe(|| poll_marked(OUTER, Callback::In, || panic!("on purpose"))));
        assert!(panicked.is_err());
        assert_eq!(OUTER.callback(), None);
    }

    #[test]
    fn another_thread_has_no_mark() {
        poll_marked(OUTER, Callback::In, || {
            let seen = std::thread::spawn(|| OUTER.callback()).join();
            assert_eq!(seen.ok(), Some(None));
        });
    }
}
