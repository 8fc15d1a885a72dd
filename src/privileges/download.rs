//! Who can do what, as a file: written piece by piece in one snapshot of the database, so that it is of one moment and no size.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use jiff::tz::TimeZone;

use super::report::{GrantInForce, ReportCriteria, report_scope};
use super::{NotAllowed, store};
use crate::audit::{self, Event, Subject, What};
use crate::batches::file::safe_cell;
use crate::clock::Instant;
use crate::db::{self, Conn, Failure, WriteTx};
use crate::ids::BranchId;
use crate::people::Actor;
use crate::say;
use crate::words::{Language, Said};

/// Grants read at once while the file is written.
const ROWS_AT_ONCE: i64 = 1_000;

#[derive(Debug, thiserror::Error)]
pub enum CannotWrite {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("the file could not be written: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for CannotWrite {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// Writes down that the person takes the list away; returns the branches it may be of, `None` for all.
///
/// # Errors
/// [`CannotWrite::NotAllowed`].
pub fn record_download(tx: &mut WriteTx<'_>, actor: &Actor, at: Instant) -> Result<Option<Vec<BranchId>>, CannotWrite> {
    let now = tx.now();
    let within = report_scope(tx, actor, now)?;
    let mut event = Event::new(actor.by(), What::GrantsDownloaded, Subject::new("grants", actor.branch.as_str()))
        .changing(serde_json::json!({ "as_of": at.micros(), "branches": within.as_ref().map(Vec::len) }));
    event.branch = Some(actor.branch.clone());
    audit::record(tx, &event)?;
    Ok(within)
}

/// The grants as a CSV that a spreadsheet opens without harm.
///
/// # Errors
/// [`CannotWrite`].
pub fn grants_csv(conn: &mut Conn, criteria: &ReportCriteria, language: &Language, zone: &TimeZone) -> Result<File, CannotWrite> {
    let mut to = tempfile::tempfile()?;
    // Tells a spreadsheet that the file is UTF-8.
    to.write_all(b"\xef\xbb\xbf")?;
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(BufWriter::new(&mut to));
    csv.write_record(heads().map(|head| head.in_language(language))).map_err(io::Error::other)?;
    let mut last: Option<store::Last> = None;
    loop {
        let some = store::grants_after(conn, criteria, last.as_ref(), ROWS_AT_ONCE)?;
        let Some(end) = some.last() else { break };
        last = Some((end.user_name.clone(), end.code.clone(), end.action.as_str()));
        for grant in &some {
            let cells = cells(grant, language, zone);
            csv.write_record(cells.iter().map(|cell| safe_cell(cell).into_owned())).map_err(io::Error::other)?;
        }
    }
    csv.flush()?;
    drop(csv);
    to.seek(SeekFrom::Start(0))?;
    Ok(to)
}

fn heads() -> [Said; 10] {
    [
        say!("User name"),
        say!("Full Name"),
        say!("Branch code"),
        say!("Branch"),
        say!("Group"),
        say!("Action"),
        say!("Since"),
        say!("Last day"),
        say!("Given by"),
        say!("Confirmed by"),
    ]
}

fn cells(grant: &GrantInForce, language: &Language, zone: &TimeZone) -> [String; 10] {
    let printed = |at: Instant, how: &str| at.timestamp().to_zoned(zone.clone()).strftime(how).to_string();
    let last_day = grant.until_at.map(|until| until.before(std::time::Duration::from_micros(1)));
    [
        grant.user_name.clone(),
        grant.full_name.clone(),
        grant.code.clone(),
        grant.branch(),
        Said::new(grant.action.group().label()).in_language(language),
        Said::new(grant.action.label()).in_language(language),
        printed(grant.from_at, "%Y-%m-%d %H:%M:%S"),
        last_day.map(|day| printed(day, "%Y-%m-%d")).unwrap_or_default(),
        grant.given_by.clone(),
        grant.confirmed_by.clone().unwrap_or_default(),
    ]
}
