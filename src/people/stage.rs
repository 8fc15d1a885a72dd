//! How far a sign-in has come. A session that has not come to the end is of its own kind: it opens the next step and nothing else.

use super::{second_factor, store};
use crate::db::{Conn, Result, text_enum};
use crate::ids::UserId;
use crate::institutions;

text_enum! {
    /// The steps of signing in, in their order; `Full` is signed in.
    pub enum Stage {
        /// The password was right, the code of the authenticator app is asked for.
        Code = "code",
        /// Their first sign-in: they set a password of their own.
        Password = "password",
        /// A second factor is required and they have none yet.
        Enrol = "enrol",
        Full = "full",
    }
}

impl Stage {
    /// The page of the step.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Code => "/sign-in/code",
            Self::Password => "/sign-in/password",
            Self::Enrol => "/sign-in/second-factor",
            Self::Full => "/",
        }
    }
}

/// The step that comes after `done` (`None`: after the password) for this person.
///
/// # Errors
/// The database's.
pub fn next_stage(conn: &mut Conn, user: &UserId, done: Option<Stage>) -> Result<Stage> {
    let is_before = |stage: Stage| done.is_none_or(|done| done < stage);
    let has_factor = second_factor::is_active(conn, user)?;
    if is_before(Stage::Code) && has_factor {
        return Ok(Stage::Code);
    }
    if is_before(Stage::Password) && store::must_set_password(conn, user)? {
        return Ok(Stage::Password);
    }
    let rule = institutions::security(conn)?.second_factor;
    if is_before(Stage::Enrol) && !has_factor && second_factor::is_required(conn, user, rule)? {
        return Ok(Stage::Enrol);
    }
    Ok(Stage::Full)
}
