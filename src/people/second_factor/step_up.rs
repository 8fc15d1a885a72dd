//! The code asked again before something dangerous: approving first of all.
//!
//! A verb takes what was typed and calls [`step_up`] in its own transaction, so that the code is used up exactly when the verb is done. Its
//! page runs it inside [`counted`], which counts the try beforehand: what is refused leaves nothing behind in the verb's transaction.

use super::Vault;
use super::check::{self, CodeRefusal};
use super::store::{is_active, is_required};
use crate::db::{Conn, Db, Failure, Result, WriteTx};
use crate::ids::UserId;
use crate::institutions;

/// What is asked of a person before they do something dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Nothing,
    /// A code of their app.
    Code,
    /// They have to set up a second factor first.
    Enrolment,
}

/// # Errors
/// The database's.
pub fn asked_of(conn: &mut Conn, user: &UserId) -> Result<Asked> {
    let security = institutions::security(conn)?;
    if is_active(conn, user)? {
        return Ok(if security.step_up { Asked::Code } else { Asked::Nothing });
    }
    Ok(if is_required(conn, user, security.second_factor)? { Asked::Enrolment } else { Asked::Nothing })
}

/// Takes the code, where one is asked of the person.
///
/// # Errors
/// [`CodeRefusal`]: whoever has to set up a second factor first is [`CodeRefusal::NoFactor`].
pub fn step_up(tx: &mut WriteTx<'_>, user: &UserId, typed: Option<(&Vault, &str)>) -> std::result::Result<(), CodeRefusal> {
    match asked_of(tx, user)? {
        Asked::Nothing => Ok(()),
        Asked::Enrolment => Err(CodeRefusal::NoFactor),
        Asked::Code => match typed {
            Some((vault, code)) if !code.trim().is_empty() => check::take(tx, vault, user, code),
            _ => Err(CodeRefusal::Missing),
        },
    }
}

/// A verb's refusal that may be about the code.
pub trait AsksForCode: Failure {
    fn code(&self) -> Option<&CodeRefusal>;
}

impl AsksForCode for CodeRefusal {
    fn code(&self) -> Option<&CodeRefusal> {
        Some(self)
    }
}

/// Runs a verb that asks for a code, its try counted before: locked codes refuse it without a look at the code.
///
/// # Errors
/// The verb's.
pub async fn counted<T, E>(db: &Db, user: &UserId, verb: impl Future<Output = std::result::Result<T, E>>) -> std::result::Result<T, E>
where
    E: AsksForCode + From<CodeRefusal>,
{
    let person = user.clone();
    match db.write(move |tx| check::count_try(tx, &person)).await {
        // Who has no second factor has no codes to guess.
        Ok(()) | Err(CodeRefusal::NoFactor) => check::settle_try(db, user, verb.await).await,
        Err(refusal) => Err(refusal.into()),
    }
}
