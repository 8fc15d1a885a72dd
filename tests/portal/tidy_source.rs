//! A Rust file as the house rules read it: code without comments and texts, its functions, and where its own tests begin.

use std::ops::Range;
use std::path::Path;

pub struct Source {
    /// From the repository's top: `src/people/store.rs`.
    pub path: String,
    pub text: String,
    /// The text with comments and the insides of literals blanked, byte for byte as long.
    pub code: String,
    pub literals: Vec<Literal>,
    pub functions: Vec<Function>,
}

/// A text in the code, without its quotes.
pub struct Literal {
    pub at: usize,
    pub text: String,
}

pub struct Function {
    pub name: String,
    /// From `fn` to the closing bracket.
    pub all: Range<usize>,
    pub signature: String,
}

impl Source {
    pub fn read(top: &Path, path: &str) -> Self {
        Self::of(path, std::fs::read_to_string(top.join(path)).unwrap_or_else(|error| panic!("{path}: {error}")))
    }

    pub fn of(path: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        let (code, literals) = blank(&text);
        let functions = functions(&code);
        Self { path: path.to_owned(), text, code, literals, functions }
    }

    /// Where the file's own tests begin; they are at its end.
    pub fn end_of_product(&self) -> usize {
        if self.is_named("tests.rs") {
            return 0;
        }
        self.code.find("#[cfg(test)]\nmod ").unwrap_or(self.code.len())
    }

    /// The code that is shipped.
    pub fn product(&self) -> &str {
        &self.code[..self.end_of_product()]
    }

    pub fn is_named(&self, name: &str) -> bool {
        self.path.rsplit('/').next() == Some(name)
    }

    pub fn is_under(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// `path:line`, as editors open it.
    pub fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.line(at))
    }

    pub fn line(&self, at: usize) -> usize {
        1 + self.text[..at].matches('\n').count()
    }

    /// Every place in the shipped code where these words stand, not as a part of a longer name.
    pub fn finds(&self, words: &str) -> Vec<usize> {
        let product = self.product();
        let (first, last) = (words.chars().next().unwrap(), words.chars().last().unwrap());
        let joins = |a: Option<char>, b: char| is_name(b) && a.is_some_and(is_name);
        product
            .match_indices(words)
            .map(|(at, _)| at)
            .filter(|at| !joins(product[..*at].chars().next_back(), first) && !joins(product[at + words.len()..].chars().next(), last))
            .collect()
    }

    /// The innermost function around a place.
    pub fn function_around(&self, at: usize) -> Option<&Function> {
        self.functions.iter().filter(|function| function.all.contains(&at)).min_by_key(|function| function.all.len())
    }

    /// The rooms and modules it names after `crate::`, with the places.
    pub fn uses(&self) -> Vec<(usize, String)> {
        let mut uses = Vec::new();
        for at in self.finds("crate::") {
            let rest = &self.product()[at + "crate::".len()..];
            if let Some(group) = rest.strip_prefix('{') {
                uses.extend(members(group).into_iter().map(|name| (at, name)));
            } else {
                uses.push((at, rest.chars().take_while(|c| is_name(*c)).collect()));
            }
        }
        uses
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first names in `a::b, c::{d, e}, f}`.
fn members(group: &str) -> Vec<String> {
    let (mut names, mut depth, mut name, mut open) = (Vec::new(), 0, String::new(), true);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(std::mem::take(&mut name));
                open = true;
            }
            c if open && is_name(c) => name.push(c),
            c if open && !name.is_empty() && !c.is_whitespace() => open = false,
            _ => {}
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

/// The code with comments and literals blanked, and the literals.
fn blank(text: &str) -> (String, Vec<Literal>) {
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    while code.len() < text.len() {
        let at = code.len();
        let rest = &text[at..];
        let (opening, inside, closing) = match token(rest, code.chars().next_back()) {
            Token::Code(length) => {
                code.push_str(&rest[..length]);
                continue;
            }
            Token::Comment(length) => (0, length, 0),
            Token::Text { opening, inside, closing } => {
                literals.push(Literal { at, text: rest[opening..opening + inside].to_owned() });
                (opening, inside, closing)
            }
        };
        code.push_str(&rest[..opening]);
        code.extend(rest[opening..opening + inside].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        code.push_str(&rest[opening + inside..opening + inside + closing]);
    }
    (code, literals)
}

/// What stands at the beginning of a text; lengths in bytes.
enum Token {
    Code(usize),
    Comment(usize),
    Text { opening: usize, inside: usize, closing: usize },
}

fn token(rest: &str, before: Option<char>) -> Token {
    let first = rest.chars().next().unwrap();
    if rest.starts_with("//") {
        return Token::Comment(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Token::Comment(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    if first == '"' {
        let inside = end_of_text(&rest[1..]);
        return Token::Text { opening: 1, inside, closing: 1 };
    }
    if first == 'r' && !before.is_some_and(|c| is_name(c) && c != 'b') {
        let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
        if rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let opening = 2 + hashes;
            let inside = rest[opening..].find(&end).unwrap_or(rest.len() - opening - end.len());
            return Token::Text { opening, inside, closing: end.len() };
        }
    }
    if first == '\''
        && let Some(inside) = length_of_character(&rest[1..])
    {
        return Token::Text { opening: 1, inside, closing: 1 };
    }
    Token::Code(first.len_utf8())
}

fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    text.char_indices().find(|(_, c)| (*c == '"' && !escaped, escaped = *c == '\\' && !escaped).0).map_or(text.len(), |(at, _)| at)
}

/// Of the character in `x'`, or `None` where the quote begins a lifetime.
fn length_of_character(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    if let (_, '\\') = characters.next()? {
        return text[2..].find('\'').map(|end| end + 2);
    }
    characters.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at)
}

fn functions(code: &str) -> Vec<Function> {
    let mut functions = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let name: String = code[at + 3..].chars().take_while(|c| is_name(*c)).collect();
        if name.is_empty() || code[..at].chars().next_back().is_some_and(is_name) {
            continue;
        }
        let Some((open, _)) = at_depth_zero(&code[at..], &['{', ';']) else { continue };
        if code[at + open..].starts_with('{') {
            let Some((length, _)) = at_depth_zero(&code[at + open + 1..], &['}']) else { continue };
            functions.push(Function { name, all: at..at + open + length + 2, signature: code[at..at + open].to_owned() });
        }
    }
    functions
}

/// The first of `wanted` that is not inside brackets.
fn at_depth_zero(code: &str, wanted: &[char]) -> Option<(usize, char)> {
    let mut depth = 0_i32;
    code.char_indices().find(|(_, c)| {
        let found = depth == 0 && wanted.contains(c);
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        found
    })
}

#[test]
fn comments_and_texts_are_not_code() {
    let source = Source::of("src/a.rs", "fn a<'x>(c: &'x str) { /* b( */ say(\"b(\\\" {\", '{', b'\\'', r#\"b(\"#) } // b(\nfn b() {}\n");
    assert_eq!(source.code, "fn a<'x>(c: &'x str) {          say(\"      \", ' ', b'  ', r#\"  \"#) }      \nfn b() {}\n");
    let functions: Vec<_> = source.functions.iter().map(|function| (function.name.as_str(), source.line(function.all.start))).collect();
    assert_eq!(functions, [("a", 1), ("b", 2)]);
    assert_eq!(source.literals.iter().map(|literal| literal.text.as_str()).collect::<Vec<_>>(), ["b(\\\" {", "{", "\\'", "b("]);
}

#[test]
fn a_grouped_import_names_each_of_its_rooms() {
    let source = Source::of(
        "src/a.rs",
        "use crate::{db::{self, web}, money, people::x as y};\nuse crate::web::Flash;\n#[cfg(test)]\nmod tests { use crate::ids; }",
    );
    let names: Vec<_> = source.uses().into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["db", "money", "people", "web"]);
}
