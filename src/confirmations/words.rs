//! What is asked for, in words.

use super::{AccountManagerChange, Change};
use crate::institutions::Setting;
use crate::say;
use crate::words::Said;

/// A heading: what will be so, without whom it is about.
pub fn words(change: &Change) -> Said {
    match change {
        Change::Grants(grants) => granted(grants),
        Change::Email { to: Some(to), .. } => say!("Change the mail address to {address}", address = to),
        Change::Email { to: None, .. } => say!("Remove the mail address"),
        Change::SecondFactor { .. } => say!("Allow a new QR code"),
        Change::Reactivation => say!("Activate again"),
        Change::PasswordCode => say!("Print a password code"),
        Change::Setting { name, from, to } => {
            say!("Change the setting {name} from {from} to {to}", name = setting(name), from = from, to = to)
        }
        Change::AccountManager(AccountManagerChange::Make { .. }) => say!("Make an account manager"),
        Change::AccountManager(AccountManagerChange::TakeAway) => say!("End being an account manager"),
        Change::AccountManager(AccountManagerChange::Deactivate(_)) => say!("Deactivate an account manager"),
    }
}

/// As the settings page calls it.
fn setting(name: &str) -> &str {
    if let Ok(setting) = name.parse::<Setting>() { setting.label() } else { name }
}

fn granted(grants: &[super::GrantAsked]) -> Said {
    let mut actions: Vec<&str> = grants.iter().map(|grant| grant.action.label()).collect();
    let mut branches: Vec<&str> = grants.iter().map(|grant| grant.branch.as_str()).collect();
    actions.sort_unstable();
    actions.dedup();
    branches.sort_unstable();
    branches.dedup();
    match branches.len() {
        1 => say!("Grant {actions} in 1 branch", actions = actions.join(", ")),
        count => say!("Grant {actions} in {count} branches", actions = actions.join(", "), count = count),
    }
}
