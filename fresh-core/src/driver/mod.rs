//! The loop of a client: feeds inputs to the machine, performs its effects, runs the handler. It decides nothing.
//!
//! A client is one task. While a callback is pending, [`Turn::while_pending`] polls the connection beside it, so that
//! pings are answered, the keepalive runs and frames go out; a callback that is ready at once costs no such turn.

mod alarm;
mod callbacks;
mod calls;
mod effects;
mod flow;
mod link;
pub(crate) mod log;
mod pieces;
pub(crate) mod shared;
pub(crate) mod source;
mod stream;
mod traffic;
mod turn;

use std::{
    future::{Future, poll_fn},
    sync::Arc,
};

use calls::Call;
use shared::Shared;
use source::Source;
use tracing::Instrument;
use turn::Turn;

use crate::{
    error::Reason, exit::ExitReason, handler::Handler, machine::Answer, mailbox::Post, options::Options,
    within::ClientId,
};

/// The life of a client, from its first attempt to `handle_terminate`.
///
/// `entry` comes before everything else and may refuse; what it gives is awaited after everything else, just before the
/// end is told, and dropped where the client is killed.
pub(crate) fn run<H: Handler, K: Future<Output = ()> + Send>(
    options: Options,
    shared: Arc<Shared>,
    post: Post<H::Info>,
    source: Source<H>,
    entry: impl Future<Output = Result<K, Reason>> + Send + 'static,
) -> impl Future<Output = ExitReason> + Send + 'static {
    let span = shared.span.clone();
    let ending = Ending(Arc::clone(&shared));
    // In a box: a future that moves it from one function to the next has room for it in each.
    let mut turn = Box::new(Turn::new(options, shared, post, source.is_renewable()));
    async move {
        let ending = ending;
        let reason = match turn.admitted(entry).await {
            Ok(exit) => {
                let reason = drive(turn, source).await;
                exit.await;
                reason
            }
            Err(reason) => end(turn, source, reason).await,
        };
        ending.0.ended(reason.clone());
        reason
    }
    .instrument(span)
}

async fn drive<H: Handler>(mut turn: Box<Turn<H::Info>>, mut source: Source<H>) -> ExitReason {
    turn.start();
    let reason = loop {
        let answer = match poll_fn(|cx| turn.poll_call(cx)).await {
            Call::Terminate(reason) => break reason,
            Call::Message(message) => {
                let flow = callbacks::caught(turn.flow(&mut source.handler, message));
                flow.await.unwrap_or_else(|panic| Some(Answer::Panicked(panic)))
            }
            call @ (Call::Event(_) | Call::Info(_)) => {
                let mark = turn.mark(callbacks::callback(&call));
                turn.while_pending(mark, callbacks::answer(&mut source.handler, call)).await
            }
        };
        if let Some(answer) = answer {
            turn.answer(answer);
        }
        if turn.take_renewal()
            && let Err(message) = callbacks::caught(async { source.renew() }).await
        {
            turn.answer(Answer::Panicked(message));
        }
    };
    end(turn, source, reason).await
}

/// Gives up everything, the handler last.
async fn end<H: Handler>(turn: Box<Turn<H::Info>>, mut source: Source<H>, reason: ExitReason) -> ExitReason {
    let client = ClientId::of(turn.shared());
    turn.shared().terminating(reason.clone());
    turn.end(&reason);
    callbacks::terminate(client, &mut source.handler, reason).await
}

/// Tells that a client was killed, where nothing else was told: its future was dropped.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ended(ExitReason::Aborted);
    }
}
