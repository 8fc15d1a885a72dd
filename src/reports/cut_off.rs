//! The settlement cut-off: what has no end shortly before it is told, by a banner on pages and by one mail a day.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use serde_json::json;

use super::figures::{Figures, Unresolved};
use super::letter::{printed, resolvers};
use super::{UNRESOLVED, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{Conn, Isolation, Result, Turn, WriteTx};
use crate::dispatch::TransferState;
use crate::ids::UserId;
use crate::institutions::{House, Institution};
use crate::mail::{self, Letter, LetterKind, LetterText, NoticeKind};
use crate::privileges::{Action, Rights, holders};
use crate::say;

/// So long before the cut-off people are told.
pub const LEAD: Duration = Duration::from_hours(2);
/// A doubt that is younger passes by itself as a rule, and no mail is sent for it.
const PASSING: Duration = Duration::from_secs(600);

/// The cut-off that lies at most [`LEAD`] ahead, with its date.
pub fn near(house: &House, now: Instant) -> Option<(Instant, Date)> {
    coming(house, now).filter(|(cut_off, _)| now.after(LEAD) >= *cut_off)
}

/// When people are to be told next, where it is not already time.
pub(super) fn next(house: &House, now: Instant) -> Option<Instant> {
    coming(house, now).map(|(cut_off, _)| cut_off.before(LEAD)).filter(|begins| *begins > now)
}

/// The next cut-off. Where clocks change over its time it is later, or the first of two, as the end of a day is.
fn coming(house: &House, now: Instant) -> Option<(Instant, Date)> {
    let at = house.cut_off?;
    let today = now.timestamp().to_zoned(house.zone.clone()).date();
    let on = |date: Date| {
        let moment = date.to_datetime(at).to_zoned(house.zone.clone()).ok()?;
        Some((Instant::from_micros(moment.timestamp().as_microsecond()), date))
    };
    [Some(today), today.tomorrow().ok()].into_iter().flatten().filter_map(on).find(|(cut_off, _)| *cut_off > now)
}

/// What the banner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOffNear {
    pub at: Instant,
    pub count: i64,
}

/// What the banner tells this person now: `None` far from the cut-off, without Resolve Payment, and where nothing is unresolved in their
/// branches. Reads counters of batches, and those only then.
///
/// # Errors
/// The database's.
pub fn near_for(conn: &mut Conn, rights: &Rights, house: &House, now: Instant) -> Result<Option<CutOffNear>> {
    let branches: Vec<_> = rights.branches(Action::ResolvePayment).collect();
    let Some((at, _)) = near(house, now).filter(|_| !branches.is_empty()) else { return Ok(None) };
    let counted = store::counted(conn, &branches)?;
    let count = counted.in_doubt.saturating_add(counted.needs_attention);
    Ok((count > 0).then_some(CutOffNear { at, count }))
}

/// Whether somebody is to be told now who was not told today: for a look before a write.
///
/// # Errors
/// The database's.
pub(super) fn is_anybody_to_tell(conn: &mut Conn, house: &House, now: Instant) -> Result<bool> {
    let Some((_, day)) = near(house, now) else { return Ok(false) };
    let open = store::unresolved(conn, Some(now.before(PASSING)))?;
    if open.is_empty() {
        return Ok(false);
    }
    let told = store::told(conn, day)?;
    let reached = |address: Option<String>| address.is_some_and(|address| !address.trim().is_empty());
    Ok(holders(conn, Action::ResolvePayment, now)?
        .into_iter()
        .any(|(person, address, branch)| open.iter().any(|line| line.branch == branch) && !told.contains(&person) && reached(address)))
}

/// Mails everybody with Resolve Payment in a branch with unresolved payments who was not told today; returns how many. Who turned these
/// mails off counts as told.
///
/// # Errors
/// The database's.
fn tell(tx: &mut WriteTx<'_>, house: &House) -> Result<usize> {
    let now = tx.now();
    let Some((cut_off, day)) = near(house, now) else { return Ok(0) };
    let open = store::unresolved(tx, Some(now.before(PASSING)))?;
    let told = store::told(tx, day)?;
    let mut people = resolvers(tx)?;
    people.retain(|person, (_, branches)| !told.contains(person) && open.iter().any(|line| branches.contains(&line.branch)));
    if people.is_empty() {
        return Ok(0);
    }
    store::remember_told(tx, day, &people.keys().collect::<Vec<_>>())?;
    let mut mails: BTreeMap<UserId, i64> = BTreeMap::new();
    for (person, (address, branches)) in &people {
        let theirs: Vec<_> = open.iter().filter(|line| branches.contains(&line.branch)).cloned().collect();
        let figures = Figures { unresolved: theirs, ..Figures::default() };
        let letter = Letter {
            kind: LetterKind::Report,
            user: Some(person.clone()),
            address: address.clone(),
            text: text(house, cut_off, &figures),
            until: Some(cut_off),
        };
        if mail::send_if_wanted(tx, NoticeKind::CutOff, &letter)? {
            mails.insert(person.clone(), figures.unresolved(None).count);
        }
    }
    let unresolved: i64 = open.iter().map(|line: &Unresolved| line.count).sum();
    let changes = json!({ "until": cut_off.micros(), "unresolved": unresolved, "people": mails.keys().collect::<Vec<_>>() });
    audit::record(tx, &Event::new(By::system(), What::CutOffTold, Subject::new("report", day)).changing(changes))?;
    Ok(mails.len())
}

/// The same for an institution; any number of processes may do this at once.
///
/// # Errors
/// The database's.
pub async fn tell_all(institution: &Institution, house: House) -> Result<usize> {
    let verb = move |tx: &mut WriteTx<'_>| tell(tx, &house);
    match institution.db.write_as(Turn::Worker, Isolation::Serializable, verb).await {
        // Another process was faster by less than its transaction takes.
        Err(error) if store::is_there(&error) => Ok(0),
        told => told,
    }
}

fn text(house: &House, cut_off: Instant, figures: &Figures) -> LetterText {
    let (all, attention) = (figures.unresolved(None), figures.unresolved(Some(TransferState::NeedsAttention)));
    let at = printed(cut_off, house);
    let sum = all.shown(house.currency);
    let (subject, first) = match all.count {
        1 => (
            say!("Before the settlement cut-off at {time}: 1 payment is unresolved", time = &at),
            say!(
                "The settlement cut-off is at {time}, and the end of 1 payment in your branches is not known: {sum}.",
                time = &at,
                sum = sum
            ),
        ),
        count => (
            say!("Before the settlement cut-off at {time}: {count} payments are unresolved", time = &at, count = count),
            say!(
                "The settlement cut-off is at {time}, and the end of {count} payments in your branches is not known: {sum}.",
                time = &at,
                count = count,
                sum = sum
            ),
        ),
    };
    let mut paragraphs = vec![
        first,
        say!(
            "Needs attention: {attention}. In doubt: {doubt}.",
            attention = attention.count,
            doubt = all.count.saturating_sub(attention.count)
        ),
    ];
    if figures.probably_paid() > 0 {
        paragraphs.push(say!("Probably paid, and the network does not show it: {count}.", count = figures.probably_paid()));
    }
    paragraphs
        .push(say!("Ask the payees' wallets and banks what became of them, before the cut-off if you can. Do not pay any of them again."));
    LetterText { subject, paragraphs, link: Some((say!("Look at unresolved payments"), UNRESOLVED.to_owned())) }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::money::Currency;
    use crate::words::Language;

    fn house(cut_off: Option<&str>, zone: &str) -> House {
        House {
            zone: TimeZone::get(zone).unwrap(),
            language: Language::english(),
            currency: Currency::MMK,
            end_of_day: "18:00".parse().unwrap(),
            cut_off: cut_off.map(|time| time.parse().unwrap()),
        }
    }

    fn moment(text: &str) -> Instant {
        Instant::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn two_hours_before_it_and_not_after_it() {
        let yangon = house(Some("16:00"), "Asia/Yangon");
        let cut_off = moment("2025-11-21T09:30:00Z");
        assert_eq!(near(&yangon, moment("2025-11-21T07:29:59Z")), None);
        assert_eq!(next(&yangon, moment("2025-11-21T07:29:59Z")), Some(moment("2025-11-21T07:30:00Z")));
        assert_eq!(near(&yangon, moment("2025-11-21T07:30:00Z")).map(|(at, _)| at), Some(cut_off));
        assert_eq!(near(&yangon, moment("2025-11-21T09:29:59Z")).map(|(at, _)| at), Some(cut_off));
        assert_eq!(near(&yangon, cut_off), None);
        assert_eq!(next(&yangon, cut_off), Some(moment("2025-11-22T07:30:00Z")));
        assert_eq!(near(&house(None, "Asia/Yangon"), moment("2025-11-21T08:00:00Z")), None, "off");
    }

    #[test]
    fn one_after_midnight_is_near_the_evening_before() {
        let (at, day) = near(&house(Some("00:30"), "Asia/Yangon"), moment("2025-11-21T16:30:00Z")).unwrap();
        assert_eq!((at, day.to_string().as_str()), (moment("2025-11-21T18:00:00Z"), "2025-11-22"));
    }

    #[test]
    fn a_cut_off_that_clocks_jump_over_is_there_all_the_same() {
        let paris = house(Some("02:30"), "Europe/Paris");
        assert_eq!(near(&paris, moment("2026-03-29T00:00:00Z")).map(|(at, _)| at), Some(moment("2026-03-29T01:30:00Z")));
        assert_eq!(near(&paris, moment("2026-10-25T00:00:00Z")).map(|(at, _)| at), Some(moment("2026-10-25T00:30:00Z")));
    }
}
