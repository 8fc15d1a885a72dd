//! Whom a batch concerns: those who made a part of it, and the one who approved it.

use diesel::prelude::*;

use crate::batches::PaymentType;
use crate::db::schema::{approvals_again, batch_makers, batches, decisions};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{BatchId, BranchId, UserId};
use crate::privileges::{Action, people_with_all};

pub(in crate::mail) fn makers(conn: &mut Conn, batch: &BatchId) -> Result<Vec<UserId>> {
    let mut makers: Vec<UserId> = batch_makers::table.filter(batch_makers::batch_id.eq(batch)).select(batch_makers::user_id).load(conn)?;
    makers.extend(batches::table.find(batch).select(batches::created_by).first::<UserId>(conn).optional()?);
    makers.sort();
    makers.dedup();
    Ok(makers)
}

/// Those who decided on it, and approved it again.
pub(in crate::mail) fn checkers(conn: &mut Conn, batch: &BatchId) -> Result<Vec<UserId>> {
    let mut checkers: Vec<UserId> = decisions::table.filter(decisions::batch_id.eq(batch)).select(decisions::user_id).load(conn)?;
    let again = approvals_again::table.filter(approvals_again::batch_id.eq(batch)).select(approvals_again::user_id);
    checkers.extend(again.load::<UserId>(conn)?);
    Ok(checkers)
}

/// Those who may approve it, see it, and made no part of it.
pub(in crate::mail) fn approvers(tx: &mut WriteTx<'_>, batch: &BatchId, branch: &BranchId) -> Result<Vec<UserId>> {
    let now = tx.now();
    let kind: PaymentType = batches::table.find(batch).select(batches::payment_type).first(&mut **tx)?;
    let holders = people_with_all(tx, branch, &[Action::ApprovePayment, kind.view()], now)?;
    let makers = makers(tx, batch)?;
    Ok(holders.into_iter().map(|(person, _)| person).filter(|person| !makers.contains(person)).collect())
}
