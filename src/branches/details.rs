//! What is said of a branch, read once: by the form, the operator's command and the verbs alike.

use super::NewBranch;

/// Characters of a code.
pub const CODE_CHARS_MAX: usize = 20;
/// Characters of a region or a township.
pub const PLACE_CHARS_MAX: usize = 60;
/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 80;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Region,
    Township,
    Code,
    Name,
}

impl Field {
    /// Its name in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Township => "township",
            Self::Code => "code",
            Self::Name => "name",
        }
    }

    /// How many characters it may have.
    pub const fn chars_max(self) -> usize {
        match self {
            Self::Region | Self::Township => PLACE_CHARS_MAX,
            Self::Code => CODE_CHARS_MAX,
            Self::Name => NAME_CHARS_MAX,
        }
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    Missing(Field),
    TooLong(Field),
    /// A code has letters and digits of English, and - _ . / between them: payment files name branches by it.
    BadCode,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(field) => write!(f, "the {} is missing", field.as_str()),
            Self::TooLong(field) => write!(f, "the {} is longer than {} characters", field.as_str(), field.chars_max()),
            Self::BadCode => write!(f, "a code has English letters, digits and - _ . / and begins with a letter or a digit"),
        }
    }
}

/// The same without white space around and twice within; or everything that is wrong with it.
pub(super) fn read(typed: &NewBranch) -> Result<NewBranch, Vec<Wrong>> {
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let new = NewBranch { code: tidy(&typed.code), region: tidy(&typed.region), township: tidy(&typed.township), name: tidy(&typed.name) };
    let fields = [(Field::Region, &new.region), (Field::Township, &new.township), (Field::Code, &new.code), (Field::Name, &new.name)];
    let mut wrong = Vec::new();
    for (field, text) in fields {
        if text.is_empty() {
            wrong.push(Wrong::Missing(field));
        } else if text.chars().count() > field.chars_max() {
            wrong.push(Wrong::TooLong(field));
        } else if field == Field::Code && !is_code(text) {
            wrong.push(Wrong::BadCode);
        }
    }
    if wrong.is_empty() { Ok(new) } else { Err(wrong) }
}

fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(code: &str, region: &str) -> NewBranch {
        NewBranch { code: code.to_owned(), region: region.to_owned(), township: "Insein".to_owned(), name: " Branch  1 ".to_owned() }
    }

    #[test]
    fn white_space_is_no_difference() {
        let read = read(&typed(" YGN-01", "Yangon ")).unwrap();
        assert_eq!((read.code.as_str(), read.region.as_str(), read.name.as_str()), ("YGN-01", "Yangon", "Branch 1"));
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let long = "x".repeat(PLACE_CHARS_MAX + 1);
        assert_eq!(read(&typed("", &long)).unwrap_err(), [Wrong::TooLong(Field::Region), Wrong::Missing(Field::Code)]);
        assert!(read(&typed("YGN-01", &"x".repeat(PLACE_CHARS_MAX))).is_ok());
        for bad in ["=YGN", "YGN 01", "-1", "ရန်ကုန်", "A;B"] {
            assert_eq!(read(&typed(bad, "Yangon")).unwrap_err(), [Wrong::BadCode], "{bad}");
        }
    }
}
