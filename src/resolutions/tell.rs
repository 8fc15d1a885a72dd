//! Mail about proposals and alarms: to those who may resolve payments in the branch. Never a payee's name, number or account.

use super::{Case, Resolution, store};
use crate::db::{Result, WriteTx};
use crate::dispatch::{AlarmKind, Ending};
use crate::ids::{AlarmId, ResolutionId};
use crate::mail::{self, Letter, LetterKind, LetterText};
use crate::people::Actor;
use crate::privileges::{Action, people_with_all};
use crate::say;

/// Somebody says how a payment ended: the others, one of whom has to confirm it.
pub(super) fn proposed(tx: &mut WriteTx<'_>, actor: &Actor, id: &ResolutionId, case: &Case, ending: Ending) -> Result<()> {
    let says = match ending {
        Ending::Paid => {
            say!("{name} says that a payment of {batch} was made; the network does not tell.", name = &actor.full_name, batch = batch(case))
        }
        Ending::NotPaid => {
            say!(
                "{name} says that a payment of {batch} was not made; the network does not tell.",
                name = &actor.full_name,
                batch = batch(case)
            )
        }
    };
    let text = LetterText {
        subject: say!("A payment of batch {reference} needs your word", reference = case.reference.spoken()),
        paragraphs: vec![says, say!("Check the evidence yourself before you confirm it.")],
        link: Some((say!("Look at it"), format!("/resolutions/{id}"))),
    };
    to_resolvers(tx, case, Some(actor), &text)
}

/// Not confirmed: who proposed it.
pub(super) fn refused(tx: &mut WriteTx<'_>, actor: &Actor, proposal: &Resolution, reason: &str) -> Result<()> {
    let text = LetterText {
        subject: say!("{name} did not confirm it", name = &actor.full_name),
        paragraphs: vec![
            say!("{name} did not confirm how you say a payment ended.", name = &actor.full_name),
            say!("Reason: {reason}", reason = reason),
        ],
        link: Some((say!("Look at it"), format!("/resolutions/{}", proposal.id))),
    };
    let proposer = store::addresses(tx, std::slice::from_ref(&proposal.proposed_by_id))?;
    send(tx, proposer, &text)
}

/// The alarm is up.
pub(super) fn alarm(tx: &mut WriteTx<'_>, id: &AlarmId, case: &Case, kind: AlarmKind) -> Result<()> {
    let reference = case.reference.spoken();
    let (subject, what) = match kind {
        AlarmKind::PossibleDoublePayment => (
            say!("Possible double payment: batch {reference}", reference = reference),
            say!(
                "A payment of {batch} that was called not paid was paid, as the network says now. If it was paid again since, the payee has the money twice.",
                batch = batch(case)
            ),
        ),
        AlarmKind::NotPaidAfterAll => (
            say!("Not paid after all: batch {reference}", reference = reference),
            say!(
                "A payment of {batch} that was called paid was not paid, as the network says now. The payee has no money.",
                batch = batch(case)
            ),
        ),
    };
    let text = LetterText {
        subject,
        paragraphs: vec![what, say!("Look at it now. It stands on every page until somebody has acknowledged it.")],
        link: Some((say!("Look at the alarm"), format!("/operations/alarms/{id}"))),
    };
    to_resolvers(tx, case, None, &text)
}

fn batch(case: &Case) -> String {
    format!("{} ({}, {})", case.batch_name, case.reference.spoken(), case.branch_name)
}

fn to_resolvers(tx: &mut WriteTx<'_>, case: &Case, but: Option<&Actor>, text: &LetterText) -> Result<()> {
    let now = tx.now();
    let people = people_with_all(tx, &case.branch, &[Action::ResolvePayment], now)?;
    let ids: Vec<_> = people.into_iter().map(|(id, _)| id).filter(|id| but.is_none_or(|actor| actor.id != *id)).collect();
    let addresses = store::addresses(tx, &ids)?;
    send(tx, addresses, text)
}

fn send(tx: &mut WriteTx<'_>, to: Vec<(crate::ids::UserId, String)>, text: &LetterText) -> Result<()> {
    for (user, address) in to {
        mail::send(tx, &Letter { kind: LetterKind::Operations, user: Some(user), address, text: text.clone(), until: None })?;
    }
    Ok(())
}
