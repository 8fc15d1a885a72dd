//! `admin verify-audit`, `verify-counts` and `release-dispatch`.

use std::process::ExitCode;

use clap::Args;

use super::{Ended, operator};
use crate::audit;
use crate::clock::Instant;
use crate::dispatch;
use crate::institutions::Institution;

#[derive(Debug, Args)]
pub struct VerifyAudit {
    /// A head noted earlier, outside this machine: finds a chain whose end was cut off
    #[arg(long)]
    pub head: Option<String>,
}

pub(super) async fn verify_audit(institution: &Institution, args: VerifyAudit) -> Ended {
    let key = institution.keys.audit();
    let report = institution.db.read(move |conn| audit::verify(conn, &key, args.head.as_deref())).await?;
    println!("{} events sealed, {} waiting. Head: {}", report.sealed, report.waiting, report.head);
    for trouble in &report.troubles {
        println!("TROUBLE: {trouble}");
    }
    Ok(if report.troubles.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) async fn verify_counts(institution: &Institution) -> Ended {
    let verified = institution.db.read(dispatch::verify_counts).await?;
    println!("{} batches compared with their rows.", verified.batches);
    for miss in &verified.miscounts {
        println!(
            "TROUBLE: batch {} says {} {} with a sum of {} minor units; its rows say {} and {}",
            miss.reference,
            miss.said.0,
            miss.count.as_str(),
            miss.said.1,
            miss.counted.0,
            miss.counted.1
        );
    }
    Ok(if verified.miscounts.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Debug, Args)]
pub struct ReleaseDispatch {
    /// When the last other copy of this database stopped, as in 2026-11-21T14:03:00+06:30; look at its log
    #[arg(long)]
    pub other_stopped_at: jiff::Timestamp,
}

pub(super) async fn release_dispatch(institution: &Institution, args: ReleaseDispatch) -> Ended {
    let file = institution.epoch_file()?;
    let margin = institution.settings.sdk.iter().map(|sdk| sdk.settle_margin).max().unwrap_or_default();
    let stopped = Instant::from_micros(args.other_stopped_at.as_microsecond());
    let released = dispatch::release(&institution.db, &file, operator(), institution.id()?, stopped, margin).await?;
    println!("Released. The network is asked about {} payments.", released.asked);
    if released.too_old > 0 {
        println!("{} payments were approved too long ago for the network to remember: they need attention.", released.too_old);
    }
    Ok(ExitCode::SUCCESS)
}
