//! From a call to the callback, and from what it returns to an answer for the machine.

use std::{
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
};

use futures_util::FutureExt;

use super::calls::Call;
use crate::{
    action::Action,
    error::{Callback, Result},
    exit::{ExitReason, panic_message},
    handler::Handler,
    machine::{About, Answer, Event},
    within::{ClientId, Mark},
};

/// The callback that a call leads to.
pub(super) fn callback<I>(call: &Call<I>) -> Callback {
    match call {
        Call::Message(_) | Call::Event(Event::Message(_)) => Callback::In,
        Call::Event(Event::Control(_)) => Callback::Control,
        Call::Event(Event::Connected(_)) => Callback::Connect,
        Call::Event(Event::Disconnected(_)) => Callback::Disconnect,
        Call::Event(Event::Failed(..)) => Callback::Error,
        Call::Info(_) => Callback::Info,
        Call::Terminate(_) => Callback::Terminate,
    }
}

/// Runs the callback of a call; a panic is an answer like another.
pub(super) async fn answer<H: Handler>(handler: &mut H, call: Call<H::Info>) -> Answer {
    caught(run(handler, call)).await.unwrap_or_else(Answer::Panicked)
}

async fn run<H: Handler>(handler: &mut H, call: Call<H::Info>) -> Answer {
    match call {
        Call::Message(message) | Call::Event(Event::Message(message)) => action(handler.handle_in(message).await),
        Call::Event(Event::Control(control)) => action(handler.handle_control(control).await),
        Call::Event(Event::Connected(upgrade)) => action(handler.handle_connect(&upgrade).await),
        Call::Event(Event::Disconnected(disconnect)) => {
            Answer::Verdict(handler.handle_disconnect(disconnect).await, About::Loss)
        }
        Call::Event(Event::Failed(error, about)) => Answer::Verdict(handler.handle_error(&error).await, about),
        Call::Info(info) => action(handler.handle_info(info).await),
        Call::Terminate(reason) => {
            handler.handle_terminate(&reason).await;
            Answer::Settled
        }
    }
}

pub(super) fn action(returned: Result<Action>) -> Answer {
    match returned {
        Ok(action) => Answer::Action(action),
        Err(error) => Answer::Raised(error.into()),
    }
}

/// The reason a client ends for, once `handle_terminate` was told of it.
pub(super) async fn terminate<H: Handler>(client: ClientId, handler: &mut H, reason: ExitReason) -> ExitReason {
    let mark = Mark::new(client, Callback::Terminate);
    let mut callback = pin!(answer(handler, Call::Terminate(reason.clone())));
    match poll_fn(|cx| mark.poll(callback.as_mut(), cx)).await {
        Answer::Panicked(message) => ExitReason::Panicked(message),
        Answer::Action(_) | Answer::Raised(_) | Answer::Verdict(..) | Answer::Settled => reason,
    }
}

/// The future's output, or the message of its panic.
///
/// What a panicking callback leaves behind is looked at only by `handle_terminate`, as the last state of a crashed
/// process is in OTP.
pub(super) async fn caught<F: Future>(future: F) -> std::result::Result<F::Output, Arc<str>> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| panic_message(&*panic))
}
