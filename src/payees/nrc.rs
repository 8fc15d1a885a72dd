//! Numbers of Myanmar's National Registration Card: `12/OUKAMA(N)123456`. State, township, kind of citizen, six digits.
//!
//! One form comes out: ASCII digits, Latin letters in upper case, the kind as one letter. Burmese township letters stay
//! Burmese: which Latin spelling a payee's bank has on file is the bank's to know.

use unicode_normalization::UnicodeNormalization as _;

use super::digits::ascii_digits;

/// States and regions of the card.
const STATES: std::ops::RangeInclusive<u32> = 1..=14;
const SERIAL_DIGITS: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnNrc;

/// The one form of a number, however it was typed.
pub fn normalise(typed: &str) -> Result<String, NotAnNrc> {
    let text: String = ascii_digits(typed).nfc().filter(|c| !c.is_whitespace() && *c != '\'').collect();
    let text = text.to_uppercase().replace('（', "(").replace('）', ")");
    let (state, rest) = text.split_once('/').ok_or(NotAnNrc)?;
    let (township, rest) = rest.split_once('(').ok_or(NotAnNrc)?;
    let (kind, serial) = rest.split_once(')').ok_or(NotAnNrc)?;
    let state = Some(state).filter(|state| state.len() <= 2 && all_digits(state)).and_then(|state| state.parse().ok()).ok_or(NotAnNrc)?;
    let township_is_one = (2..=24).contains(&township.chars().count()) && township.chars().all(is_letter);
    if !STATES.contains(&state) || !township_is_one || serial.len() != SERIAL_DIGITS || !all_digits(serial) {
        return Err(NotAnNrc);
    }
    Ok(format!("{state}/{township}({}){serial}", kind_letter(kind)?))
}

/// N: citizen (naing), E: associate (eh), P: naturalised (pyu), T: religious (thathana), Y: temporary (yah), S: national
/// verification (thi).
fn kind_letter(kind: &str) -> Result<char, NotAnNrc> {
    Ok(match kind {
        "N" | "NAING" | "နိုင်" | "နုိင်" => 'N',
        "E" | "EH" | "AE" | "ဧည့်" | "ဧည်" => 'E',
        "P" | "PYU" | "ပြု" => 'P',
        "T" | "THA" | "သာ" | "သ" => 'T',
        "Y" | "YAH" | "ယာ" => 'Y',
        "S" | "THI" | "သီ" => 'S',
        _ => return Err(NotAnNrc),
    })
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Latin, or Burmese with its signs.
fn is_letter(c: char) -> bool {
    c.is_ascii_uppercase() || (matches!(c, '\u{1000}'..='\u{109f}') && !c.is_numeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_card_however_it_is_typed() {
        for typed in
            ["12/OUKAMA(N)123456", "12/OuKaMa(Naing)123456", " 12 / OUKAMA (N) 123456", "၁၂/OuKaMa(နိုင်)၁၂၃၄၅၆", "12/oukama（n）123456"]
        {
            assert_eq!(normalise(typed).as_deref(), Ok("12/OUKAMA(N)123456"), "{typed}");
        }
        assert_eq!(normalise("၁၂/ဥကမ(နိုင်)၁၂၃၄၅၆").as_deref(), Ok("12/ဥကမ(N)123456"));
        assert_eq!(normalise("9/MaHaMa(Pyu)000001").as_deref(), Ok("9/MAHAMA(P)000001"));
    }

    #[test]
    fn what_is_no_card_is_refused() {
        for typed in [
            "",
            "12/OUKAMA(N)12345",
            "15/OUKAMA(N)123456",
            "0/OUKAMA(N)123456",
            "12OUKAMA(N)123456",
            "12/OUKAMA N 123456",
            "12/OUKAMA(Q)123456",
            "12/O1(N)123456",
            "123456",
            "12/OUKAMA(N)1234567",
        ] {
            assert_eq!(normalise(typed), Err(NotAnNrc), "{typed}");
        }
    }
}
