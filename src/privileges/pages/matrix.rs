//! GET /users/{id}/privileges and GET /me/privileges: what a person may do, branch by branch, in words.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{Person, Shown, within_last_day};
use crate::branches::Branch;
use crate::clock::Instant;
use crate::db::{self, Conn};
use crate::ids::{BranchId, UserId};
use crate::people;
use crate::privileges::store::{self, OpenGrant, WaitingGrants};
use crate::privileges::words::{place, summary};
use crate::privileges::{Action, ActionGroup, Actions, Rights};
use crate::say;
use crate::web::page::{Applied, Pager};
use crate::web::{ErrorPage, List, PAGE_ROWS, Page, Visitor, filters, html, institution};
use crate::words::{Language, Said};

#[derive(Template)]
#[template(path = "privileges/matrix.html")]
struct MatrixPage {
    page: Page,
    person: Person,
    /// The visitor's own: they may look, and somebody else changes it.
    own: bool,
    sentences: Vec<Said>,
    groups: Vec<&'static str>,
    rows: Vec<Row>,
    waiting: Vec<Waiting>,
    list: List,
    applied: Vec<Applied>,
    pager: Pager,
}

impl MatrixPage {
    fn heading(&self) -> Said {
        if self.own { say!("Your privileges") } else { say!("Privileges") }
    }
}

struct Row {
    branch: Branch,
    cells: Vec<Cell>,
}

struct Cell {
    group: &'static str,
    shown: Vec<Shown>,
    why: String,
}

/// What was asked for and is not so yet.
struct Waiting {
    path: String,
    asked_by: String,
    asked_at: Instant,
    count: usize,
}

/// GET /users/{id}/privileges
pub async fn of_user(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    list: List,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    show(&request, visitor, page, list, path.into_inner()).await
}

/// GET /me/privileges
pub async fn own(request: HttpRequest, visitor: Visitor, page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let me = visitor.actor.id.clone();
    show(&request, visitor, page, list, me).await
}

async fn show(request: &HttpRequest, visitor: Visitor, page: Page, list: List, id: UserId) -> Result<HttpResponse, ErrorPage> {
    let own = visitor.actor.id == id;
    let (now, typed, language) = (page.now, list.get("branch").to_lowercase(), page.language.clone());
    let offset = usize::try_from(list.offset()).unwrap_or(0);
    let matrix = institution(request)?.db.read(move |conn| Matrix::load(conn, &id, now, &typed, offset, &language)).await?;
    let matrix = matrix.ok_or(ErrorPage::NotFound)?;
    let mut applied = Vec::new();
    if !list.get("branch").is_empty() {
        applied.push(Applied { label: "Branch", value: list.get("branch").to_owned().into(), without: list.without("branch") });
    }
    let view = MatrixPage {
        own,
        pager: list.pager(i64::try_from(matrix.fitting).unwrap_or(i64::MAX), matrix.rows.len()),
        groups: ActionGroup::ALL.iter().map(|group| group.label()).collect(),
        person: matrix.person,
        sentences: matrix.sentences,
        rows: matrix.rows,
        waiting: matrix.waiting,
        list,
        applied,
        page,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}

struct Matrix {
    person: Person,
    sentences: Vec<Said>,
    rows: Vec<Row>,
    fitting: usize,
    waiting: Vec<Waiting>,
}

impl Matrix {
    /// Branches in which the person holds something or waits for it; those whose name has the text in it, a page of them.
    fn load(
        conn: &mut Conn,
        id: &UserId,
        now: Instant,
        typed: &str,
        offset: usize,
        language: &Language,
    ) -> Result<Option<Self>, db::Error> {
        let Some(user) = people::find(conn, id)? else { return Ok(None) };
        let mut open = store::open_grants(conn, id)?;
        open.retain(|grant| !grant.is_expired(now));
        let waiting = store::waiting(conn, id)?;
        let cells = cells(&open, &waiting);
        let known = store::branches_of(conn, cells.keys())?;
        let rights = Rights::load(conn, id, now)?;
        let names: BTreeMap<BranchId, String> = known.iter().map(|(id, branch)| (id.clone(), place(branch))).collect();
        let sentences = summary(&rights.by_branch(), &names, store::count_active_branches(conn)?, language);
        let mut fitting: Vec<&Branch> = known.values().filter(|branch| fits(branch, typed)).collect();
        fitting.sort_by_cached_key(|branch| (branch.full_name(), branch.code.clone()));
        let page_rows = usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
        let rows = fitting.iter().skip(offset).take(page_rows).map(|branch| row(id, branch, cells.get(&branch.id))).collect();
        Ok(Some(Self {
            person: Person::of(user),
            sentences,
            fitting: fitting.len(),
            rows,
            waiting: waiting.into_iter().map(asked).collect(),
        }))
    }
}

fn fits(branch: &Branch, typed: &str) -> bool {
    typed.is_empty() || format!("{} {}", branch.full_name(), branch.code).to_lowercase().contains(typed)
}

type Cells = BTreeMap<Action, Vec<Shown>>;

fn cells(open: &[OpenGrant], waiting: &[WaitingGrants]) -> BTreeMap<BranchId, Cells> {
    let mut cells: BTreeMap<BranchId, Cells> = BTreeMap::new();
    let mut add = |branch: &BranchId, action: Action, until: Option<Instant>, waits: bool| {
        let shown = Shown { word: action.short(), until: until.map(within_last_day), waits };
        cells.entry(branch.clone()).or_default().entry(action).or_default().push(shown);
    };
    for grant in open {
        add(&grant.branch, grant.action, grant.until, false);
    }
    for one in waiting.iter().flat_map(|waiting| &waiting.grants) {
        add(&one.branch, one.action, one.until.map(Instant::from_micros), true);
    }
    cells
}

fn row(user: &UserId, branch: &Branch, cells: Option<&Cells>) -> Row {
    let held: BTreeSet<Action> = cells.into_iter().flat_map(|cells| cells.keys().copied()).collect();
    let cell = |group: ActionGroup| {
        let in_group = cells.into_iter().flatten().filter(|(action, _)| action.group() == group && is_told(**action, &held));
        let why = List::first("/why").with("user", user.as_str()).with("branch", branch.id.as_str()).with("group", group.as_str());
        Cell { group: group.label(), shown: in_group.flat_map(|(_, shown)| shown.iter().cloned()).collect(), why: why.here() }
    };
    Row { branch: branch.clone(), cells: ActionGroup::ALL.map(cell).into_iter().collect() }
}

/// Make Payment goes without saying where a type is made.
fn is_told(action: Action, held: &Actions) -> bool {
    action != Action::MakePayment || !held.iter().any(|other| other.makes() && *other != Action::MakePayment)
}

fn asked(waiting: WaitingGrants) -> Waiting {
    Waiting {
        path: format!("/confirmations/{}", waiting.id),
        asked_by: waiting.asked_by,
        asked_at: waiting.asked_at,
        count: waiting.grants.len(),
    }
}
