#![doc = include_str!("../README.md")]

// What a handler is, and what its callbacks get and return.
pub use fresh_core::{
    Action, Control, Disconnect, Down, DynHandler, Frames, Handler, HandlerExt, Initiator, Message, Recovery, Upgrade,
    handler::{default_after_disconnect, default_after_error},
};

#[cfg(feature = "macros")]
pub use fresh_macros::Handler;

/// What the derived code names.
#[doc(hidden)]
pub use fresh_core::__private;

// The client and the socket, what they are started with and what they tell.
pub use fresh_core::{
    Client, CloseCode, CloseFrame, ConnectionState, ExitReason, Frame, MessageType, Offline, Options, RegistryExt,
    Socket, Stats,
};

// What can go wrong.
pub use fresh_core::{BoxError, Error, ErrorKind, Result, frame::NotText};

// The rest of each subject: errors of the calls, causes, options of a group, a scripted server.
#[cfg(feature = "testing")]
pub use fresh_core::testing;
pub use fresh_core::{backoff, client, error, options, registry, socket, supervisor};

// They stand in signatures here.
#[doc(no_inline)]
pub use {bytes, bytestring, http, tokio_util::sync::CancellationToken, url};

/// Every code block of the guide compiles, and those that need no real server run.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../docs/README.md")]
    mod contents {}
    #[doc = include_str!("../docs/quick-start.md")]
    mod quick_start {}
    #[doc = include_str!("../docs/callbacks.md")]
    mod callbacks {}
    #[doc = include_str!("../docs/sending.md")]
    mod sending {}
    #[cfg(feature = "macros")]
    #[doc = include_str!("../docs/derive.md")]
    mod derive {}
    #[doc = include_str!("../docs/reconnection.md")]
    mod reconnection {}
    #[doc = include_str!("../docs/options.md")]
    mod options {}
    #[cfg(feature = "deflate")]
    #[doc = include_str!("../docs/compression.md")]
    mod compression {}
    #[doc = include_str!("../docs/names-and-links.md")]
    mod names_and_links {}
    #[doc = include_str!("../docs/socket.md")]
    mod socket {}
    #[doc = include_str!("../docs/supervision.md")]
    mod supervision {}
    #[doc = include_str!("../docs/testing.md")]
    mod testing {}
    #[doc = include_str!("../docs/promises.md")]
    mod promises {}
    #[doc = include_str!("../docs/performance.md")]
    mod performance {}
    #[doc = include_str!("../docs/conformance.md")]
    mod conformance {}
    #[doc = include_str!("../docs/differences-from-fresh.md")]
    mod differences_from_fresh {}
}
