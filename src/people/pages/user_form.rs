//! The form of a person: adding one, and editing one.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::is_built;
use super::user_problems::{Same, Wrong, of_add, of_details, of_edit};
use crate::db;
use crate::ids::{BranchId, OnceKey, UserId};
use crate::institutions::Institution;
use crate::people::{
    ACCOUNT_MANAGERS_MAX, AddUserRefusal, Details, Edit, EditRefusal, Edited, InviteRefusal, NewUser, PasswordHash, TypedDetails, User,
    Way, account_managers, add_user, branch_choices, edit_user, invite, person, phones_of,
};
use crate::say;
use crate::web::page::{Choice, Problem};
use crate::web::{Done, ErrorPage, Fields, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

/// What the form holds.
#[derive(Debug, Clone, Default)]
struct Form {
    typed: TypedDetails,
    branch: String,
    is_account_manager: bool,
    is_active: bool,
    way: String,
}

impl Form {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).to_owned();
        Self {
            typed: TypedDetails {
                full_name: text("full_name"),
                first_name: text("first_name"),
                middle_name: text("middle_name"),
                last_name: text("last_name"),
                user_name: text("user_name"),
                phone: text("phone"),
                email: text("email"),
                job_title: text("job_title"),
            },
            branch: text("branch"),
            is_account_manager: fields.get("account_manager") == "yes",
            is_active: fields.get("active") != "no",
            way: text("way"),
        }
    }

    const fn active(&self) -> &'static str {
        if self.is_active { "yes" } else { "no" }
    }
}

#[derive(Template)]
#[template(path = "people/user_form.html")]
struct FormPage {
    page: Page,
    once: OnceKey,
    /// Of whom; `None`: somebody new.
    user: Option<User>,
    form: Form,
    branches: Vec<Choice>,
    managers: Vec<User>,
    ways: Vec<Choice>,
    same: Option<Same>,
    /// Nobody changes their own privileges.
    is_oneself: bool,
}

impl FormPage {
    fn managers_max(&self) -> usize {
        ACCOUNT_MANAGERS_MAX
    }

    fn names(&self) -> String {
        self.managers.iter().map(|manager| manager.full_name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn is_same(&self, field: &str) -> bool {
        self.same.as_ref().is_some_and(|same| same.field == field)
    }

    fn yes_no(&self) -> Vec<Choice> {
        vec![
            Choice::new("yes", Said::new("Yes")),
            Choice::new("no", Said::new("No")).hinted(say!("Leads on to a page that shows what ends with it.")),
        ]
    }
}

async fn show(
    request: &HttpRequest,
    visitor: &Visitor,
    mut page: Page,
    user: Option<User>,
    form: Form,
    wrong: Option<Wrong>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(request)?;
    let home = user.as_ref().map(|user| user.branch.clone());
    let around = institution.db.read(move |conn| Ok::<_, ErrorPage>((branch_choices(conn, home.as_ref())?, account_managers(conn)?)));
    let (branches, managers) = around.await?;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (problems, same) = wrong.map_or_else(|| (Vec::new(), None), |wrong| (wrong.problems, wrong.same));
    page.problems.extend(problems);
    let view = FormPage {
        page,
        once: OnceKey::random(),
        is_oneself: user.as_ref().is_some_and(|user| user.id == visitor.actor.id),
        user,
        form,
        branches: branches.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect(),
        managers,
        ways: ways(&institution),
        same,
    };
    Ok(html(status, &view.page, &view))
}

/// How an invitation can come to a person here.
fn ways(institution: &Institution) -> Vec<Choice> {
    let slip = Choice::new(Way::Slip.as_str(), say!("A code on a printed slip"))
        .hinted(say!("Print it from their page and give it to them in person. It works once, for 7 days."));
    if institution.settings.mail.is_none() {
        return vec![slip];
    }
    vec![
        Choice::new(Way::Mail.as_str(), say!("By mail"))
            .hinted(say!("They get a link to set their own password. It works once, for 7 days.")),
        slip,
    ]
}

/// GET /users/new
pub async fn add_form(request: HttpRequest, visitor: Visitor, page: Page) -> Result<HttpResponse, ErrorPage> {
    let way = if institution(&request)?.settings.mail.is_some() { Way::Mail } else { Way::Slip };
    let form = Form { way: way.as_str().to_owned(), is_active: true, ..Form::default() };
    show(&request, &visitor, page, None, form, None).await
}

/// What adding on the pages can end in.
#[derive(Debug, thiserror::Error)]
enum AddTrouble {
    #[error(transparent)]
    Add(#[from] AddUserRefusal),
    #[error(transparent)]
    Invite(#[from] InviteRefusal),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl db::Failure for AddTrouble {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Add(refusal) => refusal.database(),
            Self::Invite(refusal) => refusal.database(),
            Self::Db(error) => Some(error),
        }
    }
}

/// POST /users
pub async fn add(request: HttpRequest, visitor: Visitor, page: Page, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let form = Form::of(&posted.fields);
    let (new, way) = match read_new(&form, &institution) {
        Ok(read) => read,
        Err(wrong) => return show(&request, &visitor, page, None, form, Some(*wrong)).await,
    };
    let by = visitor.actor.by();
    let outcome = once::<AddTrouble, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        let user = add_user(tx, &by, &new)?;
        if new.is_account_manager && !user.is_account_manager {
            return Ok(Done::at(format!("/users/{}", user.id)).saying(added_and_waits(&user)));
        }
        // A code is seen once, by whoever prints it: it is made when it is printed.
        if way == Way::Mail {
            invite(tx, &by, &user, way)?;
        }
        let rights = !user.is_account_manager && is_built("/users/{id}/privileges");
        let onward = if rights { format!("/users/{}/privileges", user.id) } else { format!("/users/{}", user.id) };
        Ok(Done::at(onward).saying(added(&user, way)))
    });
    let refusal = match outcome.await {
        Ok(outcome) => return Ok(outcome.redirect(&request)),
        Err(refusal) => refusal,
    };
    let wrong = match refusal {
        AddTrouble::Add(refusal) => of_add(refusal)?,
        AddTrouble::Invite(InviteRefusal::Db(error)) | AddTrouble::Db(error) => return Err(error.into()),
        AddTrouble::Invite(InviteRefusal::NoAddress) => Wrong::at("email", no_address()),
        AddTrouble::Invite(_) => return Err(ErrorPage::NotFound),
    };
    show(&request, &visitor, page, None, form, Some(wrong)).await
}

fn added(user: &User, way: Way) -> Said {
    let (name, user_name) = (&user.full_name, &user.user_name);
    match way {
        Way::Mail => {
            say!("{name} is added with the user name {user_name}, and the invitation is on its way.", name = name, user_name = user_name)
        }
        Way::Slip => {
            say!(
                "{name} is added with the user name {user_name}. Print their code from their page when they are with you.",
                name = name,
                user_name = user_name
            )
        }
    }
}

/// Invited before it is confirmed, they would be invited on one person's word.
fn added_and_waits(user: &User) -> Said {
    say!(
        "{name} is added with the user name {user_name}. They become an account manager when whoever runs Outlay confirms it with outlay admin confirm. Invite them after that, from this page.",
        name = &user.full_name,
        user_name = &user.user_name
    )
}

fn no_address() -> Said {
    say!("Write the email address, or choose a code on a printed slip")
}

fn read_new(form: &Form, institution: &Institution) -> Result<(NewUser, Way), Box<Wrong>> {
    let mut problems = Vec::new();
    let details = match Details::read(&form.typed, &phones_of(&institution.settings.phone_country)) {
        Ok(details) => Some(details),
        Err(wrong) => {
            problems.extend(of_details(wrong));
            None
        }
    };
    if form.branch.is_empty() {
        problems.push(Problem::new("branch", say!("Choose a branch")));
    }
    let way = form.way.parse().unwrap_or(Way::Slip);
    let way = if institution.settings.mail.is_some() { way } else { Way::Slip };
    if way == Way::Mail && form.typed.email.is_empty() {
        problems.push(Problem::new("email", no_address()));
    }
    match details {
        Some(details) if problems.is_empty() => {
            let new = NewUser {
                details,
                branch: BranchId::from(form.branch.as_str()),
                is_account_manager: form.is_account_manager,
                password: PasswordHash::not_set(),
                must_set_password: true,
            };
            Ok((new, way))
        }
        _ => Err(Box::new(Wrong { problems, same: None })),
    }
}

/// GET /users/{id}/edit
pub async fn edit_form(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<UserId>) -> Result<HttpResponse, ErrorPage> {
    let id = path.into_inner();
    let read = institution(&request)?.db.read(move |conn| Ok::<_, ErrorPage>(person(conn, &id)?)).await?;
    let person = read.ok_or(ErrorPage::NotFound)?;
    let or_empty = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let details = &person.details;
    let typed = TypedDetails {
        full_name: details.full_name().to_owned(),
        first_name: or_empty(details.first_name()),
        middle_name: or_empty(details.middle_name()),
        last_name: or_empty(details.last_name()),
        user_name: details.user_name().to_owned(),
        phone: details.phone().map(|phone| format!("+{phone}")).unwrap_or_default(),
        email: or_empty(details.email()),
        job_title: or_empty(details.job_title()),
    };
    let form = Form {
        typed,
        branch: person.user.branch.to_string(),
        is_account_manager: person.user.is_account_manager,
        is_active: person.user.is_active,
        way: String::new(),
    };
    show(&request, &visitor, page, Some(person.user), form, None).await
}

/// POST /users/{id}/edit
pub async fn edit(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let id = path.into_inner();
    let found = institution.db.read(move |conn| Ok::<_, ErrorPage>(person(conn, &id)?)).await?;
    let user = found.ok_or(ErrorPage::NotFound)?.user;
    let mut form = Form::of(&posted.fields);
    form.typed.user_name.clone_from(&user.user_name);
    let details = match Details::read(&form.typed, &phones_of(&institution.settings.phone_country)) {
        Ok(details) => details,
        Err(wrong) => {
            let wrong = Wrong { problems: of_details(wrong), same: None };
            return show(&request, &visitor, page, Some(user), form, Some(wrong)).await;
        }
    };
    // One's own box is not in the form.
    let is_account_manager = if user.id == visitor.actor.id { user.is_account_manager } else { form.is_account_manager };
    let order = Edit { user: user.id.clone(), details, branch: BranchId::from(form.branch.as_str()), is_account_manager };
    let onward = onward(&user, form.is_active, &visitor);
    let by = visitor.actor.by();
    let outcome = once::<EditRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        let edited = edit_user(tx, &by, &order)?;
        Ok(Done::at(onward.clone()).saying(saved(&edited)))
    });
    let wrong = match outcome.await {
        Ok(outcome) => return Ok(outcome.redirect(&request)),
        Err(refusal) => of_edit(refusal)?,
    };
    show(&request, &visitor, page, Some(user), form, Some(wrong)).await
}

fn saved(edited: &Edited) -> Said {
    let name = &edited.user.full_name;
    match (edited.account_manager_waits, edited.email_waits) {
        (true, false) => say!(
            "{name} is saved. Account manager stays as it was until whoever runs Outlay confirms the change with outlay admin confirm.",
            name = name
        ),
        (true, true) => say!(
            "{name} is saved. Account manager and the email address stay as they were until whoever runs Outlay confirms the changes with outlay admin confirm.",
            name = name
        ),
        (false, true) => say!("{name} is saved. The new email address waits until the other account manager confirms it.", name = name),
        (false, false) => say!("{name} is saved.", name = name),
    }
}

/// Changing Is Active leads on to the page that shows what it means.
fn onward(user: &User, is_active: bool, visitor: &Visitor) -> String {
    match (user.is_active, is_active) {
        (true, false) if user.id != visitor.actor.id => format!("/users/{}/deactivation", user.id),
        (false, true) => format!("/users/{}/reactivation", user.id),
        _ => format!("/users/{}", user.id),
    }
}
