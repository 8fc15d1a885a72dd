//! GET /why: whether somebody could do something somewhere at some time, and by which grant or against which rule.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::within_last_day;
use crate::branches::{self, Branch};
use crate::clock::Instant;
use crate::db::{self, Conn};
use crate::ids::{BranchId, UserId};
use crate::people::{self, User};
use crate::privileges::{Action, ActionGroup, Against, Answer, PastGrant, store, why};
use crate::say;
use crate::search::read_date;
use crate::web::filters::{printed_date_of, printed_time};
use crate::web::page::{Choice, Problem};
use crate::web::{ErrorPage, List, Page, Visitor, filters, html, institution};
use crate::words::Said;

/// Branches one can choose among, at most.
const CHOICES_MAX: i64 = 500;

#[derive(Template)]
#[template(path = "privileges/why.html")]
struct WhyPage {
    page: Page,
    list: List,
    person: User,
    own: bool,
    may_change: bool,
    branches: Vec<Choice>,
    actions: Vec<Choice>,
    /// What was asked about, once it is known.
    branch: Option<Branch>,
    at: Instant,
    answers: Vec<Line>,
}

struct Line {
    label: &'static str,
    allowed: bool,
    because: Said,
}

/// GET /why
pub async fn show(request: HttpRequest, visitor: Visitor, mut page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let user = if list.get("user").is_empty() { visitor.actor.id.clone() } else { UserId::from(list.get("user")) };
    let own = user == visitor.actor.id;
    let branch = Some(list.get("branch")).filter(|id| !id.is_empty()).map(BranchId::from);
    // One's own, an account manager everybody's, others those of the branches whose reports they read.
    let reads = |branch: &BranchId| visitor.rights.has(Action::ViewReports, branch);
    let may_read = own || visitor.actor.is_account_manager || branch.as_ref().is_some_and(reads);
    if !may_read {
        return Err(ErrorPage::NotFound);
    }
    let at = match moment(&list, &page) {
        Ok(at) => at,
        Err(problem) => {
            page.problems.push(problem);
            page.now
        }
    };
    let within: Option<Vec<BranchId>> = (!own && !visitor.actor.is_account_manager).then(|| branch.iter().cloned().collect());
    let now = page.now;
    let loaded = institution(&request)?.db.read(move |conn| Loaded::load(conn, &user, branch.as_ref(), within.as_deref(), at, now)).await?;
    let loaded = loaded.ok_or(ErrorPage::NotFound)?;
    let asked = asked(&list);
    let answers = match &loaded.facts {
        Some(facts) => asked.iter().map(|action| line(&page, *action, &why(facts, *action, at))).collect(),
        None => Vec::new(),
    };
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = WhyPage {
        own,
        may_change: visitor.actor.is_account_manager,
        branches: loaded.branches,
        actions: Action::ALL.iter().map(|action| Choice::new(action.as_str(), Said::new(action.label()))).collect(),
        branch: loaded.branch,
        person: loaded.person,
        at,
        answers,
        list,
        page,
    };
    Ok(html(status, &view.page, &view))
}

struct Loaded {
    person: User,
    branches: Vec<Choice>,
    branch: Option<Branch>,
    facts: Option<crate::privileges::Facts>,
}

impl Loaded {
    fn load(
        conn: &mut Conn,
        user: &UserId,
        branch: Option<&BranchId>,
        within: Option<&[BranchId]>,
        at: Instant,
        now: Instant,
    ) -> Result<Option<Self>, db::Error> {
        let Some(person) = people::find(conn, user)? else { return Ok(None) };
        let mut offered = match within {
            Some(some) => store::branches_of(conn, some)?.into_values().collect(),
            None => store::active_branches(conn, "", CHOICES_MAX)?,
        };
        let branch = match branch {
            Some(id) => branches::find(conn, id)?,
            None => None,
        };
        if let Some(branch) = branch.as_ref().filter(|branch| !offered.contains(branch)) {
            offered.push(branch.clone());
        }
        let facts = branch.as_ref().map(|branch| store::facts(conn, user, &branch.id, at, now)).transpose()?;
        let choice = |branch: Branch| Choice::new(branch.id.to_string(), branch.full_name());
        Ok(Some(Self { person, branches: offered.into_iter().map(choice).collect(), branch, facts }))
    }
}

/// One action, those of a group, or all.
fn asked(list: &List) -> Vec<Action> {
    if let Ok(action) = list.get("action").parse() {
        return vec![action];
    }
    match ActionGroup::find(list.get("group")) {
        Some(group) => group.actions().collect(),
        None => Action::ALL.to_vec(),
    }
}

/// The day and time in the institution's zone; now without them. A day without a time: its last moment.
fn moment(list: &List, page: &Page) -> Result<Instant, Problem> {
    let (day, time) = (list.get("on"), list.get("time"));
    if day.is_empty() {
        return Ok(page.now);
    }
    let day = read_date(day).ok_or_else(|| Problem::new("on", say!("Write a date such as 20/10/2022")))?;
    let at = if time.is_empty() {
        super::end_of(day, page).map(within_last_day)
    } else {
        let time: jiff::civil::Time = time.parse().map_err(|_| Problem::new("time", say!("Write a time such as 14:30")))?;
        let zoned = day.to_datetime(time).to_zoned(page.zone.clone()).ok();
        zoned.map(|zoned| Instant::from_micros(zoned.timestamp().as_microsecond()))
    };
    let at = at.ok_or_else(|| Problem::new("on", say!("Write a date such as 20/10/2022")))?;
    if at > page.now && time.is_empty() && day == page.now.timestamp().to_zoned(page.zone.clone()).date() {
        return Ok(page.now);
    }
    if at > page.now { Err(Problem::new("on", say!("Choose a time until now: what lies ahead may still change."))) } else { Ok(at) }
}

fn line(page: &Page, action: Action, answer: &Answer) -> Line {
    match answer {
        Answer::Allowed(grant) => Line { label: action.label(), allowed: true, because: by_grant(page, grant) },
        Answer::NotAllowed(against) => Line { label: action.label(), allowed: false, because: because(page, against) },
    }
}

fn by_grant(page: &Page, grant: &PastGrant) -> Said {
    let time = |at| printed_time(at, &page.zone, &page.language);
    let given = match (&grant.confirmed_by, grant.confirmed_at) {
        (Some(confirmer), Some(at)) => {
            say!("Given by {name}, confirmed by {confirmer} on {time}", name = &grant.given_by, confirmer = confirmer, time = time(at))
        }
        _ => say!("Given by {name} on {time}", name = &grant.given_by, time = time(grant.from)),
    };
    let given = given.in_language(&page.language);
    match (grant.until, grant.ended_at) {
        (_, Some(ended)) => say!(
            "{given}. {name} ended it on {time}.",
            given = given,
            name = grant.ended_by.as_deref().unwrap_or_default(),
            time = time(ended)
        ),
        (Some(until), None) => {
            say!("{given}, until {date}.", given = given, date = printed_date_of(within_last_day(until), &page.zone, &page.language))
        }
        (None, None) => say!("{given}.", given = given),
    }
}

fn because(page: &Page, against: &Against) -> Said {
    let time = |at: &Instant| printed_time(*at, &page.zone, &page.language);
    match against {
        Against::NotYetThere => say!("The person was not in Outlay yet."),
        Against::Deactivated { since } => say!("The person was deactivated on {time}.", time = time(since)),
        Against::AccountManager { since } => {
            say!("The person was an account manager since {time}, and holds nothing that touches payments.", time = time(since))
        }
        Against::NoGrant => say!("Nobody had given it."),
        Against::Ended { at, by: Some(by) } => say!("{name} ended it on {time}.", name = by, time = time(at)),
        Against::Ended { at, by: None } => say!("It was ended on {time}.", time = time(at)),
        Against::Expired { at } => say!("It ran out on {time}.", time = time(at)),
        Against::Waits { asked_by, since } => {
            say!("{name} asked for it on {time}, and nobody had confirmed it.", name = asked_by, time = time(since))
        }
        Against::BranchInactive { since: Some(since) } => say!("The branch is not active since {time}.", time = time(since)),
        Against::BranchInactive { since: None } => say!("The branch is not active."),
    }
}
