//! What the runtime promises (section 3 of the design), one module a promise, each test a sentence of it.

// A script answers what it means to and leaves the rest to the defaults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

#[path = "../support/mod.rs"]
mod support;

mod p01_order;
mod p02_backlog;
mod p02_busy;
mod p02_turn;
mod p03_frames;
mod p03_pieces;
mod p04_drops;
mod p04_panics;
mod p04_terminate;
mod p05_lifecycle;
mod p06_backoff;
mod p07_silence;
mod p08_close;
mod p09_bounds;
mod p10_bad_input;
mod p11_leftovers;
