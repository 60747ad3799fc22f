//! A client whose life another one rules: a token's, a supervisor's.

use std::{future::Future, pin::pin, sync::Arc};

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{Client, StartError};
use crate::{exit::ExitReason, handler::Handler, options::Options};

/// What makes the handlers of a client, one for each time it starts: every `Fn(Client<H::Info>) -> H`.
///
/// It is for [`ChildSpec::client`](crate::supervisor::ChildSpec::client) and implemented for all that can be.
pub trait HandlerFactory<I, H>: Fn(Client<I>) -> H + Send + Sync + 'static {
    /// Starts a client: the future is its whole life, until it ends by itself or the token is cancelled.
    ///
    /// # Errors
    ///
    /// The options' name is taken.
    fn start(self: Arc<Self>, options: Options, stop: CancellationToken) -> Result<Life, StartError>;
}

type Life = BoxFuture<'static, ExitReason>;

impl<I, H, F> HandlerFactory<I, H> for F
where
    I: Send + 'static,
    H: Handler<Info = I>,
    F: Fn(Client<I>) -> H + Send + Sync + 'static,
{
    fn start(self: Arc<Self>, options: Options, stop: CancellationToken) -> Result<Life, StartError> {
        let (client, running) = Client::named_with(options, move |client| self(client))?;
        Ok(Box::pin(until_cancelled(client, running, stop)))
    }
}

/// Runs a client whose life is tied to the token's, either way.
pub(super) async fn linked<I: Send + 'static>(
    client: Client<I>,
    running: impl Future<Output = ExitReason>,
    token: CancellationToken,
) {
    // Cancels the token when it is dropped, also if this future is: that kills the client, which is an abnormal end.
    let link = token.clone().drop_guard();
    if !until_cancelled(client, running, token).await.is_abnormal() {
        link.disarm();
    }
}

/// Runs a client; stops it properly when the token is cancelled.
async fn until_cancelled<I: Send + 'static>(
    client: Client<I>,
    running: impl Future<Output = ExitReason>,
    stop: CancellationToken,
) -> ExitReason {
    let mut running = pin!(running);
    tokio::select! {
        reason = &mut running => reason,
        () = stop.cancelled() => {
            client.request_stop();
            running.await
        }
    }
}
