//! A form's verb happens once: its once-key is stored with where it led, in its own transaction. A second post is shown that.

use actix_session::SessionExt;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};

use super::sessions::TypedSession;
use super::store;
use crate::db::{Db, Failure, WriteTx};
use crate::ids::{OnceKey, UserId};
use crate::words::{Language, Said};

/// What a verb's page says after it: where to go, and a sentence to show there.
#[derive(Debug, Clone)]
pub struct Done {
    pub location: String,
    pub flash: Option<Said>,
}

impl Done {
    pub fn at(location: impl Into<String>) -> Self {
        Self { location: location.into(), flash: None }
    }

    #[must_use]
    pub fn saying(mut self, flash: Said) -> Self {
        self.flash = Some(flash);
        self
    }
}

/// Where the first post led.
#[derive(Debug, Clone)]
pub struct Outcome {
    location: String,
    flash: Option<String>,
}

impl Outcome {
    /// 303 See Other, with the sentence kept for the next page.
    pub fn redirect(self, request: &HttpRequest) -> HttpResponse {
        if let Some(flash) = &self.flash {
            TypedSession(request.get_session()).set_flash(flash);
        }
        HttpResponse::SeeOther().insert_header((LOCATION, self.location)).finish()
    }
}

/// Runs the verb under the form's key, or answers what it led to the first time. A refused verb leaves no key: its form may be sent again.
///
/// # Errors
/// The verb's.
pub async fn once<E, F>(db: &Db, user: &UserId, key: &OnceKey, language: &Language, mut verb: F) -> Result<Outcome, E>
where
    E: Failure,
    F: FnMut(&mut WriteTx<'_>) -> Result<Done, E> + Send + 'static,
{
    let (outcome, _) = first_or_again(db, user, key, language, move |tx| verb(tx).map(|done| (done, ()))).await?;
    Ok(outcome)
}

/// What is shown once: by the first post of a form, and by no other.
#[derive(Debug, Clone)]
pub enum ShownOnce<T> {
    First(T),
    /// It was shown: where to go instead, with a sentence why.
    Again(Outcome),
}

/// [`once`] for a verb whose result is shown at once and kept nowhere, such as codes. `again`: where a second post leads.
///
/// # Errors
/// The verb's.
pub async fn once_shown<T, E, F>(
    db: &Db,
    user: &UserId,
    key: &OnceKey,
    language: &Language,
    again: Done,
    mut verb: F,
) -> Result<ShownOnce<T>, E>
where
    T: Send + 'static,
    E: Failure,
    F: FnMut(&mut WriteTx<'_>) -> Result<T, E> + Send + 'static,
{
    match first_or_again(db, user, key, language, move |tx| verb(tx).map(|shown| (again.clone(), shown))).await? {
        (_, Some(shown)) => Ok(ShownOnce::First(shown)),
        (outcome, None) => Ok(ShownOnce::Again(outcome)),
    }
}

/// The first time with what the verb returned beside where it led.
async fn first_or_again<T, E, F>(db: &Db, user: &UserId, key: &OnceKey, language: &Language, mut verb: F) -> Result<(Outcome, Option<T>), E>
where
    T: Send + 'static,
    E: Failure,
    F: FnMut(&mut WriteTx<'_>) -> Result<(Done, T), E> + Send + 'static,
{
    let (user_id, once_key, spoken) = (user.clone(), key.clone(), language.clone());
    let first: Result<(Outcome, Option<T>), E> = db
        .write(move |tx| {
            if let Some((location, flash)) = store::once_result(tx, &once_key, &user_id)? {
                return Ok((Outcome { location, flash }, None));
            }
            let (done, shown) = verb(tx)?;
            let flash = done.flash.map(|said| said.in_language(&spoken));
            store::insert_once(tx, &once_key, &user_id, &done.location, flash.as_deref())?;
            Ok((Outcome { location: done.location, flash }, Some(shown)))
        })
        .await;
    match first {
        // Two posts at the same moment on PostgreSQL: the other one's key is there now.
        Err(error) if error.database().is_some_and(|error| error.is_unique("once_keys", &["once_key"])) => {
            let (user, key) = (user.clone(), key.clone());
            match db.read(move |conn| Ok::<_, E>(store::once_result(conn, &key, &user)?)).await? {
                Some((location, flash)) => Ok((Outcome { location, flash }, None)),
                None => Err(error),
            }
        }
        done => done,
    }
}
