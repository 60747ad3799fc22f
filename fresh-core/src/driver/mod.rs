//! The loop of a client: feeds inputs to the machine, carries out its effects, runs the handler. It decides nothing.
//!
//! A client is one task. While a callback is pending, [`Turn::beside`] serves the connection, so that pings are
//! answered, the keepalive runs and frames go out.

mod alarm;
mod budget;
mod callbacks;
mod calls;
mod connection;
mod guarded;
mod link;
pub(crate) mod log;
mod next;
pub(crate) mod shared;
pub(crate) mod source;
mod stream;
mod turn;
mod world;

use std::{
    future::{Future, poll_fn},
    sync::Arc,
    task::Poll,
};

use callbacks::{answer, caught};
use log::Log;
use next::Due;
use shared::Shared;
use source::Source;
use tracing::Instrument;
use turn::Turn;

use crate::{
    down::Down,
    error::{Callback, Reason},
    exit::ExitReason,
    handler::Handler,
    machine::{Answer, Event},
    mailbox::{Control, Post},
    options::Options,
};

/// The life of a client, from its first attempt to `handle_terminate`.
///
/// `entry` runs before everything else and may refuse; the future that it returns runs after everything else, just before
/// the end is published, and is dropped if the client is killed.
pub(crate) fn run<H: Handler, K: Future<Output = ()> + Send>(
    options: Options,
    shared: Arc<Shared>,
    mut post: Post<H::Info>,
    mut source: Source<H>,
    entry: impl Future<Output = Result<K, Reason>> + Send + 'static,
) -> impl Future<Output = ExitReason> + Send + 'static {
    let span = shared.span.clone();
    let log = Log::new(&options);
    let ending = Ending(Arc::clone(&shared));
    // In a box: a future that moves it from one function to the next has room for it in each.
    let mut turn = Box::new(Turn::new(options, shared, source.is_renewable(), source.replies()));
    async move {
        let ending = ending;
        let reason = match admitted(entry, &mut post).await {
            Ok((exit, early)) => {
                turn.start(early);
                let reason = live(&mut turn, &mut post, &mut source).await;
                let reason = end(turn, post, source, reason).await;
                // Registries are the user's.
                if let Err(panic) = caught(exit).await {
                    log.panicked("the registry", &panic);
                }
                reason
            }
            Err(reason) => end(turn, post, source, reason).await,
        };
        log.ended(&reason);
        ending.0.ended(reason.clone());
        reason
    }
    .instrument(span)
}

/// Waits for the entry; a stop ends the wait. Other controls take effect after the start.
async fn admitted<I, K>(
    entry: impl Future<Output = Result<K, Reason>>,
    post: &mut Post<I>,
) -> Result<(K, Vec<Control>), ExitReason> {
    let mut early = Vec::new();
    let stopped = poll_fn(|cx| {
        post.look(cx);
        while let Some(control) = post.next_control() {
            match control {
                Control::Stop => return Poll::Ready(()),
                Control::Close(_) | Control::Reconnect | Control::ReconnectNow => early.push(control),
            }
        }
        Poll::Pending
    });
    let kept = tokio::select! {
        biased;
        admitted = caught(entry) => admitted.map_err(ExitReason::Panicked)?.map_err(ExitReason::Failed)?,
        () = stopped => return Err(ExitReason::Stopped),
    };
    Ok((kept, early))
}

/// Serves the client until its end. A panic ends the client as a failure does: the server gets a close frame.
async fn live<H: Handler>(turn: &mut Turn, post: &mut Post<H::Info>, source: &mut Source<H>) -> ExitReason {
    for _ in 0..2 {
        match caught(serve(turn, post, source)).await {
            Ok(reason) => return reason,
            Err(panic) => turn.panicked(panic),
        }
    }
    // The machine takes one panic. Another one means that what it acts on cannot be trusted any more.
    match caught(serve(turn, post, source)).await {
        Ok(reason) => reason,
        Err(panic) => ExitReason::Panicked(panic),
    }
}

async fn serve<H: Handler>(turn: &mut Turn, post: &mut Post<H::Info>, source: &mut Source<H>) -> ExitReason {
    loop {
        let event = match poll_fn(|cx| turn.poll_due(post, cx)).await {
            Due::Event(event) => event,
            Due::Info => {
                let Some(info) = post.next_info() else { continue };
                if let Some(returned) = turn.beside(post, source.handler.handle_info(info)).await {
                    turn.answer(answer(Callback::Info, returned));
                }
                continue;
            }
            Due::Terminate(reason) => return reason,
        };
        let handler = &mut source.handler;
        let returned = match event {
            Event::Message(message) => {
                turn.beside(post, handler.handle_in(message)).await.map(|returned| answer(Callback::In, returned))
            }
            Event::Control(control) => turn
                .beside(post, handler.handle_control(control))
                .await
                .map(|returned| answer(Callback::Control, returned)),
            Event::Connected(upgrade) => {
                source.is_up = true;
                turn.beside(post, handler.handle_connect(&upgrade))
                    .await
                    .map(|returned| answer(Callback::Connect, returned))
            }
            Event::Down(down) => {
                put_down(turn, post, source, &down).await;
                None
            }
            Event::Disconnected(disconnect, about) => {
                let recovery = turn.beside(post, handler.handle_disconnect(*disconnect)).await;
                recovery.map(|recovery| Answer::Verdict(recovery, about))
            }
            Event::Failed(error, about) => {
                let recovery = turn.beside(post, handler.handle_error(&error)).await;
                recovery.map(|recovery| Answer::Verdict(recovery, about))
            }
            Event::Renew => {
                // The new handler never had the connection of the old one.
                put_down(turn, post, source, &Down::Replaced).await;
                source.renew();
                None
            }
        };
        if let Some(returned) = returned {
            turn.answer(returned);
        }
    }
}

/// Calls `handle_down`, once for each `handle_connect`.
async fn put_down<H: Handler>(turn: &mut Turn, post: &mut Post<H::Info>, source: &mut Source<H>, down: &Down) {
    if std::mem::take(&mut source.is_up) {
        turn.beside(post, source.handler.handle_down(down)).await;
    }
}

/// Gives up everything, the handler last. A panic on the way changes the reason as long as a callback can still learn it.
async fn end<H: Handler>(
    turn: Box<Turn>,
    mut post: Post<H::Info>,
    mut source: Source<H>,
    reason: ExitReason,
) -> ExitReason {
    let log = turn.log();
    let mut reason = reason;
    // Infos are the user's, and their drop may panic.
    for given_up in [guarded::caught(|| turn.end(&mut post)), guarded::caught(move || drop(post))] {
        reason = given_up.map_or_else(ExitReason::Panicked, |()| reason);
    }
    if source.is_up {
        let down = Down::Ended(reason.clone());
        reason = caught(source.handler.handle_down(&down)).await.map_or_else(ExitReason::Panicked, |()| reason);
    }
    let terminated = caught(source.handler.handle_terminate(&reason)).await;
    reason = terminated.map_or_else(ExitReason::Panicked, |()| reason);
    if let Err(panic) = guarded::caught(move || drop(source)) {
        log.panicked("the handler's drop", &panic);
    }
    reason
}

/// Publishes that a client was killed, if nothing else was published: its future was dropped.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ended(ExitReason::Aborted);
    }
}
