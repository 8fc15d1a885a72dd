//! The tables of mail.

use diesel::prelude::*;

use super::{Letter, Notice};
use crate::db::schema::{notices, outbox};
use crate::db::{Result, WriteTx, on};
use crate::ids::{MailId, NoticeId, UserId};

pub(super) fn insert(tx: &mut WriteTx<'_>, letter: &Letter) -> Result<()> {
    let now = tx.now();
    let text = serde_json::to_string(&letter.text).unwrap_or_default();
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(MailId::new(now)),
            outbox::kind.eq(letter.kind),
            outbox::user_id.eq(&letter.user),
            outbox::address.eq(&letter.address),
            outbox::letter.eq(text),
            outbox::state.eq("waiting"),
            outbox::tries.eq(0),
            outbox::next_at.eq(now),
            outbox::until_at.eq(letter.until),
            outbox::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

pub(super) fn insert_notices(tx: &mut WriteTx<'_>, people: &[UserId], notice: &Notice) -> Result<()> {
    let now = tx.now();
    let details = notice.details.to_string();
    let rows: Vec<_> = people
        .iter()
        .map(|person| {
            (
                notices::id.eq(NoticeId::new(now)),
                notices::user_id.eq(person),
                notices::kind.eq(notice.kind),
                notices::batch_id.eq(&notice.batch),
                notices::details.eq(&details),
                notices::at.eq(now),
            )
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    on!(&mut **tx, conn => diesel::insert_into(notices::table).values(&rows).execute(conn))?;
    Ok(())
}
