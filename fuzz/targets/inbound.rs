//! The decoder and the assembler, with whatever bytes come; what must hold is `fresh_core::fuzz::inbound`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fresh_core::fuzz::inbound(data));
