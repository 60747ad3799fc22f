//! The rules, each a function from a file to the sentences that tell where it is broken.

use super::source::Source;

/// A rule: the sentences that tell where the file breaks it.
pub(crate) type Rule = fn(&Source) -> Vec<String>;

pub(crate) const RULES: &[Rule] =
    &[downwards, forbidden_modules, forbidden_words, public_signatures, small_files, no_unsafe];

/// The modules of `fresh-core` from the top down: each depends only on what stands below it.
const LAYERS: &[&str] = &[
    "lib",
    "fuzz",
    "instructions",
    "testing",
    "ext",
    "socket",
    "supervisor",
    "client",
    "driver",
    "mailbox",
    "handler",
    "machine",
    "action",
    "stats",
    "within",
    "backoff",
    "wire",
    "admission",
    "options",
    "registry",
    "down",
    "exit",
    "error",
    "connection",
    "frame",
];

/// Modules that must not know of these others, whatever their layers say.
const FORBIDDEN_MODULES: &[(&str, &[&str])] = &[
    ("machine", &["handler", "driver", "client", "registry", "supervisor", "socket"]),
    ("wire", &["machine", "handler", "driver", "client"]),
    ("handler", &["driver", "wire", "machine"]),
    ("action", &["driver", "wire", "machine"]),
    ("driver", &["supervisor", "socket", "client"]),
    ("mailbox", &["machine", "handler"]),
    ("supervisor", &["wire", "machine", "handler", "driver"]),
    ("frame", &["*"]),
];

/// Words that must not stand in the code of a module; `*` is every module.
const FORBIDDEN_WORDS: &[(&str, &[&str], &str)] = &[
    ("machine", &["tokio", "hyper", "futures_util", "std::net"], "decides without I/O"),
    ("machine", &["Instant::now", "SystemTime", "elapsed()"], "is told the time"),
    ("machine", &["fastrand", "getrandom", "rand::"], "decides by no chance"),
    ("machine", &["async fn", ".await", "unsafe"], "is a function"),
    ("backoff", &["tokio", "Instant", "sleep"], "is an iterator that never sleeps"),
    ("options", &["tokio::net", "tokio::time", "hyper"], "is plain data"),
    ("*", &["fresh_macros"], "does not know of the macros, which know of it"),
];

/// What no public signature may name: a new version of theirs would be a new version of ours.
const FOREIGN: &[&str] = &["fastwebsockets", "hyper", "hyper_util", "http_body_util"];

/// The one file in which the compiler is told to trust us.
const UNSAFE: &str = "wire/shared_text.rs";

/// How many lines a file may have without its tests.
const MOST_LINES: usize = 500;

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == module)
}

/// What is told of a file whose module has no place among the layers.
pub(crate) fn not_in_the_layers(source: &Source) -> Option<String> {
    layer(source.module()).is_none().then(|| format!("`{}` has no place among the layers", source.path))
}

fn downwards(source: &Source) -> Vec<String> {
    let module = source.module();
    let Some(own) = layer(module).filter(|_| module != "lib") else { return Vec::new() };
    let mut broken = Vec::new();
    for (place, path) in source.crate_paths() {
        let other = path.split("::").next().unwrap_or_default();
        if layer(other).is_some_and(|other| other < own) {
            broken.push(format!("{place}: `{module}` names `{path}`, and `{other}` stands above it"));
        }
    }
    broken
}

fn forbidden_modules(source: &Source) -> Vec<String> {
    let module = source.module();
    let mut broken = Vec::new();
    for (_, others) in FORBIDDEN_MODULES.iter().filter(|(from, _)| *from == module) {
        for (place, path) in source.crate_paths() {
            let other = path.split("::").next().unwrap_or_default();
            let is_sibling = *others == ["*"] && other != module && layer(other).is_some();
            if others.contains(&other) || is_sibling {
                broken.push(format!("{place}: `{module}` names `{path}`, of which it must not know"));
            }
        }
    }
    broken
}

fn forbidden_words(source: &Source) -> Vec<String> {
    let module = source.module();
    let mut broken = Vec::new();
    for (place, line) in source.lines() {
        for (_, words, why) in FORBIDDEN_WORDS.iter().filter(|(from, ..)| *from == module || *from == "*") {
            for word in words.iter().filter(|word| has_word(line, word)) {
                broken.push(format!("{place}: `{module}` names `{word}`, and it {why}"));
            }
        }
    }
    broken
}

fn public_signatures(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    let mut public = false;
    for (place, line) in source.lines() {
        let start = line.trim_start();
        // What is public within the crate only is nobody else's. A signature goes on to its body or its end.
        public |= start.starts_with("pub ") || start.starts_with("impl ");
        if public {
            for foreign in FOREIGN.iter().filter(|foreign| has_word(line, foreign)) {
                broken.push(format!("{place}: a public signature names `{foreign}`, which is no business of a user's"));
            }
        }
        public &= !line.contains(['{', ';']) && !line.trim().is_empty();
    }
    broken
}

fn small_files(source: &Source) -> Vec<String> {
    let (path, lines) = (&source.path, source.len());
    let too_long =
        format!("fresh-core/src/{path}:{lines}: has {lines} lines without its tests, and {MOST_LINES} are the most");
    if lines > MOST_LINES { vec![too_long] } else { Vec::new() }
}

fn no_unsafe(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    for (place, line) in source.lines().filter(|_| source.path != UNSAFE) {
        if has_word(line, "unsafe") || has_word(line, "unsafe_code") {
            broken.push(format!("{place}: only {UNSAFE} may be `unsafe`"));
        }
    }
    broken
}

/// Whether the word stands in the line on its own, not as a part of another one.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(start, _)| {
        let own_start = !word.starts_with(char::is_alphanumeric) || !is_part(line[..start].chars().next_back());
        let own_end = !word.ends_with(char::is_alphanumeric) || !is_part(line[start + word.len()..].chars().next());
        own_start && own_end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule tells of line 2 of a file with this second line, and of no line of one without it.
    #[track_caller]
    fn assert_breaks(rule: Rule, path: &str, line: &str) {
        let told = rule(&Source::new(path, &format!("use std::fmt;\n{line}\n")));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("fresh-core/src/{path}:2: ")), "{told:?}");
        assert!(rule(&Source::new(path, "use std::fmt;\n")).is_empty());
    }

    #[test]
    fn an_arrow_upwards_is_told() {
        assert_breaks(downwards, "error/mod.rs", "use crate::options::Options;");
        assert_breaks(downwards, "options/mod.rs", "use crate::{client::Client, error::Error};");
        assert_breaks(downwards, "wire/tls.rs", "use super::super::machine::Input;");
        assert_breaks(downwards, "driver/turn.rs", "fn f(_: crate::supervisor::Verdict) {}");
        assert!(downwards(&Source::new("machine/io.rs", "use crate::{error::Error, frame::Frame};\n")).is_empty());
    }

    #[test]
    fn each_forbidden_arrow_is_told() {
        for (module, others) in FORBIDDEN_MODULES {
            for other in others.iter().map(|other| if *other == "*" { "options" } else { other }) {
                assert_breaks(forbidden_modules, &format!("{module}.rs"), &format!("use crate::{other}::Thing;"));
                assert_breaks(
                    forbidden_modules,
                    &format!("{module}/deep/file.rs"),
                    &format!("use crate::{{{other}::Thing}};"),
                );
            }
        }
    }

    #[test]
    fn each_forbidden_word_is_told() {
        for (module, words, _) in FORBIDDEN_WORDS {
            let module = if *module == "*" { "client" } else { module };
            for word in *words {
                assert_breaks(forbidden_words, &format!("{module}/file.rs"), &format!("let x = {word};"));
            }
        }
    }

    #[test]
    fn a_word_is_not_a_part_of_another_one() {
        assert!(has_word("use tokio::net;", "tokio") && has_word("Instant::now()", "Instant::now"));
        assert!(!has_word("use tokio_util::io;", "tokio") && !has_word("my_tokio", "tokio"));
    }

    #[test]
    fn a_foreign_type_in_a_public_signature_is_told() {
        for foreign in FOREIGN {
            for line in [
                format!("pub fn f() -> {foreign}::Thing {{}}"),
                format!("pub struct S(pub {foreign}::Thing);"),
                format!("    pub field: {foreign}::Thing,"),
                format!("pub use {foreign}::Thing;"),
                format!("impl From<{foreign}::Thing> for Error {{"),
            ] {
                assert_breaks(public_signatures, "client/mod.rs", &line);
            }
            let long =
                Source::new("client/mod.rs", &format!("pub fn f(\n    a: u8,\n    b: {foreign}::Thing,\n) {{}}\n"));
            assert_eq!(public_signatures(&long).len(), 1);
            let ours = format!("pub(crate) fn f() -> {foreign}::Thing {{}}\nfn g() {{\n    {foreign}::call();\n}}\n");
            assert!(public_signatures(&Source::new("client/mod.rs", &ours)).is_empty());
        }
    }

    #[test]
    fn a_long_file_is_told_and_its_tests_do_not_count() {
        let line = "fn f() {}\n";
        assert!(small_files(&Source::new("client/mod.rs", &line.repeat(500))).is_empty());
        assert_eq!(small_files(&Source::new("client/mod.rs", &line.repeat(501))).len(), 1);
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", line.repeat(400), line.repeat(400));
        assert!(small_files(&Source::new("client/mod.rs", &tested)).is_empty());
    }

    #[test]
    fn unsafe_code_is_told_but_in_its_one_file() {
        let line = "let text = unsafe { f() };";
        assert_breaks(no_unsafe, "driver/turn.rs", line);
        assert_breaks(no_unsafe, "wire/mod.rs", "#[allow(unsafe_code)]");
        assert!(no_unsafe(&Source::new("wire/shared_text.rs", line)).is_empty());
    }

    #[test]
    fn a_module_without_a_place_is_told() {
        assert!(not_in_the_layers(&Source::new("newcomer.rs", "")).is_some());
        assert!(not_in_the_layers(&Source::new("machine/io.rs", "")).is_none());
    }
}
