//! What holds for any bytes at all, as functions that panic where it does not: the targets in `fuzz/` call them, and the
//! tests here with the same seeds. No part of what is shipped.

use std::time::Instant;

use crate::{
    machine,
    wire::{inbound, upgrade},
};

mod driver;
#[cfg(test)]
mod tests;

/// The decoder and the assembler: the same is told however the bytes are cut, and memory stays within the limits.
pub fn inbound(data: &[u8]) {
    inbound::fuzz::any_bytes(data);
}

/// The inflater: the same however a message is cut into frames, never over the limit, never without end.
#[cfg(feature = "deflate")]
pub fn inflater(data: &[u8]) {
    crate::wire::deflate::fuzz::any_messages(data);
}

/// The head of the server's answer: what is accepted is valid, what is read is bounded, and nothing behind it is lost.
pub fn handshake(data: &[u8]) {
    upgrade::fuzz::any_answer(data);
}

/// The state machine: one end, nothing after it, no timer that its state does not have.
pub fn machine(data: &[u8]) {
    machine::fuzz::any_course(data, Instant::now());
}

/// The driver, from its start to its end: what the runtime promises holds whatever the server, the handler and the handles
/// do.
pub fn driver(data: &[u8]) {
    driver::any_life(data);
}
