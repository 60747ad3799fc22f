//! What `#[derive(Handler)]` takes, and what it says about mistakes: one message each, at its place, with what to do.
//!
//! The messages are partly rustc's own. Where a new rustc words them differently, read the difference, and write them
//! anew with `TRYBUILD=overwrite cargo test --test derive_ui`.

#![cfg(feature = "macros")]

#[test]
fn what_it_takes_and_what_it_says_about_mistakes() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/derive/pass/*.rs");
    cases.compile_fail("tests/ui/derive/fail/*.rs");
}
