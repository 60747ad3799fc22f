//! A handle without its info type, for registries.

use std::{any::Any, sync::Arc};

use bytestring::ByteString;
use futures_util::future::BoxFuture;

use super::Client;
use crate::{
    connection::ConnectionState,
    error::{Error, SendError},
    exit::ExitReason,
    frame::{CloseCode, Frame},
    registry::{AnyClient, Erased},
};

impl<I: Send + 'static> Erased for Client<I> {
    fn send(&self, frame: Frame) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(self.send(frame))
    }

    fn close(&self, code: CloseCode, reason: ByteString) -> Result<(), Error> {
        self.close(code, reason)
    }

    fn stop(&self) -> BoxFuture<'_, ExitReason> {
        Box::pin(self.stop())
    }

    fn closed(&self) -> BoxFuture<'_, ExitReason> {
        Box::pin(self.closed())
    }

    fn state(&self) -> ConnectionState {
        self.state()
    }

    fn identity(&self) -> usize {
        Arc::as_ptr(&self.inner).addr()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<I: Send + 'static> From<Client<I>> for AnyClient {
    fn from(client: Client<I>) -> Self {
        Self::new(client)
    }
}
