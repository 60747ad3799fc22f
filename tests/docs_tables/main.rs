//! Holds the guide against the project: links lead somewhere, and where a table says what became of another library's
//! function, its lines are complete, and each names a chapter and a test that there are.
//!
//! Such a table has the columns `read` and `test`. A new one needs its list of entries in `ENTRIES`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod entries;
mod page;

use std::path::{Path, PathBuf};

use entries::ENTRIES;
use page::{Link, Page, Row};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(path: &str) -> Page {
    Page::new(path, &std::fs::read_to_string(root().join(path)).unwrap())
}

/// The guide, and the pages beside it.
fn pages() -> Vec<Page> {
    let chapters = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let chapters = chapters.map(|name| format!("docs/{}", name.to_str().unwrap()));
    let beside = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(String::from);
    let pages: Vec<Page> =
        chapters.chain(beside).filter(|path| path.ends_with(".md")).map(|path| page(&path)).collect();
    assert!(pages.len() > 12, "only {} pages were found", pages.len());
    pages
}

/// What is wrong about a link of this page, if anything.
fn broken(page: &Page, link: &Link) -> Option<String> {
    if link.target.contains("://") {
        return None;
    }
    let tell = |what: &str| Some(format!("{}:{}: `{}` {what}", page.path, link.line, link.target));
    let (file, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
    let path = if file.is_empty() { PathBuf::from(&page.path) } else { beside(page, file) };
    let Ok(text) = std::fs::read_to_string(root().join(&path)) else {
        return if root().join(&path).is_dir() { None } else { tell("is no file") };
    };
    let has_anchor = anchor.is_empty() || Page::new("", &text).anchors.iter().any(|known| known == anchor);
    if has_anchor { None } else { tell("is no heading of that page") }
}

/// What is wrong about a link to a test, if anything: its text is the test's name, its target the file.
fn no_test(page: &Page, link: &Link) -> Option<String> {
    let text = std::fs::read_to_string(root().join(beside(page, &link.target))).unwrap_or_default();
    let name = link.text.trim_matches('`');
    // Each attribute, with what follows it.
    let is_test = text.split("#[").skip(1).any(|item| {
        let function = item.split_once("fn ").map_or("", |(_, function)| function);
        (item.starts_with("test]") || item.starts_with("tokio::test"))
            && function.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))
    });
    let told = || format!("{}:{}: there is no test `{name}` in {}", page.path, link.line, link.target);
    (!is_test).then(told)
}

fn beside(page: &Page, file: &str) -> PathBuf {
    Path::new(&page.path).parent().unwrap().join(file)
}

/// What is wrong about the lines of a page's tables that have the columns `read` and `test`.
fn wrong_lines(page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in page.rows.iter().filter(|row| row.is_checked()) {
        for (column, links) in [("read", row.links("read")), ("test", row.links("test"))] {
            if links.is_empty() {
                wrong.push(format!("{}:{}: nothing to {column} for `{}`", page.path, row.line, row.entry()));
            }
        }
        wrong.extend(row.links("read").iter().filter_map(|link| broken(page, link)));
        wrong.extend(row.links("test").iter().filter_map(|link| no_test(page, link)));
    }
    wrong
}

#[test]
fn every_link_leads_somewhere() {
    let broken: Vec<String> =
        pages().iter().flat_map(|page| page.links.iter().filter_map(|link| broken(page, link))).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_line_names_a_chapter_and_a_test() {
    let wrong: Vec<String> = pages().iter().flat_map(wrong_lines).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_entry_of_the_original_has_its_line() {
    for (path, entries) in ENTRIES {
        let page = page(path);
        let rows: Vec<&Row> = page.rows.iter().filter(|row| row.is_checked()).collect();
        let missing: Vec<_> = entries.iter().filter(|entry| !rows.iter().any(|row| row.names(entry))).collect();
        assert!(missing.is_empty(), "{path} has no line for {missing:?}");
    }
}

/// Fresh's own example, which has 15 lines there.
#[test]
fn the_counter_takes_no_more_lines_than_in_fresh() {
    let chapter = std::fs::read_to_string(root().join("docs/derive.md")).unwrap();
    let example = chapter.split("```").nth(1).unwrap().strip_prefix("rust\n").unwrap();
    assert!(example.contains("struct Counter"), "{example}");
    assert!(example.lines().count() <= 15, "{example}");
}

#[test]
fn a_line_without_a_chapter_or_with_a_test_that_is_not_there_is_told() {
    let page = Page::new(
        "docs/page.md",
        "| Fresh | here | read | test |\n|---|---|---|---|\n\
         | `a` | `b` | [names](names-and-links.md#names) | [`every_link_leads_somewhere`](../tests/docs_tables/main.rs) |\n\
         | `c` | `d` | – | [`root`](../tests/docs_tables/main.rs) |\n\
         | `e` | `f` | [names](names-and-links.md#numbers) | – |\n",
    );
    assert_eq!(
        wrong_lines(&page),
        [
            "docs/page.md:4: nothing to read for `c`",
            "docs/page.md:4: there is no test `root` in ../tests/docs_tables/main.rs",
            "docs/page.md:5: nothing to test for `e`",
            "docs/page.md:5: `names-and-links.md#numbers` is no heading of that page",
        ]
    );
}

#[test]
fn a_link_that_leads_nowhere_is_told() {
    let page =
        Page::new("docs/page.md", "[a](nothing.md) [b](README.md) [c](#here) [d](https://example.com)\n# Here\n");
    let told: Vec<_> = page.links.iter().filter_map(|link| broken(&page, link)).collect();
    assert_eq!(told[0], "docs/page.md:1: `nothing.md` is no file");
}
