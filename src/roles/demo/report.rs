//! What became of a batch, as a table for people or one JSON object for programs, on standard output.

use std::io::{BufWriter, Write};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::batches::{self, Batch, PaymentRow};
use crate::dispatch::Count;
use crate::dispatch::why::Why;
use crate::institutions::Institution;

/// Rows read at once.
const ROWS_AT_ONCE: i64 = 1_000;

pub(super) async fn print(institution: &Institution, batch: &Batch, taken: Duration, as_json: bool) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout());
    if as_json {
        print_json(institution, batch, taken, &mut out).await?
    } else {
        print_table(institution, batch, taken, &mut out).await?
    }
    Ok(out.flush()?)
}

async fn rows_after(institution: &Institution, batch: &Batch, line: i64) -> anyhow::Result<Vec<PaymentRow>> {
    let id = batch.id.clone();
    Ok(institution.db.read(move |conn| batches::rows_after(conn, &id, line, ROWS_AT_ONCE)).await?)
}

fn reason(row: &PaymentRow) -> Option<String> {
    row.reason.as_deref().and_then(Why::from_text).map(|why| why.said().english())
}

/// Transfers that came to an end, for each second from the approval on.
fn rate(batch: &Batch, taken: Duration) -> f64 {
    let settled = batch.counts.succeeded.count.saturating_add(batch.counts.failed.count);
    let settled = u32::try_from(settled).unwrap_or(u32::MAX);
    f64::from(settled) / taken.as_secs_f64().max(0.001)
}

/// With two decimals, as a number.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

async fn print_json(institution: &Institution, batch: &Batch, taken: Duration, out: &mut impl Write) -> anyhow::Result<()> {
    let mut counts = Map::new();
    counts.insert("total".to_owned(), json!(batch.counts.total));
    for (count, tally) in batch.counts.each() {
        counts.insert(count.as_str().to_owned(), json!(tally.count));
    }
    let head = json!({
        "reference": batch.reference,
        "status": batch.state.as_str(),
        "counts": Value::Object(counts),
        "seconds": rounded(taken.as_secs_f64()),
        "transfers_per_second": rounded(rate(batch, taken)),
    })
    .to_string();
    // The rows are written one by one into the object, so that a million of them need no memory.
    write!(out, "{},\"rows\":[", head.strip_suffix('}').unwrap_or(&head))?;
    let (mut line, mut first) = (-1, true);
    loop {
        let rows = rows_after(institution, batch, line).await?;
        let Some(last) = rows.last() else { break };
        line = last.line;
        for row in &rows {
            let object = json!({
                "line": row.line,
                "reference": row.reference,
                "status": row.state.as_str(),
                "transfer_id": row.transfer_id,
                "code": row.code,
                "reason": reason(row),
            });
            write!(out, "{}{object}", if first { "" } else { "," })?;
            first = false;
        }
    }
    Ok(writeln!(out, "]}}")?)
}

async fn print_table(institution: &Institution, batch: &Batch, taken: Duration, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "{:>7}  {:<18} {:<15} {:<36}  {:<5} Reason", "Line", "Reference", "Status", "Transfer id", "Code")?;
    let mut line = -1;
    loop {
        let rows = rows_after(institution, batch, line).await?;
        let Some(last) = rows.last() else { break };
        line = last.line;
        for row in &rows {
            let reference: String = row.reference.chars().take(18).collect();
            let id = row.transfer_id.as_ref().map_or("", |id| id.as_str());
            let code = row.code.as_deref().unwrap_or_default();
            let reason = reason(row).unwrap_or_default();
            writeln!(out, "{:>7}  {reference:<18} {:<15} {id:<36}  {code:<5} {reason}", row.line, row.state.as_str())?;
        }
    }
    let counts = &batch.counts;
    writeln!(
        out,
        "\nBatch {} is {}: {} payments, {}",
        batch.reference.spoken(),
        batch.state.as_str(),
        counts.total,
        batch.currency.show(counts.sum)
    )?;
    for (count, tally) in counts.each().filter(|(count, tally)| tally.count > 0 || matches!(count, Count::Succeeded | Count::Failed)) {
        writeln!(out, "  {:<16} {:>9}  {}", count.as_str().replace('_', " "), tally.count, batch.currency.show(tally.sum))?;
    }
    Ok(writeln!(out, "{:.1} s from approval, {:.1} transfers/s", taken.as_secs_f64(), rate(batch, taken))?)
}
