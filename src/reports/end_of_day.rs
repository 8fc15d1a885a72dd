//! The end of a day: its report is made, kept and mailed, once.

use jiff::civil::Date;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::day::{Last, Period, RUN_AFTER, Rhythm};
use super::figures::{AuditHead, Awaited, DayReport, Figures, Outcome, Stopped};
use super::{letter, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::branches;
use crate::clock::Instant;
use crate::db::{self, Conn, Failure, Isolation, Turn, WriteTx};
use crate::dispatch::breakers::{self, Waiting, Whom};
use crate::funding::{self, AccountState, FundingAccount};
use crate::institutions::{self, House, Institution, Settings};

/// Why there is no report of a day; a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CannotMake {
    #[error("the {day} has not ended yet: its report is made after {end}")]
    NotOver { day: Date, end: String },
    #[error("the {0} has no report of its own: it is within the next one, or lies before the institution's first day here")]
    Covered(Date),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for CannotMake {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// What there is to do about reports, as one look at the database tells.
#[derive(Debug, Clone)]
pub struct Agenda {
    pub house: House,
    pub rhythm: Rhythm,
    pub last: Option<Last>,
    pub due: Vec<Period>,
}

/// Which reports are due at the clock's time.
///
/// # Errors
/// The database's.
pub fn due(conn: &mut Conn, settings: &Settings, now: Instant) -> db::Result<Agenda> {
    let house = House::read(conn, settings)?;
    let rhythm = Rhythm { at: house.end_of_day, zone: house.zone.clone() };
    let last = store::last(conn)?;
    let founded = institutions::founded_at(conn)?.unwrap_or(now);
    let due = rhythm.due(last, founded, now);
    Ok(Agenda { house, rhythm, last, due })
}

/// Makes the reports that are due, oldest first; returns the days of those that this call made. Only the newest is mailed. Any number of
/// processes may do this at once: each report is made by one.
///
/// # Errors
/// The database's.
pub async fn end_of_day(institution: &Institution, by: &By) -> db::Result<Vec<Date>> {
    let (settings, now) = (institution.settings.clone(), institution.clock().now());
    let Agenda { house, due, .. } = institution.db.glance(move |conn| due(conn, &settings, now)).await?;
    let mut made = Vec::new();
    let newest = due.last().map(|period| period.day);
    let earlier = due.len().saturating_sub(1);
    for period in due {
        let (seen, head_of) = (institution.chain.seen(), period);
        let mut figures = institution.db.read(move |conn| gather(conn, &head_of)).await?;
        // What this process verified, whatever somebody wrote into the database since.
        figures.audit.verified = seen.verified.map(|(sequence, _, _)| sequence);
        figures.audit.trouble = seen.trouble.map(|(trouble, _)| trouble.to_string());
        let (by, house) = (by.clone(), house.clone());
        let mails = (Some(period.day) == newest).then_some(earlier);
        let verb = move |tx: &mut WriteTx<'_>| make(tx, &by, &house, &period, &figures, mails);
        match institution.db.write_as(Turn::Worker, Isolation::Serializable, verb).await {
            Ok(true) => made.push(period.day),
            Ok(false) => {}
            // Another process was faster by less than its transaction takes.
            Err(error) if store::is_there(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(made)
}

/// Keeps a report, and mails it where `mails` says so, with how many before it are made up at the same time. `false` where another process
/// was faster, or made another report meanwhile that this one would overlap.
///
/// # Errors
/// The database's.
pub fn make(tx: &mut WriteTx<'_>, by: &By, house: &House, period: &Period, figures: &Figures, mails: Option<usize>) -> db::Result<bool> {
    if store::last(tx)?.is_some_and(|last| last.until != period.from || last.day >= period.day) {
        return Ok(false);
    }
    let content = figures.to_text();
    store::insert(tx, period, &by.name, &content)?;
    let made_up = period.is_made_up(tx.now());
    let changes = json!({
        "begins": period.from.micros(),
        "until": period.until.micros(),
        "made_up": made_up,
        "paid": figures.sum(Outcome::Paid).count,
        "failed": figures.sum(Outcome::Failed).count,
        "unresolved": figures.unresolved(None).count,
        // The report is within the chain by this: it cannot be altered without being found.
        "content_digest": hex(&Sha256::digest(content.as_bytes())),
    });
    audit::record(tx, &Event::new(by.clone(), What::DayReported, Subject::new("report", period.day)).changing(changes))?;
    match mails {
        Some(earlier) => letter::send_all(tx, house, period, figures, earlier).map(|()| true),
        None => Ok(true),
    }
}

/// The report of a day, for the operator: made now if it is due, with those before it.
///
/// # Errors
/// [`CannotMake`].
pub async fn report_of(institution: &Institution, by: &By, day: Date) -> Result<DayReport, CannotMake> {
    if let Some(report) = institution.db.read(move |conn| store::find(conn, day)).await? {
        return Ok(report);
    }
    end_of_day(institution, by).await?;
    if let Some(report) = institution.db.read(move |conn| store::find(conn, day)).await? {
        return Ok(report);
    }
    let (settings, now) = (institution.settings.clone(), institution.clock().now());
    let rhythm = institution.db.read(move |conn| due(conn, &settings, now)).await?.rhythm;
    match rhythm.end_of(day).map(|end| end.after(RUN_AFTER)) {
        Some(end) if end > now => {
            let end = end.timestamp().to_zoned(rhythm.zone).strftime("%Y-%m-%d %H:%M").to_string();
            Err(CannotMake::NotOver { day, end })
        }
        _ => Err(CannotMake::Covered(day)),
    }
}

/// Writes down that somebody takes a report away, or reads it where no page can tell who.
///
/// # Errors
/// The database's.
pub fn record_download(tx: &mut WriteTx<'_>, by: &By, day: Date) -> db::Result<()> {
    audit::record(tx, &Event::new(by.clone(), What::ReportDownloaded, Subject::new("report", day)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the period came to, and how everything stands now: one snapshot.
fn gather(conn: &mut Conn, period: &Period) -> db::Result<Figures> {
    let mut figures = Figures {
        settled: store::settled(conn, period)?,
        unresolved: store::unresolved(conn, None)?,
        named: store::unresolved_named(conn)?,
        paused: store::paused(conn)?,
        batches: store::batches(conn, period)?,
        ..Figures::default()
    };
    let accounts = funding::accounts(conn)?;
    figures.awaited = breakers::waiting(conn)?.into_iter().map(|one| awaited(one, &accounts)).collect();
    let stopped = accounts.into_iter().filter(|account| account.state == AccountState::Stopped);
    figures.stopped = stopped
        .map(|account| Stopped { account: account.name, code: account.stopped_code, since: account.stopped_at.map(Instant::micros) })
        .collect();
    if let Some((sequence, head)) = audit::head(conn)? {
        figures.audit = AuditHead { sequence, head, ..AuditHead::default() };
    }
    let lines = figures.settled.iter().map(|line| &line.branch).chain(figures.unresolved.iter().map(|line| &line.branch));
    let lines = lines.chain(figures.paused.iter().map(|line| &line.branch)).chain(figures.batches.iter().map(|line| &line.branch));
    let ids: std::collections::BTreeSet<_> = lines.cloned().collect();
    figures.branches = branches::of_ids(conn, &ids)?.into_iter().map(|branch| (branch.id.clone(), branch.full_name())).collect();
    let paid_to = figures.settled.iter().filter_map(|line| line.fsp.as_ref());
    let fsps = paid_to.chain(figures.named.iter().filter_map(|line| line.fsp.as_ref()));
    let fsps = fsps.chain(figures.awaited.iter().filter_map(|line| line.fsp.as_ref()));
    let fsps: std::collections::BTreeSet<_> = fsps.cloned().collect();
    figures.fsps = funding::fsps(conn)?.into_iter().filter(|fsp| fsps.contains(&fsp.id)).map(|fsp| (fsp.id, fsp.name)).collect();
    Ok(figures)
}

fn awaited(one: Waiting, accounts: &[FundingAccount]) -> Awaited {
    let name = accounts.iter().find(|account| account.id == one.account).map(|account| account.name.clone());
    Awaited {
        account: name.unwrap_or_else(|| one.account.to_string()),
        fsp: match one.whom {
            Whom::Connection => None,
            Whom::Fsp(fsp) => Some(fsp),
        },
        ailment: one.shut.ailment,
        since: one.shut.since.micros(),
    }
}
