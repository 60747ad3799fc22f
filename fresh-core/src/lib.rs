//! The runtime of `fresh`: use that crate, which re-exports everything here.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used))]

pub mod action;
pub mod backoff;
pub mod client;
pub mod connection;
pub mod error;
pub mod exit;
pub mod frame;
pub mod handler;
pub mod options;
pub mod registry;
pub mod socket;
pub mod supervisor;

pub use action::{Action, Frames, Recovery};
pub use client::{Client, RegistryExt};
pub use connection::{ConnectionState, Disconnect, Initiator, Upgrade};
pub use down::Down;
pub use error::{BoxError, Error, ErrorKind, Result};
pub use exit::ExitReason;
pub use ext::HandlerExt;
pub use frame::{CloseCode, CloseFrame, Control, Frame, Message, MessageType};
#[doc(hidden)]
pub use handler::forward as __private;
pub use handler::{DynHandler, Handler};
pub use options::{Offline, Options};
pub use socket::Socket;
pub use stats::Stats;

mod admission;
mod down;
mod driver;
mod ext;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzz;
#[cfg(feature = "instructions")]
#[doc(hidden)]
pub mod instructions;
mod machine;
mod mailbox;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
mod wire;
mod within;
