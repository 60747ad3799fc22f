//! The life of a client, with whatever bytes come as its script; what must hold is `fresh_core::fuzz::driver`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fresh_core::fuzz::driver(data));
