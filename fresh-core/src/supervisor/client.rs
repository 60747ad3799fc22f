//! A client as a child.

use std::{sync::Arc, time::Duration};

use super::{
    child::{Branch, ChildSpec, Started},
    policy::{Policy, Restart, Shutdown},
};
use crate::{
    client::HandlerFactory,
    error::Reason,
    exit::{ExitReason, child_id::ChildId},
    options::Options,
};

/// How much longer than its close handshake a client may take to end: for what `handle_terminate` does.
const TERMINATION: Duration = Duration::from_secs(1);

impl ChildSpec {
    /// A child that is a client. Each start makes a new handler, with `factory(client)`; an end that the client's own
    /// reconnection could not prevent restarts it. `Fresh.child_spec/1`.
    ///
    /// It counts as started when it begins to connect, and as running while it waits in its own backoff; one whose name
    /// is taken does not start. Its token closes it with 1001. The default is transient:
    /// [`ExitReason::Normal`](crate::ExitReason::Normal) ends it.
    ///
    /// ```
    /// use fresh_core::{Client, Handler, Options, supervisor::ChildSpec};
    ///
    /// struct Prices;
    ///
    /// impl Handler for Prices {
    ///     type Info = ();
    /// }
    ///
    /// # fn spec() -> Result<ChildSpec, Box<dyn std::error::Error>> {
    /// let options = Options::new("wss://example.com/prices")?;
    /// let prices = ChildSpec::client("prices", options, |_client| Prices);
    /// # Ok(prices)
    /// # }
    /// ```
    pub fn client<I: 'static, H: 'static>(
        id: impl Into<ChildId>,
        options: Options,
        factory: impl HandlerFactory<I, H>,
    ) -> Self {
        let policy = Policy {
            restart: Restart::Transient,
            // A server that does not answer the close must not cost the handler its `handle_terminate`.
            shutdown: Shutdown::Timeout(options.close_timeout.saturating_add(TERMINATION)),
            ..Policy::worker()
        };
        let factory = Arc::new(factory);
        Self::with_birth(id, policy, move |birth| {
            let (factory, options) = (Arc::clone(&factory), options.clone());
            async move {
                match factory.start(options, birth.stop) {
                    Ok(running) => Ok(Started::new(running, Branch::Leaf)),
                    Err(error) => Err(ExitReason::Failed(Reason::from(error))),
                }
            }
        })
    }
}
