//! Every method of the handle.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod ending;
mod infos;
mod reconnecting;
mod sending;
mod starting;
mod waiting_for_itself;
mod watching;
mod workings;
