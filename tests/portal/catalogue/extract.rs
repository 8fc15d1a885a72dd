//! Finds the sentences in a template or a source file: those that can be translated, and those that stand bare.

/// What a file says.
#[derive(Debug, Default)]
pub struct Found {
    pub keys: Vec<String>,
    /// Words people would see that no translation reaches.
    pub bare: Vec<String>,
}

/// Attributes whose value people see or hear.
const SPOKEN: [&str; 5] = ["placeholder=\"", "aria-label=\"", " title=\"", " alt=\"", "data-text"];
/// Names, the same in every language.
const NAMES: [&str; 1] = ["Outlay"];
/// Stands where a template tag stood.
const HOLE: char = '\u{fffc}';

pub fn template(text: &str) -> Found {
    let mut found = Found::default();
    let mut html = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        html.push_str(&rest[..at]);
        html.push(HOLE);
        let (open, tag) = rest[at..].split_at(2);
        let close = match open {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let end = tag.find(close).unwrap_or_else(|| panic!("a tag is never closed: {tag:.40}"));
        if open != "{#" {
            tag_words(&tag[..end], &mut found);
        }
        rest = &tag[end + 2..];
    }
    html.push_str(rest);
    html_words(&html, &mut found);
    found
}

/// The string literals of one `{{ … }}` or `{% … %}`.
fn tag_words(tag: &str, found: &mut Found) {
    let verb = tag.trim_matches(|c: char| c == '-' || c.is_whitespace());
    if ["extends", "import", "include", "when", "match"].iter().any(|first| verb.starts_with(first)) {
        return;
    }
    let mut rest = tag;
    while let Some(start) = rest.find('"') {
        let before = &rest[..start];
        let (literal, after) = literal(&rest[start..]);
        let next = after.trim_start().strip_prefix('|').map(str::trim_start).unwrap_or_default();
        let translated = next.strip_prefix('t').is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        let plural = before.trim_end().ends_with("plural(") || (before.trim() == "," && found.plural_open(tag, rest));
        if translated || plural {
            found.key(&literal);
        } else if says_something(&literal) {
            found.bare.push(format!("\"{literal}\" in {{{{ {} }}}}", tag.trim()));
        }
        rest = after;
    }
}

impl Found {
    fn key(&mut self, key: &str) {
        let letters =
            key.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after)).any(|part| part.contains(char::is_alphabetic));
        if letters {
            self.keys.push(key.to_owned());
        }
    }

    /// Whether the literal at the start of `rest` is the second argument of `plural(…, …)`.
    fn plural_open(&self, tag: &str, rest: &str) -> bool {
        let before = &tag[..tag.len() - rest.len()];
        before.rfind("plural(").is_some_and(|open| !before[open..].contains(')'))
    }
}

/// Words, rather than the name of a class, a field or a kind.
fn says_something(literal: &str) -> bool {
    let mut letters = literal.chars().filter(|c| c.is_alphabetic());
    letters.next().is_some_and(char::is_uppercase) || (literal.trim().contains(' ') && literal.contains(char::is_alphabetic))
}

/// What stands between the tags of HTML, and in the attributes that are read out.
fn html_words(html: &str, found: &mut Found) {
    for part in html.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        let mut words = without_attributes(&text.replace(HOLE, " "));
        for name in NAMES {
            words = words.replace(name, "");
        }
        if words.split("&nbsp;").any(|words| words.chars().filter(|c| c.is_alphabetic()).count() > 1) {
            found.bare.push(text.replace(HOLE, "…").trim().to_owned());
        }
        for attribute in SPOKEN {
            for value in tag.split(attribute).skip(1) {
                let value = if attribute.ends_with('"') { value } else { value.split_once("=\"").map_or("", |(_, value)| value) };
                let value = value.split('"').next().unwrap_or_default();
                if value.contains(char::is_alphabetic) {
                    found.bare.push(format!("{attribute}{}", value.replace(HOLE, "…")));
                }
            }
        }
    }
}

/// A macro may make attributes alone; their tag stands where it is called.
fn without_attributes(text: &str) -> String {
    let mut parts = text.split("=\"");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = out.trim_end_matches(|c: char| c.is_ascii_lowercase() || c == '-').len();
        out.truncate(name);
        out.push_str(part.split_once('"').map_or("", |(_, after)| after));
    }
    out
}

pub fn rust(text: &str) -> Found {
    let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String = product.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let mut found = Found::default();
    for opening in ["say!(", "Said::new("] {
        for call in code.split(opening).skip(1) {
            literal_first(call, &mut found);
        }
    }
    // Entries of the sidebar and other tables of labels.
    for field in [" label: ", " group: "] {
        for entry in code.split(field).skip(1) {
            literal_first(entry, &mut found);
        }
    }
    // `fn label(self) -> &'static str`: what each variant is called.
    for body in code.split("fn label(").skip(1).filter(|body| body.lines().next().is_some_and(|line| line.contains("&'static str"))) {
        let body = body.split("\n    }\n").next().unwrap_or_default();
        for arm in body.split("=>").skip(1) {
            literal_first(arm, &mut found);
        }
    }
    found
}

fn literal_first(code: &str, found: &mut Found) {
    let code = code.trim_start();
    if code.starts_with('"') {
        let (key, _) = literal(code);
        found.key(&key);
    }
}

/// A string literal, and what follows it.
fn literal(code: &str) -> (String, &str) {
    let mut out = String::new();
    let mut letters = code.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (out, &code[at + 1..]),
            '\\' => match letters.next() {
                // A line that goes on: its break and the next line's indentation are not part of the text.
                Some((_, '\n')) => while letters.next_if(|(_, letter)| letter.is_whitespace()).is_some() {},
                Some((_, 'n')) => out.push('\n'),
                Some((_, letter)) => out.push(letter),
                None => break,
            },
            letter => out.push(letter),
        }
    }
    panic!("a literal is never closed: {code:.60}")
}

#[test]
fn a_bare_sentence_is_found_wherever_it_stands() {
    for bare in [
        "<p>Nothing waits for you</p>",
        "<p>{{ name }} waits</p>",
        "<input placeholder=\"Search\">",
        "<p data-text-copied=\"Copied\">",
        "{{ parts::row(\"Reason\", value) }}",
        "{% call parts::sheet(\"by provider\") %}{% endcall %}",
    ] {
        assert_eq!(template(bare).bare.len(), 1, "{bare}");
    }
    let said = template(
        "{% extends \"layout.html\" %}<p class=\"a b\">{{ \"Nothing waits\"|t }} · {{ n|plural(\"1 day\", \"{count} days\") }} {{ \"{x}\"|t }}</p>",
    );
    assert!(said.bare.is_empty(), "{:?}", said.bare);
    assert_eq!(said.keys, ["Nothing waits", "1 day", "{count} days"]);
}

#[test]
fn sentences_of_verbs_are_found_and_those_of_tests_are_not() {
    let code = "fn a() { say!(\n    \"Line {line} is \\\n     too long\", line = 1) }\n    fn label(self) -> &'static str {\n        match self {\n            A => \"Make Payment\",\n        }\n    }\n// say!(\"no\")\n#[cfg(test)]\nmod tests { say!(\"neither\") }";
    assert_eq!(rust(code).keys, ["Line {line} is too long", "Make Payment"]);
}
