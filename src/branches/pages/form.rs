//! The form of a branch: a new one, and one that is changed.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{LIST, found, path_of};
use crate::branches::{Branch, BranchRefusal, Field, NewBranch, Wrong, add_branch, edit_branch, full_name};
use crate::ids::{BranchId, OnceKey};
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Fields, Page, Posted, Visitor, filters, html, institution, once};

#[derive(Template)]
#[template(path = "branches/form.html")]
struct FormPage {
    page: Page,
    /// The branch that is changed; none where one is added.
    branch: Option<Branch>,
    typed: NewBranch,
    once: OnceKey,
}

impl FormPage {
    /// `YANGON - INSEIN - Branch 1` of what was typed, with a gap for what was not; empty before anything was.
    fn preview(&self) -> String {
        let NewBranch { region, township, name, .. } = &self.typed;
        let gap = |text: &str| if text.trim().is_empty() { "…".to_owned() } else { text.trim().to_owned() };
        let is_empty = [region, township, name].iter().all(|text| text.trim().is_empty());
        if is_empty { String::new() } else { full_name(&gap(region), &gap(township), &gap(name)) }
    }

    fn action(&self) -> String {
        self.branch.as_ref().map_or_else(|| LIST.to_owned(), |branch| format!("{}/edit", path_of(&branch.id)))
    }

    /// Where one goes without saving.
    fn back(&self) -> String {
        self.branch.as_ref().map_or_else(|| LIST.to_owned(), |branch| path_of(&branch.id))
    }
}

fn shown(page: Page, branch: Option<Branch>, typed: NewBranch) -> HttpResponse {
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = FormPage { page, branch, typed, once: OnceKey::random() };
    html(status, &view.page, &view)
}

fn typed(fields: &Fields) -> NewBranch {
    let text = |field: Field| fields.get(field.as_str()).to_owned();
    NewBranch { code: text(Field::Code), region: text(Field::Region), township: text(Field::Township), name: text(Field::Name) }
}

/// GET /branches/new
pub async fn add_form(page: Page) -> HttpResponse {
    shown(page, None, NewBranch::default())
}

/// POST /branches
pub async fn add(request: HttpRequest, visitor: Visitor, mut page: Page, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (by, new) = (visitor.actor.by(), typed(&posted.fields));
    let wanted = new.clone();
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        let branch = add_branch(tx, &by, &wanted)?;
        let said = say!("{branch} is added. Now add its people.", branch = branch.full_name());
        Ok::<_, BranchRefusal>(Done::at(path_of(&branch.id)).saying(said))
    })
    .await;
    match outcome {
        Ok(outcome) => Ok(outcome.redirect(&request)),
        Err(refusal) => {
            page.problems = problems(refusal)?;
            Ok(shown(page, None, new))
        }
    }
}

/// GET /branches/{id}/edit
pub async fn edit_form(request: HttpRequest, page: Page, path: web::Path<BranchId>) -> Result<HttpResponse, ErrorPage> {
    let branch = found(&request, path.into_inner()).await?;
    let Branch { code, region, township, name, .. } = branch.clone();
    Ok(shown(page, Some(branch), NewBranch { code, region, township, name }))
}

/// POST /branches/{id}/edit
pub async fn edit(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    posted: Posted,
    path: web::Path<BranchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let branch = found(&request, path.into_inner()).await?;
    let (by, new) = (visitor.actor.by(), typed(&posted.fields));
    let (id, wanted) = (branch.id.clone(), new.clone());
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        let branch = edit_branch(tx, &by, &id, &wanted)?;
        Ok::<_, BranchRefusal>(Done::at(path_of(&id)).saying(say!("{branch} is saved.", branch = branch.full_name())))
    })
    .await;
    match outcome {
        Ok(outcome) => Ok(outcome.redirect(&request)),
        Err(refusal) => {
            page.problems = problems(refusal)?;
            Ok(shown(page, Some(branch), new))
        }
    }
}

/// What is wrong with the form; or the page for what is not about the form.
fn problems(refusal: BranchRefusal) -> Result<Vec<Problem>, ErrorPage> {
    match refusal {
        BranchRefusal::Wrong(wrong) => Ok(wrong.into_iter().map(problem).collect()),
        BranchRefusal::CodeTaken(taken) => {
            let said = say!("{branch} has the code {code} already. Choose another one.", branch = taken.full_name(), code = taken.code);
            Ok(vec![Problem::new(Field::Code.as_str(), said)])
        }
        refusal => Err(refusal.into()),
    }
}

fn problem(wrong: Wrong) -> Problem {
    match wrong {
        Wrong::Missing(Field::Region) => Problem::new("region", say!("Write the region, as in Yangon")),
        Wrong::Missing(Field::Township) => Problem::new("township", say!("Write the township, as in Insein")),
        Wrong::Missing(Field::Code) => Problem::new("code", say!("Write a code, as in YGN-01")),
        Wrong::Missing(Field::Name) => Problem::new("name", say!("Write the name, as in Branch 1")),
        Wrong::TooLong(field) => Problem::new(field.as_str(), say!("Shorten this to {limit} characters", limit = field.chars_max())),
        Wrong::BadCode => {
            Problem::new("code", say!("A code has English letters, digits and - _ . / only, and begins with a letter or a digit"))
        }
    }
}
