//! The day's mail: each person with Resolve Payment is told of the branches where they hold it. Never a payee.

use std::collections::{BTreeMap, BTreeSet};

use super::day::Period;
use super::download::awaited_said;
use super::figures::{Awaited, Figures, Outcome};
use super::{UNRESOLVED, reason};
use crate::clock::Instant;
use crate::db::{Result, WriteTx};
use crate::dispatch::TransferState;
use crate::ids::{BranchId, UserId};
use crate::institutions::House;
use crate::mail::{self, Letter, LetterKind, LetterText, NoticeKind};
use crate::privileges::{Action, Rights, holders};
use crate::say;
use crate::words::Said;

/// Unresolved payments told one by one; how many more there are is said.
const NAMED_IN_MAIL: usize = 10;
/// Reasons of failed payments told; the most frequent.
const REASONS_IN_MAIL: usize = 5;
/// Providers and connections that payments waited for.
const AWAITED_IN_MAIL: usize = 5;
/// Branches told by name; of more, their number is told.
const BRANCHES_IN_MAIL: usize = 5;

/// Those who hold Resolve Payment now and have an address, with the branches in which they do.
pub(super) fn resolvers(tx: &mut WriteTx<'_>) -> Result<BTreeMap<UserId, (String, BTreeSet<BranchId>)>> {
    let now = tx.now();
    let mut people: BTreeMap<UserId, (String, BTreeSet<BranchId>)> = BTreeMap::new();
    for (person, address, branch) in holders(tx, Action::ResolvePayment, now)? {
        let Some(address) = address.filter(|address| !address.trim().is_empty()) else { continue };
        people.entry(person).or_insert_with(|| (address, BTreeSet::new())).1.insert(branch);
    }
    Ok(people)
}

/// Puts everybody's letter into the outbox. `earlier`: how many reports before this one were made up with it.
pub(super) fn send_all(tx: &mut WriteTx<'_>, house: &House, period: &Period, figures: &Figures, earlier: usize) -> Result<()> {
    let now = tx.now();
    for (person, (address, branches)) in resolvers(tx)? {
        let reads_reports = Rights::load(tx, &person, now)?.has_somewhere(Action::ViewReports);
        let text = text(house, period, &figures.within(&branches), earlier, reads_reports);
        let letter = Letter { kind: LetterKind::Report, user: Some(person), address, text, until: None };
        mail::send_if_wanted(tx, NoticeKind::EndOfDay, &letter)?;
    }
    Ok(())
}

/// Date and time in the house's zone, in one way for every language.
pub(super) fn printed(at: Instant, house: &House) -> String {
    at.timestamp().to_zoned(house.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The letter about these figures.
pub fn text(house: &House, period: &Period, figures: &Figures, earlier: usize, reads_reports: bool) -> LetterText {
    let open = figures.unresolved(None);
    let subject = match open.count {
        0 => say!("End of day {day}: nothing is unresolved", day = period.day),
        1 => say!("End of day {day}: 1 payment is unresolved", day = period.day),
        count => say!("End of day {day}: {count} payments are unresolved", day = period.day, count = count),
    };
    let mut paragraphs = vec![say!("From {from} to {until}.", from = printed(period.from, house), until = printed(period.until, house))];
    if !figures.branches.is_empty() && figures.branches.len() <= BRANCHES_IN_MAIL {
        paragraphs.push(say!("Branches: {names}.", names = figures.branches.values().cloned().collect::<Vec<_>>().join("; ")));
    }
    paragraphs.extend(settled(house, figures));
    paragraphs.extend(unresolved(house, figures));
    paragraphs.extend(standing_still(house, figures));
    paragraphs.extend(audit_head(figures));
    match earlier {
        0 => {}
        1 => paragraphs.push(say!("The report of 1 day before was made up too: Outlay did not run at its end.")),
        count => {
            paragraphs.push(say!("The reports of {count} days before were made up too: Outlay did not run at their end.", count = count))
        }
    }
    let link = if reads_reports {
        (say!("Look at the report"), format!("/reports/days/{}", period.day))
    } else if open.count > 0 {
        (say!("Look at unresolved payments"), UNRESOLVED.to_owned())
    } else {
        (say!("Open Outlay"), "/".to_owned())
    };
    LetterText { subject, paragraphs, link: Some(link) }
}

fn settled(house: &House, figures: &Figures) -> Vec<Said> {
    let (paid, failed) = (figures.sum(Outcome::Paid), figures.sum(Outcome::Failed));
    let mut said = vec![
        say!("Paid: {count}, {sum}.", count = paid.count, sum = paid.shown(house.currency)),
        say!("Failed: {count}, {sum}.", count = failed.count, sum = failed.shown(house.currency)),
    ];
    let mut reasons: BTreeMap<(Option<&str>, String), i64> = BTreeMap::new();
    for line in figures.settled.iter().filter(|line| line.outcome == Outcome::Failed) {
        let why = reason::said(line.reason.as_deref(), line.code.as_deref()).in_language(&house.language);
        let counted = reasons.entry((figures.fsp(line.fsp.as_ref()), why)).or_default();
        *counted = counted.saturating_add(line.count);
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    said.extend(reasons.into_iter().take(REASONS_IN_MAIL).map(|((fsp, why), count)| match fsp {
        Some(fsp) => say!("{count} of them at {fsp}: {why}.", count = count, fsp = fsp, why = why),
        None => say!("{count} of them: {why}.", count = count, why = why),
    }));
    said
}

fn unresolved(house: &House, figures: &Figures) -> Vec<Said> {
    let all = figures.unresolved(None);
    if all.count == 0 {
        return vec![say!("Nothing is unresolved.")];
    }
    let (attention, doubt) = (figures.unresolved(Some(TransferState::NeedsAttention)), figures.unresolved(Some(TransferState::InDoubt)));
    let mut said = vec![say!(
        "Unresolved: {count}, {sum}. Needs attention: {attention}. In doubt: {doubt}. Do not pay any of them again.",
        count = all.count,
        sum = all.shown(house.currency),
        attention = attention.count,
        doubt = doubt.count
    )];
    if figures.probably_paid() > 0 {
        said.push(say!("Probably paid, and the network does not show it: {count}.", count = figures.probably_paid()));
    }
    if let Some(oldest) = figures.oldest() {
        said.push(say!("The oldest since {time}.", time = printed(oldest, house)));
    }
    for row in figures.named.iter().take(NAMED_IN_MAIL) {
        let why = reason::said(row.reason.as_deref(), row.code.as_deref()).in_language(&house.language);
        let fsp = figures.fsp(row.fsp.as_ref()).map_or_else(|| say!("no provider known").in_language(&house.language), str::to_owned);
        said.push(say!(
            "Batch {reference}, line {line}: {amount}, {fsp}. {why}.",
            reference = row.reference.spoken(),
            line = row.line,
            amount = row.currency.show(row.amount),
            fsp = fsp,
            why = why
        ));
    }
    let told = i64::try_from(figures.named.len().min(NAMED_IN_MAIL)).unwrap_or(0);
    match all.count.saturating_sub(told) {
        0 => {}
        more => said.push(say!("And {count} more: Outlay shows them.", count = more)),
    }
    said
}

fn standing_still(house: &House, figures: &Figures) -> Vec<Said> {
    let mut said: Vec<Said> = figures
        .stopped
        .iter()
        .map(|stopped| say!("The funding account {name} is stopped: it pays nothing.", name = &stopped.account))
        .collect();
    said.extend(figures.awaited.iter().take(AWAITED_IN_MAIL).map(|one| awaited(house, figures, one)));
    match figures.batches_in(crate::batches::State::Paused) {
        0 => {}
        1 => said.push(say!("1 batch stands still.")),
        count => said.push(say!("{count} batches stand still.", count = count)),
    }
    said
}

fn awaited(house: &House, figures: &Figures, one: &Awaited) -> Said {
    let (since, why) = (printed(Instant::from_micros(one.since), house), awaited_said(one.ailment).in_language(&house.language));
    match figures.fsp(one.fsp.as_ref()) {
        Some(fsp) => say!("Payments to {fsp} wait since {time}. {why}.", fsp = fsp, time = since, why = why),
        None => say!("All payments from {account} wait since {time}. {why}.", account = &one.account, time = since, why = why),
    }
}

/// What leaves the machine with this mail: whoever cuts the chain's end off later cannot reach this head any more.
fn audit_head(figures: &Figures) -> Option<Said> {
    let audit = &figures.audit;
    if audit.head.is_empty() {
        return None;
    }
    if let Some(trouble) = &audit.trouble {
        return Some(say!(
            "The audit log does not fit together: {trouble}. Tell your operator at once. Its head: {sequence} {head}",
            trouble = trouble,
            sequence = audit.sequence,
            head = &audit.head
        ));
    }
    Some(match audit.verified {
        Some(verified) => say!(
            "Head of the audit log: {sequence} {head}. Verified up to {verified}. Keep this mail: the log can be compared with it later.",
            sequence = audit.sequence,
            head = &audit.head,
            verified = verified
        ),
        None => say!(
            "Head of the audit log: {sequence} {head}. Not verified yet since Outlay started. Keep this mail: the log can be compared with it later.",
            sequence = audit.sequence,
            head = &audit.head
        ),
    })
}
