//! The state machine, with whatever bytes come; what must hold is `fresh_core::fuzz::machine`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fresh_core::fuzz::machine(data));
