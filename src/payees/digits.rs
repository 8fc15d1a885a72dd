//! Digits of other scripts, as people of our institutions type them.

use std::borrow::Cow;

/// The ASCII digit a character stands for: Burmese ၀–၉, Shan ႐–႙ and full-width ０–９ count as digits too.
pub fn ascii_digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => return Some(c),
        '\u{1040}'..='\u{1049}' => 0x1040,
        '\u{1090}'..='\u{1099}' => 0x1090,
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        _ => return None,
    };
    char::from_digit(u32::from(c).checked_sub(zero)?, 10)
}

/// The text with every digit as an ASCII one and without invisible characters; all else stays.
pub fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).map(|c| ascii_digit(c).unwrap_or(c)).collect())
}

/// Marks of width and direction that come along when a number is copied from a page or a chat.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}') || is_direction(c)
}

/// Marks that turn the direction of writing: in a name they only mislead who reads it.
pub fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number as a spreadsheet writes it when the column is too narrow or not text: `9.59E+11`.
/// `Some(digits)` is all of them where none was lost, `Some(None)` where some were.
pub fn scientific(text: &str) -> Option<Option<String>> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let exponent: usize = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let is_number = whole.len() == 1 && fraction.len() <= 20 && (whole.to_owned() + fraction).bytes().all(|b| b.is_ascii_digit());
    if !is_number {
        return None;
    }
    Some((fraction.len() == exponent).then(|| whole.to_owned() + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burmese_digits_are_digits() {
        assert_eq!(ascii_digits("၀၉၇၇၀၁၂၃၄၅၆"), "09770123456");
        assert_eq!(ascii_digits("ABC၁\u{200b}\u{202c}"), "ABC1");
    }

    #[test]
    fn a_shortened_number_is_known_by_its_exponent() {
        assert_eq!(scientific("9.59E+11"), Some(None));
        assert_eq!(scientific("9.59770123456E+11"), Some(Some("959770123456".to_owned())));
        assert_eq!(scientific("959770123456"), None);
        assert_eq!(scientific("CAFE"), None);
    }
}
