//! Pay on: the day and time at which a batch is to be paid, where that is not as soon as it is approved. A part of the seal.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{Refusal, State, store};
use crate::audit::{self, Event, What};
use crate::clock::Instant;
use crate::db::WriteTx;
use crate::ids::BatchId;
use crate::people::Actor;
use crate::privileges::{Action, Authorise};
use crate::search::read_date;

/// How far ahead a batch may be scheduled: no longer than the network remembers ids, and than people and their rights stay as they are.
pub const SCHEDULE_DAYS_MAX: i64 = 30;
const MICROS_A_DAY: i64 = 24 * 3600 * 1_000_000;

/// Why a batch cannot be paid then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotSchedule {
    #[error("that time has passed")]
    Passed,
    #[error("that is more than {SCHEDULE_DAYS_MAX} days ahead")]
    TooFar,
}

/// Why what was typed is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoMoment {
    #[error("there is a time but no date")]
    DateMissing,
    #[error("there is a date but no time")]
    TimeMissing,
    #[error("that is no date")]
    NoDate,
    #[error("that is no time")]
    NoTime,
    /// Clocks are put forward over it.
    #[error("that time does not exist on that day")]
    Skipped,
}

/// The moment that a date and a time name where the institution is; none where both are empty. A time that comes twice, because clocks
/// are put back, is the first of the two.
///
/// # Errors
/// [`NoMoment`].
pub fn read_pay_on(date: &str, time: &str, zone: &TimeZone) -> Result<Option<Instant>, NoMoment> {
    let (date, time) = (date.trim(), time.trim());
    match (date.is_empty(), time.is_empty()) {
        (true, true) => return Ok(None),
        (true, false) => return Err(NoMoment::DateMissing),
        (false, true) => return Err(NoMoment::TimeMissing),
        (false, false) => {}
    }
    let date: Date = read_date(date).ok_or(NoMoment::NoDate)?;
    let time: Time = read_time(time).ok_or(NoMoment::NoTime)?;
    let named = zone.to_ambiguous_timestamp(date.to_datetime(time));
    let moment = match named.offset() {
        AmbiguousOffset::Gap { .. } => return Err(NoMoment::Skipped),
        AmbiguousOffset::Fold { .. } | AmbiguousOffset::Unambiguous { .. } => named.earlier(),
    };
    Ok(Some(Instant::from_micros(moment.map_err(|_| NoMoment::NoDate)?.as_microsecond())))
}

/// `09:00` as browsers send it, and `9:00` or `9.00` as people write it.
fn read_time(typed: &str) -> Option<Time> {
    let (hour, minute) = typed.split_once([':', '.'])?;
    let is_number = |text: &str| (1..=2).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit());
    // Some browsers send seconds.
    let minute = minute.strip_suffix(":00").unwrap_or(minute);
    if !is_number(hour) || minute.len() != 2 || !is_number(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Whether a batch may be submitted to be paid then.
///
/// # Errors
/// [`CannotSchedule`].
pub fn may_be_scheduled(pay_at: Option<Instant>, now: Instant) -> Result<(), CannotSchedule> {
    match pay_at {
        Some(at) if at <= now => Err(CannotSchedule::Passed),
        Some(at) if at.micros().saturating_sub(now.micros()) > SCHEDULE_DAYS_MAX.saturating_mul(MICROS_A_DAY) => {
            Err(CannotSchedule::TooFar)
        }
        _ => Ok(()),
    }
}

/// Changes when a draft is to be paid; `None`: as soon as it is approved. Whoever does so made a part of it.
///
/// # Errors
/// [`Refusal`].
pub fn schedule(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId, pay_at: Option<Instant>) -> Result<(), Refusal> {
    let batch = store::find(tx, id)?.ok_or(Refusal::NotFound)?;
    tx.authorise(&actor.id, Action::MakePayment, &batch.branch)?;
    tx.authorise(&actor.id, batch.payment_type.make(), &batch.branch)?;
    if batch.state != State::Draft {
        return Err(Refusal::NotNow(batch.state));
    }
    may_be_scheduled(pay_at, tx.now())?;
    if batch.pay_at == pay_at {
        return Ok(());
    }
    store::set_pay_at(tx, id, pay_at)?;
    store::add_maker(tx, id, &actor.id)?;
    let event = Event::of_batch(actor.by(), What::BatchPayOnChanged, id, &batch.branch)
        .changing(serde_json::json!({ "pay_at": { "from": batch.pay_at.map(Instant::micros), "to": pay_at.map(Instant::micros) } }));
    audit::record(tx, &event)?;
    Ok(())
}

/// What a maker chose with the file, on a batch that was just made: a part of its upload.
///
/// # Errors
/// The database's.
pub fn schedule_new(tx: &mut WriteTx<'_>, id: &BatchId, pay_at: Option<Instant>) -> crate::db::Result<()> {
    if pay_at.is_none() { Ok(()) } else { store::set_pay_at(tx, id, pay_at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn moment(date: &str, time: &str, name: &str) -> Result<Option<String>, NoMoment> {
        read_pay_on(date, time, &zone(name)).map(|at| at.map(Instant::fspiop))
    }

    #[test]
    fn a_day_and_a_time_are_those_of_the_institution() {
        assert_eq!(moment("2025-11-28", "09:00", "Asia/Yangon"), Ok(Some("2025-11-28T02:30:00.000Z".to_owned())));
        assert_eq!(moment("28/11/2025", "9.30", "Asia/Yangon"), Ok(Some("2025-11-28T03:00:00.000Z".to_owned())));
        assert_eq!(moment("2025-11-28", "00:00:00", "Asia/Yangon"), Ok(Some("2025-11-27T17:30:00.000Z".to_owned())));
        assert_eq!(moment(" ", "", "Asia/Yangon"), Ok(None));
    }

    #[test]
    fn half_a_moment_is_none_and_says_which_half() {
        assert_eq!(moment("2025-11-28", "", "Asia/Yangon"), Err(NoMoment::TimeMissing));
        assert_eq!(moment("", "09:00", "Asia/Yangon"), Err(NoMoment::DateMissing));
        for date in ["tomorrow", "2025-02-30", "28.11.25"] {
            assert_eq!(moment(date, "09:00", "Asia/Yangon"), Err(NoMoment::NoDate), "{date}");
        }
        for time in ["9", "24:00", "09:60", "9:5", "-9:00", "09:00 pm", "009:00"] {
            assert_eq!(moment("2025-11-28", time, "Asia/Yangon"), Err(NoMoment::NoTime), "{time}");
        }
    }

    #[test]
    fn a_time_that_does_not_exist_is_refused_and_one_that_comes_twice_is_the_first() {
        // Clocks in Beirut went from 00:00 to 01:00 on 30 March 2025, and back from 24:00 to 23:00 on 25 October.
        assert_eq!(moment("2025-03-30", "00:30", "Asia/Beirut"), Err(NoMoment::Skipped));
        assert_eq!(moment("2025-03-30", "01:00", "Asia/Beirut"), Ok(Some("2025-03-29T22:00:00.000Z".to_owned())));
        assert_eq!(moment("2025-10-25", "23:30", "Asia/Beirut"), Ok(Some("2025-10-25T20:30:00.000Z".to_owned())), "not 21:30");
        assert_eq!(moment("2025-10-26", "00:30", "Asia/Beirut"), Ok(Some("2025-10-25T22:30:00.000Z".to_owned())));
    }

    #[test]
    fn a_batch_is_scheduled_from_now_to_thirty_days_ahead() {
        let now = Instant::from_micros(1_763_684_738_000_000);
        let ahead = |micros: i64| may_be_scheduled(Some(Instant::from_micros(now.micros() + micros)), now);
        assert_eq!(may_be_scheduled(None, now), Ok(()));
        assert_eq!(ahead(0), Err(CannotSchedule::Passed));
        assert_eq!(ahead(-1), Err(CannotSchedule::Passed));
        assert_eq!(ahead(1), Ok(()));
        assert_eq!(ahead(30 * MICROS_A_DAY), Ok(()));
        assert_eq!(ahead(30 * MICROS_A_DAY + 1), Err(CannotSchedule::TooFar));
    }
}
