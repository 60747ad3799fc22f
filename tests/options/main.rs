//! Every option takes effect in a running client.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod backoff;
mod config;
mod keepalive;
mod limits;
mod logging;
mod offline;
mod queues;
mod request;
mod timeouts;
mod tls;
mod transport;
