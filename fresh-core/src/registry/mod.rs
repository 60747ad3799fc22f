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
pub(crate) use registration::Registration;

use crate::{
    error::{SendError, SendFailure},
    frame::Frame,
};

/// Where names are kept: this process's own registry, one that a program owns, or one that spans several processes.
///
/// The methods are gen_statem's `register_name`, `unregister_name` and `whereis_name`. A name belongs to the client that
/// registered it until it is unregistered, which the client does when it has ended.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Gives the name to the client.
    ///
    /// # Errors
    ///
    /// The name is taken: whose it is.
    async fn register(&self, name: &str, client: AnyClient) -> Result<(), AnyClient>;

    /// Frees the name, where it is this client's.
    async fn unregister(&self, name: &str, client: &AnyClient);

    /// Whose the name is.
    async fn whereis(&self, name: &str) -> Option<AnyClient>;
}

/// Sending by name, as Fresh's functions take a name in place of a pid. Every [`Registry`] has it.
#[async_trait]
pub trait RegistryExt: Registry {
    /// Sends a frame to the client of this name. `Fresh.send(:ws_conn, frame)`.
    ///
    /// # Errors
    ///
    /// Nobody has the name (`SendFailure::Ended`, with the frame given back), or what the client's own `send` answers.
    async fn send(&self, name: &str, frame: Frame) -> Result<(), SendError> {
        match self.whereis(name).await {
            Some(client) => client.send(frame).await,
            None => Err(SendError::new(Some(frame), SendFailure::Ended)),
        }
    }
}

impl<R: Registry + ?Sized> RegistryExt for R {}

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
