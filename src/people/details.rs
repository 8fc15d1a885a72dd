//! What a form, a file or the command line says of a person: read once, so that the verbs take only what is right.

use std::str::FromStr;

use super::fold_user_name;
use crate::payees::{Country, NotAPhone, Phones};
use crate::say;
use crate::words::Said;

/// Characters of a full name, at most.
pub const FULL_NAME_CHARS_MAX: usize = 120;
/// Characters of each of the first, middle and last name.
pub const NAME_PART_CHARS_MAX: usize = 60;
/// Characters of a user name.
pub const USER_NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=64;
/// Characters of a job title, at most.
pub const JOB_TITLE_CHARS_MAX: usize = 80;
/// Characters of an email address, at most (RFC 5321).
pub const EMAIL_CHARS_MAX: usize = 254;

/// Words before a Burmese name that are no part of a user name.
const HONORIFICS: [&str; 9] = ["u", "daw", "ko", "ma", "maung", "mg", "dr", "saya", "sayama"];

/// As it was typed, every field a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TypedDetails {
    pub full_name: String,
    pub first_name: String,
    pub middle_name: String,
    pub last_name: String,
    pub user_name: String,
    pub phone: String,
    pub email: String,
    pub job_title: String,
}

/// As it is kept. Made only by [`Details::read`] and [`Details::named`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// As it stands in history; many have one name.
    pub(super) full_name: String,
    pub(super) first_name: Option<String>,
    pub(super) middle_name: Option<String>,
    pub(super) last_name: Option<String>,
    /// Folded: lower case.
    pub(super) user_name: String,
    /// Digits with country code.
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) job_title: Option<String>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {}", .said.english())]
pub struct BadDetail {
    /// The field's name in forms.
    pub field: &'static str,
    pub said: Said,
}

/// Reads phone numbers of a country; of no country, only numbers in full.
pub fn phones_of(country: &str) -> Phones {
    Country::find(country).map(Phones::new).unwrap_or_default()
}

fn bad(field: &'static str, said: Said) -> BadDetail {
    BadDetail { field, said }
}

impl Details {
    /// Reads what was typed. An empty user name is suggested from the full name.
    ///
    /// # Errors
    /// Everything that is wrong, in the form's order.
    pub fn read(typed: &TypedDetails, phones: &Phones) -> Result<Self, Vec<BadDetail>> {
        let mut wrong = Vec::new();
        let mut keep = |field: Result<Option<String>, BadDetail>| {
            field.unwrap_or_else(|bad| {
                wrong.push(bad);
                None
            })
        };
        let full_name = keep(full_name(&typed.full_name)).unwrap_or_default();
        let first_name = keep(text("first_name", &typed.first_name, NAME_PART_CHARS_MAX));
        let middle_name = keep(text("middle_name", &typed.middle_name, NAME_PART_CHARS_MAX));
        let last_name = keep(text("last_name", &typed.last_name, NAME_PART_CHARS_MAX));
        let user_name = keep(user_name(&typed.user_name, &full_name)).unwrap_or_default();
        let job_title = keep(text("job_title", &typed.job_title, JOB_TITLE_CHARS_MAX));
        let phone = keep(phone(&typed.phone, phones));
        let email = keep(email(&typed.email));
        if wrong.is_empty() {
            Ok(Self { full_name, first_name, middle_name, last_name, user_name, phone, email, job_title })
        } else {
            Err(wrong)
        }
    }

    /// Somebody of whom no more than the names is known.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn named(name: &str, full: &str) -> Result<Self, Vec<BadDetail>> {
        let full_name = full_name(full).map_err(|bad| vec![bad])?.unwrap_or_default();
        let user_name = user_name(name, &full_name).map_err(|bad| vec![bad])?.unwrap_or_default();
        let nothing = || None;
        Ok(Self {
            full_name,
            user_name,
            first_name: nothing(),
            middle_name: nothing(),
            last_name: nothing(),
            phone: nothing(),
            email: nothing(),
            job_title: nothing(),
        })
    }

    /// With a job title, or none where it is empty or too long.
    #[must_use]
    pub fn working_as(mut self, job_title: &str) -> Self {
        self.job_title = text("job_title", job_title, JOB_TITLE_CHARS_MAX).unwrap_or_default();
        self
    }

    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    pub fn phone(&self) -> Option<&str> {
        self.phone.as_deref()
    }

    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }
}

/// One line of text without outer spaces; `None` where it is empty.
fn text(field: &'static str, typed: &str, most: usize) -> Result<Option<String>, BadDetail> {
    let tidy = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if tidy.chars().count() > most {
        return Err(bad(field, say!("Write no more than {most} characters", most = most)));
    }
    if tidy.chars().any(char::is_control) {
        return Err(bad(field, say!("Write it without special characters")));
    }
    Ok(Some(tidy).filter(|tidy| !tidy.is_empty()))
}

fn full_name(typed: &str) -> Result<Option<String>, BadDetail> {
    match text("full_name", typed, FULL_NAME_CHARS_MAX)? {
        Some(name) => Ok(Some(name)),
        None => Err(bad("full_name", say!("Write the full name; one name is enough"))),
    }
}

fn user_name(typed: &str, full_name: &str) -> Result<Option<String>, BadDetail> {
    let name = match (fold_user_name(typed), full_name) {
        // The full name's own problem is told already.
        (name, "") if name.is_empty() => return Ok(None),
        (name, _) if name.is_empty() => {
            suggest_user_name(full_name).ok_or_else(|| bad("user_name", say!("Write a user name: none can be made from this full name")))?
        }
        (name, _) => name,
    };
    let allowed = name.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c));
    if allowed && USER_NAME_CHARS.contains(&name.chars().count()) {
        Ok(Some(name))
    } else {
        Err(bad("user_name", say!("A user name has 2 to 64 letters, digits, dots, dashes or underscores, and no spaces")))
    }
}

/// `Daw Hla Hla` → `hla.hla`; `None` for names in letters that not every keyboard has.
pub fn suggest_user_name(full_name: &str) -> Option<String> {
    let folded = super::fold_name(full_name);
    let mut words: Vec<&str> = folded.split(|c: char| c.is_whitespace() || ".,'’".contains(c)).filter(|word| !word.is_empty()).collect();
    if words.len() > 1 && words.first().is_some_and(|first| HONORIFICS.contains(first)) {
        words.remove(0);
    }
    let name: String = words.join(".").chars().take(*USER_NAME_CHARS.end()).collect();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    (plain && USER_NAME_CHARS.contains(&name.len())).then_some(name)
}

fn phone(typed: &str, phones: &Phones) -> Result<Option<String>, BadDetail> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    match phones.read(typed) {
        Ok(phone) => Ok(Some(phone.msisdn)),
        Err(NotAPhone::TwoReadings(one, other)) => {
            Err(bad("phone", say!("This can be +{one} or +{other}: write it with + and the country code", one = one, other = other)))
        }
        Err(NotAPhone::DigitsLost) => Err(bad("phone", say!("The spreadsheet cut digits off this phone number: write it in full"))),
        Err(NotAPhone::NotANumber) => {
            Err(bad("phone", say!("This is not a phone number. Write it as in 09 770 000 123 or +95 9 770 000 123")))
        }
    }
}

fn email(typed: &str) -> Result<Option<String>, BadDetail> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    if typed.len() > EMAIL_CHARS_MAX || lettre::Address::from_str(typed).is_err() {
        return Err(bad("email", say!("This is not an email address. Write it as in name@example.org")));
    }
    Ok(Some(typed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_suggested_without_the_honorific() {
        assert_eq!(suggest_user_name("Daw Hla  Hla").as_deref(), Some("hla.hla"));
        assert_eq!(suggest_user_name("Thiri").as_deref(), Some("thiri"));
        assert_eq!(suggest_user_name("U").as_deref(), None);
        assert_eq!(suggest_user_name("ဒေါ်လှလှ"), None);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let phones = Phones::new(Country::find("MM").unwrap());
        let typed = TypedDetails { user_name: "min thu".into(), phone: "123".into(), email: "at home".into(), ..Default::default() };
        let wrong = Details::read(&typed, &phones).unwrap_err();
        assert_eq!(wrong.iter().map(|bad| bad.field).collect::<Vec<_>>(), ["full_name", "user_name", "phone", "email"]);

        let typed = TypedDetails {
            full_name: " Ko  Min Thu ".into(),
            phone: "09 770 000 123".into(),
            email: "min@example.org".into(),
            ..Default::default()
        };
        let details = Details::read(&typed, &phones).unwrap();
        assert_eq!((details.full_name(), details.user_name()), ("Ko Min Thu", "min.thu"));
        assert_eq!((details.phone(), details.email()), (Some("959770000123"), Some("min@example.org")));
    }

    #[test]
    fn lengths_are_taken_at_the_edge() {
        let named = |chars: usize| Details::named("somebody", &"a".repeat(chars));
        assert!(named(FULL_NAME_CHARS_MAX).is_ok() && named(FULL_NAME_CHARS_MAX + 1).is_err());
        let called = |chars: usize| Details::named(&"a".repeat(chars), "Somebody");
        assert!(called(64).is_ok() && called(65).is_err() && called(1).is_err());
    }
}
