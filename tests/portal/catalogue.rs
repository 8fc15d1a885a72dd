//! House rule 11: every sentence people see can be translated. English stands in the templates and verbs, `locales/outlay.pot` lists it,
//! and a language is one file beside it.
//!
//! After changing a sentence: `UPDATE_CATALOGUE=1 cargo test --test portal catalogue`.

mod extract;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use outlay::words::Language;

use self::extract::Found;
use crate::gallery;

const POT: &str = "locales/outlay.pot";

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(path.to_str().unwrap(), ending));
        } else if path.extension().is_some_and(|known| known == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn extracted(path: &Path) -> Found {
    let text = fs::read_to_string(path).unwrap();
    if path.extension().is_some_and(|ending| ending == "rs") { extract::rust(&text) } else { extract::template(&text) }
}

/// Every sentence, with the files it stands in.
fn keys(paths: &[PathBuf]) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in paths {
        for key in extracted(path).keys {
            keys.entry(key).or_default().insert(path.to_str().unwrap().to_owned());
        }
    }
    keys
}

fn product() -> Vec<PathBuf> {
    [files("src", "rs"), files("templates", "html")].concat()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn pot(keys: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut out = String::from(
        "# Every sentence of Outlay. Written by a test: UPDATE_CATALOGUE=1 cargo test --test portal catalogue\n\
         # To add a language, copy this file to CODE.po and fill the msgstr lines (docs/design-system.md).\n\
         msgid \"\"\nmsgstr \"\"\n\"Content-Type: text/plain; charset=UTF-8\\n\"\n\"Content-Transfer-Encoding: 8bit\\n\"\n",
    );
    for (key, places) in keys {
        out.push('\n');
        for place in places {
            writeln!(out, "#: {place}").unwrap();
        }
        writeln!(out, "msgid {}\nmsgstr \"\"", quoted(key)).unwrap();
    }
    out
}

#[test]
fn no_template_says_anything_that_cannot_be_translated() {
    let bare: Vec<String> = files("templates", "html")
        .iter()
        .flat_map(|path| extracted(path).bare.into_iter().map(|text| format!("{}: {text}", path.display())).collect::<Vec<_>>())
        .collect();
    assert!(bare.is_empty(), "write {{{{ \"…\"|t }}}} instead of:\n{}", bare.join("\n"));
}

#[test]
fn the_catalogue_lists_every_sentence_and_no_other() {
    let now = pot(&keys(&product()));
    if std::env::var_os("UPDATE_CATALOGUE").is_some() {
        fs::write(POT, &now).unwrap();
    }
    let kept = fs::read_to_string(POT).unwrap_or_default();
    let lines = |text: &str| text.lines().filter(|line| line.starts_with("msgid")).map(str::to_owned).collect::<BTreeSet<_>>();
    let (now_lines, kept_lines) = (lines(&now), lines(&kept));
    let missing: Vec<_> = now_lines.difference(&kept_lines).collect();
    let stale: Vec<_> = kept_lines.difference(&now_lines).collect();
    assert!(kept == now, "UPDATE_CATALOGUE=1 cargo test --test portal catalogue\nmissing: {missing:#?}\nstale: {stale:#?}");
}

/// `{total}` and the like, which a translation must have too.
fn placeholders(sentence: &str) -> BTreeSet<&str> {
    sentence.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn every_translation_keeps_the_values_of_its_sentence() {
    let keys = keys(&product());
    for path in files("locales", "po") {
        let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let language = Language::load(&code).unwrap_or_else(|| panic!("{} cannot be read", path.display()));
        for key in keys.keys() {
            assert_eq!(placeholders(language.translate(key)), placeholders(key), "{}: {key}", path.display());
        }
    }
}

/// A language nobody speaks: every sentence between brackets.
fn bracketed() -> Language {
    let paths = [product(), files("tests/portal/gallery", "html"), vec![PathBuf::from("tests/portal/gallery.rs")]].concat();
    let mut po = String::from("msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n");
    for key in keys(&paths).keys() {
        write!(po, "\nmsgid {}\nmsgstr {}\n", quoted(key), quoted(&format!("⟦{key}⟧"))).unwrap();
    }
    Language::read("xx", po.as_bytes()).expect("the catalogue is a PO file")
}

/// What is left of a page's words when translated sentences and data are taken away.
fn left_over(page: &str, data: &[&str]) -> String {
    let html = scraper::Html::parse_document(page);
    let spoken = ["placeholder", "aria-label", "title", "alt"];
    let mut words = html.root_element().text().collect::<Vec<_>>().join(" ");
    for element in html.root_element().descendent_elements() {
        for (name, value) in element.value().attrs() {
            if spoken.contains(&name) || name.starts_with("data-text") {
                write!(words, " {value}").unwrap();
            }
        }
    }
    while let Some((start, rest)) = words.split_once('⟦') {
        let (_, end) = rest.split_once('⟧').expect("a bracket is closed");
        words = format!("{start}{end}");
    }
    for known in data {
        words = words.replace(known, "");
    }
    words.chars().filter(|letter| letter.is_alphabetic()).collect()
}

#[test]
fn a_translation_reaches_every_word_of_a_page() {
    let language = bracketed();
    assert_eq!(language.translate("Sign in"), "⟦Sign in⟧");
    let sign_in = gallery::sign_in(language.clone());
    let page = gallery::rendered(&sign_in.page, &sign_in);
    assert!(page.contains("<html lang=\"xx\">"), "the page names its language");
    assert!(page.contains("⟦The user name or the password is not right⟧"), "a verb's sentence is translated too");
    let data = ["Outlay", "Shwe Yoe Microfinance", "Asia/Yangon (UTC+06:30)"];
    assert_eq!(left_over(&page, &data), "", "these words of the sign-in page stay English");

    let empty = gallery::empty(language);
    let page = gallery::rendered(&empty.page, &empty);
    let data = [data.as_slice(), &["Daw Hnin Wai", "YANGON - INSEIN - Branch 1"]].concat();
    assert_eq!(left_over(&page, &data), "", "these words of the frame stay English");
}
