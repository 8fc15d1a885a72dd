//! GET and POST /transfers/{row}/outcome: how a payment ended, as one person says. POST /transfers/{row}/question: asks the network.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{error_page, path_of, path_of_transfer, problem_of, words_of_ending};
use crate::dispatch::{Ending, TransferState};
use crate::ids::{OnceKey, RowId};
use crate::privileges::Action;
use crate::resolutions::{Case, EVIDENCE_CHARS_MAX, NOTE_CHARS_MAX, Proposal, Refusal, ask_again, case, propose};
use crate::say;
use crate::web::page::{Choice, Problem};
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};

#[derive(Template)]
#[template(path = "resolutions/outcome.html")]
struct OutcomePage {
    page: Page,
    case: Case,
    endings: Vec<Choice>,
    chosen: String,
    note: String,
    evidence: String,
    once: OnceKey,
}

impl OutcomePage {
    /// A file need not name its payees.
    fn payee(&self) -> &str {
        if self.case.payee_name.is_empty() { &self.case.id_value } else { &self.case.payee_name }
    }

    fn limits() -> (usize, usize) {
        (NOTE_CHARS_MAX, EVIDENCE_CHARS_MAX)
    }
}

/// What a person typed.
#[derive(Default)]
struct Typed {
    ending: String,
    note: String,
    evidence: String,
}

/// GET /transfers/{row}/outcome
pub async fn outcome_form(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<RowId>) -> Result<HttpResponse, ErrorPage> {
    look(&request, &visitor, page, path.into_inner(), Typed::default()).await
}

async fn look(request: &HttpRequest, visitor: &Visitor, page: Page, row: RowId, typed: Typed) -> Result<HttpResponse, ErrorPage> {
    let (actor, rights) = (visitor.actor.clone(), visitor.rights.clone());
    let institution = institution(request)?;
    let seen = institution.db.read(move |conn| {
        let case = case(conn, &row)?.filter(|case| rights.has(case.payment_type.view(), &case.branch)).ok_or(Refusal::NotHere)?;
        if !rights.has(Action::ResolvePayment, &case.branch) {
            return Err(Refusal::NotAllowed(Action::ResolvePayment));
        }
        if crate::batches::is_maker(conn, &case.batch, &actor.id)? {
            return Err(Refusal::Maker);
        }
        if case.state == TransferState::NeedsAttention { Ok(case) } else { Err(Refusal::WrongState(case.state)) }
    });
    let case = seen.await.map_err(|refusal| error_page(refusal, &page, &typed.note))?;
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let choice = |ending: &Ending| {
        let choice = Choice::new(ending.as_str(), words_of_ending(*ending));
        match ending {
            Ending::Paid => choice.hinted(say!("The payee, or their wallet or bank, has confirmed that the money arrived.")),
            Ending::NotPaid => choice.hinted(say!("Their wallet or bank has confirmed that it did not arrive and will not.")),
        }
    };
    let view = OutcomePage {
        page,
        case,
        endings: Ending::ALL.iter().map(choice).collect(),
        chosen: typed.ending,
        note: typed.note,
        evidence: typed.evidence,
        once: OnceKey::random(),
    };
    Ok(html(status, &view.page, &view))
}

/// POST /transfers/{row}/outcome
pub async fn outcome(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    posted: Posted,
    path: web::Path<RowId>,
) -> Result<HttpResponse, ErrorPage> {
    let row = path.into_inner();
    let field = |name: &str| posted.fields.get(name).to_owned();
    let typed = Typed { ending: field("ending"), note: field("note"), evidence: field("evidence") };
    let Ok(ending) = typed.ending.parse::<Ending>() else {
        page.problems.push(Problem::new("ending", say!("Choose whether it was paid or not")));
        return look(&request, &visitor, page, row, typed).await;
    };
    let institution = institution(&request)?;
    let actor = visitor.actor.clone();
    let proposal = Proposal { row: row.clone(), ending, note: typed.note.clone(), evidence: typed.evidence.clone() };
    let proposed = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        let id = propose(tx, &actor, &proposal)?;
        Ok::<_, Refusal>(Done::at(path_of(&id)).saying(say!("Proposed. Another person with Resolve Payment has to confirm it.")))
    });
    match proposed.await {
        Ok(outcome) => Ok(outcome.redirect(&request)),
        Err(refusal) => match problem_of(&refusal, "note") {
            Some(problem) => {
                page.problems.push(problem);
                look(&request, &visitor, page, row, typed).await
            }
            None => Err(error_page(refusal, &page, &format!("{}\n{}", typed.note, typed.evidence))),
        },
    }
}

/// POST /transfers/{row}/question
pub async fn question(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<RowId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (actor, row) = (visitor.actor.clone(), path.into_inner());
    let asked = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        ask_again(tx, &actor, &row)?;
        Ok::<_, Refusal>(Done::at(path_of_transfer(&row)).saying(say!("The network is being asked. Open this page again in a moment.")))
    });
    let outcome = asked.await.map_err(|refusal| error_page(refusal, &page, ""))?;
    institution.wake();
    Ok(outcome.redirect(&request))
}
