//! `admin end-of-day`.

use std::process::ExitCode;

use clap::Args;
use jiff::civil::Date;

use super::{Ended, operator};
use crate::institutions::{House, Institution};
use crate::reports::{self, DayReport, Outcome, Period};

#[derive(Debug, Args)]
pub struct EndOfDay {
    /// A date, as in 2026-11-21: its report is shown, and made first if it is due
    #[arg(long)]
    pub date: Option<Date>,
}

/// Mails go out through the server's outbox.
pub(super) async fn end_of_day(institution: &Institution, args: EndOfDay) -> Ended {
    institution.refresh().await?;
    let Some(day) = args.date else {
        let made = reports::end_of_day(institution, &operator()).await?;
        if made.is_empty() {
            println!("No report is due.");
        }
        for day in made {
            println!("The report of {day} is made.");
        }
        return Ok(ExitCode::SUCCESS);
    };
    let report = reports::report_of(institution, &operator(), day).await?;
    institution.db.write(move |tx| reports::record_download(tx, &operator(), day)).await?;
    print(&report, &institution.house());
    Ok(ExitCode::SUCCESS)
}

/// As its mail says it, of all branches.
fn print(report: &DayReport, house: &House) {
    let DayReport { day, from, until, figures, .. } = report;
    let period = Period { day: *day, from: *from, until: *until };
    let (paid, open) = (figures.sum(Outcome::Paid), figures.unresolved(None));
    println!("{day}, made by {}: {} paid, {} unresolved", report.made_by, paid.count, open.count);
    for paragraph in reports::letter_text(house, &period, figures, 0, true).paragraphs {
        println!("    {}", paragraph.in_language(&house.language));
    }
}
