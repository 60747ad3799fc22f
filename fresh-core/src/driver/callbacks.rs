//! From what a callback returns to an answer for the machine, and panics as values.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;

use crate::{
    action::Action,
    error::{Callback, HandlerError, Result},
    exit::panic_message,
    machine::Answer,
};

/// What a callback returned, as the machine takes it.
#[inline]
pub(super) fn answer(callback: Callback, returned: Result<Action>) -> Answer {
    match returned {
        Ok(action) => Answer::Action(action),
        Err(error) => Answer::Raised(HandlerError::new(callback, error)),
    }
}

/// The future's output, or the message of its panic.
///
/// Only `handle_down` and `handle_terminate` see what a panicking callback leaves behind, as OTP's `terminate` sees the
/// last state of a crashed process.
pub(super) async fn caught<F: Future>(future: F) -> std::result::Result<F::Output, Arc<str>> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| panic_message(&*panic))
}
