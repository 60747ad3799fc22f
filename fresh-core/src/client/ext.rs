//! Starting a client from its handler: [`HandlerExt`].

use tokio_util::sync::CancellationToken;

use super::{Client, StartError};
use crate::{handler::Handler, options::Options};

/// What every [`Handler`] can do by itself: be started. It answers to the `start/2` and `start_link/2` that `use Fresh`
/// writes into a module.
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
}

impl<H: Handler> HandlerExt for H {}
