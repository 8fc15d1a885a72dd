//! Ids whose end people told: which are due to be asked about, and what was heard.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::attempts::{Attempt, Ended, Reply, begin_attempts, end_attempts, keep_replies};
use crate::clock::Instant;
use crate::db::schema::resolutions;
use crate::db::{Conn, Question, Result, WriteTx};
use crate::dispatch::core::{Ending, Unshown};
use crate::ids::{BatchId, FundingAccountId, ResolutionId, RowId, TransferId};

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Text)]
    account: FundingAccountId,
}

/// The accounts from which something was paid that people closed and that is due to be asked about.
pub(in crate::dispatch) fn accounts_to_watch(conn: &mut Conn, now: Instant) -> Result<Vec<FundingAccountId>> {
    let mut question = Question::default();
    let now = question.number(now.micros());
    let sql = format!(
        "SELECT DISTINCT b.funding_account_id AS account FROM resolutions r JOIN batches b ON b.id = r.batch_id \
         WHERE r.next_at IS NOT NULL AND r.next_at <= {now}"
    );
    Ok(question.load::<Due>(conn, &sql)?.into_iter().map(|due| due.account).collect())
}

/// A closed transfer as the next question about it needs it.
#[derive(Debug, Clone, QueryableByName)]
pub(in crate::dispatch) struct ClosedRow {
    #[diesel(sql_type = Text)]
    pub id: ResolutionId,
    #[diesel(sql_type = Text)]
    pub row_id: RowId,
    #[diesel(sql_type = Text)]
    pub batch: BatchId,
    #[diesel(sql_type = Text)]
    pub transfer: TransferId,
    #[diesel(sql_type = Integer)]
    pub n: i32,
    #[diesel(sql_type = Text)]
    pub said: Ending,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub closed_at: Option<Instant>,
    #[diesel(sql_type = BigInt)]
    pub next_at: Instant,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub executable_until: Option<Instant>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub remembered_until: Option<Instant>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub unshown_since: Option<Instant>,
    #[diesel(sql_type = Integer)]
    pub unshown_count: i32,
    #[diesel(sql_type = Nullable<Text>)]
    pub heard: Option<String>,
}

/// What is due of an account, the longest wait first; nobody else asks about it until `lease_until`.
pub(in crate::dispatch) fn due_closed(
    tx: &mut WriteTx<'_>,
    account: &FundingAccountId,
    lease_until: Instant,
    limit: i64,
) -> Result<Vec<ClosedRow>> {
    let mut question = Question::default();
    let (account, now, limit) = (question.text(account.as_str()), question.number(tx.now().micros()), question.number(limit));
    let sql = format!(
        "SELECT r.id, r.row_id, r.batch_id AS batch, r.transfer_id AS transfer, r.n, r.outcome AS said, r.decided_at AS closed_at, r.next_at, \
         r.executable_until, r.remembered_until, r.unshown_since, r.unshown_count, r.heard \
         FROM resolutions r JOIN batches b ON b.id = r.batch_id \
         WHERE r.next_at IS NOT NULL AND r.next_at <= {now} AND b.funding_account_id = {account} ORDER BY r.next_at, r.id LIMIT {limit}"
    );
    let mut due: Vec<ClosedRow> = question.load(tx, &sql)?;
    let ids: Vec<_> = due.iter().map(|one| one.id.clone()).collect();
    diesel::update(resolutions::table.filter(resolutions::id.eq_any(ids))).set(resolutions::next_at.eq(lease_until)).execute(&mut **tx)?;
    due.iter_mut().for_each(|one| one.next_at = lease_until);
    Ok(due)
}

/// Keeps what was heard, if nobody else asked meanwhile. `next_at`: nothing where nobody asks any more.
pub(in crate::dispatch) fn note_heard(
    tx: &mut WriteTx<'_>,
    asked: &ClosedRow,
    heard: &str,
    unshown: Option<Unshown>,
    next_at: Option<Instant>,
) -> Result<bool> {
    let now = tx.now();
    let same = resolutions::table.filter(resolutions::id.eq(&asked.id)).filter(resolutions::next_at.eq(asked.next_at));
    let changed = diesel::update(same)
        .set((
            resolutions::next_at.eq(next_at),
            resolutions::unshown_since.eq(unshown.map(|unshown| unshown.since)),
            resolutions::unshown_count.eq(unshown.map_or(0, |unshown| unshown.times)),
            resolutions::heard.eq(heard),
            resolutions::heard_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

/// Keeps a reply about a closed id as an attempt of its own, which never holds the row.
pub(in crate::dispatch) fn keep_closed_reply(tx: &mut WriteTx<'_>, attempt: Attempt, reply: &Reply) -> Result<()> {
    let ended = Ended { id: attempt.id.clone(), outcome: "closed", code: reply.code.clone(), at: tx.now().micros() };
    begin_attempts(tx, &[attempt])?;
    end_attempts(tx, &[ended])?;
    keep_replies(tx, &[reply])
}
