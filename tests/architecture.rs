//! The arrows between the modules of `fresh-core`, read off their `crate::` paths.
//!
//! ARCHITECTURE.md says why they point as they do. A module may name only those below it in this list; and some things
//! a module must not name at all.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Top first; those that share a line may name each other.
const LAYERS: &[&[&str]] = &[
    &["supervisor"],
    &["client"],
    &["driver"],
    &["handler"],
    &["machine"],
    &["action"],
    &["stats"],
    &["backoff"],
    &["wire"],
    &["options"],
    &["registry"],
    &["exit"],
    &["error"],
    &["connection"],
    &["frame"],
];

/// What must not stand in a module, besides what the layers forbid.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("machine", &["tokio", "hyper", "fastwebsockets", "fastrand", "rand::", "Instant::now", "SystemTime", "std::net"]),
    ("supervisor", &["crate::wire", "crate::machine", "crate::handler", "crate::driver"]),
    ("frame", &["crate::"]),
    ("backoff", &["tokio", "Instant"]),
];

/// No file holds more lines than this without its tests.
const MAX_LINES: usize = 500;

/// One line of code, and where it stands.
struct Line {
    module: String,
    file: PathBuf,
    number: usize,
    text: String,
}

impl Line {
    fn blame(&self, what: &str) -> String {
        format!("{}:{}: {what}: {}", self.file.display(), self.number, self.text.trim())
    }
}

#[test]
fn every_module_names_only_those_below_it() {
    assert_eq!(wrong_arrows(&code()), Vec::<String>::new());
}

#[test]
fn no_module_names_what_it_must_not() {
    assert_eq!(forbidden(&code()), Vec::<String>::new());
}

#[test]
fn no_public_signature_names_an_engine() {
    assert_eq!(leaked(&code()), Vec::<String>::new());
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let code = code();
    let mut last_lines: Vec<&Line> =
        code.windows(2).filter(|two| two[0].file != two[1].file).map(|two| &two[0]).collect();
    last_lines.extend(code.last());
    let long = last_lines.iter().filter(|line| line.number > MAX_LINES).map(|line| line.blame("too long"));
    assert_eq!(long.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn every_module_has_its_layer() {
    let unknown: Vec<String> = code()
        .into_iter()
        .map(|line| line.module)
        .filter(|module| layer(module).is_none() && module != "lib" && module != "testing")
        .collect();
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn the_runtime_does_not_depend_on_the_macros() {
    let manifest = fs::read_to_string(root().join("fresh-core/Cargo.toml")).unwrap();
    assert!(!manifest.contains("fresh-macros"));
}

#[test]
fn an_arrow_that_points_up_is_told_with_its_line() {
    let up =
        [line("machine", "use crate::{driver::run, frame::Frame};"), line("wire", "crate::machine::Machine::new()")];
    assert_eq!(
        wrong_arrows(&up),
        [
            "sample.rs:7: names `driver`: use crate::{driver::run, frame::Frame};",
            "sample.rs:7: names `machine`: crate::machine::Machine::new()"
        ]
    );
    assert!(wrong_arrows(&[line("driver", "use crate::{machine::Machine, frame::Frame};")]).is_empty());
}

#[test]
fn what_is_forbidden_is_told_with_its_line() {
    assert_eq!(forbidden(&[line("machine", "let now = Instant::now();")]).len(), 1);
    assert_eq!(forbidden(&[line("supervisor", "use crate::handler::Handler;")]).len(), 1);
    assert_eq!(leaked(&[line("client", "pub fn raw(&self) -> hyper::Response<()>;")]).len(), 1);
    assert!(leaked(&[line("client", "fn raw(&self) -> hyper::Response<()>;")]).is_empty());
}

fn line(module: &str, text: &str) -> Line {
    Line { module: module.to_owned(), file: "sample.rs".into(), number: 7, text: text.to_owned() }
}

fn wrong_arrows(code: &[Line]) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in code {
        let Some(own) = layer(&line.module) else { continue };
        for named in named_modules(&line.text) {
            if named != line.module && layer(&named).is_some_and(|other| other <= own) {
                wrong.push(line.blame(&format!("names `{named}`")));
            }
        }
    }
    wrong
}

fn forbidden(code: &[Line]) -> Vec<String> {
    let banned = |line: &Line| FORBIDDEN.iter().find(|(module, _)| *module == line.module).map(|(_, words)| *words);
    let guilty = |line: &&Line| banned(line).is_some_and(|words| words.iter().any(|word| line.text.contains(word)));
    code.iter().filter(guilty).map(|line| line.blame("forbidden here")).collect()
}

fn leaked(code: &[Line]) -> Vec<String> {
    let public = |line: &&Line| line.text.trim_start().starts_with("pub ");
    let engine =
        |line: &&Line| ["fastwebsockets::", "hyper::", "hyper_util::"].iter().any(|name| line.text.contains(name));
    code.iter().filter(public).filter(engine).map(|line| line.blame("an engine in a public signature")).collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The modules behind each `crate::` of a line; `use crate::{…}` stands on one line here, see [`code`].
fn named_modules(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    for behind in text.split("crate::").skip(1) {
        let word =
            |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match behind.strip_prefix('{') {
            None => named.push(word(behind)),
            Some(list) => {
                let mut depth = 0;
                let top = list.split(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    c == ',' && depth == 0
                });
                named.extend(top.map(word));
            }
        }
    }
    named
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The code of `fresh-core` without tests and comments; a `use crate::{…}` over several lines is joined to one.
fn code() -> Vec<Line> {
    let source = root().join("fresh-core/src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    files.sort();
    files.iter().flat_map(|file| lines_of(file, &source)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|end| end == "rs")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            files.push(path);
        }
    }
}

fn lines_of(file: &Path, source: &Path) -> Vec<Line> {
    let module = file.strip_prefix(source).unwrap().iter().next().unwrap().to_string_lossy();
    let module = module.trim_end_matches(".rs").to_owned();
    let text = fs::read_to_string(file).unwrap();
    let mut lines: Vec<Line> = Vec::new();
    let mut open: i32 = 0;
    for (index, text) in text.lines().enumerate() {
        if text.starts_with("mod tests {") {
            break;
        }
        if text.trim_start().starts_with("//") {
            continue;
        }
        if open > 0 {
            let last = lines.last_mut().unwrap();
            last.text.push_str(text.trim());
            open += braces(text);
            continue;
        }
        if text.starts_with("use crate::{") || text.starts_with("pub use crate::{") {
            open = braces(text);
        }
        lines.push(Line { module: module.clone(), file: file.to_owned(), number: index + 1, text: text.to_owned() });
    }
    lines
}

/// How many braces a line leaves open.
fn braces(text: &str) -> i32 {
    text.chars().map(|c| i32::from(c == '{') - i32::from(c == '}')).sum()
}
