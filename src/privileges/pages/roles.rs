//! GET and POST /roles, POST /roles/{id}/deletion: the sets of actions that fill in Add Permission.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::labels;
use crate::ids::{OnceKey, RoleId};
use crate::privileges::{ActionGroup, Actions, ROLE_NAME_CHARS_MAX, ROLES_MAX, Role, RoleName, RoleRefusal, delete_role, roles, save_role};
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

#[derive(Template)]
#[template(path = "privileges/roles.html")]
struct RolesPage {
    page: Page,
    once: OnceKey,
    rows: Vec<Row>,
    /// The name that was typed.
    typed: String,
    groups: Vec<Group>,
}

struct Row {
    name: Said,
    actions: Vec<Said>,
    /// Where it is deleted; a standard role is not.
    deletion: Option<String>,
    once: OnceKey,
}

struct Group {
    label: &'static str,
    actions: Vec<(String, Said, bool)>,
}

/// GET /roles
pub async fn list(request: HttpRequest, page: Page) -> Result<HttpResponse, ErrorPage> {
    show(&request, page, String::new(), Actions::new(), StatusCode::OK).await
}

/// POST /roles
pub async fn save(request: HttpRequest, visitor: Visitor, mut page: Page, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let name = posted.fields.get("name").to_owned();
    let actions: Actions = posted.fields.all("action").filter_map(|name| name.parse().ok()).collect();
    let (actor, wanted, called) = (visitor.actor.clone(), actions.clone(), name.clone());
    let outcome = once::<RoleRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        save_role(tx, &actor, &called, &wanted)?;
        Ok(Done::at("/roles").saying(say!("The role {name} is saved.", name = &called)))
    });
    match outcome.await {
        Ok(outcome) => Ok(outcome.redirect(&request)),
        Err(refusal) => {
            let Some(problem) = problem(&refusal) else { return Err(refusal.into()) };
            page.problems.push(problem);
            show(&request, page, name, actions, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

fn problem(refusal: &RoleRefusal) -> Option<Problem> {
    Some(match refusal {
        RoleRefusal::NoName => Problem::new("name", say!("Write a name for the role.")),
        RoleRefusal::NameTooLong => Problem::new("name", say!("Write at most {count} characters.", count = ROLE_NAME_CHARS_MAX)),
        RoleRefusal::NameTaken => Problem::new("name", say!("There is a role with this name already. Choose another name.")),
        RoleRefusal::TooMany => Problem::new("name", say!("There are {count} roles already. Delete one first.", count = ROLES_MAX)),
        RoleRefusal::NoAction => Problem::new("action", say!("Choose at least one action.")),
        RoleRefusal::Useless(why) => Problem::new("action", why.said("every branch")),
        RoleRefusal::NotAllowed(_) | RoleRefusal::NoSuchRole | RoleRefusal::Db(_) => return None,
    })
}

/// POST /roles/{id}/deletion
pub async fn deletion(request: HttpRequest, visitor: Visitor, posted: Posted, path: web::Path<RoleId>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (actor, id) = (visitor.actor.clone(), path.into_inner());
    let outcome = once::<RoleRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        let name = delete_role(tx, &actor, &id)?;
        Ok(Done::at("/roles").saying(say!("The role {name} is deleted. Nobody lost a privilege by it.", name = name)))
    });
    Ok(outcome.await?.redirect(&request))
}

async fn show(request: &HttpRequest, page: Page, name: String, ticked: Actions, status: StatusCode) -> Result<HttpResponse, ErrorPage> {
    let roles = institution(request)?.db.read(roles).await?;
    let groups = ActionGroup::ALL.iter().map(|group| Group {
        label: group.label(),
        actions: group.actions().map(|action| (action.as_str().to_owned(), Said::new(action.label()), ticked.contains(&action))).collect(),
    });
    let view =
        RolesPage { once: OnceKey::random(), rows: roles.into_iter().map(row).collect(), typed: name, groups: groups.collect(), page };
    Ok(html(status, &view.page, &view))
}

fn row(role: Role) -> Row {
    let own = matches!(role.name, RoleName::Own(_));
    Row {
        name: role.name.said(),
        actions: labels(role.actions),
        deletion: own.then(|| format!("/roles/{}/deletion", role.key)),
        once: OnceKey::random(),
    }
}
