//! The head of the answer to the upgrade, with whatever bytes come; what must hold is `fresh_core::fuzz::handshake`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fresh_core::fuzz::handshake(data));
