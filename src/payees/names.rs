//! Names of payees: kept as typed, folded for search, and sent only where the SDK takes them.

use unicode_normalization::UnicodeNormalization as _;

use super::digits::is_direction;

/// Characters of a name, at most (CONTRACT 1.5).
pub const MAX_NAME_CHARS: usize = 128;

/// As we keep and show it: NFC, one space between words, none around, nothing that turns the direction of writing.
pub fn tidy_name(typed: &str) -> String {
    if typed.is_ascii() && !typed.contains("  ") && !typed.bytes().any(|b| b.is_ascii_control()) {
        return typed.trim().to_owned();
    }
    let mut out = String::with_capacity(typed.len());
    for word in typed.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|c| !is_direction(*c)).nfc());
    }
    out
}

/// As it is searched: [`tidy_name`] in lower case. A search folds what was typed in the same way.
pub fn fold_name(name: &str) -> String {
    tidy_name(name).to_lowercase().nfc().collect()
}

/// The name as the SDK's `displayName` takes it (CONTRACT 1.5: ASCII letters, digits, `_ . , ' -` and spaces, 1 to 128), with
/// marks dropped from letters: `José` → `Jose`. `None` where it cannot be said so, as with Burmese: then no name is sent.
pub fn sdk_display_name(name: &str) -> Option<String> {
    let plain: String = name.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).collect();
    let plain = tidy_name(&plain);
    let takes = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | '.' | ',' | '\'' | '-');
    (!plain.is_empty() && plain.len() <= MAX_NAME_CHARS && plain.chars().all(takes)).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_does_not_care_how_a_name_was_typed() {
        assert_eq!(fold_name("  Daw  MYA\u{a0}Mya "), "daw mya mya");
        assert_eq!(fold_name("Jose\u{301}"), fold_name("JOSÉ"));
        assert_eq!(fold_name("ဒေါ်မြ"), "ဒေါ်မြ");
        assert_eq!(tidy_name("\u{202e}ayM"), "ayM");
    }

    #[test]
    fn the_sdk_gets_only_names_it_takes() {
        assert_eq!(sdk_display_name("José Ñandú").as_deref(), Some("Jose Nandu"));
        assert_eq!(sdk_display_name("U Ba (Kyaw)"), None);
        assert_eq!(sdk_display_name("ဒေါ်မြ"), None);
        assert_eq!(sdk_display_name("  "), None);
    }
}
