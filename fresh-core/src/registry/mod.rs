//! Names → handles: [`Registry`], and the one of this process.
//!
//! A client whose options hold a name is found by it from its start to its end. Answers to the `:name` of Fresh and to
//! gen_statem's `{local, Name}` and `{via, Module, Name}`.

mod any;
mod local;
mod registration;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use async_trait::async_trait;

pub use any::AnyClient;
pub(crate) use any::Erased;
pub use local::{LocalRegistry, default_registry};
pub(crate) use registration::{Registration, Taken};

/// Where names are kept: this process's own registry, one that a program owns, or one that spans several processes.
///
/// The methods are those of the modules in Erlang's `{via, Module, Name}`. A name belongs to the client that registered
/// it until it is unregistered, which is the last that a client does: its end is told when the registry has answered.
/// [`RegistryExt`](crate::RegistryExt) has what can be done by name.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Gives the name to the client. `register_name/2`.
    ///
    /// # Errors
    ///
    /// The name is taken: whose it is.
    async fn register_name(&self, name: &str, client: AnyClient) -> Result<(), AnyClient>;

    /// Frees the name, where it is this client's. `unregister_name/1`.
    async fn unregister_name(&self, name: &str, client: &AnyClient);

    /// Whose the name is. `whereis_name/1`.
    async fn whereis_name(&self, name: &str) -> Option<AnyClient>;
}

/// A name, and the registry that keeps it.
#[derive(Clone)]
pub struct Name {
    pub(crate) name: String,
    pub(crate) registry: Arc<dyn Registry>,
}

impl Name {
    /// A name in the registry of this process: gen_statem's `{local, Name}`.
    pub fn local(name: impl Into<String>) -> Self {
        Self { name: name.into(), registry: default_registry() }
    }

    /// A name in this registry: gen_statem's `{via, Module, Name}`.
    pub fn via(registry: Arc<dyn Registry>, name: impl Into<String>) -> Self {
        Self { name: name.into(), registry }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl<N: Into<String>> From<N> for Name {
    fn from(name: N) -> Self {
        Self::local(name)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}
