//! Links and codes that set a password.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::{password_links, users};
use crate::db::{Conn, Error, Result, WriteTx};
use crate::ids::{PasswordLinkId, UserId};
use crate::people::links::{LinkKind, PasswordLink, Way};

pub(in crate::people) struct NewLink<'a> {
    /// Nobody: written where an unknown name was asked for, so that the same is done as for a known one.
    pub user: Option<&'a UserId>,
    pub kind: LinkKind,
    pub way: Way,
    pub digest: &'a str,
    pub made_by: &'a str,
    pub until: Instant,
}

pub(in crate::people) fn insert_link(tx: &mut WriteTx<'_>, new: &NewLink<'_>) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(password_links::table)
        .values((
            password_links::id.eq(PasswordLinkId::new(now)),
            password_links::user_id.eq(new.user),
            password_links::kind.eq(new.kind),
            password_links::way.eq(new.way),
            password_links::digest.eq(new.digest),
            password_links::made_by.eq(new.made_by),
            password_links::made_at.eq(now),
            password_links::until_at.eq(new.until),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The active person's link or code with this digest, while it is good.
pub(in crate::people) fn good_link(conn: &mut Conn, digest: &str, way: Way, now: Instant) -> Result<Option<PasswordLink>> {
    let row = password_links::table
        .inner_join(users::table)
        .filter(password_links::digest.eq(digest))
        .filter(password_links::way.eq(way))
        .filter(password_links::used_at.is_null())
        .filter(password_links::ended_at.is_null())
        .filter(password_links::until_at.gt(now))
        .filter(users::is_active.eq(true))
        .select((password_links::id, users::id, password_links::kind))
        .first::<(PasswordLinkId, UserId, LinkKind)>(conn)
        .optional()?;
    Ok(row.map(|(id, user, kind)| PasswordLink { id, user, kind }))
}

/// Good becomes used. One request alone gets through here.
pub(in crate::people) fn use_link(tx: &mut WriteTx<'_>, link: &PasswordLinkId) -> Result<()> {
    let now = tx.now();
    let good = password_links::table
        .find(link)
        .filter(password_links::used_at.is_null())
        .filter(password_links::ended_at.is_null())
        .filter(password_links::until_at.gt(now));
    let used = diesel::update(good).set(password_links::used_at.eq(now)).execute(&mut **tx)?;
    if used == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// Ends all links and codes of a person that were not used; `None` for nobody's.
pub(in crate::people) fn end_links(tx: &mut WriteTx<'_>, user: Option<&UserId>) -> Result<()> {
    let now = tx.now();
    let open = password_links::table
        .filter(password_links::user_id.eq(user))
        .filter(password_links::used_at.is_null())
        .filter(password_links::ended_at.is_null());
    diesel::update(open).set(password_links::ended_at.eq(now)).execute(&mut **tx)?;
    Ok(())
}

/// Ends the person's mailed resets that were not used; `None` for nobody's. What an account manager gave them stays good.
pub(in crate::people) fn end_mailed_resets(tx: &mut WriteTx<'_>, user: Option<&UserId>) -> Result<()> {
    let now = tx.now();
    let open = password_links::table
        .filter(password_links::user_id.eq(user))
        .filter(password_links::kind.eq(LinkKind::Reset))
        .filter(password_links::way.eq(Way::Mail))
        .filter(password_links::used_at.is_null())
        .filter(password_links::ended_at.is_null());
    diesel::update(open).set(password_links::ended_at.eq(now)).execute(&mut **tx)?;
    Ok(())
}

/// Ends the person's mailed invitations and resets that were not used. What was printed stays good.
pub(in crate::people) fn end_mailed_links(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    let now = tx.now();
    let open = password_links::table
        .filter(password_links::user_id.eq(user))
        .filter(password_links::way.eq(Way::Mail))
        .filter(password_links::used_at.is_null())
        .filter(password_links::ended_at.is_null());
    diesel::update(open).set(password_links::ended_at.eq(now)).execute(&mut **tx)?;
    Ok(())
}

/// Ends the person's resets, mailed and printed, that were not used. An invitation stays good: nobody else had the account before.
pub(in crate::people) fn end_resets(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    let now = tx.now();
    let open = password_links::table
        .filter(password_links::user_id.eq(user))
        .filter(password_links::kind.eq(LinkKind::Reset))
        .filter(password_links::used_at.is_null())
        .filter(password_links::ended_at.is_null());
    diesel::update(open).set(password_links::ended_at.eq(now)).execute(&mut **tx)?;
    Ok(())
}

/// Forgets links that could not be used since `before`.
pub(in crate::people) fn forget_old_links(tx: &mut WriteTx<'_>, before: Instant) -> Result<()> {
    diesel::delete(password_links::table.filter(password_links::until_at.lt(before))).execute(&mut **tx)?;
    Ok(())
}
