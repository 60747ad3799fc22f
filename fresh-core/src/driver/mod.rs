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
    action::{Action, Recovery},
    down::Down,
    error::{Callback, Reason, Result},
    exit::ExitReason,
    handler::Handler,
    machine::{About, Answer, Event},
    mailbox::{Control, Post},
    options::Options,
    within::Mark,
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
                let reason = end(turn, post, source, reason, &ending.0).await;
                // Registries are the user's.
                if let Err(panic) = caught(exit).await {
                    log.panicked("the registry", &panic);
                }
                reason
            }
            Err(reason) => end(turn, post, source, reason, &ending.0).await,
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
                if let Some(info) = post.next_info() {
                    act(turn, post, Callback::Info, source.handler.handle_info(info)).await;
                }
                continue;
            }
            Due::Terminate(reason) => return reason,
        };
        let handler = &mut source.handler;
        match event {
            Event::Message(message) => act(turn, post, Callback::In, handler.handle_in(message)).await,
            Event::Control(control) => act(turn, post, Callback::Control, handler.handle_control(control)).await,
            Event::Connected(upgrade) => {
                source.is_up = true;
                act(turn, post, Callback::Connect, handler.handle_connect(&upgrade)).await;
            }
            Event::Down(down) => put_down(turn, post, source, &down).await,
            Event::Disconnected(disconnect, about) => {
                decide(turn, post, Callback::Disconnect, handler.handle_disconnect(*disconnect), about).await;
            }
            Event::Failed(error, about) => {
                decide(turn, post, Callback::Error, handler.handle_error(&error), about).await;
            }
            Event::Renew => {
                // The new handler never had the connection of the old one.
                put_down(turn, post, source, &Down::Replaced).await;
                source.renew();
            }
        }
    }
}

/// Runs a callback that returns an action. The client may end before the callback does.
async fn act<I>(turn: &mut Turn, post: &mut Post<I>, name: Callback, callback: impl Future<Output = Result<Action>>) {
    if let Some(returned) = turn.beside(post, name, callback).await {
        turn.answer(answer(name, returned));
    }
}

/// Runs a callback that returns a verdict. The client may end before the callback does.
async fn decide<I>(
    turn: &mut Turn,
    post: &mut Post<I>,
    name: Callback,
    callback: impl Future<Output = Recovery>,
    about: About,
) {
    if let Some(recovery) = turn.beside(post, name, callback).await {
        turn.answer(Answer::Verdict(recovery, about));
    }
}

/// Calls `handle_down`, once for each `handle_connect`.
async fn put_down<H: Handler>(turn: &mut Turn, post: &mut Post<H::Info>, source: &mut Source<H>, down: &Down) {
    if std::mem::take(&mut source.is_up) {
        turn.beside(post, Callback::Down, source.handler.handle_down(down)).await;
    }
}

/// Gives up everything, the handler last. A panic on the way changes the reason as long as a callback can still learn it.
async fn end<H: Handler>(
    turn: Box<Turn>,
    mut post: Post<H::Info>,
    mut source: Source<H>,
    mut reason: ExitReason,
    shared: &Shared,
) -> ExitReason {
    let log = turn.log();
    let client = shared.id();
    // Infos are the user's, and their drop may panic.
    for given_up in [guarded::caught(|| turn.end(&mut post)), guarded::caught(move || drop(post))] {
        reason = given_up.map_or_else(ExitReason::Panicked, |()| reason);
    }
    if source.is_up {
        shared.terminating(reason.clone());
        let down = Down::Ended(reason.clone());
        let down = Mark::new(client, Callback::Down).run(source.handler.handle_down(&down));
        reason = caught(down).await.map_or_else(ExitReason::Panicked, |()| reason);
    }
    shared.terminating(reason.clone());
    let terminated = Mark::new(client, Callback::Terminate).run(source.handler.handle_terminate(&reason));
    let terminated = caught(terminated).await;
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
