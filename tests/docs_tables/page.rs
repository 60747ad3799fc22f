//! A page of Markdown, down to its links, its headings and the lines of its tables. Code is none of it.

pub(crate) struct Page {
    /// From the root of the project.
    pub(crate) path: String,
    pub(crate) links: Vec<Link>,
    /// What links to its headings say behind `#`.
    pub(crate) anchors: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) target: String,
}

/// A line of a table, without its head.
pub(crate) struct Row {
    pub(crate) line: usize,
    /// Each with the head of its column.
    cells: Vec<(String, String)>,
}

impl Page {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let mut page = Self { path: path.to_owned(), links: Vec::new(), anchors: Vec::new(), rows: Vec::new() };
        let (mut in_code, mut head) = (false, Vec::new());
        for (line, text) in (1..).zip(text.lines()) {
            in_code ^= text.trim_start().starts_with("```");
            if in_code {
                continue;
            }
            page.links.extend(links(line, text));
            if let Some(heading) = text.strip_prefix('#') {
                page.anchors.push(anchor(heading.trim_start_matches('#')));
            }
            match cells(text) {
                None => head.clear(),
                Some(cells) if head.is_empty() => head = cells,
                // The line below the head.
                Some(cells) if cells.iter().all(|cell| cell.starts_with("--")) => {}
                Some(cells) => page.rows.push(Row { line, cells: head.iter().cloned().zip(cells).collect() }),
            }
        }
        page
    }
}

impl Row {
    /// Whether its table says what to read and which test to look at.
    pub(crate) fn is_checked(&self) -> bool {
        self.cell("read").is_some() && self.cell("test").is_some()
    }

    /// What the line is about: its first cell.
    pub(crate) fn entry(&self) -> &str {
        self.cells.first().map_or("", |(_, cell)| cell.trim_matches('`'))
    }

    /// Whether the line is about this, written as code.
    pub(crate) fn names(&self, entry: &str) -> bool {
        self.cells.first().is_some_and(|(_, cell)| cell.contains(&format!("`{entry}`")))
    }

    pub(crate) fn links(&self, column: &str) -> Vec<Link> {
        self.cell(column).map_or_else(Vec::new, |cell| links(self.line, cell))
    }

    fn cell(&self, column: &str) -> Option<&str> {
        self.cells.iter().find(|(head, _)| head == column).map(|(_, cell)| cell.as_str())
    }
}

/// The cells of a table's line. A pipe in a cell is written `\|`.
fn cells(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('|')?.strip_suffix('|')?.replace("\\|", "\u{0}");
    Some(inner.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect())
}

/// What is written as `[text](target)`.
fn links(line: usize, text: &str) -> Vec<Link> {
    let middles = text.match_indices("](");
    middles
        .filter_map(|(middle, _)| {
            let start = text[..middle].rfind('[')?;
            let end = middle + text[middle..].find(')')?;
            Some(Link { line, text: text[start + 1..middle].to_owned(), target: text[middle + 2..end].to_owned() })
        })
        .collect()
}

/// As GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn a_page_is_read_without_its_code() {
    let page = Page::new(
        "page.md",
        "# `start` and the End\n```rust\n# [a](b)\n```\n[c](d#e)\n\n| x | test |\n|---|---|\n| a \\| b | [`f`](g) |\n",
    );
    assert_eq!(page.anchors, ["start-and-the-end"]);
    assert_eq!(page.links.iter().map(|link| link.target.as_str()).collect::<Vec<_>>(), ["d#e", "g"]);
    assert_eq!((page.rows.len(), page.rows[0].entry(), page.rows[0].line), (1, "a | b", 9));
    assert_eq!(page.rows[0].links("test")[0].text, "`f`");
}
