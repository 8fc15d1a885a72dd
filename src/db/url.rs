//! Which engine, by the URL's scheme and nothing else: a typo must not make an empty SQLite file.

use std::path::PathBuf;
use std::str::FromStr;

/// A database URL as configured. Printing it never shows a password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:PATH`
    Sqlite(PathBuf),
    /// `postgres://…` or `postgresql://…`
    Postgres(String),
}

#[derive(Debug, thiserror::Error)]
#[error("a database is given as sqlite:PATH or postgres://USER@HOST/NAME, not by a scheme like «{0}»")]
pub struct UnknownScheme(String);

impl FromStr for DatabaseUrl {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, UnknownScheme> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::Sqlite(PathBuf::from(path)));
            }
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(UnknownScheme(text.chars().take_while(|c| c.is_ascii_alphanumeric()).collect()))
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.rsplit_once('@').map_or_else(|| url.split_once("://").map_or("", |parts| parts.1), |parts| parts.1);
                write!(f, "postgres://…@{}", rest.split('?').next().unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_refused_instead_of_making_a_file() {
        assert!("postgress://localhost/outlay".parse::<DatabaseUrl>().is_err());
        assert!("outlay.sqlite3".parse::<DatabaseUrl>().is_err());
        assert!("sqlite:".parse::<DatabaseUrl>().is_err());
    }

    #[test]
    fn the_password_is_not_printed() {
        let url = "postgres://outlay:secret@db.example/mfi?sslmode=require".parse::<DatabaseUrl>().unwrap();
        assert_eq!(url.to_string(), "postgres://…@db.example/mfi");
    }
}
