//! What `#[derive(Handler)]` takes, and what it says about mistakes: one message each, at its place, with what to do.
//!
//! The messages are partly rustc's own. Where a new rustc words them differently, read the difference, and write them
//! again with `TRYBUILD=overwrite cargo test --test derive_ui`.

#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used)]

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[test]
fn what_it_takes_and_what_it_says_about_mistakes() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/derive/pass/*.rs");
    cases.compile_fail("tests/ui/derive/fail/*.rs");
    // The cases run where they are dropped, and leave the library that the rest of this test needs.
    drop(cases);
    for case in
        ["callback_without_method", "cannot_be_called", "wrong_signature", "wrong_path", "delegate_is_no_handler"]
    {
        let repeated = repeated_messages(&root().join(format!("tests/ui/derive/fail/{case}.rs")));
        assert!(repeated.is_empty(), "{case}: {repeated:#?}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Cargo and trybuild drop a message that rustc repeats, and editors show it twice. So this asks rustc.
fn repeated_messages(case: &Path) -> Vec<String> {
    let messages = libraries().into_iter().find_map(|library| messages(case, &library));
    let messages = messages.unwrap_or_else(|| panic!("{} does not compile against any library", case.display()));
    assert!(!messages.is_empty(), "{} has no mistake", case.display());
    let mut seen = HashSet::new();
    messages.into_iter().filter(|message| !seen.insert(message.clone())).collect()
}

/// Where trybuild builds, for this target and for the macros.
fn build() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("tests/trybuild")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

fn dependencies() -> Vec<PathBuf> {
    let folders = [vec![build()], entries(&build())].concat().into_iter().map(|folder| folder.join("debug/deps"));
    folders.filter(|folder| folder.is_dir()).collect()
}

/// What `fresh` was built as, the latest first.
fn libraries() -> Vec<PathBuf> {
    let files = dependencies().into_iter().flat_map(|folder| entries(&folder));
    let mut libraries: Vec<_> = files.filter(|file| is_library(file)).collect();
    libraries.sort_by_key(|file| std::cmp::Reverse(fs::metadata(file).unwrap().modified().unwrap()));
    libraries
}

fn is_library(file: &Path) -> bool {
    file.file_name().unwrap().to_string_lossy().starts_with("libfresh-")
        && file.extension().is_some_and(|e| e == "rmeta")
}

/// The errors, each as a text; `None` where the library is another compiler's.
fn messages(case: &Path, library: &Path) -> Option<Vec<String>> {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition=2024", "--emit=metadata", "--error-format=short", "--crate-name=case"]);
    rustc.arg("--out-dir").arg(env!("CARGO_TARGET_TMPDIR")).arg("--extern").arg(with_name(library)).arg(case);
    for folder in dependencies() {
        rustc.arg("-L").arg(folder);
    }
    let output = rustc.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let errors = text.lines().filter(|line| line.contains(": error")).map(String::from);
    (!text.contains("E0514") && !text.contains("E0460")).then(|| errors.collect())
}

fn with_name(library: &Path) -> String {
    format!("fresh={}", library.display())
}
