//! Starting a client: `Fresh.start/4` and `Fresh.start_link/4`.

use std::{future::Future, sync::Arc};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{Client, Inner, StartError, supervised::linked};
use crate::{
    driver::{
        self,
        mail::{Mailbox, Post},
        shared::Shared,
        source::Source,
    },
    error::Reason,
    exit::ExitReason,
    handler::Handler,
    options::{Offline, Options},
    registry::{AnyClient, Registration},
};

impl<I: Send + 'static> Client<I> {
    /// Starts a client and returns at once; it connects in the background. `Fresh.start/4`.
    ///
    /// A client started this way has no factory: [`Recovery::Restart`](crate::Recovery::Restart) ends it as
    /// `Failed`; see [`start_with`](Self::start_with).
    ///
    /// # Errors
    ///
    /// Outside of a tokio runtime, and where the options' name is taken.
    pub fn start<H: Handler<Info = I>>(options: Options, handler: H) -> Result<Self, StartError> {
        let runtime = current_runtime()?;
        let (client, running) = Starting::new(options).named()?.run(|_| Source::single(handler));
        runtime.spawn(running);
        Ok(client)
    }

    /// Starts a client whose handler is made by a factory, which is given the client itself. The factory is called
    /// now, and again for each [`Recovery::Restart`](crate::Recovery::Restart).
    ///
    /// # Errors
    ///
    /// Outside of a tokio runtime, and where the options' name is taken.
    pub fn start_with<H, F>(options: Options, factory: F) -> Result<Self, StartError>
    where
        H: Handler<Info = I>,
        F: FnMut(Self) -> H + Send + 'static,
    {
        let runtime = current_runtime()?;
        let (client, running) = Self::named_with(options, factory)?;
        runtime.spawn(running);
        Ok(client)
    }

    /// As [`new_with`](Self::new_with), but the name is asked for at once.
    pub(super) fn named_with<H, F>(
        options: Options,
        mut factory: F,
    ) -> Result<(Self, impl Future<Output = ExitReason> + Send + 'static + use<I, H, F>), StartError>
    where
        H: Handler<Info = I>,
        F: FnMut(Self) -> H + Send + 'static,
    {
        Ok(Starting::new(options).named()?.run(|client| Source::factory(move || factory(client.clone()))))
    }

    /// Starts a client whose life is tied to a token's: cancelling the token stops the client with a proper close,
    /// and an abnormal end of the client cancels the token. `Fresh.start_link/4`.
    ///
    /// # Errors
    ///
    /// Outside of a tokio runtime, and where the options' name is taken.
    pub fn start_linked<H: Handler<Info = I>>(
        options: Options,
        handler: H,
        token: CancellationToken,
    ) -> Result<Self, StartError> {
        let runtime = current_runtime()?;
        let (client, running) = Starting::new(options).named()?.run(|_| Source::single(handler));
        runtime.spawn(linked(client.clone(), running, token));
        Ok(client)
    }

    /// As [`start_linked`](Self::start_linked), with a factory as in [`start_with`](Self::start_with).
    ///
    /// # Errors
    ///
    /// Outside of a tokio runtime, and where the options' name is taken.
    pub fn start_linked_with<H, F>(options: Options, factory: F, token: CancellationToken) -> Result<Self, StartError>
    where
        H: Handler<Info = I>,
        F: FnMut(Self) -> H + Send + 'static,
    {
        let runtime = current_runtime()?;
        let (client, running) = Self::named_with(options, factory)?;
        runtime.spawn(linked(client.clone(), running, token));
        Ok(client)
    }

    /// The handle and the driver, as a future for whoever spawns it: a `JoinSet`, a `LocalSet`, an actor.
    ///
    /// Dropping the future kills the client: `ExitReason::Aborted`, and no callback runs. The options' name is asked for
    /// when the future is first polled; where it is taken, the client ends as `Failed` with
    /// [`StartError::AlreadyStarted`].
    pub fn new<H: Handler<Info = I>>(
        options: Options,
        handler: H,
    ) -> (Self, impl Future<Output = ExitReason> + Send + 'static + use<I, H>) {
        Starting::new(options).run(|_| Source::single(handler))
    }

    /// As [`new`](Self::new), with a factory as in [`start_with`](Self::start_with).
    pub fn new_with<H, F>(
        options: Options,
        mut factory: F,
    ) -> (Self, impl Future<Output = ExitReason> + Send + 'static + use<I, H, F>)
    where
        H: Handler<Info = I>,
        F: FnMut(Self) -> H + Send + 'static,
    {
        Starting::new(options).run(|client| Source::factory(move || factory(client.clone())))
    }
}

impl<I: Send + 'static> Client<I> {
    /// As [`new`](Self::new), for a handler that never replies: its callbacks run however much waits to be written.
    pub(crate) fn new_silent<H: Handler<Info = I>>(
        options: Options,
        handler: impl FnOnce(Self) -> H,
    ) -> (Self, impl Future<Output = ExitReason> + Send + 'static) {
        Starting::new(options).run(|client| Source::silent(handler(client)))
    }
}

/// A client that has its channels and not yet its handler.
struct Starting<I> {
    options: Options,
    client: Client<I>,
    post: Post<I>,
    registration: Registration,
}

impl<I: Send + 'static> Starting<I> {
    fn new(options: Options) -> Self {
        let shared = Arc::new(Shared::new(&options));
        let frames = match options.offline {
            Offline::Queue(most) => options.mailbox.max(most),
            Offline::Reject | Offline::Drop => options.mailbox,
        };
        let mailbox = Arc::new(Mailbox::new(frames, options.mailbox));
        let post = Post::new(Arc::clone(&mailbox));
        let client = Client { inner: Arc::new(Inner { shared, mailbox }) };
        let registration = Registration::new(options.name.clone(), AnyClient::new(client.clone()));
        Self { options, client, post, registration }
    }

    /// Takes the name, where the registry can answer at once.
    fn named(self) -> Result<Self, StartError> {
        let registration = self.registration.try_now().map_err(StartError::AlreadyStarted)?;
        Ok(Self { registration, ..self })
    }

    fn run<H: Handler<Info = I>>(
        self,
        source: impl FnOnce(Client<I>) -> Source<H>,
    ) -> (Client<I>, impl Future<Output = ExitReason> + Send + 'static) {
        let Self { options, client, post, registration } = self;
        let entry = async move {
            let taken = |holder| Reason::from(StartError::AlreadyStarted(holder));
            let registered = registration.wait().await.map_err(taken)?;
            Ok(async move {
                if let Some(registered) = registered {
                    registered.leave().await;
                }
            })
        };
        let shared = Arc::clone(&client.inner.shared);
        let running = driver::run(options, shared, post, source(client.clone()), entry);
        (client, running)
    }
}

fn current_runtime() -> Result<Handle, StartError> {
    Handle::try_current().map_err(|_| StartError::NoRuntime)
}
