//! Add Permission: GET and POST /users/{id}/privileges/new. Every button of the form sends it here; only the check page's own saves.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::check::{self, Carried};
use super::{Person, end_of};
use crate::branches::Branch;
use crate::db::{self, Conn};
use crate::ids::{BranchId, UserId};
use crate::people;
use crate::privileges::store;
use crate::privileges::{Action, ActionGroup, Actions, BRANCHES_MAX, ChangeRefusal, Mode, Role, Wanted, Way, draft, roles};
use crate::say;
use crate::search::read_date;
use crate::web::page::{Choice, Problem};
use crate::web::{Checked, ErrorPage, Fields, Page, Visitor, filters, html, institution};
use crate::words::Said;

/// The form as it was filled in.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    pub mode: Mode,
    pub branches: BTreeSet<BranchId>,
    pub actions: Actions,
    /// As it was typed.
    pub until: String,
    role: String,
    /// What the branches are narrowed by.
    filter: String,
}

impl Filled {
    pub(super) fn read(fields: &Fields) -> Self {
        Self {
            mode: fields.get("mode").parse().unwrap_or(Mode::Give),
            branches: fields.all("branch").filter(|id| !id.is_empty()).map(BranchId::from).collect(),
            actions: fields.all("action").filter_map(|name| name.parse().ok()).collect(),
            until: fields.get("until").to_owned(),
            role: fields.get("role").to_owned(),
            filter: fields.get("filter").to_owned(),
        }
    }

    fn empty() -> Self {
        Self::read(&Fields::default())
    }

    /// Its fields for the check page, which sends them again.
    pub(super) fn carried(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("mode", self.mode.as_str().to_owned()), ("until", self.until.clone())];
        fields.extend(self.branches.iter().map(|branch| ("branch", branch.to_string())));
        fields.extend(self.actions.iter().map(|action| ("action", action.as_str().to_owned())));
        fields
    }

    /// # Errors
    /// A last day that is none.
    pub(super) fn way(&self, page: &Page) -> Result<Way, Problem> {
        let until = match (self.until.is_empty(), read_date(&self.until)) {
            (true, _) => None,
            (false, Some(day)) => end_of(day, page),
            (false, None) => return Err(Problem::new("until", say!("Write a date such as 20/10/2022"))),
        };
        Ok(Way::Chosen { mode: self.mode, branches: self.branches.clone(), actions: self.actions.clone(), until })
    }
}

#[derive(Template)]
#[template(path = "privileges/form.html")]
struct FormPage {
    page: Page,
    person: Person,
    filled: Filled,
    roles: Vec<Choice>,
    groups: Vec<Group>,
    branches: Vec<Tick>,
    /// Chosen branches that the filter does not show.
    unseen: Vec<BranchId>,
    /// There are more branches than are shown.
    more: bool,
    modes: Vec<Choice>,
}

struct Group {
    label: &'static str,
    actions: Vec<Tick>,
}

struct Tick {
    value: String,
    label: Said,
    hint: Option<Said>,
    ticked: bool,
}

/// What the form is made of.
struct Offered {
    person: Person,
    roles: Vec<Role>,
    branches: Vec<Branch>,
}

impl Offered {
    /// Active branches, and inactive ones in which the person holds something that can be taken away.
    fn load(conn: &mut Conn, id: &UserId, filter: &str) -> Result<Option<Self>, db::Error> {
        let Some(user) = people::find(conn, id)? else { return Ok(None) };
        let most = i64::try_from(BRANCHES_MAX).unwrap_or(i64::MAX).saturating_add(1);
        let mut branches = store::active_branches(conn, filter, most)?;
        let held = store::open_grants(conn, id)?;
        let held = store::branches_of(conn, held.iter().map(|grant| &grant.branch).collect::<BTreeSet<_>>())?;
        let filter = filter.to_lowercase();
        branches.extend(held.into_values().filter(|branch| !branch.is_active && branch.full_name().to_lowercase().contains(&filter)));
        Ok(Some(Self { person: Person::of(user), roles: roles(conn)?, branches }))
    }
}

/// GET /users/{id}/privileges/new
pub async fn open(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<UserId>) -> Result<HttpResponse, ErrorPage> {
    show(&request, &visitor, page, path.into_inner(), Filled::empty(), StatusCode::OK).await
}

/// POST /users/{id}/privileges/new: one of the form's buttons.
pub async fn step(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Checked,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    let id = path.into_inner();
    let filled = Filled::read(&posted.fields);
    // Return in the filter's field presses the first button; who just changed the filter meant the filter.
    let refilters = filled.filter != posted.fields.get("filtered");
    if posted.fields.get("step") != "check" || refilters {
        let filled = pressed(&request, &id, filled, &posted.fields).await?;
        return show(&request, &visitor, page, id, filled, StatusCode::OK).await;
    }
    let way = match filled.way(&page) {
        Ok(way) => way,
        Err(problem) => return refused(&request, &visitor, page, id, filled, problem).await,
    };
    let wanted = Wanted { user: id.clone(), way, seen: String::new(), both_hands: false };
    let (by, now) = (visitor.actor.by(), page.now);
    match institution(&request)?.db.read(move |conn| draft(conn, &by, &wanted, now)).await {
        Ok(draft) => Ok(check::show(page, draft, Carried::Filled(filled), StatusCode::OK)),
        Err(refusal) => match problem(&refusal, &page) {
            Some(problem) => refused(&request, &visitor, page, id, filled, problem).await,
            None => Err(refusal.into()),
        },
    }
}

/// What the other buttons make of the form.
async fn pressed(request: &HttpRequest, id: &UserId, mut filled: Filled, fields: &Fields) -> Result<Filled, ErrorPage> {
    let db = institution(request)?.db.clone();
    match fields.get("step") {
        "role" => {
            let key = filled.role.clone();
            let role = db.read(move |conn| Ok::<_, db::Error>(roles(conn)?.into_iter().find(|role| role.key == key))).await?;
            filled.actions = role.map_or(filled.actions, |role| role.actions);
        }
        choice @ ("all" | "none") => {
            // Of the branches that were in sight.
            filled.filter = fields.get("filtered").to_owned();
            let (id, filter) = (id.clone(), filled.filter.clone());
            let offered = db.read(move |conn| Offered::load(conn, &id, &filter)).await?.ok_or(ErrorPage::NotFound)?;
            for branch in offered.branches.into_iter().take(BRANCHES_MAX) {
                if choice == "all" {
                    filled.branches.insert(branch.id)
                } else {
                    filled.branches.remove(&branch.id)
                };
            }
        }
        _ => {}
    }
    Ok(filled)
}

/// The form again, with what is wrong at its field.
pub(super) async fn refused(
    request: &HttpRequest,
    visitor: &Visitor,
    mut page: Page,
    id: UserId,
    filled: Filled,
    problem: Problem,
) -> Result<HttpResponse, ErrorPage> {
    page.problems.push(problem);
    show(request, visitor, page, id, filled, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// A refusal as the problem of a field of this form; `None` for what is not the form's matter.
pub(super) fn problem(refusal: &ChangeRefusal, page: &Page) -> Option<Problem> {
    let field = match refusal {
        ChangeRefusal::NoBranch | ChangeRefusal::TooManyBranches | ChangeRefusal::InactiveBranches(_) | ChangeRefusal::NoSuchBranch => {
            "branch"
        }
        ChangeRefusal::UntilPast => "until",
        ChangeRefusal::OwnGrant => return None,
        _ => "action",
    };
    Some(Problem::new(field, refusal.said(&page.language)?))
}

async fn show(
    request: &HttpRequest,
    visitor: &Visitor,
    page: Page,
    id: UserId,
    filled: Filled,
    status: StatusCode,
) -> Result<HttpResponse, ErrorPage> {
    if visitor.actor.id == id {
        return Err(ChangeRefusal::OwnGrant.into());
    }
    let filter = filled.filter.clone();
    let offered = institution(request)?.db.read(move |conn| Offered::load(conn, &id, &filter)).await?;
    let offered = offered.ok_or(ErrorPage::NotFound)?;
    let view = FormPage {
        groups: groups(&offered.person, &filled),
        roles: offered.roles.iter().map(|role| Choice::new(role.key.clone(), role.name.said())).collect(),
        more: offered.branches.len() > BRANCHES_MAX,
        unseen: filled
            .branches
            .iter()
            .filter(|id| !offered.branches.iter().take(BRANCHES_MAX).any(|branch| branch.id == **id))
            .cloned()
            .collect(),
        branches: offered.branches.iter().take(BRANCHES_MAX).map(|branch| branch_tick(branch, &filled)).collect(),
        modes: modes(),
        person: offered.person,
        filled,
        page,
    };
    Ok(html(status, &view.page, &view))
}

fn modes() -> Vec<Choice> {
    vec![
        Choice::new(Mode::Give.as_str(), say!("Give these")).hinted(say!("Everything else stays as it is.")),
        Choice::new(Mode::Take.as_str(), say!("Take these away")).hinted(say!("With what cannot be without them.")),
        Choice::new(Mode::Exactly.as_str(), say!("Make it exactly these"))
            .hinted(say!("In the chosen branches, everything else is taken away.")),
    ]
}

fn branch_tick(branch: &Branch, filled: &Filled) -> Tick {
    let hint = if branch.is_active { say!("{code}", code = &branch.code) } else { say!("{code}, not active", code = &branch.code) };
    let ticked = filled.branches.contains(&branch.id);
    Tick { value: branch.id.to_string(), label: say!("{name}", name = branch.full_name()), hint: Some(hint), ticked }
}

/// An account manager is offered what an account manager may hold; what they hold beside that can still be taken away.
fn groups(person: &Person, filled: &Filled) -> Vec<Group> {
    let offered = |action: &Action| {
        !person.is_account_manager || action.is_for_account_managers() || filled.mode != Mode::Give || filled.actions.contains(action)
    };
    let groups = ActionGroup::ALL.iter().map(|group| Group {
        label: group.label(),
        actions: group.actions().filter(offered).map(|action| action_tick(action, filled)).collect(),
    });
    groups.filter(|group| !group.actions.is_empty()).collect()
}

fn action_tick(action: Action, filled: &Filled) -> Tick {
    let hint = match action {
        _ if !action.needs().is_empty() => {
            let needed = action.needs().iter().map(|needed| needed.label()).collect::<Vec<_>>().join(", ");
            Some(say!("Ticks {actions} too", actions = needed))
        }
        Action::MakePayment => Some(say!("Needed to make any payment type")),
        _ if action.is_sensitive() => Some(say!("Another account manager confirms it")),
        _ if action.needs_some_view() => Some(say!("Needs a View")),
        _ => None,
    };
    Tick { value: action.as_str().to_owned(), label: Said::new(action.label()), hint, ticked: filled.actions.contains(&action) }
}
