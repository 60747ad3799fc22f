//! The callbacks: [`Handler`], and its object-safe twin [`DynHandler`].

mod dynamic;
#[doc(hidden)]
pub mod forward;

#[cfg(test)]
mod tests;

use std::future::{Future, ready};

pub use dynamic::DynHandler;

use crate::{
    action::{Action, Recovery},
    connection::{Disconnect, Initiator, Upgrade},
    down::Down,
    error::{Error, Result},
    exit::ExitReason,
    frame::{Control, Message},
};

/// What a WebSocket client does with its connection; the runtime calls it, one callback at a time.
///
/// Every callback has a default, so an implementation names only those it needs, as `async fn` without an attribute.
/// A callback may await for as long as it likes: pings are answered, the keepalive runs and frames go out meanwhile,
/// and what is received waits in a bounded queue.
///
/// Where the client ends while a callback is pending (it was stopped), that callback gets the rest of the
/// `close_timeout`; then its future is dropped at the await it stands at. Answers to Fresh's behaviour.
///
/// ```
/// use fresh_core::{Action, Handler, Message, Result};
///
/// struct Echo;
///
/// impl Handler for Echo {
///     type Info = ();
///
///     async fn handle_in(&mut self, message: Message) -> Result<Action> {
///         Ok(Action::reply(message))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Handler`",
    note = "implement `Handler` for it, or write `#[derive(Handler)]` on it"
)]
pub trait Handler: Send + 'static {
    /// What `client.info(x)` carries to [`handle_info`](Self::handle_info); `()` where none is used.
    type Info: Send + 'static;

    /// The upgrade succeeded. Fresh's `handle_connect/3`. Default: continue.
    ///
    /// # Errors
    ///
    /// An error goes to [`handle_error`](Self::handle_error) as [`Error::Handler`], here and below.
    fn handle_connect(&mut self, upgrade: &Upgrade) -> impl Future<Output = Result<Action>> + Send {
        let _ = upgrade;
        ready(Ok(Action::Continue))
    }

    /// A whole data message came. Fresh's `handle_in/2`. Default: continue.
    fn handle_in(&mut self, message: Message) -> impl Future<Output = Result<Action>> + Send {
        let _ = message;
        ready(Ok(Action::Continue))
    }

    /// A ping (already answered) or a pong came. Fresh's `handle_control/2`. Default: continue.
    fn handle_control(&mut self, control: Control) -> impl Future<Output = Result<Action>> + Send {
        let _ = control;
        ready(Ok(Action::Continue))
    }

    /// `client.info(x)` was called. Fresh's `handle_info/2`. Default: continue.
    fn handle_info(&mut self, info: Self::Info) -> impl Future<Output = Result<Action>> + Send {
        let _ = info;
        ready(Ok(Action::Continue))
    }

    /// Runs when the connection has ended: exactly once for each [`handle_connect`](Self::handle_connect), however the
    /// connection ended, and before any later callback. OTP's `'DOWN'` message. Default: nothing.
    ///
    /// This is the one place to clean up what belongs to one connection: pending requests, a session, a heartbeat.
    /// It decides nothing; `down` names the callback that follows. An attempt that never reached `handle_connect` has
    /// no `handle_down`, and a brutal kill of the client runs no callback at all.
    fn handle_down(&mut self, down: &Down) -> impl Future<Output = ()> + Send {
        let _ = down;
        ready(())
    }

    /// The close handshake ended. Fresh's `handle_disconnect/3`.
    ///
    /// Default: a close that we began ends the client ([`Recovery::Close`]), one that the server began reconnects
    /// ([`Recovery::Reconnect`]). Fresh reconnects after both.
    fn handle_disconnect(&mut self, disconnect: Disconnect) -> impl Future<Output = Recovery> + Send {
        ready(default_after_disconnect(&disconnect))
    }

    /// Something failed. Fresh's `handle_error/2`.
    ///
    /// Default: `Encode` and `Send` errors are ignored; what another try can heal ([`Error::is_transient`])
    /// reconnects; everything else ends the client with that error.
    fn handle_error(&mut self, error: &Error) -> impl Future<Output = Recovery> + Send {
        ready(default_after_error(error))
    }

    /// The client ends: exactly once, after everything else, on every way out but a brutal kill.
    /// Fresh's `handle_terminate/2`. Default: nothing.
    ///
    /// It is bounded by nothing: what awaits here delays `closed()`.
    fn handle_terminate(&mut self, reason: &ExitReason) -> impl Future<Output = ()> + Send {
        let _ = reason;
        ready(())
    }
}

/// What the default [`Handler::handle_disconnect`] answers; for a handler that overrides only some cases.
pub fn default_after_disconnect(disconnect: &Disconnect) -> Recovery {
    match disconnect.initiator {
        Initiator::Local => Recovery::Close,
        Initiator::Remote => Recovery::Reconnect,
    }
}

/// What the default [`Handler::handle_error`] answers; for a handler that overrides only some cases.
pub fn default_after_error(error: &Error) -> Recovery {
    match error {
        Error::Encode(_) | Error::Send(_) => Recovery::Ignore,
        Error::Connect(_)
        | Error::Upgrade(_)
        | Error::Establish(_)
        | Error::Process(_)
        | Error::Stream(_)
        | Error::Decode(_)
        | Error::Handler(_) => {
            if error.is_transient() {
                Recovery::Reconnect
            } else {
                Recovery::fail(error.clone())
            }
        }
    }
}
