//! The page on which one decides, the last look before an approval, the decision itself, and what is said after it.

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{error_page, own_batch, path_of_batch, said_of, said_of_again};
use crate::approvals::decide::{self as verb, decide_with_code as run};
use crate::approvals::tasks::TaskCriteria;
use crate::approvals::{
    Checker, Decided, Decision, DecisionForm, Lapse, Moved, REASON_CHARS_MAX, Refusal, Stands, Task, still_stands, store,
};
use crate::batches::{self, Acknowledgement, ByFsp, State};
use crate::clock::Instant;
use crate::db::Conn;
use crate::ids::{BatchId, OnceKey};
use crate::money::Minor;
use crate::people::Actor;
use crate::people::pages::second_factor::{code_problem, to_set_up};
use crate::people::second_factor::{self, Asked, CodeRefusal, Vault};
use crate::privileges::Rights;
use crate::say;
use crate::search::Slice;
use crate::web::filters::printed_time;
use crate::web::page::{Choice, Pager, Problem};
use crate::web::sessions::TypedSession;
use crate::web::{COUNTED_MAX, Done, ErrorPage, List, PAGE_ROWS, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

/// Payments shown as the biggest.
const BIGGEST: i64 = 10;

/// What a checker looks at.
struct Shown {
    case: store::Case,
    /// Warnings a maker let pass, and in how many rows.
    acknowledged: Vec<(Acknowledgement, i64)>,
    biggest: Vec<store::Row>,
    by_fsp: Vec<ByFsp>,
    rows: Vec<store::Row>,
    /// Why it needs approval again, where it was approved before.
    lapse: Option<Lapse>,
}

/// What a visitor finds under a task's address.
enum Seen {
    Waiting(Box<Shown>),
    /// It waits, but not for this visitor, who may see it all the same.
    NotTheirs(Said),
    Moved(Moved),
}

fn look(conn: &mut Conn, actor: &Actor, rights: &Rights, id: &BatchId, offset: i64, now: Instant) -> Result<Seen, ErrorPage> {
    let batch = batches::find_visible(conn, actor, rights, id)?.ok_or(ErrorPage::NotFound)?;
    let again = batch.needs_approval_again();
    if batch.state != State::PendingApproval && !again {
        let moved = verb::moved(conn, &batch, "")?;
        return moved.map(Seen::Moved).ok_or(ErrorPage::NotFound);
    }
    if batches::is_maker(conn, id, &actor.id)? {
        return Ok(Seen::NotTheirs(own_batch()));
    }
    if allowed(rights, &batch.branch, again).is_empty() {
        return Ok(Seen::NotTheirs(say!("You may see this batch, but not decide on it.")));
    }
    let lapse = match still_stands(conn, id, now)? {
        Stands::No(lapse) if again => Some(lapse),
        _ => None,
    };
    Ok(Seen::Waiting(Box::new(Shown {
        lapse,
        case: store::find(conn, id)?.ok_or(ErrorPage::NotFound)?,
        acknowledged: acknowledged(conn, id)?,
        biggest: store::rows(conn, id, true, 0, BIGGEST)?,
        by_fsp: batches::summary_by_fsp(conn, id)?,
        rows: store::rows(conn, id, false, offset, PAGE_ROWS)?,
    })))
}

fn acknowledged(conn: &mut Conn, batch: &BatchId) -> Result<Vec<(Acknowledgement, i64)>, ErrorPage> {
    let kinds = batches::findings_by_kind(conn, batch)?;
    let rows = |kind| kinds.iter().filter(|of| of.kind == kind).map(|of| of.count).sum();
    Ok(batches::acknowledgements(conn, batch)?.into_iter().map(|one| (one.clone(), rows(one.kind))).collect())
}

/// The decisions this visitor may make in a branch. What was approved before is approved again, or cancelled on its own page.
fn allowed(rights: &Rights, branch: &crate::ids::BranchId, again: bool) -> Vec<Decision> {
    let fits = |decision: &Decision| !again || *decision == Decision::Approved;
    Decision::ALL.iter().copied().filter(|decision| fits(decision) && rights.has(decision.needs(), branch)).collect()
}

#[derive(Template)]
#[template(path = "approvals/decision.html")]
struct DecisionPage {
    page: Page,
    task: Shown,
    pager: Pager,
    decisions: Vec<Choice>,
    chosen: String,
    reason: String,
    once: OnceKey,
}

impl DecisionPage {
    fn new(page: Page, visitor: &Visitor, shown: Shown, list: &List) -> Self {
        let choice = |decision: &Decision| match decision {
            Decision::Approved => Choice::new(decision.as_str(), say!("Approve")),
            Decision::Rejected => Choice::new(decision.as_str(), say!("Reject")),
        };
        Self {
            decisions: allowed(&visitor.rights, &shown.case.branch, shown.case.is_again()).iter().map(choice).collect(),
            pager: list.pager(shown.case.listed(), shown.rows.len()),
            chosen: String::new(),
            reason: String::new(),
            once: OnceKey::random(),
            page,
            task: shown,
        }
    }

    fn seal(&self) -> &str {
        self.task.case.seal.as_deref().unwrap_or_default()
    }

    fn highest_fees(&self) -> Option<Minor> {
        self.task.case.fee_limit.times(self.task.case.waiting)
    }

    /// Why it needs approval again.
    fn lapse(&self) -> Option<Said> {
        let page = &self.page;
        self.task.lapse.as_ref().map(|lapse| lapse.said(|at| printed_time(at, &page.zone, &page.language)))
    }
}

/// To the batch's own page, with a sentence why.
fn to_batch(request: &HttpRequest, page: &Page, batch: &BatchId, why: &Said) -> HttpResponse {
    TypedSession(request.get_session()).set_flash(&why.in_language(&page.language));
    HttpResponse::SeeOther().insert_header((LOCATION, path_of_batch(batch))).finish()
}

/// GET /tasks/{batch}
pub async fn case(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    list: List,
    path: web::Path<String>,
) -> Result<HttpResponse, ErrorPage> {
    let id = BatchId::from(path.into_inner());
    let (actor, rights, batch, offset, now) = (visitor.actor.clone(), visitor.rights.clone(), id.clone(), list.offset(), page.now);
    let seen = institution(&request)?.db.read(move |conn| look(conn, &actor, &rights, &batch, offset, now)).await?;
    match seen {
        Seen::Waiting(shown) => {
            let view = DecisionPage::new(page, &visitor, *shown, &list);
            Ok(html(StatusCode::OK, &view.page, &view))
        }
        Seen::NotTheirs(why) => Ok(to_batch(&request, &page, &id, &why)),
        Seen::Moved(moved) => Ok(to_batch(&request, &page, &id, &said_of(&moved, &page))),
    }
}

#[derive(Template)]
#[template(path = "approvals/approval.html")]
struct ApprovalPage {
    page: Page,
    case: store::Case,
    highest_fees: Option<Minor>,
    seal: String,
    reason: String,
    /// Whether a code of the checker's app is asked for.
    asks_code: bool,
    once: OnceKey,
}

impl ApprovalPage {
    /// Its day is still to come.
    fn pays_later(&self) -> bool {
        self.case.pay_at.is_some_and(|day| day > self.page.now)
    }
}

/// POST /tasks/{batch}/decision: to approve takes two of them, the first of which only shows what would be approved.
pub async fn decide(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<String>,
) -> Result<HttpResponse, ErrorPage> {
    let id = BatchId::from(path.into_inner());
    let reason = posted.fields.get("reason").to_owned();
    let decision: Option<Decision> = posted.fields.get("decision").parse().ok();
    let seal = posted.fields.get("seal").to_owned();
    let problems = problems(decision, &reason);
    let is_confirmed = posted.fields.get("confirmed") == "yes";
    let Some(decision) = decision.filter(|decision| problems.is_empty() && (*decision == Decision::Rejected || is_confirmed)) else {
        return look_again(&request, visitor, page, id, Typed { problems, reason, seal, decision }).await;
    };
    let institution = institution(&request)?;
    let form = DecisionForm { batch: id.clone(), decision, reason: reason.clone(), seal: seal.clone() };
    let (actor, vault, code) = (visitor.actor.clone(), Vault::of(&institution)?, posted.fields.get("code").to_owned());
    let has_code = !code.is_empty();
    let decided = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        let decided = run(tx, &actor, &form, Some((&vault, &code)))?;
        Ok::<_, Refusal>(done(&decided))
    });
    let outcome = if has_code { second_factor::counted(&institution.db, &visitor.actor.id, decided).await } else { decided.await };
    match outcome {
        Ok(outcome) => {
            institution.wake();
            Ok(outcome.redirect(&request))
        }
        Err(Refusal::Code(CodeRefusal::NoFactor)) => Ok(to_set_up(&request, &page, &set_up_first())),
        Err(Refusal::Code(refusal)) => {
            let problems = vec![Problem::new("code", code_problem(refusal, &page)?)];
            look_again(&request, visitor, page, id, Typed { problems, reason, seal, decision: Some(decision) }).await
        }
        Err(refusal) => Err(error_page(refusal, &page, &reason)),
    }
}

/// What they are told who have to have a second factor and set it up before they approve.
fn set_up_first() -> Said {
    say!("To approve you need an authenticator app. Set it up here, then open the batch again from Task.")
}

/// To the page that says what happens next; of what was approved again, its own page says it.
fn done(decided: &Decided) -> Done {
    match decided.again {
        None => Done::at(format!("/tasks/{}/decision", decided.batch)),
        Some(went) => Done::at(path_of_batch(&decided.batch)).saying(said_of_again(went)),
    }
}

fn problems(decision: Option<Decision>, reason: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if decision.is_none() {
        problems.push(Problem::new("decision", say!("Choose whether you approve or reject this batch")));
    }
    if decision == Some(Decision::Rejected) && reason.is_empty() {
        problems.push(Problem::new("reason", say!("Say why you reject it, so that its maker knows what to correct")));
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        problems.push(Problem::new("reason", say!("Shorten the reason to {limit} characters", limit = REASON_CHARS_MAX)));
    }
    problems
}

/// What came with a form that does not decide yet.
struct Typed {
    problems: Vec<Problem>,
    reason: String,
    seal: String,
    decision: Option<Decision>,
}

/// The form again with what is wrong with it; or, where nothing is, the last look before an approval.
async fn look_again(request: &HttpRequest, visitor: Visitor, mut page: Page, id: BatchId, typed: Typed) -> Result<HttpResponse, ErrorPage> {
    let (actor, rights, batch, now) = (visitor.actor.clone(), visitor.rights.clone(), id.clone(), page.now);
    let institution = institution(request)?;
    let seen = institution.db.read(move |conn| {
        let seen = look(conn, &actor, &rights, &batch, 0, now)?;
        Ok::<_, ErrorPage>((seen, second_factor::asked_of(conn, &actor.id)?))
    });
    let (seen, asked) = seen.await?;
    let shown = match seen {
        Seen::Waiting(shown) => *shown,
        Seen::NotTheirs(why) => return Err(ErrorPage::Forbidden(why)),
        Seen::Moved(moved) => return Err(error_page(Refusal::Moved(moved), &page, &typed.reason)),
    };
    if shown.case.seal.as_deref() != Some(typed.seal.as_str()) {
        let at = shown.case.submitted_at.unwrap_or(shown.case.state_at);
        let moved = Moved { how: crate::approvals::MovedHow::Changed, by: shown.case.submitted_by, at };
        return Err(error_page(Refusal::Moved(moved), &page, &typed.reason));
    }
    page.problems = typed.problems;
    if page.problems.iter().all(|problem| problem.field == "code") {
        if asked == Asked::Enrolment {
            return Ok(to_set_up(request, &page, &set_up_first()));
        }
        let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let view = ApprovalPage {
            page,
            highest_fees: shown.case.fee_limit.times(shown.case.waiting),
            case: shown.case,
            seal: typed.seal,
            reason: typed.reason,
            asks_code: asked == Asked::Code,
            once: OnceKey::random(),
        };
        return Ok(html(status, &view.page, &view));
    }
    let list = List::first(format!("/tasks/{id}"));
    let mut view = DecisionPage::new(page, &visitor, shown, &list);
    view.chosen = typed.decision.map_or_else(String::new, |decision| decision.as_str().to_owned());
    view.reason = typed.reason;
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &view.page, &view))
}

#[derive(Template)]
#[template(path = "approvals/decided.html")]
struct DecidedPage {
    page: Page,
    case: store::Case,
    is_approval: bool,
    reason: Option<String>,
    /// Decisions of the visitor today, this one counted, and what still waits.
    today: i64,
    waiting: i64,
    next: Option<Task>,
}

/// GET /tasks/{batch}/decision
pub async fn decided(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<String>) -> Result<HttpResponse, ErrorPage> {
    let id = BatchId::from(path.into_inner());
    let checker = Checker::of(&visitor.actor.id, &visitor.rights);
    let (actor, rights, batch, morning) = (visitor.actor.clone(), visitor.rights.clone(), id.clone(), morning(&page));
    let found = institution(&request)?
        .db
        .read(move |conn| {
            batches::find_visible(conn, &actor, &rights, &batch)?.ok_or(ErrorPage::NotFound)?;
            let Some(standing) = store::decision(conn, &batch)?.filter(|standing| standing.user_id == actor.id) else { return Ok(None) };
            let case = store::find(conn, &batch)?.ok_or(ErrorPage::NotFound)?;
            let today = store::decided_since(conn, &actor.id, morning)?;
            let next = store::tasks(conn, &checker, &TaskCriteria::default(), Slice { offset: 0, limit: 1, most: COUNTED_MAX })?;
            Ok::<_, ErrorPage>(Some((case, standing, today, next)))
        })
        .await?;
    let Some((case, standing, today, next)) = found else {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, path_of_batch(&id))).finish());
    };
    let view = DecidedPage {
        is_approval: standing.decision == Decision::Approved,
        reason: standing.reason,
        today,
        waiting: next.counted,
        next: next.rows.into_iter().next(),
        case,
        page,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}

/// When the day began where the institution is.
fn morning(page: &Page) -> Instant {
    let begun = page.now.timestamp().to_zoned(page.zone.clone()).start_of_day();
    begun.map_or(page.now, |begun| Instant::from_micros(begun.timestamp().as_microsecond()))
}
