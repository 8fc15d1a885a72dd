//! Sentences people see. English is the key (gettext style), so a template or a verb reads as what the page will say;
//! another language is one file in `locales/`. Placeholders are named: `Line {line}: the amount is missing`.

use std::borrow::Cow;

/// A sentence with its values, not yet in anybody's language. It can be written down and read again: a mail waits for its server.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Said {
    key: Cow<'static, str>,
    values: Vec<(Cow<'static, str>, String)>,
}

impl Said {
    pub const fn new(key: &'static str) -> Self {
        Self { key: Cow::Borrowed(key), values: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((Cow::Borrowed(name), value.to_string()));
        self
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// The sentence in a language.
    pub fn in_language(&self, language: &Language) -> String {
        fill(language.translate(&self.key), &self.values)
    }

    /// The sentence in English: for the command line and logs.
    pub fn english(&self) -> String {
        fill(&self.key, &self.values)
    }
}

/// `say!("Choose a branch")` or `say!("Line {line} is too long", line = 7)`.
#[macro_export]
macro_rules! say {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::words::Said::new($key)$(.with(stringify!($name), $value))*
    };
}

fn fill(sentence: &str, values: &[(Cow<'static, str>, String)]) -> String {
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            out.push_str(value);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A language of the pages.
#[derive(Debug, Clone)]
pub struct Language {
    code: String,
    translations: std::sync::Arc<std::collections::HashMap<String, String>>,
}

#[derive(rust_embed::Embed)]
#[folder = "locales/"]
struct Locales;

impl Language {
    pub fn english() -> Self {
        Self { code: "en".to_owned(), translations: std::sync::Arc::default() }
    }

    /// The language whose catalogue is `locales/CODE.po`; `None` where there is none or it cannot be read.
    pub fn load(code: &str) -> Option<Self> {
        if code == "en" {
            return Some(Self::english());
        }
        let file = Locales::get(&format!("{code}.po"))?;
        Self::read(code, std::io::Cursor::new(file.data))
    }

    /// The language of a catalogue in gettext's PO format; `None` where it cannot be read.
    pub fn read(code: &str, catalogue: impl std::io::Read) -> Option<Self> {
        let catalogue = polib::po_file::parse_from_reader(catalogue).ok()?;
        let translations = catalogue
            .messages()
            .filter(|message| message.is_translated())
            .filter_map(|message| Some((message.msgid().to_owned(), message.msgstr().ok()?.to_owned())))
            .collect();
        Some(Self { code: code.to_owned(), translations: std::sync::Arc::new(translations) })
    }

    /// Every language there is a catalogue for, and English.
    pub fn codes() -> Vec<String> {
        let catalogues = Locales::iter().filter_map(|file| file.strip_suffix(".po").map(str::to_owned));
        std::iter::once("en".to_owned()).chain(catalogues).collect()
    }

    /// For `<html lang>`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence in this language; itself where nobody has translated it yet.
    pub fn translate<'a>(&'a self, key: &'a str) -> &'a str {
        self.translations.get(key).map_or(key, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_sentence_takes_its_values_by_name() {
        let said = say!("Line {line}: {value} is not an amount", line = 7, value = "{x}");
        assert_eq!(said.english(), "Line 7: {x} is not an amount");
    }
}
