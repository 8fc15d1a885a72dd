//! Branches: the search, the page of one, its form, and its deactivation.

mod deactivation;
mod form;
mod one;
mod search;

pub use self::deactivation::{activation, deactivation, deactivation_page};
pub use self::form::{add, add_form, edit, edit_form};
pub use self::one::show;
pub use self::search::search;
use super::{Branch, BranchRefusal};
use crate::ids::BranchId;
use crate::say;
use crate::web::{ErrorPage, institution};

const LIST: &str = "/branches";

fn path_of(id: &BranchId) -> String {
    format!("/branches/{id}")
}

async fn found(request: &actix_web::HttpRequest, id: BranchId) -> Result<Branch, ErrorPage> {
    institution(request)?.db.read(move |conn| super::find(conn, &id)?.ok_or(ErrorPage::NotFound)).await
}

impl From<BranchRefusal> for ErrorPage {
    fn from(refusal: BranchRefusal) -> Self {
        match refusal {
            BranchRefusal::NotAllowed(refusal) => refusal.into(),
            BranchRefusal::NoSuchBranch => Self::NotFound,
            BranchRefusal::Wrong(_) | BranchRefusal::CodeTaken(_) => Self::BadForm,
            BranchRefusal::AlreadySo(branch) if branch.is_active => {
                Self::Conflict { what: say!("{branch} is active already.", branch = branch.full_name()), typed: Vec::new() }
            }
            BranchRefusal::AlreadySo(branch) => {
                Self::Conflict { what: say!("{branch} was deactivated already.", branch = branch.full_name()), typed: Vec::new() }
            }
            BranchRefusal::StillOpen(_) => Self::Conflict {
                what: say!("Something was opened in this branch in the meantime. Nothing was changed."),
                typed: Vec::new(),
            },
            BranchRefusal::Db(error) => error.into(),
        }
    }
}
