//! Search Users, and the page of one person.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::is_built;
use crate::audit::{self, Recorded, What};
use crate::branches::{self, Branch};
use crate::clock::Instant;
use crate::ids::{BranchId, OnceKey, UserId};
use crate::people::{
    HeldRole, LastLink, Listed, Person, UserCriteria, branch_choices, last_link, locked_until, person, phones_of, roles_held, search_users,
};
use crate::search::Slice;
use crate::web::page::{Applied, Choice, Pager};
use crate::web::{COUNTED_MAX, ErrorPage, List, PAGE_ROWS, Page, Visitor, filters, html, institution};
use crate::words::Said;

/// Events of a person that their page shows, at most; the newest.
const EVENTS_MAX: i64 = 30;
/// What happens every day, and would hide the rest.
const EVERYDAY: &[What] = &[What::SignedIn, What::SignedOut, What::SignInRefused];

#[derive(Template)]
#[template(path = "people/users.html")]
struct UsersPage {
    page: Page,
    list: List,
    rows: Vec<Listed>,
    branches: Vec<Choice>,
    roles: Vec<Choice>,
    active: Vec<Choice>,
    sign_in: Vec<Choice>,
    more: bool,
    applied: Vec<Applied>,
    pager: Pager,
}

/// Filters that are not in sight until they are used.
const MORE: &[&str] = &["user_name", "phone", "email", "job_title", "sign_in"];

/// What is sent for those whose sign-in is locked.
const LOCKED: &str = "locked";

/// GET /users
pub async fn search(request: HttpRequest, page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let phones = phones_of(&institution.settings.phone_country);
    let typed = |name: &str| Some(list.get(name).to_owned()).filter(|typed| !typed.is_empty());
    let criteria = UserCriteria {
        anything: typed("q"),
        anything_as_phone: typed("q").and_then(|typed| phones.search_prefix(&typed)),
        user_name: typed("user_name"),
        phone: typed("phone").map(|typed| phones.search_prefix(&typed).unwrap_or(typed)),
        email: typed("email"),
        job_title: typed("job_title"),
        branch: typed("branch").map(BranchId::from),
        role: list.get("role").parse().ok(),
        is_active: match list.get("active") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        is_locked: list.get("sign_in") == LOCKED,
    };
    let (now, slice) = (institution.clock().now(), Slice { offset: list.offset(), limit: PAGE_ROWS, most: COUNTED_MAX });
    let (asked, chosen) = (criteria.clone(), criteria.branch.clone());
    let (part, branches) = institution
        .db
        .read(move |conn| Ok::<_, ErrorPage>((search_users(conn, &asked, now, slice)?, branch_choices(conn, chosen.as_ref())?)))
        .await?;
    let view = UsersPage {
        applied: applied(&list, &criteria, &branches),
        branches: branches.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect(),
        roles: HeldRole::ALL.iter().map(|role| Choice::new(role.as_str(), Said::new(role.label()))).collect(),
        active: vec![Choice::new("yes", Said::new("Yes")), Choice::new("no", Said::new("No"))],
        sign_in: vec![Choice::new(LOCKED, Said::new("Locked now"))],
        more: list.uses_any(MORE),
        pager: list.pager(part.counted, part.rows.len()),
        rows: part.rows,
        list,
        page,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}

fn applied(list: &List, criteria: &UserCriteria, branches: &[(BranchId, String)]) -> Vec<Applied> {
    let mut applied = Vec::new();
    for (name, label) in
        [("q", "Name or phone"), ("user_name", "User name"), ("phone", "Phone"), ("email", "Email"), ("job_title", "Job title")]
    {
        if !list.get(name).is_empty() {
            applied.push(Applied { label, value: list.get(name).to_owned().into(), without: list.without(name) });
        }
    }
    if let Some(branch) = &criteria.branch {
        let name = branches.iter().find(|(id, _)| id == branch).map_or_else(String::new, |(_, name)| name.clone());
        applied.push(Applied { label: "Branch", value: name.into(), without: list.without("branch") });
    }
    if let Some(role) = criteria.role {
        applied.push(Applied { label: "Role", value: Said::new(role.label()).into(), without: list.without("role") });
    }
    if let Some(is_active) = criteria.is_active {
        let word = if is_active { "Yes" } else { "No" };
        applied.push(Applied { label: "Is active", value: Said::new(word).into(), without: list.without("active") });
    }
    if criteria.is_locked {
        applied.push(Applied { label: "Sign-in", value: Said::new("Locked now").into(), without: list.without("sign_in") });
    }
    applied
}

#[derive(Template)]
#[template(path = "people/user.html")]
struct UserPage {
    page: Page,
    person: Person,
    branch: Option<Branch>,
    roles: Vec<HeldRole>,
    link: Option<LastLink>,
    events: Vec<Recorded>,
    is_oneself: bool,
    /// Until when wrong passwords keep them out somewhere.
    locked_until: Option<Instant>,
    once: OnceKey,
    /// Pages of other hands, where they are.
    has_rights: bool,
    has_invitation: bool,
}

/// GET /users/{id}
pub async fn show(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<UserId>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (id, now) = (path.into_inner(), institution.clock().now());
    let read = institution.db.read(move |conn| {
        let Some(person) = person(conn, &id)? else { return Err(ErrorPage::NotFound) };
        let branch = branches::find(conn, &person.user.branch)?;
        let roles = roles_held(conn, &person.user, now)?;
        let link = last_link(conn, &id)?;
        let events = audit::of_subject(conn, id.as_str(), EVERYDAY, EVENTS_MAX)?;
        let locked_until = locked_until(conn, &person.user, now)?;
        Ok((person, branch, roles, link, events, locked_until))
    });
    let (person, branch, roles, link, events, locked_until) = read.await?;
    let view = UserPage {
        page,
        is_oneself: person.user.id == visitor.actor.id,
        person,
        branch,
        roles,
        link,
        events,
        locked_until,
        once: OnceKey::random(),
        has_rights: is_built("/users/{id}/privileges"),
        has_invitation: is_built("/users/{id}/invitation"),
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}
