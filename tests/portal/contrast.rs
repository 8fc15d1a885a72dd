//! WCAG 2.2 AA, computed from `static/css/tokens.css`: text on its ground at least 4.5 : 1 (1.4.3), borders of fields, the focus ring and
//! the bars at least 3 : 1 (1.4.11), in the light and in the dark scheme.

use std::collections::HashMap;
use std::fs;

const TEXT: f64 = 4.5;
const SHAPE: f64 = 3.0;

/// What is written or drawn, on which ground, and how much they must differ.
const PAIRS: &[(&str, &str, f64)] = &[
    ("ink", "canvas", TEXT),
    ("ink", "surface", TEXT),
    ("ink", "surface-quiet", TEXT),
    ("ink", "surface-hover", TEXT),
    ("ink", "accent-soft", TEXT),
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
