//! A registry in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use async_trait::async_trait;

use super::{AnyClient, Registry};

/// A registry in memory: that of the process ([`default_registry`]), or one that a program owns.
///
/// It answers at once, so a taken name is told by `Client::start` itself.
#[derive(Debug, Default)]
pub struct LocalRegistry(Mutex<HashMap<String, AnyClient>>);

impl LocalRegistry {
    /// A registry without names.
    pub fn new() -> Self {
        Self::default()
    }

    /// The names that are taken, in no order. Erlang's `registered/0`.
    pub fn registered(&self) -> Vec<String> {
        self.names().keys().cloned().collect()
    }

    pub(crate) fn holder(&self, name: &str) -> Option<AnyClient> {
        self.names().get(name).cloned()
    }

    /// A panic elsewhere cannot leave the map half changed.
    fn names(&self) -> MutexGuard<'_, HashMap<String, AnyClient>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Registry for LocalRegistry {
    async fn register_name(&self, name: &str, client: AnyClient) -> Result<(), AnyClient> {
        let mut names = self.names();
        match names.get(name) {
            Some(holder) => Err(holder.clone()),
            None => {
                names.insert(name.to_owned(), client);
                Ok(())
            }
        }
    }

    async fn unregister_name(&self, name: &str, client: &AnyClient) {
        let mut names = self.names();
        if names.get(name).is_some_and(|holder| holder.is_same(client)) {
            names.remove(name);
        }
    }

    async fn whereis_name(&self, name: &str) -> Option<AnyClient> {
        self.holder(name)
    }
}

/// The registry of this process, where `Options::name("…")` registers.
pub fn default_registry() -> Arc<LocalRegistry> {
    static DEFAULT: OnceLock<Arc<LocalRegistry>> = OnceLock::new();
    Arc::clone(DEFAULT.get_or_init(Arc::default))
}
