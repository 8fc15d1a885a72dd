//! The page of one alarm, and its acknowledgement.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{error_page, path_of_alarm, problem_of};
use crate::dispatch::AlarmKind;
use crate::ids::{AlarmId, OnceKey};
use crate::privileges::{Action, people_with_all};
use crate::resolutions::{
    Alarm, AlarmState, NOTE_CHARS_MAX, Refusal, Resolution, acknowledge, alarm as find, resolutions_of_row, words_of_alarm,
};
use crate::say;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

#[derive(Template)]
#[template(path = "resolutions/alarm.html")]
struct AlarmPage {
    page: Page,
    alarm: Alarm,
    /// What people said of this payment before; only for those who may see it.
    said: Vec<Resolution>,
    /// Who may acknowledge it, by name.
    resolvers: Vec<String>,
    may_acknowledge: bool,
    may_see: bool,
    note: String,
    once: OnceKey,
}

impl AlarmPage {
    fn what(&self) -> Said {
        words_of_alarm(self.alarm.kind)
    }

    fn is_double(&self) -> bool {
        self.alarm.kind == AlarmKind::PossibleDoublePayment
    }

    fn is_open(&self) -> bool {
        self.alarm.state == AlarmState::Open
    }

    fn ending(resolution: &Resolution) -> Said {
        super::words_of_ending(resolution.ending)
    }

    fn names(&self) -> String {
        self.resolvers.join(", ")
    }

    fn limit() -> usize {
        NOTE_CHARS_MAX
    }
}

/// GET /operations/alarms/{id}
pub async fn alarm(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<AlarmId>) -> Result<HttpResponse, ErrorPage> {
    look(&request, &visitor, page, path.into_inner(), String::new()).await
}

async fn look(request: &HttpRequest, visitor: &Visitor, page: Page, id: AlarmId, note: String) -> Result<HttpResponse, ErrorPage> {
    let (actor, rights, now) = (visitor.actor.clone(), visitor.rights.clone(), page.now);
    let institution = institution(request)?;
    let seen = institution.db.read(move |conn| {
        let alarm = find(conn, &id)?.ok_or(ErrorPage::NotFound)?;
        let may_acknowledge = rights.has(Action::ResolvePayment, &alarm.branch);
        if !may_acknowledge && !actor.is_account_manager {
            return Err(ErrorPage::NotFound);
        }
        let may_see = rights.has(alarm.payment_type.view(), &alarm.branch);
        let said = if may_see { resolutions_of_row(conn, &alarm.row_id)? } else { Vec::new() };
        let resolvers = people_with_all(conn, &alarm.branch, &[Action::ResolvePayment], now)?;
        Ok((alarm, said, resolvers, may_acknowledge, may_see))
    });
    let (alarm, said, resolvers, may_acknowledge, may_see) = seen.await?;
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let resolvers = resolvers.into_iter().map(|(_, name)| name).collect();
    let view = AlarmPage { page, alarm, said, resolvers, may_acknowledge, may_see, note, once: OnceKey::random() };
    Ok(html(status, &view.page, &view))
}

/// POST /operations/alarms/{id}/acknowledgement
pub async fn acknowledgement(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    posted: Posted,
    path: web::Path<AlarmId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (id, actor, note) = (path.into_inner(), visitor.actor.clone(), posted.fields.get("note").to_owned());
    let (wanted, written) = (id.clone(), note.clone());
    let acknowledged = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        acknowledge(tx, &actor, &wanted, &written)?;
        Ok::<_, Refusal>(Done::at(path_of_alarm(&wanted)).saying(say!("Acknowledged.")))
    });
    match acknowledged.await {
        Ok(outcome) => Ok(outcome.redirect(&request)),
        Err(refusal) => match problem_of(&refusal, "note") {
            Some(problem) => {
                page.problems.push(problem);
                look(&request, &visitor, page, id, note).await
            }
            None => Err(error_page(refusal, &page, &note)),
        },
    }
}
