//! The tables of FSPs and funding accounts.

use diesel::prelude::*;

use super::{AccountState, Fsp, FundingAccount, NewFundingAccount};
use crate::clock::Instant;
use crate::db::schema::{fsps, funding_accounts};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{FspId, FundingAccountId};
use crate::money::{Currency, Minor};

/// The active FSPs, in order of name.
///
/// # Errors
/// The database's.
pub fn fsps(conn: &mut Conn) -> Result<Vec<Fsp>> {
    let rows: Vec<(FspId, String)> =
        fsps::table.filter(fsps::is_active.eq(true)).order(fsps::name).select((fsps::id, fsps::name)).load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| Fsp { id, name }).collect())
}

pub(super) fn find_fsp(conn: &mut Conn, id: &FspId) -> Result<Option<Fsp>> {
    let row: Option<(FspId, String)> = fsps::table.find(id).select((fsps::id, fsps::name)).first(conn).optional()?;
    Ok(row.map(|(id, name)| Fsp { id, name }))
}

pub(super) fn insert_fsp(tx: &mut WriteTx<'_>, fsp: &Fsp) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(fsps::table)
        .values((fsps::id.eq(&fsp.id), fsps::name.eq(&fsp.name), fsps::is_active.eq(true), fsps::created_at.eq(now)))
        .execute(&mut **tx)?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = funding_accounts)]
struct Row {
    id: FundingAccountId,
    name: String,
    sdk: String,
    fsp_id: FspId,
    currency: Currency,
    payer_id_type: String,
    payer_id_value: String,
    fee_limit: Minor,
    state: AccountState,
    stopped_code: Option<String>,
    stopped_at: Option<Instant>,
    stopped_reason: Option<String>,
}

fn account((row, fsp_name): (Row, String)) -> FundingAccount {
    FundingAccount {
        id: row.id,
        name: row.name,
        sdk: row.sdk,
        fsp: Fsp { id: row.fsp_id, name: fsp_name },
        currency: row.currency,
        payer_id_type: row.payer_id_type,
        payer_id_value: row.payer_id_value,
        fee_limit: row.fee_limit,
        state: row.state,
        stopped_code: row.stopped_code,
        stopped_at: row.stopped_at,
        stopped_reason: row.stopped_reason,
    }
}

/// All funding accounts, in order of name.
///
/// # Errors
/// The database's.
pub fn accounts(conn: &mut Conn) -> Result<Vec<FundingAccount>> {
    let rows: Vec<(Row, String)> =
        funding_accounts::table.inner_join(fsps::table).order(funding_accounts::name).select((Row::as_select(), fsps::name)).load(conn)?;
    Ok(rows.into_iter().map(account).collect())
}

/// # Errors
/// The database's.
pub fn find_account(conn: &mut Conn, id: &FundingAccountId) -> Result<Option<FundingAccount>> {
    let row: Option<(Row, String)> = funding_accounts::table
        .inner_join(fsps::table)
        .filter(funding_accounts::id.eq(id))
        .select((Row::as_select(), fsps::name))
        .first(conn)
        .optional()?;
    Ok(row.map(account))
}

pub(super) fn is_name_taken(conn: &mut Conn, name: &str) -> Result<bool> {
    let count: i64 = funding_accounts::table.filter(funding_accounts::name.eq(name)).count().get_result(conn)?;
    Ok(count > 0)
}

pub(super) fn insert_account(tx: &mut WriteTx<'_>, id: &FundingAccountId, new: &NewFundingAccount) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(funding_accounts::table)
        .values((
            funding_accounts::id.eq(id),
            funding_accounts::name.eq(&new.name),
            funding_accounts::sdk.eq(&new.sdk),
            funding_accounts::fsp_id.eq(&new.fsp),
            funding_accounts::currency.eq(new.currency),
            funding_accounts::payer_id_type.eq(&new.payer_id_type),
            funding_accounts::payer_id_value.eq(&new.payer_id_value),
            funding_accounts::fee_limit.eq(new.fee_limit),
            funding_accounts::state.eq(AccountState::Open),
            funding_accounts::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// `false` where it is not open.
pub(super) fn set_stopped(tx: &mut WriteTx<'_>, id: &FundingAccountId, reason: &str, code: Option<&str>) -> Result<bool> {
    let now = tx.now();
    let open = funding_accounts::table.filter(funding_accounts::id.eq(id)).filter(funding_accounts::state.eq(AccountState::Open));
    let changed = diesel::update(open)
        .set((
            funding_accounts::state.eq(AccountState::Stopped),
            funding_accounts::stopped_reason.eq(Some(reason)),
            funding_accounts::stopped_code.eq(code),
            funding_accounts::stopped_at.eq(Some(now)),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}

/// `false` where it is not stopped.
pub(super) fn set_open(tx: &mut WriteTx<'_>, id: &FundingAccountId) -> Result<bool> {
    let stopped = funding_accounts::table.filter(funding_accounts::id.eq(id)).filter(funding_accounts::state.eq(AccountState::Stopped));
    let changed = diesel::update(stopped)
        .set((
            funding_accounts::state.eq(AccountState::Open),
            funding_accounts::stopped_reason.eq(None::<String>),
            funding_accounts::stopped_code.eq(None::<String>),
            funding_accounts::stopped_at.eq(None::<Instant>),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}
