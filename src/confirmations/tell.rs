//! Mail about confirmations: nobody learns of them only by looking.

use super::store::{self, Reached};
use super::{AccountManagerChange, Change, Confirmation, words};
use crate::audit::By;
use crate::db::{Result, WriteTx};
use crate::ids::BranchId;
use crate::mail::{self, Letter, LetterKind, LetterText};
use crate::people;
use crate::privileges::Action;
use crate::say;
use crate::words::Said;

/// Checkers who are told that somebody else can approve in their branches, or gets into such an account again; at most.
const CHECKERS_TOLD_MAX: i64 = 200;

/// Something waits: who may decide on it.
pub(super) fn asked(tx: &mut WriteTx<'_>, by: &By, asked: &Confirmation) -> Result<()> {
    let mut paragraphs = vec![say!("{asker} asks for something that becomes so only when you confirm it:", asker = &by.name)];
    paragraphs.extend(what(tx, asked)?);
    paragraphs.push(say!("If you do not know why, speak to {asker} before you confirm it.", asker = &by.name));
    let text = LetterText { subject: say!("{asker} needs your word", asker = &by.name), paragraphs, link: Some(link(asked)) };
    for decider in store::deciders(tx, &asked.asked_by, asked.user.as_ref())? {
        send(tx, LetterKind::Administration, &decider, &text)?;
    }
    Ok(())
}

/// It is so now. Verbs of people that do it at once too tell some of these themselves, so that nobody is told twice.
pub(super) fn confirmed(tx: &mut WriteTx<'_>, by: &By, asked: &Confirmation) -> Result<()> {
    match asked.change {
        // Told by `people::set_email`: both addresses and the checkers.
        Change::Email { .. } => the_asker(tx, by, asked),
        // Told by `people::reactivate_confirmed`: the checkers and the account managers.
        Change::Reactivation => the_person(tx, by, asked),
        // Told by `second_factor::allow_confirmed`: the person and the account managers.
        Change::SecondFactor { .. } => the_checkers(tx, asked),
        Change::Grants(_) | Change::PasswordCode => {
            the_asker(tx, by, asked)?;
            the_person(tx, by, asked)?;
            the_checkers(tx, asked)
        }
        Change::Setting { .. } => the_asker(tx, by, asked),
        // Told by `people::change_account_manager_confirmed`: the account managers and the checkers.
        Change::AccountManager(AccountManagerChange::Make { .. }) => the_person(tx, by, asked),
        Change::AccountManager(_) => {
            the_asker(tx, by, asked)?;
            the_person(tx, by, asked)
        }
    }
}

fn the_asker(tx: &mut WriteTx<'_>, by: &By, asked: &Confirmation) -> Result<()> {
    let mut paragraphs = vec![say!("{name} confirmed what you asked for:", name = &by.name)];
    paragraphs.extend(what(tx, asked)?);
    to_asker(tx, asked, LetterText { subject: say!("{name} confirmed it", name = &by.name), paragraphs, link: Some(link(asked)) })
}

fn the_person(tx: &mut WriteTx<'_>, by: &By, asked: &Confirmation) -> Result<()> {
    let Some(person) = person(tx, asked)? else { return Ok(()) };
    let asker = store::reached(tx, &asked.asked_by)?.map_or_else(String::new, |asker| asker.name);
    let paragraphs = vec![
        say!("{asker} asked for a change to your account and {name} confirmed it:", asker = asker, name = &by.name),
        words(&asked.change),
        say!("If you did not expect this, tell an account manager or your branch manager at once."),
    ];
    let text = LetterText { subject: say!("Your account was changed"), paragraphs, link: None };
    send(tx, LetterKind::Account, &person, &text)
}

/// It is not so: who asked, and whom it was about.
pub(super) fn refused(tx: &mut WriteTx<'_>, by: &By, asked: &Confirmation, reason: &str) -> Result<()> {
    let mut paragraphs = vec![say!("{name} did not confirm what you asked for:", name = &by.name)];
    paragraphs.extend(what(tx, asked)?);
    paragraphs.push(say!("Reason: {reason}", reason = reason));
    to_asker(tx, asked, LetterText { subject: say!("{name} did not confirm it", name = &by.name), paragraphs, link: Some(link(asked)) })?;
    let Some(person) = person(tx, asked)? else { return Ok(()) };
    let paragraphs = vec![say!("A change to your account was asked for and not confirmed. Nothing was changed:"), words(&asked.change)];
    let text = LetterText { subject: say!("A change to your account was not confirmed"), paragraphs, link: None };
    send(tx, LetterKind::Account, &person, &text)
}

/// The checkers of the branches in which the person approves, or shall from now on.
fn the_checkers(tx: &mut WriteTx<'_>, asked: &Confirmation) -> Result<()> {
    let Some(person) = person(tx, asked)? else { return Ok(()) };
    let now = tx.now();
    let branches: Vec<BranchId> = match &asked.change {
        Change::Grants(grants) => {
            grants.iter().filter(|grant| grant.action == Action::ApprovePayment).map(|grant| grant.branch.clone()).collect()
        }
        Change::Setting { .. } | Change::AccountManager(_) => return Ok(()),
        Change::Email { .. } | Change::SecondFactor { .. } | Change::Reactivation | Change::PasswordCode => {
            store::approves_in(tx, &person.id, now)?
        }
    };
    if branches.is_empty() {
        return Ok(());
    }
    let paragraphs = vec![
        say!("{person} approves payments in a branch where you do. Two people agreed to this:", person = &person.name),
        words(&asked.change),
        say!("If this surprises you, tell an account manager or your branch manager at once."),
    ];
    let text = LetterText { subject: say!("{person} approves payments beside you", person = &person.name), paragraphs, link: None };
    for checker in store::checkers(tx, &branches, &person.id, now, CHECKERS_TOLD_MAX)? {
        send(tx, LetterKind::Account, &checker, &text)?;
    }
    Ok(())
}

/// Whom it is about, and what will be so.
fn what(tx: &mut WriteTx<'_>, asked: &Confirmation) -> Result<Vec<Said>> {
    let mut paragraphs = Vec::new();
    if let Some(user) = &asked.user
        && let Some(person) = people::find(tx, user)?
    {
        paragraphs.push(say!("For {person} ({user_name})", person = person.full_name, user_name = person.user_name));
    }
    paragraphs.push(words(&asked.change));
    Ok(paragraphs)
}

fn link(asked: &Confirmation) -> (Said, String) {
    (say!("Look at it"), format!("/confirmations/{}", asked.id))
}

fn person(tx: &mut WriteTx<'_>, asked: &Confirmation) -> Result<Option<Reached>> {
    match &asked.user {
        Some(user) => store::reached(tx, user),
        None => Ok(None),
    }
}

fn to_asker(tx: &mut WriteTx<'_>, asked: &Confirmation, text: LetterText) -> Result<()> {
    let asker: Option<Reached> = store::reached(tx, &asked.asked_by)?;
    asker.map_or(Ok(()), |asker| send(tx, LetterKind::Administration, &asker, &text))
}

fn send(tx: &mut WriteTx<'_>, kind: LetterKind, to: &Reached, text: &LetterText) -> Result<()> {
    let Some(address) = &to.email else { return Ok(()) };
    mail::send(tx, &Letter { kind, user: Some(to.id.clone()), address: address.clone(), text: text.clone(), until: None })
}
