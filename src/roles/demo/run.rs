//! `demo --run FILE`: upload and submit as the maker, approve as the checker, wait until the batch is processed, tell what became
//! of every row. The same verbs as the pages, in the same order.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, anyhow, bail};

use super::people::{CHECKER, MAKER};
use super::{DemoArgs, report};
use crate::approvals::{self, Decision, DecisionForm};
use crate::batches::{self, Arrived, Batch, Channel, Choices, FindingKind, NewBatch, PaymentType, Severity, State, UploadRefusal};
use crate::ids::{BatchId, FundingAccountId};
use crate::institutions::Institution;
use crate::money::Currency;
use crate::people::{self, Actor};
use crate::roles::Ended;
use crate::{db, dispatch, funding};

/// How often the batch is looked at while it is being paid.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Findings printed of each kind.
const FINDINGS_SHOWN: i64 = 20;
/// What the maker says to warnings, and to a file that was paid before.
const REASON: &str = "Accepted by «outlay demo --run»";

/// The payment types a file can have, as the argument names them.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Type {
    Payroll,
    LoanDisbursement,
}

impl Type {
    const fn payment_type(self) -> PaymentType {
        match self {
            Self::Payroll => PaymentType::Payroll,
            Self::LoanDisbursement => PaymentType::LoanDisbursement,
        }
    }
}

pub(super) async fn run(institution: &Arc<Institution>, args: &DemoArgs, file: &Path) -> Ended {
    let maker = actor(institution, MAKER).await?;
    let checker = actor(institution, CHECKER).await?;
    let batch = upload(institution, &maker, args.payment_type.payment_type(), file).await?;
    if find(institution, &batch).await?.state == State::NeedsCorrection {
        tell_findings(institution, &batch, Severity::Error).await?;
        bail!("the file has errors, so nothing was paid; mend them and run it again");
    }
    acknowledge(institution, &maker, &batch).await?;
    let seal = seal(institution, &batch).await?;
    let (id, shown) = (batch.clone(), seal.clone());
    institution.db.write(move |tx| batches::submit(tx, &maker, &id, &shown)).await?;
    let started = Stopwatch::now();
    let form = DecisionForm { batch: batch.clone(), decision: Decision::Approved, reason: String::new(), seal };
    institution.db.write(move |tx| approvals::decide(tx, &checker, &form)).await?;
    institution.wake();
    let finished = wait(institution, &batch, Duration::from_secs(args.wait)).await?;
    let taken = started.elapsed();
    let counts_fit = institution.db.read(dispatch::verify_counts).await?.miscounts.is_empty();
    report::print(institution, &finished, taken, args.json).await?;
    if finished.state != State::Processed {
        eprintln!("outlay: after {} s the batch is not Processed: it is {}", args.wait, finished.state.as_str());
    }
    if !counts_fit {
        eprintln!("outlay: the counts do not fit the rows");
    }
    Ok(if finished.state == State::Processed && counts_fit { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn actor(institution: &Institution, user_name: &'static str) -> anyhow::Result<Actor> {
    let found = institution.db.read(move |conn| {
        let Some(user) = people::find_by_name(conn, user_name)? else { return Ok::<_, db::Error>(None) };
        people::actor(conn, &user.id)
    });
    found.await?.with_context(|| format!("the database has no «{user_name}»: it was not made by this demo"))
}

async fn upload(institution: &Arc<Institution>, maker: &Actor, payment_type: PaymentType, file: &Path) -> anyhow::Result<BatchId> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut refused = None;
    for (funding_account, currency) in accounts(institution, file).await? {
        let source = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        let limit = institution.settings.limits.upload_bytes;
        let arrived = Arrived::copy(source, limit)?.ok_or_else(|| anyhow!("the file is larger than {limit} bytes"))?;
        let choices = Choices { branch: maker.branch.clone(), payment_type, channel: Channel::Mojaloop, funding_account, to_fsp: None };
        let new = NewBatch { choices, client_reference: None, file_name: name.clone(), again: Some(REASON.to_owned()) };
        match batches::upload(institution, maker, new, arrived).await {
            Ok(batch) => return Ok(batch),
            Err(UploadRefusal::Unreadable(why)) => refused = Some((UploadRefusal::Unreadable(why), currency)),
            Err(error) => return Err(error.into()),
        }
    }
    match refused {
        Some((refusal, _)) => Err(refusal.into()),
        None => bail!("there is no funding account in the file's currency"),
    }
}

/// The funding account in the file's currency: the one that the file names first, or the institution's own where it names none.
async fn accounts(institution: &Institution, file: &Path) -> anyhow::Result<Vec<(FundingAccountId, Currency)>> {
    let all = institution.db.read(funding::accounts).await?;
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = String::from_utf8_lossy(&text);
    let named = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() == 3).find_map(|word| {
        let currency = Currency::find(word)?;
        all.iter().find(|account| account.currency == currency).map(|_| currency)
    });
    let currency = named.unwrap_or(institution.house().currency);
    Ok(all.into_iter().filter(|account| account.currency == currency).map(|account| (account.id, account.currency)).take(1).collect())
}

/// Says what the warnings are, and acknowledges them as the maker.
async fn acknowledge(institution: &Institution, maker: &Actor, batch: &BatchId) -> anyhow::Result<()> {
    let id = batch.clone();
    let open = institution.db.read(move |conn| batches::unacknowledged(conn, &id)).await?;
    let kinds: Vec<FindingKind> = open.iter().map(|of| of.kind).collect();
    if kinds.is_empty() {
        return Ok(());
    }
    tell_findings(institution, batch, Severity::Warning).await?;
    let (maker, id) = (maker.clone(), batch.clone());
    Ok(institution.db.write(move |tx| batches::acknowledge(tx, &maker, &id, &kinds, REASON)).await?)
}

async fn tell_findings(institution: &Institution, batch: &BatchId, severity: Severity) -> anyhow::Result<()> {
    let id = batch.clone();
    let kinds = institution.db.read(move |conn| batches::findings_by_kind(conn, &id)).await?;
    for of in kinds.into_iter().filter(|of| of.severity == severity) {
        eprintln!("{}: {} × {}", severity.as_str(), of.count, of.kind.sentence().english());
        let id = batch.clone();
        let shown = institution.db.read(move |conn| batches::first_of(conn, &id, &of, FINDINGS_SHOWN)).await?;
        for (_, finding) in shown {
            let column = finding.column.as_deref().unwrap_or("-");
            eprintln!(
                "  line {}, {column}: {} {}",
                finding.line,
                finding.value.as_deref().unwrap_or_default(),
                finding.hint().map(|hint| hint.english()).unwrap_or_default()
            );
        }
    }
    Ok(())
}

async fn seal(institution: &Institution, batch: &BatchId) -> anyhow::Result<String> {
    let batch = find(institution, batch).await?;
    let sealed = institution.db.read(move |conn| {
        let account = funding::find_account(conn, &batch.funding_account)?.ok_or(db::Error::Conflict)?;
        batches::seal_of(conn, &batch, batches::sealed_fee_limit(&batch, account.fee_limit))
    });
    Ok(sealed.await?)
}

async fn find(institution: &Institution, batch: &BatchId) -> anyhow::Result<Batch> {
    let id = batch.clone();
    institution.db.read(move |conn| batches::find(conn, &id)).await?.context("the batch is gone")
}

/// The batch when it is processed, or as it stands when time is up.
async fn wait(institution: &Institution, batch: &BatchId, longest: Duration) -> anyhow::Result<Batch> {
    let began = Stopwatch::now();
    loop {
        let now = find(institution, batch).await?;
        if now.state == State::Processed || began.elapsed() >= longest {
            return Ok(now);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
