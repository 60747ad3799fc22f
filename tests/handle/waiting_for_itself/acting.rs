//! A handler that does the same thing in each of its callbacks.

use std::sync::Arc;

use fresh::{
    Action, Client, Control, Disconnect, Down, Error, ExitReason, Handler, Message, Options, Recovery, Result, Upgrade,
    default_after_disconnect, default_after_error, error::Callback,
};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::support::time::soon;

pub(super) type Info = &'static str;

/// What makes `handle_info` fail.
pub(super) const FAIL: Info = "fail";

type Act = Arc<dyn Fn(Callback, Client<Info>) -> BoxFuture<'static, ()> + Send + Sync>;
type OnError = fn(&Error) -> Recovery;

/// Awaits the act in each callback, then answers as the default callback does.
pub(super) struct Acting {
    client: Client<Info>,
    act: Act,
    on_error: OnError,
}

/// What the calls inside a callback returned.
pub(super) struct Outputs<T>(mpsc::UnboundedReceiver<T>);

/// A client that awaits this future in one of its callbacks, each time it runs.
pub(super) fn start_inside<T, F>(
    options: Options,
    callback: Callback,
    act: impl Fn(Client<Info>) -> F + Send + Sync + 'static,
) -> (Client<Info>, Outputs<T>)
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    start_inside_recovering(options, callback, default_after_error, act)
}

/// The same, with another `handle_error`.
pub(super) fn start_inside_recovering<T, F>(
    options: Options,
    callback: Callback,
    on_error: OnError,
    act: impl Fn(Client<Info>) -> F + Send + Sync + 'static,
) -> (Client<Info>, Outputs<T>)
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (act, outputs) = acting_inside(callback, act);
    let handler = move |client| Acting { client, act: Arc::clone(&act), on_error };
    (Client::start_with(options, handler).unwrap(), outputs)
}

/// The driver of such a client, to be spawned by the test.
pub(super) fn new_inside<T, F>(
    options: Options,
    callback: Callback,
    act: impl Fn(Client<Info>) -> F + Send + Sync + 'static,
) -> (Client<Info>, impl Future<Output = ExitReason> + Send + 'static, Outputs<T>)
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (act, outputs) = acting_inside(callback, act);
    let handler = move |client| Acting { client, act: Arc::clone(&act), on_error: default_after_error };
    let (client, running) = Client::new_with(options, handler);
    (client, running, outputs)
}

fn acting_inside<T, F>(callback: Callback, act: impl Fn(Client<Info>) -> F + Send + Sync + 'static) -> (Act, Outputs<T>)
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (outputs, received) = mpsc::unbounded_channel();
    let act: Act = Arc::new(move |current, client| {
        let acting = (current == callback).then(|| act(client));
        let outputs = outputs.clone();
        Box::pin(async move {
            if let Some(acting) = acting {
                // A test that has seen enough looks no more.
                let _ = outputs.send(acting.await);
            }
        })
    });
    (act, Outputs(received))
}

impl<T> Outputs<T> {
    pub(super) async fn next(&mut self) -> T {
        soon(self.0.recv()).await.expect("the callback returned")
    }

    /// Whether the callback has not come behind the act.
    pub(super) fn is_empty(&mut self) -> bool {
        self.0.try_recv().is_err()
    }
}

impl Acting {
    async fn act(&self, callback: Callback) {
        (self.act)(callback, self.client.clone()).await;
    }
}

impl Handler for Acting {
    type Info = Info;

    async fn handle_connect(&mut self, _: &Upgrade) -> Result<Action> {
        self.act(Callback::Connect).await;
        Ok(Action::Continue)
    }

    async fn handle_in(&mut self, _: Message) -> Result<Action> {
        self.act(Callback::In).await;
        Ok(Action::Continue)
    }

    async fn handle_control(&mut self, _: Control) -> Result<Action> {
        self.act(Callback::Control).await;
        Ok(Action::Continue)
    }

    async fn handle_info(&mut self, info: Info) -> Result<Action> {
        self.act(Callback::Info).await;
        if info == FAIL { Err("on purpose")? } else { Ok(Action::Continue) }
    }

    async fn handle_down(&mut self, _: &Down) {
        self.act(Callback::Down).await;
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        self.act(Callback::Disconnect).await;
        default_after_disconnect(&disconnect)
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        self.act(Callback::Error).await;
        (self.on_error)(error)
    }

    async fn handle_terminate(&mut self, _: &ExitReason) {
        self.act(Callback::Terminate).await;
    }
}
