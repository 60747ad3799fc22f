//! Handlers behind a pointer, so that handlers of different types live in one collection.

use async_trait::async_trait;

use super::Handler;
use crate::{
    action::{Action, Recovery},
    connection::{Disconnect, Upgrade},
    down::Down,
    error::{Error, Result},
    exit::ExitReason,
    frame::{Control, Message},
};

/// The object-safe twin of [`Handler`]: every handler is one, and `Box<dyn DynHandler<I>>` is a [`Handler`].
///
/// A callback through the box costs one allocation; implement [`Handler`], never this.
#[async_trait]
pub trait DynHandler<Info: Send + 'static>: Send + 'static {
    /// [`Handler::handle_connect`]
    async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action>;
    /// [`Handler::handle_in`]
    async fn handle_in(&mut self, message: Message) -> Result<Action>;
    /// [`Handler::handle_control`]
    async fn handle_control(&mut self, control: Control) -> Result<Action>;
    /// [`Handler::handle_info`]
    async fn handle_info(&mut self, info: Info) -> Result<Action>;
    /// [`Handler::handle_down`]
    async fn handle_down(&mut self, down: &Down);
    /// [`Handler::handle_disconnect`]
    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery;
    /// [`Handler::handle_error`]
    async fn handle_error(&mut self, error: &Error) -> Recovery;
    /// [`Handler::handle_terminate`]
    async fn handle_terminate(&mut self, reason: &ExitReason);
}

#[async_trait]
impl<H: Handler> DynHandler<H::Info> for H {
    async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
        Handler::handle_connect(self, upgrade).await
    }

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        Handler::handle_in(self, message).await
    }

    async fn handle_control(&mut self, control: Control) -> Result<Action> {
        Handler::handle_control(self, control).await
    }

    async fn handle_info(&mut self, info: H::Info) -> Result<Action> {
        Handler::handle_info(self, info).await
    }

    async fn handle_down(&mut self, down: &Down) {
        Handler::handle_down(self, down).await;
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        Handler::handle_disconnect(self, disconnect).await
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        Handler::handle_error(self, error).await
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        Handler::handle_terminate(self, reason).await;
    }
}

impl<I: Send + 'static> Handler for Box<dyn DynHandler<I>> {
    type Info = I;

    async fn handle_connect(&mut self, upgrade: &Upgrade) -> Result<Action> {
        (**self).handle_connect(upgrade).await
    }

    async fn handle_in(&mut self, message: Message) -> Result<Action> {
        (**self).handle_in(message).await
    }

    async fn handle_control(&mut self, control: Control) -> Result<Action> {
        (**self).handle_control(control).await
    }

    async fn handle_info(&mut self, info: I) -> Result<Action> {
        (**self).handle_info(info).await
    }

    async fn handle_down(&mut self, down: &Down) {
        (**self).handle_down(down).await;
    }

    async fn handle_disconnect(&mut self, disconnect: Disconnect) -> Recovery {
        (**self).handle_disconnect(disconnect).await
    }

    async fn handle_error(&mut self, error: &Error) -> Recovery {
        (**self).handle_error(error).await
    }

    async fn handle_terminate(&mut self, reason: &ExitReason) {
        (**self).handle_terminate(reason).await;
    }
}
