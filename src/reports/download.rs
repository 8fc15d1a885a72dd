//! A day's report as a file: one table, a line for each figure, that a spreadsheet opens without harm.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::figures::{DayReport, Figures, Outcome, Settled};
use super::{reason, store};
use crate::batches::file::safe_cell;
use crate::clock::Instant;
use crate::db::{Conn, Result};
use crate::dispatch::TransferState;
use crate::dispatch::breakers::Ailment;
use crate::ids::{BatchId, RowId};
use crate::money::{Currency, Minor};
use crate::say;
use crate::search::Scope;
use crate::words::{Language, Said};

/// What of a report one person may follow: a right to read reports is none to read batches.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// Payments, as they stand now.
    pub rows: BTreeMap<RowId, TransferState>,
    pub batches: BTreeSet<BatchId>,
}

impl Sight {
    /// # Errors
    /// The database's.
    pub fn of(conn: &mut Conn, scope: &Scope, figures: &Figures) -> Result<Self> {
        let rows: Vec<_> = figures.named.iter().map(|row| &row.row_id).collect();
        let batches: BTreeSet<_> =
            figures.named.iter().map(|row| &row.batch).chain(figures.paused.iter().map(|line| &line.batch)).collect();
        let rows = store::in_sight(conn, scope, &rows)?.into_iter().map(|row| (row.row_id, row.state)).collect();
        Ok(Self { rows, batches: store::batches_in_sight(conn, scope, &batches.into_iter().collect::<Vec<_>>())? })
    }
}

/// One line of the file.
#[derive(Default)]
struct Line {
    part: Option<Said>,
    branch: String,
    payment_type: String,
    provider: String,
    status: String,
    reason: String,
    code: String,
    count: String,
    amount: String,
    currency: String,
    since: String,
    batch: String,
    row: String,
}

/// The report as a file. `figures`: the part of it that the reader may see.
pub fn day_csv(report: &DayReport, figures: &Figures, sight: &Sight, language: &Language, zone: &TimeZone) -> String {
    let time = |at: Instant| at.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    // Without the mark, spreadsheets take Burmese for something else.
    let mut text = String::from("\u{feff}");
    write(&mut text, heads().iter().map(|head| head.in_language(language)));
    let period = [(say!("Begins"), report.from), (say!("Ends"), report.until), (say!("Made"), report.made_at)];
    let mut lines: Vec<Line> = period.into_iter().map(|(part, at)| Line { part: Some(part), since: time(at), ..Line::default() }).collect();
    lines.extend(figures.settled.iter().map(|line| settled(figures, line, language)));
    lines.extend(unresolved(figures, sight, language, &time));
    lines.extend(standing_still(figures, sight, language, &time));
    let audit = &figures.audit;
    if !audit.head.is_empty() {
        let head = Line {
            part: Some(say!("Head of the audit log")),
            count: audit.sequence.to_string(),
            code: audit.head.clone(),
            ..Line::default()
        };
        lines.push(head);
    }
    for line in &lines {
        write(&mut text, line.cells(language).into_iter());
    }
    text
}

fn heads() -> [Said; 13] {
    [
        say!("Part"),
        say!("Branch"),
        say!("Payment Type"),
        say!("Provider"),
        say!("Status"),
        say!("Reason"),
        say!("Code"),
        say!("Payments"),
        say!("Amount"),
        say!("Currency"),
        say!("Time"),
        say!("Batch ID"),
        say!("Line"),
    ]
}

impl Line {
    fn cells(&self, language: &Language) -> [String; 13] {
        [
            self.part.as_ref().map(|part| part.in_language(language)).unwrap_or_default(),
            self.branch.clone(),
            self.payment_type.clone(),
            self.provider.clone(),
            self.status.clone(),
            self.reason.clone(),
            self.code.clone(),
            self.count.clone(),
            self.amount.clone(),
            self.currency.clone(),
            self.since.clone(),
            self.batch.clone(),
            self.row.clone(),
        ]
    }

    fn worth(mut self, amount: Minor, currency: Currency) -> Self {
        (self.amount, self.currency) = (currency.plain(amount), currency.code().to_owned());
        self
    }
}

fn settled(figures: &Figures, line: &Settled, language: &Language) -> Line {
    let (part, status, reason) = match line.outcome {
        Outcome::Paid => (say!("Paid"), say!("Success"), String::new()),
        Outcome::Failed => {
            (say!("Failed"), say!("Failed"), reason::said(line.reason.as_deref(), line.code.as_deref()).in_language(language))
        }
    };
    let told = Line {
        part: Some(part),
        branch: figures.branch(&line.branch).to_owned(),
        payment_type: Said::new(line.payment_type.label()).in_language(language),
        provider: figures.fsp(line.fsp.as_ref()).unwrap_or_default().to_owned(),
        status: status.in_language(language),
        reason,
        code: line.code.clone().unwrap_or_default(),
        count: line.count.to_string(),
        ..Line::default()
    };
    told.worth(line.sum, line.currency)
}

/// A state of unresolved payments, as people know it.
pub(super) fn state_said(state: TransferState) -> Said {
    match state {
        TransferState::NeedsAttention => say!("Needs attention"),
        _ => say!("In doubt"),
    }
}

fn unresolved(figures: &Figures, sight: &Sight, language: &Language, time: &dyn Fn(Instant) -> String) -> Vec<Line> {
    let at = |since: Option<i64>| since.map(|micros| time(Instant::from_micros(micros))).unwrap_or_default();
    let sums = figures.unresolved.iter().map(|line| {
        let told = Line {
            part: Some(say!("Unresolved in all")),
            branch: figures.branch(&line.branch).to_owned(),
            status: state_said(line.state).in_language(language),
            count: line.count.to_string(),
            since: at(line.oldest),
            ..Line::default()
        };
        told.worth(line.sum, line.currency)
    });
    let rows = figures.named.iter().map(|row| {
        let seen = sight.rows.contains_key(&row.row_id);
        let told = Line {
            part: Some(say!("Unresolved, the oldest")),
            branch: figures.branch(&row.branch).to_owned(),
            provider: figures.fsp(row.fsp.as_ref()).unwrap_or_default().to_owned(),
            status: state_said(row.state).in_language(language),
            reason: reason::said(row.reason.as_deref(), row.code.as_deref()).in_language(language),
            code: row.code.clone().unwrap_or_default(),
            count: "1".to_owned(),
            since: at(row.since),
            batch: if seen { row.reference.to_string() } else { String::new() },
            row: if seen { row.line.to_string() } else { String::new() },
            ..Line::default()
        };
        told.worth(row.amount, row.currency)
    });
    sums.chain(rows).collect()
}

fn standing_still(figures: &Figures, sight: &Sight, language: &Language, time: &dyn Fn(Instant) -> String) -> Vec<Line> {
    let paused = figures.paused.iter().map(|line| {
        let told = Line {
            part: Some(say!("Batch stands still")),
            branch: figures.branch(&line.branch).to_owned(),
            reason: paused_said(line.reason.as_deref()).map(|said| said.in_language(language)).unwrap_or_default(),
            count: line.waiting.to_string(),
            since: time(Instant::from_micros(line.since)),
            batch: if sight.batches.contains(&line.batch) { line.reference.to_string() } else { String::new() },
            ..Line::default()
        };
        told.worth(line.sum, line.currency)
    });
    let batches = figures.batches.iter().map(|line| Line {
        part: Some(say!("Batches")),
        branch: figures.branch(&line.branch).to_owned(),
        status: batch_said(line.state).in_language(language),
        count: line.count.to_string(),
        ..Line::default()
    });
    let stopped = figures.stopped.iter().map(|stopped| Line {
        part: Some(say!("Funding account stopped")),
        provider: stopped.account.clone(),
        code: stopped.code.clone().unwrap_or_default(),
        since: stopped.since.map(|micros| time(Instant::from_micros(micros))).unwrap_or_default(),
        ..Line::default()
    });
    let awaited = figures.awaited.iter().map(|awaited| Line {
        part: Some(if awaited.fsp.is_some() { say!("Provider waited for") } else { say!("Connection waited for") }),
        provider: figures.fsp(awaited.fsp.as_ref()).unwrap_or(&awaited.account).to_owned(),
        reason: awaited_said(awaited.ailment).in_language(language),
        since: time(Instant::from_micros(awaited.since)),
        ..Line::default()
    });
    paused.chain(batches).chain(stopped).chain(awaited).collect()
}

/// Why payments waited for the other end.
pub(super) fn awaited_said(ailment: Ailment) -> Said {
    match ailment {
        Ailment::Silent => say!("Did not answer"),
        Ailment::Faulty => say!("Answered with faults"),
        Ailment::OutOfMoney => say!("Was short of money at the network"),
        Ailment::Unreachable => say!("Could not be reached"),
    }
}

/// Why a batch stands still; `None` for what this version has no word for.
pub(super) fn paused_said(reason: Option<&str>) -> Option<Said> {
    reason?.parse::<crate::dispatch::PauseReason>().ok().map(crate::dispatch::PauseReason::said)
}

/// Where batches stand, in the words of every list.
pub(super) fn batch_said(state: crate::batches::State) -> Said {
    use crate::batches::State;
    match state {
        State::Checking => say!("Checking"),
        State::NeedsCorrection => say!("Needs correction"),
        State::Draft => say!("Draft"),
        State::PendingApproval => say!("Waiting for approval"),
        State::Approved => say!("Approved"),
        State::Scheduled => say!("Scheduled"),
        State::Processing => say!("Processing"),
        State::Paused => say!("Paused"),
        State::Processed => say!("Processed"),
        State::Cancelling => say!("Cancelling"),
        State::Cancelled => say!("Cancelled"),
        State::Rejected => say!("Rejected"),
        State::Deleted => say!("Deleted"),
    }
}

/// Every cell in quotes, and none that a spreadsheet takes for a formula.
fn write(text: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(&safe_cell(&cell).replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}
