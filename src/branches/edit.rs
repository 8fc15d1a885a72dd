//! Changes what is said of a branch. Its id stays: batches and grants keep to it, whatever it is called.

use serde_json::{Map, Value, json};

use super::add::{event, may_administer};
use super::{Branch, BranchRefusal, NewBranch, details, store};
use crate::audit::{self, By, What};
use crate::db::WriteTx;
use crate::ids::BranchId;

/// # Errors
/// [`BranchRefusal`].
pub fn edit_branch(tx: &mut WriteTx<'_>, by: &By, id: &BranchId, new: &NewBranch) -> Result<Branch, BranchRefusal> {
    may_administer(tx, by)?;
    let old = store::find(tx, id)?.ok_or(BranchRefusal::NoSuchBranch)?;
    let NewBranch { code, region, township, name } = details::read(new).map_err(BranchRefusal::Wrong)?;
    if let Some(taken) = store::with_code(tx, &code)?.filter(|taken| taken.id != *id) {
        return Err(BranchRefusal::CodeTaken(Box::new(taken)));
    }
    let branch = Branch { code, region, township, name, ..old.clone() };
    let changes = changes(&old, &branch);
    if changes.is_empty() {
        return Ok(branch);
    }
    store::update(tx, &branch)?;
    audit::record(tx, &event(by, What::BranchEdited, &branch).changing(Value::Object(changes)))?;
    Ok(branch)
}

/// Old and new value of each field that changes.
fn changes(old: &Branch, new: &Branch) -> Map<String, Value> {
    let fields = [
        ("region", &old.region, &new.region),
        ("township", &old.township, &new.township),
        ("code", &old.code, &new.code),
        ("name", &old.name, &new.name),
    ];
    let changed = fields.into_iter().filter(|(_, from, to)| from != to);
    changed.map(|(name, from, to)| (name.to_owned(), json!({ "from": from, "to": to }))).collect()
}
