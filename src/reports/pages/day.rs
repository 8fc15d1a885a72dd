//! GET /reports/days/{day} and its download.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::{DAYS, branches_read, printed_day, read_day};
use crate::batches::State;
use crate::clock::Instant;
use crate::dispatch::TransferState;
use crate::ids::Reference;
use crate::money::{Currency, Minor};
use crate::privileges::{Action, Authorise, NotAllowed};
use crate::reports::download::{awaited_said, paused_said, state_said};
use crate::reports::{
    AuditHead, DayReport, Figures, Outcome, Period, Sight, Stopped, Sum, UNRESOLVED, day_csv, reason, record_download, store,
};
use crate::say;
use crate::search::Scope;
use crate::web::download::attachment;
use crate::web::filters::Text;
use crate::web::{ErrorPage, Page, Visitor, filters, html, institution};
use crate::words::Said;

/// A number of payments beside its name, as headlines and short tables show it.
struct Line {
    name: Text,
    count: i64,
    sum: String,
}

struct Failure {
    why: Said,
    code: Option<String>,
    provider: Text,
    count: i64,
    sum: String,
}

/// One unresolved payment.
struct Open {
    /// `None` where the reader may not see the batch.
    path: Option<String>,
    reference: Option<(Reference, i64)>,
    branch: String,
    provider: Text,
    amount: (Minor, Currency),
    state: TransferState,
    why: Said,
    since: Option<Instant>,
    /// How it stands now.
    now: Option<TransferState>,
}

/// Whose payments waited.
struct Awaited {
    /// `None`: the connection.
    provider: Option<String>,
    account: String,
    why: Said,
    since: Instant,
}

struct Still {
    path: Option<String>,
    reference: Option<Reference>,
    branch: String,
    why: Option<Said>,
    since: Instant,
    waiting: i64,
    sum: (Minor, Currency),
}

#[derive(Template)]
#[template(path = "reports/day.html")]
struct DayPage {
    page: Page,
    day: String,
    file: String,
    report: DayReport,
    is_made_up: bool,
    /// Of some branches only.
    is_part: bool,
    is_quiet: bool,
    paid: Line,
    failed: Line,
    attention: Line,
    doubt: Line,
    probably_paid: i64,
    oldest: Option<Instant>,
    open: Vec<Open>,
    open_in_all: i64,
    /// There are more than are listed.
    is_cut: bool,
    /// Where all of them are listed, for those who may search.
    open_path: Option<&'static str>,
    failures: Vec<Failure>,
    paid_by: Vec<(Said, Said, Vec<Line>)>,
    batches: Vec<(State, i64)>,
    paused: Vec<Still>,
    stopped: Vec<Stopped>,
    awaited: Vec<Awaited>,
    audit: AuditHead,
}

/// GET /reports/days/{day}
pub async fn show(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<String>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let day = read_day(&path)?;
    let (report, figures, sight) = read(&request, &visitor, day).await?;
    let view = view(page, report, &figures, &sight, institution.house().currency, &visitor);
    Ok(html(StatusCode::OK, &view.page, &view))
}

/// GET /reports/days/{day}/download. That it was taken away is in the audit log.
pub async fn download(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<String>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let day = read_day(&path)?;
    let (report, figures, sight) = read(&request, &visitor, day).await?;
    let actor = visitor.actor.clone();
    let branches: Vec<_> = visitor.rights.branches(Action::ViewReports).cloned().collect();
    let record = institution.db.write(move |tx| {
        // The page's rights were read before this transaction; one of them must still hold in it.
        let branch = branches.first().ok_or(NotAllowed::NoGrant(Action::ViewReports))?;
        tx.authorise(&actor.id, Action::ViewReports, branch)?;
        record_download(tx, &actor.by(), day)?;
        Ok::<_, ErrorPage>(())
    });
    record.await?;
    Ok(attachment(&format!("end-of-day-{day}.csv")).body(day_csv(&report, &figures, &sight, &page.language, &page.zone)))
}

/// A report, the part of it that the person reads, and what of that they may follow.
async fn read(request: &HttpRequest, visitor: &Visitor, day: Date) -> Result<(DayReport, Figures, Sight), ErrorPage> {
    let (branches, scope) = (branches_read(&visitor.rights), Scope::of(&visitor.actor.id, &visitor.rights));
    let institution = institution(request)?;
    let found = institution.db.read(move |conn| {
        let report = store::find(conn, day)?.ok_or(ErrorPage::NotFound)?;
        let figures = report.figures.within(&branches);
        let sight = Sight::of(conn, &scope, &figures)?;
        Ok::<_, ErrorPage>((report, figures, sight))
    });
    found.await
}

fn view(page: Page, report: DayReport, figures: &Figures, sight: &Sight, usual: Currency, visitor: &Visitor) -> DayPage {
    let line = |name: Said, sum: &Sum| Line { name: name.into(), count: sum.count, sum: sum.shown(usual) };
    let (attention, all) = (figures.unresolved(Some(TransferState::NeedsAttention)), figures.unresolved(None));
    let resolves = visitor.rights.has_somewhere(Action::ResolvePayment);
    DayPage {
        day: printed_day(report.day, &page),
        file: format!("{DAYS}/{}/download", report.day),
        is_made_up: Period { day: report.day, from: report.from, until: report.until }.is_made_up(report.made_at),
        is_part: report.figures.branches.len() > figures.branches.len(),
        is_quiet: figures.is_quiet(),
        paid: line(say!("Paid"), &figures.sum(Outcome::Paid)),
        failed: line(say!("Failed"), &figures.sum(Outcome::Failed)),
        attention: line(state_said(TransferState::NeedsAttention), &attention),
        doubt: line(state_said(TransferState::InDoubt), &figures.unresolved(Some(TransferState::InDoubt))),
        probably_paid: figures.probably_paid(),
        oldest: figures.oldest(),
        open: figures.named.iter().map(|row| open(figures, sight, row)).collect(),
        open_in_all: all.count,
        is_cut: i64::try_from(figures.named.len()).is_ok_and(|named| named < all.count),
        open_path: resolves.then_some(UNRESOLVED),
        failures: failures(figures, usual),
        paid_by: paid_by(figures, usual),
        batches: State::ALL.iter().map(|state| (*state, figures.batches_in(*state))).filter(|(_, count)| *count > 0).collect(),
        paused: figures.paused.iter().map(|batch| still(figures, sight, batch)).collect(),
        stopped: figures.stopped.clone(),
        awaited: figures.awaited.iter().map(|one| awaited(figures, one)).collect(),
        audit: figures.audit.clone(),
        report,
        page,
    }
}

fn provider(name: Option<&str>) -> Text {
    name.map_or_else(|| say!("No provider known").into(), |name| Text::from(name.to_owned()))
}

fn open(figures: &Figures, sight: &Sight, row: &crate::reports::UnresolvedRow) -> Open {
    let now = sight.rows.get(&row.row_id).copied();
    Open {
        path: now.map(|_| format!("/transfers/{}", row.row_id)),
        reference: now.map(|_| (row.reference.clone(), row.line)),
        branch: figures.branch(&row.branch).to_owned(),
        provider: provider(figures.fsp(row.fsp.as_ref())),
        amount: (row.amount, row.currency),
        state: row.state,
        why: reason::said(row.reason.as_deref(), row.code.as_deref()),
        since: row.since.map(Instant::from_micros),
        now,
    }
}

fn awaited(figures: &Figures, one: &crate::reports::Awaited) -> Awaited {
    Awaited {
        provider: figures.fsp(one.fsp.as_ref()).map(str::to_owned),
        account: one.account.clone(),
        why: awaited_said(one.ailment),
        since: Instant::from_micros(one.since),
    }
}

fn still(figures: &Figures, sight: &Sight, batch: &crate::reports::Paused) -> Still {
    let seen = sight.batches.contains(&batch.batch);
    Still {
        path: seen.then(|| format!("/batches/{}", batch.batch)),
        reference: seen.then(|| batch.reference.clone()),
        branch: figures.branch(&batch.branch).to_owned(),
        why: paused_said(batch.reason.as_deref()),
        since: Instant::from_micros(batch.since),
        waiting: batch.waiting,
        sum: (batch.sum, batch.currency),
    }
}

/// By reason and provider, the most frequent first.
fn failures(figures: &Figures, usual: Currency) -> Vec<Failure> {
    let sums = figures.sums(Outcome::Failed, |line| (line.reason.as_deref(), line.code.as_deref(), figures.fsp(line.fsp.as_ref())));
    let mut failures: Vec<_> = sums
        .into_iter()
        .map(|((kind, code, fsp), sum)| Failure {
            why: reason::said(kind, code),
            code: code.map(str::to_owned),
            provider: provider(fsp),
            count: sum.count,
            sum: sum.shown(usual),
        })
        .collect();
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
    failures
}

/// What was paid, in three ways: title, heading of the first column, lines.
fn paid_by(figures: &Figures, usual: Currency) -> Vec<(Said, Said, Vec<Line>)> {
    if figures.sum(Outcome::Paid).count == 0 {
        return Vec::new();
    }
    let types = figures.sums(Outcome::Paid, |line| line.payment_type);
    let branches = figures.sums(Outcome::Paid, |line| figures.branch(&line.branch));
    let fsps = figures.sums(Outcome::Paid, |line| figures.fsp(line.fsp.as_ref()));
    vec![
        (say!("Paid by payment type"), say!("Payment Type"), lines(types, usual, |kind| Said::new(kind.label()).into())),
        (say!("Paid by branch"), say!("Branch"), lines(branches, usual, |branch| Text::from(branch.to_owned()))),
        (say!("Paid by provider"), say!("Provider"), lines(fsps, usual, provider)),
    ]
}

fn lines<K>(sums: BTreeMap<K, Sum>, usual: Currency, name: impl Fn(K) -> Text) -> Vec<Line> {
    let mut lines: Vec<_> = sums.into_iter().map(|(key, sum)| Line { name: name(key), count: sum.count, sum: sum.shown(usual) }).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.count));
    lines
}
