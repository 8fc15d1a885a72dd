//! Which notices a person turned off.

use diesel::prelude::*;

use crate::db::schema::mail_choices;
use crate::db::{Conn, Result, WriteTx, on};
use crate::ids::UserId;
use crate::mail::NoticeKind;

pub(in crate::mail) fn turned_off(conn: &mut Conn, user: &UserId) -> Result<Vec<NoticeKind>> {
    let rows: Vec<String> = mail_choices::table
        .filter(mail_choices::user_id.eq(user))
        .filter(mail_choices::wanted.eq(false))
        .select(mail_choices::kind)
        .load(conn)?;
    Ok(rows.iter().filter_map(|kind| kind.parse().ok()).collect())
}

/// All other kinds are on.
pub(in crate::mail) fn turn_off(tx: &mut WriteTx<'_>, user: &UserId, kinds: &[NoticeKind]) -> Result<()> {
    diesel::delete(mail_choices::table.filter(mail_choices::user_id.eq(user))).execute(&mut **tx)?;
    let rows: Vec<_> =
        kinds.iter().map(|kind| (mail_choices::user_id.eq(user), mail_choices::kind.eq(*kind), mail_choices::wanted.eq(false))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    on!(&mut **tx, conn => diesel::insert_into(mail_choices::table).values(&rows).execute(conn))?;
    Ok(())
}
