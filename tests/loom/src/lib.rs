//! Runs the mailbox of `fresh-core` under `loom`, which tries every interleaving of the threads of a model.
//!
//! The two files of the mailbox are compiled here a second time, with the primitives of `sync` in place of those of std
//! and tokio. Without `--cfg loom` this crate is empty; `.ci/stages/loom` runs it.

#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "../../../fresh-core/src/mailbox/post.rs"]
mod post;
#[allow(dead_code)]
#[path = "../../../fresh-core/src/mailbox/queue.rs"]
mod queue;
#[allow(dead_code)]
mod sync;

#[cfg(test)]
mod models;
