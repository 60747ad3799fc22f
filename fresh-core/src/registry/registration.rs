//! The life of one name: taken at the start of a client, freed just before its end is told.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::{FutureExt, future::BoxFuture};

use super::{AnyClient, Name};

/// Another client has the name.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) name: String,
    pub(crate) client: AnyClient,
}

/// A name that is being taken.
pub(crate) enum Registration {
    /// The client has no name, or has it already.
    Done(Option<Registered>),
    /// A registry that has to wait for something.
    Pending(BoxFuture<'static, Result<Registered, Taken>>),
}

impl Registration {
    /// Asks for the name; nothing happens before this is looked at.
    pub(crate) fn new(name: Option<Name>, client: AnyClient) -> Self {
        let Some(name) = name else { return Self::Done(None) };
        Self::Pending(Box::pin(async move {
            // First, so that the name is freed too where the asking is cut short after it was given.
            let mut registered = Registered { name, client, mine: true };
            let Registered { name, client, .. } = &registered;
            let answer = name.registry.register_name(&name.name, client.clone()).await;
            registered.mine = answer.is_ok();
            match answer {
                Ok(()) => Ok(registered),
                Err(client) => Err(Taken { name: registered.name.name.clone(), client }),
            }
        }))
    }

    /// Asks a registry that can answer at once; one that cannot is asked further by [`wait`](Self::wait).
    ///
    /// # Errors
    ///
    /// Another client has the name.
    pub(crate) fn try_now(self) -> Result<Self, Taken> {
        match self {
            Self::Done(registered) => Ok(Self::Done(registered)),
            Self::Pending(mut asking) => match asking.as_mut().now_or_never() {
                Some(answer) => answer.map(|registered| Self::Done(Some(registered))),
                None => Ok(Self::Pending(asking)),
            },
        }
    }

    pub(crate) async fn wait(self) -> Result<Option<Registered>, Taken> {
        match self {
            Self::Done(registered) => Ok(registered),
            Self::Pending(asking) => asking.await.map(Some),
        }
    }
}

/// A name that is taken. [`leave`](Self::leave) frees it; where that is not to be, as the client was killed, dropping it.
pub(crate) struct Registered {
    name: Name,
    client: AnyClient,
    /// Whether it may be ours.
    mine: bool,
}

impl Registered {
    /// Frees the name, and returns when the registry has answered.
    ///
    /// # Panics
    ///
    /// If the registry panics. It is not asked again then.
    pub(crate) async fn leave(mut self) {
        let Self { name, client, .. } = &self;
        let freeing = async { name.registry.unregister_name(&name.name, client).await };
        let freed = AssertUnwindSafe(freeing).catch_unwind().await;
        self.mine = false;
        if let Err(panic) = freed {
            resume_unwind(panic);
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        if !self.mine {
            return;
        }
        let (name, client) = (self.name.clone(), self.client.clone());
        let freeing = async move { name.registry.unregister_name(&name.name, &client).await };
        // A drop must not panic, since it may be part of an unwinding.
        let mut freeing = Box::pin(AssertUnwindSafe(freeing).catch_unwind());
        // A registry in memory is done now; another one goes on in the background, where there is a runtime to do so.
        if freeing.as_mut().now_or_never().is_none()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(freeing);
        }
    }
}
