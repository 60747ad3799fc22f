//! A handle whose info type is not known: what a registry keeps.

use std::{any::Any, fmt, sync::Arc};

use bytestring::ByteString;
use futures_util::future::BoxFuture;

use crate::{
    connection::ConnectionState,
    error::{Error, SendError},
    exit::ExitReason,
    frame::{CloseCode, Frame},
};

/// The handle of a client, whatever its info type. Cheap to clone.
///
/// [`downcast`](Self::downcast) gives the typed handle back.
#[derive(Clone)]
pub struct AnyClient(Arc<dyn Erased>);

/// What a handle does without its info type; implemented by the typed handle.
pub(crate) trait Erased: Send + Sync {
    fn send(&self, frame: Frame) -> BoxFuture<'_, Result<(), SendError>>;
    fn close(&self, code: CloseCode, reason: ByteString) -> Result<(), Error>;
    fn stop(&self) -> BoxFuture<'_, ExitReason>;
    fn closed(&self) -> BoxFuture<'_, ExitReason>;
    fn state(&self) -> ConnectionState;
    /// The same for all handles of one client, and no other.
    fn identity(&self) -> usize;
    fn as_any(&self) -> &dyn Any;
}

impl AnyClient {
    pub(crate) fn new(client: impl Erased + 'static) -> Self {
        Self(Arc::new(client))
    }

    /// The typed handle, where `C` is its type: `any.downcast::<Client<MyInfo>>()`.
    pub fn downcast<C: Clone + 'static>(&self) -> Option<C> {
        self.0.as_any().downcast_ref().cloned()
    }

    /// As [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    ///
    /// Those of `Client::send`.
    pub async fn send(&self, frame: impl Into<Frame>) -> Result<(), SendError> {
        self.0.send(frame.into()).await
    }

    /// As [`Client::close`](crate::Client::close).
    ///
    /// # Errors
    ///
    /// Those of `Client::close`.
    pub fn close(&self, code: impl Into<CloseCode>, reason: impl Into<ByteString>) -> Result<(), Error> {
        self.0.close(code.into(), reason.into())
    }

    /// As [`Client::stop`](crate::Client::stop).
    pub async fn stop(&self) -> ExitReason {
        self.0.stop().await
    }

    /// As [`Client::closed`](crate::Client::closed).
    pub async fn closed(&self) -> ExitReason {
        self.0.closed().await
    }

    /// As [`Client::state`](crate::Client::state).
    pub fn state(&self) -> ConnectionState {
        self.0.state()
    }

    /// As [`Client::is_open`](crate::Client::is_open).
    pub fn is_open(&self) -> bool {
        self.state() == ConnectionState::Connected
    }

    /// Whether both are handles of the same client.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.identity() == other.0.identity()
    }
}

impl fmt::Debug for AnyClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyClient").field("state", &self.state()).finish_non_exhaustive()
    }
}
