//! A WebSocket client that stays up.

pub use fresh_core::*;
