//! The page of one proposal, and what is decided on it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{error_page, path_of, path_of_transfer, problem_of, said_of, words_of_ending};
use crate::dispatch::{Ending, EpochError, TransferState, check_epoch};
use crate::ids::{OnceKey, ResolutionId};
use crate::institutions::Institution;
use crate::people::Actor;
use crate::people::pages::second_factor::{code_problem, to_set_up};
use crate::people::second_factor::{self, Asked, CodeRefusal, Vault};
use crate::privileges::Action;
use crate::resolutions::{Case, NOTE_CHARS_MAX, Refusal, Resolution, State, case, confirm_with_code, find, refuse, withdraw};
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

#[derive(Template)]
#[template(path = "resolutions/one.html")]
struct OnePage {
    page: Page,
    proposal: Resolution,
    case: Case,
    is_maker: bool,
    is_proposer: bool,
    /// What closing asks of the visitor beside the click.
    asked: Asked,
    reason: String,
    once: OnceKey,
}

impl OnePage {
    fn ending(&self) -> Said {
        words_of_ending(self.proposal.ending)
    }

    fn payee(&self) -> &str {
        if self.case.payee_name.is_empty() { &self.case.id_value } else { &self.case.payee_name }
    }

    fn is_paid(&self) -> bool {
        self.proposal.ending == Ending::Paid
    }

    fn waits(&self) -> bool {
        self.proposal.state == State::Proposed && self.case.state == TransferState::NeedsAttention
    }

    fn may_decide(&self) -> bool {
        self.waits() && !self.is_maker && !self.is_proposer
    }

    /// Closing as not paid takes a code of the visitor's app.
    fn asks_code(&self) -> bool {
        !self.is_paid() && self.asked == Asked::Code
    }

    /// Something is wrong with a refusal that was sent.
    fn is_refusing(&self) -> bool {
        self.page.problems.iter().any(|problem| problem.field == "reason")
    }

    fn became(&self) -> Said {
        said_of(self.proposal.state, self.proposal.decided_by.as_deref(), self.proposal.decided_at, &self.page)
    }

    fn limit() -> usize {
        NOTE_CHARS_MAX
    }
}

/// GET /resolutions/{id}
pub async fn show(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<ResolutionId>) -> Result<HttpResponse, ErrorPage> {
    look(&request, &visitor, page, path.into_inner(), String::new()).await
}

async fn look(request: &HttpRequest, visitor: &Visitor, page: Page, id: ResolutionId, reason: String) -> Result<HttpResponse, ErrorPage> {
    let (actor, rights) = (visitor.actor.clone(), visitor.rights.clone());
    let institution = institution(request)?;
    let seen = institution.db.read(move |conn| {
        let proposal = find(conn, &id)?.ok_or(Refusal::NotHere)?;
        let case = case(conn, &proposal.row_id)?.ok_or(Refusal::NotHere)?;
        if !rights.has(case.payment_type.view(), &case.branch) || !rights.has(Action::ResolvePayment, &case.branch) {
            return Err(Refusal::NotHere);
        }
        let is_maker = crate::batches::is_maker(conn, &case.batch, &actor.id)?;
        let is_proposer = proposal.proposed_by_id == actor.id;
        let asked = second_factor::asked_of(conn, &actor.id)?;
        Ok((proposal, case, is_maker, is_proposer, asked))
    });
    let (proposal, case, is_maker, is_proposer, asked) = seen.await.map_err(|refusal| error_page(refusal, &page, &reason))?;
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = OnePage { page, proposal, case, is_maker, is_proposer, asked, reason, once: OnceKey::random() };
    Ok(html(status, &view.page, &view))
}

/// A copy that is held does not know what was paid, so nothing is closed in it.
async fn not_held(institution: &Institution) -> Result<(), ErrorPage> {
    match check_epoch(&institution.db, &institution.epoch_file()?).await {
        Ok(_) => Ok(()),
        Err(EpochError::Held(held)) => Err(ErrorPage::Conflict { what: held.said(), typed: Vec::new() }),
        Err(EpochError::Db(error)) => Err(error.into()),
    }
}

/// POST /resolutions/{id}/confirmation
pub async fn confirmation(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    posted: Posted,
    path: web::Path<ResolutionId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    not_held(&institution).await?;
    let (actor, wanted) = (visitor.actor.clone(), path.into_inner());
    let id = wanted.clone();
    let (vault, code) = (Vault::of(&institution)?, posted.fields.get("code").to_owned());
    let has_code = !code.is_empty();
    let confirmed = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        let said = match confirm_with_code(tx, &actor, &id, Some((&vault, &code)))? {
            Ending::Paid => say!("Closed as paid. The network is still asked; if it says otherwise, an alarm goes up."),
            Ending::NotPaid => say!("Closed as not paid. The network is still asked; if it says otherwise, an alarm goes up."),
        };
        let row = find(tx, &id)?.map_or_else(|| path_of(&id), |resolution| path_of_transfer(&resolution.row_id));
        Ok::<_, Refusal>(Done::at(row).saying(said))
    });
    let outcome = if has_code { second_factor::counted(&institution.db, &visitor.actor.id, confirmed).await } else { confirmed.await };
    match outcome {
        Ok(outcome) => {
            institution.wake();
            Ok(outcome.redirect(&request))
        }
        Err(Refusal::Code(CodeRefusal::NoFactor)) => {
            let why = say!("To confirm this you need an authenticator app. Set it up here, then open the payment again from Operations.");
            Ok(to_set_up(&request, &page, &why))
        }
        Err(Refusal::Code(refusal)) => {
            page.problems.push(Problem::new("code", code_problem(refusal, &page)?));
            look(&request, &visitor, page, wanted, String::new()).await
        }
        Err(refusal) => Err(error_page(refusal, &page, "")),
    }
}

/// POST /resolutions/{id}/refusal
pub async fn refusal(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    posted: Posted,
    path: web::Path<ResolutionId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (id, actor, reason) = (path.into_inner(), visitor.actor.clone(), posted.fields.get("reason").to_owned());
    let (wanted, why) = (id.clone(), reason.clone());
    let refused = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        refuse(tx, &actor, &wanted, &why)?;
        Ok::<_, Refusal>(Done::at(path_of(&wanted)).saying(say!("Not confirmed. The payment still needs attention.")))
    });
    match refused.await {
        Ok(outcome) => Ok(outcome.redirect(&request)),
        Err(refusal) => match problem_of(&refusal, "reason") {
            Some(problem) => {
                page.problems.push(problem);
                look(&request, &visitor, page, id, reason).await
            }
            None => Err(error_page(refusal, &page, &reason)),
        },
    }
}

/// POST /resolutions/{id}/withdrawal
pub async fn withdrawal(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<ResolutionId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (actor, id): (Actor, _) = (visitor.actor.clone(), path.into_inner());
    let withdrawn = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        withdraw(tx, &actor, &id)?;
        Ok::<_, Refusal>(Done::at(path_of(&id)).saying(say!("Withdrawn. The payment still needs attention.")))
    });
    Ok(withdrawn.await.map_err(|refusal| error_page(refusal, &page, ""))?.redirect(&request))
}
