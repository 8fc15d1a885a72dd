//! An account manager unlocks the sign-in of a person.

use actix_web::{HttpRequest, HttpResponse, web};

use super::person;
use crate::ids::UserId;
use crate::people::{UnlockRefusal, unlock};
use crate::say;
use crate::web::{Done, ErrorPage, Posted, Visitor, institution, once};

/// POST /users/{id}/unlocking
pub async fn unlocking(request: HttpRequest, visitor: Visitor, posted: Posted, path: web::Path<UserId>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let user = person(&request, &path).await?;
    let by = visitor.actor.by();
    let outcome = once::<UnlockRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.language, move |tx| {
        unlock(tx, &by, &user)?;
        let said = say!("{name} can sign in again at once: the wrong passwords are forgotten.", name = &user.full_name);
        Ok(Done::at(format!("/users/{}", user.id)).saying(said))
    });
    Ok(outcome.await?.redirect(&request))
}

impl From<UnlockRefusal> for ErrorPage {
    fn from(refusal: UnlockRefusal) -> Self {
        match refusal {
            UnlockRefusal::NotAllowed(refusal) => refusal.into(),
            UnlockRefusal::Db(error) => error.into(),
        }
    }
}
