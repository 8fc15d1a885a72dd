//! The check page, which Add Permission and Copy Permission lead to, and POST /users/{id}/privileges, which saves what it showed.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::form::{self, Filled};
use super::{Person, copy, within_last_day};
use crate::branches::Branch;
use crate::clock::Instant;
use crate::ids::{BranchId, OnceKey, UserId};
use crate::privileges::words::{place, places};
use crate::privileges::{Action, BranchPlan, ChangeRefusal, Changed, Draft, Mode, Wanted, Way, change, draft};
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Fields, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::{Language, Said};

/// What the check page sends again when it saves.
#[derive(Debug, Clone)]
pub(super) enum Carried {
    Filled(Filled),
    Copied { from: UserId, mode: Mode },
}

impl Carried {
    fn read(fields: &Fields) -> Self {
        if fields.get("from").is_empty() {
            return Self::Filled(Filled::read(fields));
        }
        Self::Copied { from: UserId::from(fields.get("from")), mode: copy::mode(fields) }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Filled(filled) => filled.carried(),
            Self::Copied { from, mode } => vec![("from", from.to_string()), ("mode", mode.as_str().to_owned())],
        }
    }

    fn way(&self, page: &Page) -> Result<Way, Problem> {
        match self {
            Self::Filled(filled) => filled.way(page),
            Self::Copied { from, mode } => Ok(Way::Copied { from: from.clone(), mode: *mode }),
        }
    }

    /// The form that is filled in with this.
    fn form(&self) -> &'static str {
        match self {
            Self::Filled(_) => "new",
            Self::Copied { .. } => "copy",
        }
    }
}

#[derive(Template)]
#[template(path = "privileges/check.html")]
struct CheckPage {
    page: Page,
    once: OnceKey,
    person: Person,
    /// Whose privileges are copied.
    source: Option<String>,
    groups: Vec<Group>,
    carried: Vec<(&'static str, String)>,
    form: &'static str,
    seen: String,
    /// Where the person could make and approve.
    both_hands: Vec<String>,
    asks: usize,
    waits: usize,
    confirmers: String,
    left_out: Vec<String>,
    /// Somebody else changed it since the page before.
    changed: bool,
}

/// Branches in which the same changes.
struct Group {
    title: String,
    names: Vec<String>,
    given: Vec<Line>,
    taken: Vec<Line>,
    shortened: Vec<Line>,
}

struct Line {
    label: Said,
    until: Option<Instant>,
    along: bool,
    extends: bool,
    asks: bool,
}

impl Group {
    fn many(&self) -> bool {
        self.names.len() > 1
    }
}

/// The page: what would change, and what stands against it.
pub(super) fn show(page: Page, draft: Draft, carried: Carried, status: StatusCode) -> HttpResponse {
    let both_hands = draft.branches.iter().filter(|(branch, _)| draft.both_hands.contains(&branch.id));
    let view = CheckPage {
        once: OnceKey::random(),
        groups: groups(&draft, &page.language),
        both_hands: both_hands.map(|(branch, _)| branch.full_name()).collect(),
        asks: draft.asked.len(),
        waits: draft.waits.len(),
        confirmers: draft.confirmers.join(", "),
        left_out: draft.left_out.iter().map(Branch::full_name).collect(),
        source: draft.source.map(|source| source.full_name),
        person: Person::of(draft.person),
        carried: carried.fields(),
        form: carried.form(),
        seen: draft.seen,
        changed: status == StatusCode::CONFLICT,
        page,
    };
    html(status, &view.page, &view)
}

fn groups(draft: &Draft, language: &Language) -> Vec<Group> {
    let mut alike: BTreeMap<Key, Vec<&(Branch, BranchPlan)>> = BTreeMap::new();
    for one in &draft.branches {
        alike.entry(key(&one.1, &one.0.id, draft)).or_default().push(one);
    }
    let mut groups: Vec<Vec<&(Branch, BranchPlan)>> = alike.into_values().collect();
    groups.sort_by_cached_key(|branches| branches.first().map(|(branch, _)| branch.full_name()));
    groups.into_iter().filter_map(|branches| group(&branches, draft, language)).collect()
}

/// Each action with what becomes of it, until when, and whether it waits or comes along.
type Key = Vec<(Action, u8, Option<Instant>, bool)>;

/// What has to be alike for two branches to be told as one.
fn key(plan: &BranchPlan, branch: &BranchId, draft: &Draft) -> Key {
    let given = plan.given.iter().map(|(action, given)| {
        let how = if given.extends { 1 } else { 0 };
        (*action, how, given.until, draft.waits_for_confirmation(branch, *action))
    });
    let taken = plan.taken.iter().map(|(action, along)| (*action, 2, None, *along));
    let shortened = plan.shortened.iter().map(|(action, until)| (*action, 3, Some(*until), false));
    given.chain(taken).chain(shortened).collect()
}

fn group(branches: &[&(Branch, BranchPlan)], draft: &Draft, language: &Language) -> Option<Group> {
    let (first, plan) = branches.first()?;
    let line = |action: &Action, until: Option<Instant>, along: bool, extends: bool| Line {
        label: Said::new(action.label()),
        until: until.map(within_last_day),
        along,
        extends,
        asks: false,
    };
    let given = plan.given.iter().map(|(action, given)| Line {
        asks: draft.waits_for_confirmation(&first.id, *action),
        ..line(action, given.until, given.along, given.extends)
    });
    let short: Vec<String> = branches.iter().map(|(branch, _)| place(branch)).collect();
    Some(Group {
        title: if branches.len() == 1 { first.full_name() } else { places(&short, language) },
        names: branches.iter().map(|(branch, _)| branch.full_name()).collect(),
        given: given.collect(),
        taken: plan.taken.iter().map(|(action, along)| line(action, None, *along, false)).collect(),
        shortened: plan.shortened.iter().map(|(action, until)| line(action, Some(*until), false, false)).collect(),
    })
}

/// POST /users/{id}/privileges
pub async fn save(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    let (institution, id) = (institution(&request)?, path.into_inner());
    let carried = Carried::read(&posted.fields);
    let way = match carried.way(&page) {
        Ok(way) => way,
        Err(problem) => return again(&request, &visitor, page, id, carried, problem).await,
    };
    let both_hands = posted.fields.get("both_hands") == "yes";
    let wanted = Wanted { user: id.clone(), way, seen: posted.fields.get("seen").to_owned(), both_hands };
    let (actor, asked, to) = (visitor.actor.clone(), wanted.clone(), format!("/users/{id}/privileges"));
    let outcome = once::<ChangeRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        let changed = change(tx, &actor, &asked)?;
        Ok(Done::at(to.clone()).saying(told(&changed)))
    });
    match outcome.await {
        Ok(outcome) => Ok(outcome.redirect(&request)),
        Err(ChangeRefusal::Changed) => look_again(&request, &visitor, page, wanted, carried, None).await,
        Err(refusal @ ChangeRefusal::BothHands(_)) => {
            let problem = refusal.said(&page.language).map(|said| Problem::new("both_hands", said));
            look_again(&request, &visitor, page, wanted, carried, problem).await
        }
        Err(refusal) => match form::problem(&refusal, &page) {
            Some(problem) => again(&request, &visitor, page, id, carried, problem).await,
            None => Err(refusal.into()),
        },
    }
}

fn told(changed: &Changed) -> Said {
    let name = &changed.person;
    match (changed.waits, changed.confirmers.as_slice()) {
        (0, _) => say!("The privileges of {name} are changed.", name = name),
        (_, []) if changed.all_waits => {
            say!("It waits: there is no other account manager, so the operator has to confirm it with outlay admin confirm.")
        }
        (_, []) => say!(
            "The privileges of {name} are changed. The rest waits: there is no other account manager, so the operator has to confirm it with outlay admin confirm.",
            name = name
        ),
        (_, others) if changed.all_waits => say!("It waits until {others} confirms it.", others = others.join(", ")),
        (_, others) => {
            say!(
                "The privileges of {name} are changed. The rest waits until {others} confirms it.",
                name = name,
                others = others.join(", ")
            )
        }
    }
}

/// The check page as it is now: 409 where somebody changed it meanwhile, 422 where something is missing on it.
async fn look_again(
    request: &HttpRequest,
    visitor: &Visitor,
    mut page: Page,
    wanted: Wanted,
    carried: Carried,
    problem: Option<Problem>,
) -> Result<HttpResponse, ErrorPage> {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::CONFLICT };
    page.problems.extend(problem);
    let (by, now, id) = (visitor.actor.by(), page.now, wanted.user.clone());
    match institution(request)?.db.read(move |conn| draft(conn, &by, &wanted, now)).await {
        Ok(draft) => Ok(show(page, draft, carried, status)),
        Err(refusal) => match form::problem(&refusal, &page) {
            Some(problem) => again(request, visitor, page, id, carried, problem).await,
            None => Err(refusal.into()),
        },
    }
}

/// The form that this came from, with what is wrong.
async fn again(
    request: &HttpRequest,
    visitor: &Visitor,
    page: Page,
    id: UserId,
    carried: Carried,
    problem: Problem,
) -> Result<HttpResponse, ErrorPage> {
    match carried {
        Carried::Filled(filled) => form::refused(request, visitor, page, id, filled, problem).await,
        Carried::Copied { from, mode } => copy::refused(request, visitor, page, id, &from, mode, problem).await,
    }
}
