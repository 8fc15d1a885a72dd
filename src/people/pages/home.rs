//! GET /: what waits for the person, each a sentence with a link, oldest first.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::is_built;
use crate::approvals::Waiting;
use crate::batches::State;
use crate::clock::Instant;
use crate::people::{Administration, Home, HomeBatch, home as ask};
use crate::privileges::Action;
use crate::resolutions::Oldest;
use crate::say;
use crate::search::FoundBatch;
use crate::web::filters::printed_time;
use crate::web::urls::needs_of;
use crate::web::{ErrorPage, Page, Visitor, filters, html, institution};
use crate::words::Said;

/// A thing to do.
struct ToDo {
    said: Said,
    /// `None`: there is no page for it.
    path: Option<String>,
    word: &'static str,
    tone: &'static str,
    since: Option<Instant>,
}

#[derive(Template)]
#[template(path = "people/home.html")]
struct HomePage {
    page: Page,
    todos: Vec<ToDo>,
    last: Vec<FoundBatch>,
    is_account_manager: bool,
    /// They hold nothing at all.
    holds_nothing: bool,
    may_upload: bool,
    may_search: bool,
}

/// GET /
pub async fn home(request: HttpRequest, visitor: Visitor, page: Page) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (actor, rights, now) = (visitor.actor.clone(), visitor.rights.clone(), page.now);
    let today = start_of_day(&page);
    let home = institution.db.read(move |conn| Ok::<_, ErrorPage>(ask(conn, &actor, &rights, today, now)?)).await?;
    let meets = |path: &str| needs_of(path).is_some_and(|needs| visitor.meets(needs));
    let view = HomePage {
        todos: todos(&home, &page),
        last: home.last,
        is_account_manager: visitor.actor.is_account_manager,
        holds_nothing: Action::ALL.iter().all(|action| !visitor.rights.has_somewhere(*action)),
        may_upload: meets("/batches/new"),
        may_search: meets("/search/batches"),
        page,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}

/// Midnight in the institution's time zone.
fn start_of_day(page: &Page) -> Instant {
    let today = page.now.timestamp().to_zoned(page.zone.clone()).start_of_day();
    today.map_or(page.now, |start| Instant::from_micros(start.timestamp().as_microsecond()))
}

fn todos(home: &Home, page: &Page) -> Vec<ToDo> {
    let mut all = of_administration(home.administration);
    all.extend(
        home.rejected.iter().map(|batch| {
            of_batch(batch, say!("{name} was rejected. Correct it and submit it again", name = &batch.name), "Rejected", "bad")
        }),
    );
    all.extend(of_resolver(home));
    all.extend(home.waiting.iter().map(of_waiting));
    let mut rest: Vec<ToDo> = home.troubled.iter().map(troubled).collect();
    rest.extend(home.drafts.iter().map(draft));
    rest.extend(
        home.running.iter().filter(|batch| home.troubled.iter().all(|other| other.id != batch.id)).map(|batch| running(batch, page)),
    );
    rest.sort_by_key(|todo| todo.since);
    all.extend(rest);
    all
}

fn counted(count: i64, one: Said, many: fn(i64) -> Said, path: &str) -> Option<ToDo> {
    let said = if count == 1 { one } else { many(count) };
    let page = path.split('?').next().unwrap_or(path);
    let path = is_built(page).then(|| path.to_owned());
    (count > 0).then_some(ToDo { said, path, word: "To do", tone: "warn", since: None })
}

fn of_administration(counts: Administration) -> Vec<ToDo> {
    let lists = [
        counted(
            counts.confirmations,
            say!("1 request of the other account manager waits for your confirmation"),
            |count| say!("{count} requests of the other account manager wait for your confirmation", count = count),
            "/confirmations",
        ),
        counted(
            counts.qr_requests,
            say!("1 person asks for a new QR code"),
            |count| say!("{count} people ask for a new QR code", count = count),
            "/qr-code-requests",
        ),
        counted(
            counts.undelivered,
            say!("1 mail could not be delivered"),
            |count| say!("{count} mails could not be delivered", count = count),
            "/mails/undelivered",
        ),
        counted(
            counts.locked,
            say!("1 person cannot sign in for a while, after too many wrong passwords"),
            |count| say!("{count} people cannot sign in for a while, after too many wrong passwords", count = count),
            "/users?sign_in=locked&active=yes",
        ),
    ];
    lists.into_iter().flatten().collect()
}

/// Payments without an outcome, by age.
fn of_resolver(home: &Home) -> Vec<ToDo> {
    let mut all: Vec<ToDo> = counted(
        home.proposals,
        say!("1 payment's outcome waits for your word"),
        |count| say!("The outcomes of {count} payments wait for your word", count = count),
        "/operations",
    )
    .into_iter()
    .collect();
    all.extend(home.attention.map(|Oldest { count, since }| {
        let said = if count == 1 { say!("1 payment needs attention") } else { say!("{count} payments need attention", count = count) };
        ToDo { said, path: Some("/operations".to_owned()), word: "Needs attention", tone: "bad", since }
    }));
    all.extend(home.in_doubt.map(|Oldest { count, since }| {
        let said = if count == 1 { say!("1 payment is in doubt") } else { say!("{count} payments are in doubt", count = count) };
        ToDo { said, path: Some("/operations?state=in_doubt".to_owned()), word: "In doubt", tone: "warn", since }
    }));
    all
}

fn of_waiting(waiting: &Waiting) -> ToDo {
    let sum = waiting.currency.show(waiting.sum);
    let said = if waiting.batches == 1 {
        say!("1 batch waits for your decision, {sum}", sum = sum)
    } else {
        say!("{count} batches wait for your decision, {sum}", count = waiting.batches, sum = sum)
    };
    ToDo { said, path: Some("/tasks".to_owned()), word: "Task", tone: "warn", since: waiting.oldest }
}

fn of_batch(batch: &HomeBatch, said: Said, word: &'static str, tone: &'static str) -> ToDo {
    ToDo { said, path: Some(format!("/batches/{}", batch.id)), word, tone, since: Some(batch.state_at) }
}

fn draft(batch: &HomeBatch) -> ToDo {
    if batch.state == State::NeedsCorrection {
        return of_batch(batch, say!("{name} has rows to mend", name = &batch.name), "Needs correction", "warn");
    }
    let sum = batch.currency.show(batch.sum);
    of_batch(batch, say!("{name} is not submitted yet, {sum}", name = &batch.name, sum = sum), "Draft", "neutral")
}

fn running(batch: &HomeBatch, page: &Page) -> ToDo {
    let (done, total) = (batch.succeeded.saturating_add(batch.failed), batch.total);
    let said = say!("{name} is being paid: {done} of {total}", name = &batch.name, done = done, total = total);
    match batch.state {
        State::Paused => of_batch(
            batch,
            say!("{name} is paused: {done} of {total} done", name = &batch.name, done = done, total = total),
            "Paused",
            "warn",
        ),
        State::Scheduled => {
            let (sum, day) = (batch.currency.show(batch.sum), batch.pay_at.map(|day| printed_time(day, &page.zone, &page.language)));
            let said = match day {
                Some(day) => say!("{name} will be paid on {time}, {sum}", name = &batch.name, time = day, sum = sum),
                None => say!("{name} waits for its day, {sum}", name = &batch.name, sum = sum),
            };
            of_batch(batch, said, "Scheduled", "info")
        }
        State::Cancelling => of_batch(batch, say!("The rest of {name} is being cancelled", name = &batch.name), "Cancelling", "warn"),
        _ => of_batch(batch, said, "Paying", "busy"),
    }
}

fn troubled(batch: &HomeBatch) -> ToDo {
    let (name, branch) = (&batch.name, &batch.branch);
    if batch.needs_attention > 0 {
        let said = say!("{name} ({branch}): {count} payments need attention", name = name, branch = branch, count = batch.needs_attention);
        return of_batch(batch, said, "Needs attention", "bad");
    }
    let said = say!("{name} ({branch}): {count} payments failed today", name = name, branch = branch, count = batch.failed);
    of_batch(batch, said, "Failed", "bad")
}
