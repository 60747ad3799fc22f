#![doc = include_str!("../README.md")]

/// The delays between attempts, as an iterator.
pub use fresh_core::backoff;
/// What the calls on a [`Client`] answer.
pub use fresh_core::client;
/// What can go wrong, cause by cause.
pub use fresh_core::error;
/// The default callbacks' answers, for handlers that override only some cases.
pub use fresh_core::handler::{default_after_disconnect, default_after_error};
/// Every option.
pub use fresh_core::options;
/// Names for clients.
pub use fresh_core::registry;
/// A scripted server, for the tests of your handlers.
#[cfg(feature = "testing")]
pub use fresh_core::testing;
pub use fresh_core::{
    Action, BoxError, Client, CloseCode, CloseFrame, ConnectionState, Control, Disconnect, DynHandler, Error,
    ErrorKind, ExitReason, Frame, Frames, Handler, Initiator, Message, Offline, Options, Recovery, Result, Stats,
    Upgrade,
};

/// Re-exported, because they stand in signatures here.
pub use {bytes, bytestring, http, tokio_util::sync::CancellationToken, url};

#[cfg(doctest)]
mod guide {
    //! Every code block of the guide compiles.
}
