//! The loop of a client: feeds inputs to the machine, carries out its effects, runs the handler. It decides nothing.
//!
//! A client is one task. While a callback is pending, [`Turn`] serves the connection, so that pings are
//! answered, the keepalive runs and frames go out.

mod alarm;
mod budget;
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
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use guarded::{caught, caught_future};
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
    machine::{Command, Event},
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
        // Registries are the user's.
        let admitted = caught_future(admitted(entry, &mut post)).await;
        let reason = match admitted.unwrap_or_else(|panic| Err(ExitReason::Panicked(panic))) {
            Ok((exit, early)) => {
                turn.start(early);
                let reason = live(&mut turn, &mut post, &mut source).await;
                let reason = end(turn, post, source, reason, &ending.0, log).await;
                if let Err(panic) = caught_future(exit).await {
                    log.panicked("the registry", &panic);
                }
                reason
            }
            Err(reason) => end(turn, post, source, reason, &ending.0, log).await,
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
        admitted = entry => admitted.map_err(ExitReason::Failed)?,
        () = stopped => return Err(ExitReason::Stopped),
    };
    Ok((kept, early))
}

/// Serves the client until its end. A panic ends the client as a failure does: the server gets a close frame.
async fn live<H: Handler>(turn: &mut Turn, post: &mut Post<H::Info>, source: &mut Source<H>) -> ExitReason {
    for _ in 0..2 {
        match caught_future(serve(turn, post, source)).await {
            Ok(reason) => return reason,
            Err(panic) => turn.panicked(panic),
        }
    }
    // A callback panicked, and then something in the driver while the client closed: it cannot be trusted any more.
    match caught_future(serve(turn, post, source)).await {
        Ok(reason) => reason,
        Err(panic) => ExitReason::Panicked(panic),
    }
}

/// Runs a callback, and serves the connection while it is pending. Its answer goes to the machine.
///
/// A macro, because a callback's future holds a message, and moving it costs as much as handling it.
macro_rules! run {
    ($callback:expr, $poll:expr) => {{
        let mut callback = pin!($callback);
        poll_fn(|cx| $poll(callback.as_mut(), cx)).await;
    }};
}

async fn serve<H: Handler>(turn: &mut Turn, post: &mut Post<H::Info>, source: &mut Source<H>) -> ExitReason {
    loop {
        let handler = &mut source.handler;
        'messages: loop {
            run!(
                match turn.next_message() {
                    Some(message) => handler.handle_in(message),
                    None => break 'messages,
                },
                |callback, cx| turn.poll_action(post, Callback::In, callback, cx)
            );
        }
        match poll_fn(|cx| turn.poll_due(post, cx)).await {
            Due::Message(message) => {
                run!(handler.handle_in(message), |callback, cx| turn.poll_action(post, Callback::In, callback, cx));
            }
            Due::Info => {
                if let Some(info) = post.next_info() {
                    run!(handler.handle_info(info), |callback, cx| turn.poll_action(
                        post,
                        Callback::Info,
                        callback,
                        cx
                    ));
                }
            }
            Due::Event(Event::Control(control)) => {
                run!(handler.handle_control(control), |callback, cx| turn.poll_action(
                    post,
                    Callback::Control,
                    callback,
                    cx
                ));
            }
            Due::Event(Event::Connected(upgrade)) => {
                source.is_up = true;
                run!(handler.handle_connect(&upgrade), |callback, cx| turn.poll_action(
                    post,
                    Callback::Connect,
                    callback,
                    cx
                ));
            }
            Due::Event(Event::Disconnected(disconnect, about)) => {
                run!(handler.handle_disconnect(*disconnect), |callback, cx| {
                    turn.poll_verdict(post, Callback::Disconnect, about, callback, cx)
                });
            }
            Due::Event(Event::Failed(error, about)) => {
                run!(handler.handle_error(&error), |callback, cx| turn.poll_verdict(
                    post,
                    Callback::Error,
                    about,
                    callback,
                    cx
                ));
            }
            Due::Event(Event::Down(down)) => put_down(turn, post, source, &down).await,
            Due::Event(Event::Renew) => {
                // The new handler never had the connection of the old one.
                put_down(turn, post, source, &Down::Replaced).await;
                // A client that has begun to end meanwhile ends with the handler it has.
                if !turn.is_leaving() {
                    source.renew();
                }
            }
            Due::Terminate(reason) => return reason,
        }
    }
}

/// Calls `handle_down`, once for each `handle_connect`.
async fn put_down<H: Handler>(turn: &mut Turn, post: &mut Post<H::Info>, source: &mut Source<H>, down: &Down) {
    if std::mem::take(&mut source.is_up) {
        run!(source.handler.handle_down(down), |callback, cx: &mut Context<'_>| {
            match turn.poll_marked(Callback::Down, callback, cx) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => turn.poll_beside(post, cx),
            }
        });
    }
}

/// Gives up everything, the handler last. A panic on the way changes the reason as long as a callback can still learn it.
async fn end<H: Handler>(
    turn: Box<Turn>,
    mut post: Post<H::Info>,
    mut source: Source<H>,
    mut reason: ExitReason,
    shared: &Shared,
    log: Log,
) -> ExitReason {
    let client = shared.id();
    let mut given_up = caught(|| turn.end(&mut post));
    // Infos are the user's, and their drop may panic. One by one, because a second panic while the first one unwinds would
    // abort the process.
    while let Some(info) = post.next_info() {
        given_up = given_up.and(caught(move || drop(info)));
    }
    reason = given_up.map_or_else(ExitReason::Panicked, |()| reason);
    if source.is_up {
        shared.terminating(reason.clone());
        let down = Down::Ended(reason.clone());
        let down = Mark::new(client, Callback::Down).run(source.handler.handle_down(&down));
        reason = caught_future(down).await.map_or_else(ExitReason::Panicked, |()| reason);
    }
    shared.terminating(reason.clone());
    let terminated = Mark::new(client, Callback::Terminate).run(source.handler.handle_terminate(&reason));
    let terminated = caught_future(terminated).await;
    reason = terminated.map_or_else(ExitReason::Panicked, |()| reason);
    if let Err(panic) = caught(move || drop(source)) {
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

impl From<Control> for Command {
    fn from(control: Control) -> Self {
        match control {
            Control::Close(close) => Self::Close(close),
            Control::Reconnect => Self::Reconnect,
            Control::ReconnectNow => Self::ReconnectNow,
            Control::Stop => Self::Stop,
        }
    }
}
