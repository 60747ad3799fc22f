//! What every handler can do by itself: [`HandlerExt`].

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::{
    client::{Client, HandlerFactory, StartError},
    handler::Handler,
    options::Options,
    supervisor::ChildSpec,
};

/// What every [`Handler`] can do by itself: be started, and be supervised. It answers to the `start/1`, `start_link/1`
/// and `child_spec/1` that `use Fresh` writes into a module.
///
/// ```
/// # use fresh_core as fresh;
/// use fresh::{Client, Handler, HandlerExt, Options};
///
/// struct Quiet;
///
/// impl Handler for Quiet {
///     type Info = ();
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> fresh::Result<()> {
/// let client: Client = Quiet.start(Options::new("ws://127.0.0.1:9")?)?;
/// # client.stop().await;
/// # Ok(())
/// # }
/// ```
pub trait HandlerExt: Handler + Sized {
    /// Starts a client with this handler and returns at once; it connects in the background. [`Client::start`].
    ///
    /// # Errors
    ///
    /// Outside of a tokio runtime, and where the options' name is taken.
    fn start(self, options: Options) -> Result<Client<Self::Info>, StartError> {
        Client::start(options, self)
    }

    /// Starts a client whose life is tied to the token's: cancelling it stops the client, and an abnormal end of the
    /// client cancels it. [`Client::start_linked`].
    ///
    /// # Errors
    ///
    /// Outside of a tokio runtime, and where the options' name is taken.
    fn start_linked(self, options: Options, token: CancellationToken) -> Result<Client<Self::Info>, StartError> {
        Client::start_linked(options, self, token)
    }

    /// A client as the child of a supervisor, with this handler as the initial state: each start, the restarts and
    /// [`Recovery::Restart`](crate::Recovery::Restart) included, begins with a clone of it. Fresh's `child_spec/1`.
    ///
    /// As in Fresh, the id is the name of the type, with its path, and the child is transient. All of that can be
    /// overridden: `spec.id("prices").restart(Restart::Permanent)`. Two children of one type need two ids.
    ///
    /// ```
    /// # use fresh_core as fresh;
    /// use fresh::{Handler, HandlerExt, Options, supervisor::{Strategy, Supervisor}};
    ///
    /// #[derive(Clone)]
    /// struct Prices {
    ///     last: u64,
    /// }
    ///
    /// impl Handler for Prices {
    ///     type Info = ();
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> fresh::Result<()> {
    /// let options = Options::new("ws://127.0.0.1:9")?;
    /// let supervisor = Supervisor::builder(Strategy::OneForOne)
    ///     .child(Prices { last: 0 }.child_spec(options))
    ///     .start()
    ///     .await?;
    /// # supervisor.stop().await;
    /// # Ok(())
    /// # }
    /// ```
    fn child_spec(self, options: Options) -> ChildSpec
    where
        Self: Clone,
    {
        // A handler need not be `Sync`, and a supervisor's factory has to be.
        let initial = Mutex::new(self);
        Self::child_spec_with(options, move |_client| initial.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// As [`child_spec`](Self::child_spec), for a handler that is made anew for each start, by a factory that is given
    /// the client itself. [`ChildSpec::client`], with the name of the type as its id; transient, too.
    fn child_spec_with(options: Options, factory: impl HandlerFactory<Self::Info, Self>) -> ChildSpec {
        ChildSpec::client(std::any::type_name::<Self>(), options, factory)
    }
}

impl<H: Handler> HandlerExt for H {}
