//! Gives people who were just added what their roles hold, all at once.

use super::{Action, Actions, Authorise, NotAllowed, record, store, tell};
use crate::audit::{ActorKind, By, What};
use crate::branches::Branch;
use crate::confirmations::{self, Change, GrantAsked};
use crate::db::WriteTx;
use crate::ids::{GrantId, UserId};
use crate::people::User;

/// Actions for one who holds nothing yet, in one branch.
pub struct ToNewcomer<'a> {
    pub person: &'a User,
    pub branch: &'a Branch,
    pub actions: Actions,
}

/// What nobody has to confirm is so at once; the rest is asked for, once for each person.
///
/// # Errors
/// [`NotAllowed`]; nothing is given then.
pub fn give_newcomers(tx: &mut WriteTx<'_>, by: &By, newcomers: &[ToNewcomer<'_>]) -> Result<(), NotAllowed> {
    match (by.kind, &by.id) {
        (ActorKind::Operator, _) => {}
        (_, Some(user)) => drop(tx.administer(user)?),
        (_, None) => return Err(NotAllowed::NotAccountManager),
    }
    let needs_word = confirmations::is_needed(tx, by)?;
    let waits = |action: &Action| needs_word && action.is_sensitive();
    let now = tx.now();
    let giver = by.id.as_ref().map_or(by.name.as_str(), UserId::as_str);
    let mut rows = Vec::new();
    for to in newcomers {
        rows.extend(to.actions.iter().filter(|action| !waits(action)).map(|action| store::NewRow {
            id: GrantId::new(now),
            user_id: to.person.id.clone(),
            branch_id: to.branch.id.clone(),
            action: *action,
            given_by: giver.to_owned(),
            from_at: now,
            until_at: None,
            confirmed_by: None,
            confirmed_at: None,
        }));
    }
    store::insert_grants(tx, &rows)?;
    for to in newcomers {
        let (asked, given): (Vec<Action>, Vec<Action>) = to.actions.iter().copied().partition(waits);
        if !given.is_empty() {
            let names: Vec<&str> = given.iter().map(|action| action.as_str()).collect();
            let changes = serde_json::json!({ "actions": names, "branch": to.branch.code, "until": null });
            record::event(tx, by, What::GrantGiven, to.person, changes)?;
        }
        if given.contains(&Action::ApprovePayment) {
            tell::checkers(tx, by, to.person, std::slice::from_ref(&to.branch.id))?;
        }
        if !asked.is_empty() {
            let one = |action| GrantAsked { branch: to.branch.id.clone(), action, until: None };
            confirmations::ask(tx, by, Some(&to.person.id), &Change::Grants(asked.into_iter().map(one).collect()))?;
        }
    }
    Ok(())
}
