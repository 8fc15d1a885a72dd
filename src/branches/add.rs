//! Adds a branch.

use super::{Branch, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, Failure, WriteTx};
use crate::ids::BranchId;

#[derive(Debug, Clone)]
pub struct NewBranch {
    pub code: String,
    pub region: String,
    pub township: String,
    pub name: String,
}

#[derive(Debug, thiserror::Error)]
pub enum AddBranchRefusal {
    #[error("a branch needs a code, a region, a township and a name")]
    Incomplete,
    #[error("there is already a branch with the code «{0}»")]
    CodeTaken(String),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for AddBranchRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// # Errors
/// [`AddBranchRefusal`].
pub fn add_branch(tx: &mut WriteTx<'_>, by: &By, new: &NewBranch) -> Result<Branch, AddBranchRefusal> {
    let fields = [&new.code, &new.region, &new.township, &new.name];
    if fields.iter().any(|field| field.trim().is_empty()) {
        return Err(AddBranchRefusal::Incomplete);
    }
    let [code, region, township, name] = fields.map(|field| field.trim().to_owned());
    if store::find_by_code(tx, &code)?.is_some() {
        return Err(AddBranchRefusal::CodeTaken(code));
    }
    let branch = Branch { id: BranchId::new(tx.now()), code, region, township, name, is_active: true };
    store::insert(tx, &branch)?;
    let mut event = Event::new(by.clone(), What::BranchAdded, Subject::new("branch", &branch.id))
        .changing(serde_json::json!({ "code": branch.code, "name": branch.full_name() }));
    event.branch = Some(branch.id.clone());
    audit::record(tx, &event)?;
    Ok(branch)
}
