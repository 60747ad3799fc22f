//! The text of a module, down to what rules are about.

/// A file of `fresh-core/src`: its code, line by line, without tests, comments and texts.
pub(crate) struct Source {
    /// Relative to `src`.
    pub(crate) path: String,
    code: String,
}

/// A place in a file.
pub(crate) struct Place<'a> {
    pub(crate) path: &'a str,
    pub(crate) line: usize,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fresh-core/src/{}:{}", self.path, self.line)
    }
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.replace('\\', "/"), code: without_tests(&without_prose(text)) }
    }

    /// The module at the top of the crate that the file belongs to.
    pub(crate) fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How deep in the crate the file's module lies: `machine/mod.rs` is 1, `machine/io.rs` 2.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    /// The lines of code, each with its place.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Place<'_>, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (self.at(index + 1), line))
    }

    /// How many lines the file has without its tests; blank ones and comments count.
    pub(crate) fn len(&self) -> usize {
        self.code.trim_end().lines().count()
    }

    fn at(&self, line: usize) -> Place<'_> {
        Place { path: &self.path, line }
    }

    /// The paths from the root of the crate that the code names, each with its place: `machine::Input` for
    /// `use crate::machine::Input`, for `crate::{machine::{Input, Wire}}` and for `super::super::machine::Input` alike.
    pub(crate) fn crate_paths(&self) -> Vec<(Place<'_>, String)> {
        let up = "super::".repeat(self.depth());
        let mut found = Vec::new();
        for root in ["crate::", up.as_str()] {
            for (start, _) in self.code.match_indices(root) {
                let before = self.code[..start].chars().next_back();
                if before.is_some_and(|before| before.is_alphanumeric() || "_:$".contains(before)) {
                    continue;
                }
                let after = start + root.len();
                expand(&self.code, after, "", &mut |offset, path| {
                    let line = 1 + self.code[..offset].matches('\n').count();
                    found.push((self.at(line), path));
                });
            }
        }
        found
    }
}

/// Follows a path, and each branch of a group in braces, from this offset on; gives the offset behind it.
fn expand(code: &str, start: usize, prefix: &str, found: &mut impl FnMut(usize, String)) -> usize {
    let length = code[start..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(0);
    let (path, mut at) = (format!("{prefix}{}", &code[start..start + length]), start + length);
    if !code[at..].starts_with('{') {
        found(start, path);
        return at;
    }
    at += 1;
    loop {
        at += code[at..].find(|c: char| !(c.is_whitespace() || c == ',')).unwrap_or(code.len() - at);
        if at >= code.len() || code[at..].starts_with('}') {
            return at + 1;
        }
        at = expand(code, at, &path, found);
        // `as name`, `*`
        at += code[at..].find([',', '}']).unwrap_or(code.len() - at);
    }
}

/// Blanks comments and the inside of texts, so that lines keep their numbers.
fn without_prose(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        let (mut in_text, mut previous) = (false, ' ');
        for (index, c) in line.char_indices() {
            if !in_text && line[index..].starts_with("//") {
                break;
            }
            // A quote as a character (`'"'`) opens no text.
            if c == '"' && previous != '\\' && previous != '\'' {
                in_text = !in_text;
                code.push(c);
            } else if !in_text {
                code.push(c);
            }
            previous = c;
        }
        code.push('\n');
    }
    code
}

/// Blanks every item behind `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        kept.push('\n');
        let mut depth = 0;
        for line in lines.by_ref() {
            kept.push('\n');
            depth += line.matches('{').count();
            depth -= line.matches('}').count().min(depth);
            if depth == 0 && line.trim_end().ends_with(['}', ';']) {
                break;
            }
        }
    }
    kept
}

#[test]
fn each_way_to_name_a_module_is_found_with_its_line() {
    let text = "use crate::a::One;\nuse crate::{\n    b::{Two, Three},\n    c,\n};\nfn f() -> crate::d::Four {}\nuse super::super::e;\n";
    let source = Source::new("machine/io.rs", text);
    let mut found: Vec<(usize, String)> =
        source.crate_paths().into_iter().map(|(place, path)| (place.line, path)).collect();
    found.sort();
    let expected = [(1, "a::One"), (3, "b::Three"), (3, "b::Two"), (4, "c"), (6, "d::Four"), (7, "e")]
        .map(|(n, p)| (n, p.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn tests_comments_and_texts_are_no_code() {
    let text = "//! crate::a\nuse crate::b; // crate::c\nconst D: &str = \"crate::d\";\n#[cfg(test)]\nmod tests {\n    use crate::e;\n}\n#[cfg(test)]\nmod more;\nuse crate::f;\n";
    let source = Source::new("machine/mod.rs", text);
    let found: Vec<String> =
        source.crate_paths().into_iter().map(|(place, path)| format!("{}: {path}", place.line)).collect();
    assert_eq!(found, ["2: b", "10: f"]);
}
