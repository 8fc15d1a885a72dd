//! What a tab shows, and what a test asks of it. Every failure prints the page as a person would read it.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};

#[derive(Clone)]
pub struct Page {
    /// With its query.
    pub path: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Page {
    pub fn new(path: &str, status: StatusCode, headers: HeaderMap, bytes: Vec<u8>) -> Self {
        Self { path: path.to_owned(), status, headers, bytes }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// As it came; for pages and downloads that are text.
    pub fn body(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("the body is not UTF-8")
    }

    pub fn html(&self) -> Html {
        Html::parse_document(self.body())
    }

    /// All that a person can read on it.
    pub fn reads(&self) -> String {
        let html = self.html();
        let main = html.select(&selector("body")).next().map(readable);
        main.unwrap_or_else(|| self.body().to_owned())
    }

    /// What each element that a CSS selector finds reads.
    pub fn texts(&self, css: &str) -> Vec<String> {
        self.html().select(&selector(css)).map(readable).collect()
    }

    /// What the one element that a CSS selector finds reads.
    pub fn text(&self, css: &str) -> String {
        let mut texts = self.texts(css);
        assert!(texts.len() == 1, "{} elements are «{css}», not one\n{self}", texts.len());
        texts.remove(0)
    }

    /// An attribute of the first element that a CSS selector finds.
    pub fn attribute(&self, css: &str, name: &str) -> String {
        let html = self.html();
        let found = html.select(&selector(css)).next().unwrap_or_else(|| panic!("nothing is «{css}»\n{self}"));
        found.attr(name).unwrap_or_else(|| panic!("«{css}» has no «{name}»\n{self}")).to_owned()
    }

    pub fn has(&self, css: &str) -> bool {
        self.html().select(&selector(css)).next().is_some()
    }

    /// Rows of the table that a CSS selector finds: its cells' texts, head and foot left out.
    pub fn rows(&self, css: &str) -> Vec<Vec<String>> {
        let html = self.html();
        let rows = selector(&format!("{css} tbody tr"));
        html.select(&rows).map(|row| row.select(&selector("td, th")).map(readable).collect()).collect()
    }

    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert!(self.status.as_u16() == status, "answered {}, not {status}\n{self}", self.status);
        self
    }

    #[track_caller]
    pub fn assert_path(&self, path: &str) -> &Self {
        assert!(self.path == path, "on {}, not on {path}\n{self}", self.path);
        self
    }

    #[track_caller]
    pub fn assert_says(&self, words: &str) -> &Self {
        assert!(self.reads().contains(words), "does not say «{words}»\n{self}");
        self
    }

    #[track_caller]
    pub fn assert_says_not(&self, words: &str) -> &Self {
        assert!(!self.reads().contains(words), "says «{words}»\n{self}");
        self
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = if self.bytes.is_ascii() || std::str::from_utf8(&self.bytes).is_ok() { self.reads() } else { "(no text)".to_owned() };
        write!(f, "--- {} {}\n{text}\n---", self.status, self.path)
    }
}

pub fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|error| panic!("«{css}» is no CSS selector: {error}"))
}

/// An element's text, its white space as a browser shows it: blocks end lines, the rest are single spaces.
pub fn readable(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    read_into(element, &mut text);
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn read_into(element: ElementRef<'_>, text: &mut String) {
    const UNREAD: [&str; 4] = ["script", "style", "template", "head"];
    const INLINE: [&str; 18] = [
        "a", "abbr", "b", "bdi", "button", "code", "em", "i", "kbd", "label", "mark", "q", "small", "span", "strong", "sub", "sup", "time",
    ];
    if UNREAD.contains(&element.value().name()) {
        return;
    }
    let cell = ["td", "th"].contains(&element.value().name());
    let block = !cell && !INLINE.contains(&element.value().name());
    text.push_str(if block { "\n" } else { "" });
    for child in element.children() {
        match child.value() {
            // Line breaks of the source are spaces to a reader.
            scraper::Node::Text(words) => text.push_str(&words.replace('\n', " ")),
            _ => {
                if let Some(child) = ElementRef::wrap(child) {
                    read_into(child, text);
                }
            }
        }
    }
    text.push_str(if block {
        "\n"
    } else if cell {
        " "
    } else {
        ""
    });
}
