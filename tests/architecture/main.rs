//! Holds the layers of `fresh-core`: which module may know of which, and what no public signature may name.
//!
//! It reads the code that is shipped, without its tests, comments and texts. A rule that is broken is told in one
//! sentence that names file and line. Each rule is tried on a text that breaks it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod rules;
mod source;

use std::path::Path;

use rules::RULES;
use source::Source;

/// Every shipped file of `fresh-core`.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fresh-core/src");
    let mut sources = Vec::new();
    collect(&root, &root, &mut sources);
    assert!(sources.len() > 50, "only {} files were found in {}", sources.len(), root.display());
    sources
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            collect(root, &path, sources);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            sources.push(Source::new(path.strip_prefix(root).unwrap().to_str().unwrap(), &text));
        }
    }
}

#[test]
fn every_layer_keeps_to_its_rules() {
    let sources = sources();
    let broken: Vec<String> = sources.iter().flat_map(|source| RULES.iter().flat_map(|rule| rule(source))).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn no_module_is_left_out_of_the_layers() {
    let missing: Vec<String> = sources().iter().filter_map(rules::not_in_the_layers).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_runtime_does_not_depend_on_the_macros() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fresh-core/Cargo.toml");
    assert!(!std::fs::read_to_string(manifest).unwrap().contains("fresh-macros"));
}
