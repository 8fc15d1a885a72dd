//! The confirmations table, and what a decision on one reads of people.

use diesel::QueryableByName;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Change, Confirmation, Decided, GrantAsked, Kind, State};
use crate::audit::By;
use crate::clock::Instant;
use crate::db::schema::{confirmations, grants, users};
use crate::db::{Conn, Error, Question, Result, WriteTx};
use crate::ids::{BranchId, ConfirmationId, UserId};
use crate::privileges::Action;
use crate::search::{Part, Slice};

/// One that waits for the same change to the same person.
pub(super) fn waiting_for(conn: &mut Conn, user: Option<&UserId>, change: &Change) -> Result<Option<ConfirmationId>> {
    let same = confirmations::table.filter(confirmations::state.eq(State::Waiting)).filter(confirmations::change.eq(text(change)));
    let found = match user {
        Some(user) => same.filter(confirmations::user_id.eq(user)).select(confirmations::id).first(conn),
        None => same.filter(confirmations::user_id.is_null()).select(confirmations::id).first(conn),
    };
    Ok(found.optional()?)
}

/// What waits of one kind. A change that this version cannot read is left out.
///
/// # Errors
/// The database's.
pub fn waiting_of_kind(conn: &mut Conn, kind: Kind) -> Result<Vec<Change>> {
    let waiting = confirmations::table.filter(confirmations::state.eq(State::Waiting)).filter(confirmations::kind.eq(kind));
    let texts: Vec<String> = waiting.order(confirmations::asked_at).select(confirmations::change).load(conn)?;
    Ok(texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
}

/// Whether sensitive actions wait to be confirmed for the person.
///
/// # Errors
/// The database's.
pub fn gives_power_to(conn: &mut Conn, user: &UserId) -> Result<bool> {
    let waiting = confirmations::table.filter(confirmations::state.eq(State::Waiting)).filter(confirmations::user_id.eq(user));
    let power = waiting.filter(confirmations::kind.eq(Kind::Grants)).select(confirmations::id);
    Ok(diesel::select(exists(power)).get_result(conn)?)
}

pub(super) fn insert(tx: &mut WriteTx<'_>, by: &By, user: Option<&UserId>, change: &Change) -> Result<ConfirmationId> {
    let now = tx.now();
    let id = ConfirmationId::new(now);
    diesel::insert_into(confirmations::table)
        .values((
            confirmations::id.eq(&id),
            confirmations::kind.eq(change.kind()),
            confirmations::user_id.eq(user),
            confirmations::change.eq(text(change)),
            confirmations::asked_by.eq(by.id.clone().unwrap_or_else(|| UserId::from(by.name.as_str()))),
            confirmations::asked_at.eq(now),
            confirmations::state.eq(State::Waiting),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

fn text(change: &Change) -> String {
    serde_json::to_string(change).unwrap_or_default()
}

/// Everything of a confirmation and the names it is read with.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct Row {
    #[diesel(sql_type = Text)]
    pub id: ConfirmationId,
    #[diesel(sql_type = Nullable<Text>)]
    pub user_id: Option<UserId>,
    #[diesel(sql_type = Text)]
    pub change: String,
    #[diesel(sql_type = Text)]
    pub asked_by: UserId,
    #[diesel(sql_type = BigInt)]
    pub asked_at: Instant,
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = Nullable<Text>)]
    pub decided_by: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub decided_at: Option<Instant>,
    #[diesel(sql_type = Nullable<Text>)]
    pub decided_because: Option<String>,
    #[diesel(sql_type = Text)]
    pub asker: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub person: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub user_name: Option<String>,
}

/// Columns of a [`Row`] and the tables they come from; the rest of the question is about `c`.
pub(super) const ROWS: &str = "SELECT c.id, c.user_id, c.change, c.asked_by, c.asked_at, c.state, \
     COALESCE(d.full_name, c.decided_by) AS decided_by, c.decided_at, c.decided_because, a.full_name AS asker, p.full_name AS person, \
     p.user_name AS user_name FROM confirmations c JOIN users a ON a.id = c.asked_by LEFT JOIN users p ON p.id = c.user_id \
     LEFT JOIN users d ON d.id = c.decided_by";

impl Row {
    pub(super) fn confirmation(self) -> Result<Confirmation> {
        let change = serde_json::from_str(&self.change).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
        let decided = self.decided_by.zip(self.decided_at).map(|(by, at)| Decided { by, at, because: self.decided_because });
        Ok(Confirmation {
            id: self.id,
            user: self.user_id,
            change,
            asked_by: self.asked_by,
            asked_at: self.asked_at,
            state: self.state,
            decided,
        })
    }
}

pub(super) fn row(conn: &mut Conn, id: &ConfirmationId) -> Result<Option<Row>> {
    let mut question = Question::default();
    let id = question.text(id.as_str());
    Ok(question.load(conn, &format!("{ROWS} WHERE c.id = {id}"))?.into_iter().next())
}

/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &ConfirmationId) -> Result<Option<Confirmation>> {
    row(conn, id)?.map(Row::confirmation).transpose()
}

/// Ends the waiting, once.
pub(super) fn decide(tx: &mut WriteTx<'_>, asked: &Confirmation, to: State, by: &By, because: Option<&str>) -> Result<()> {
    if !asked.state.can_become(to) {
        return Err(Error::Conflict);
    }
    let now = tx.now();
    let waiting = confirmations::table.find(&asked.id).filter(confirmations::state.eq(asked.state));
    let moved = diesel::update(waiting)
        .set((
            confirmations::state.eq(to),
            confirmations::decided_by.eq(by.id.as_ref().map_or(by.name.as_str(), UserId::as_str)),
            confirmations::decided_at.eq(now),
            confirmations::decided_because.eq(because),
        ))
        .execute(&mut **tx)?;
    if moved == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// The newest confirmed password code of the person that was confirmed at `since` or later and is not used up.
pub(super) fn password_code_since(conn: &mut Conn, user: &UserId, since: Instant) -> Result<Option<ConfirmationId>> {
    Ok(confirmations::table
        .filter(confirmations::user_id.eq(user))
        .filter(confirmations::kind.eq(Kind::PasswordCode))
        .filter(confirmations::state.eq(State::Confirmed))
        .filter(confirmations::decided_at.ge(since))
        .order(confirmations::decided_at.desc())
        .select(confirmations::id)
        .first(conn)
        .optional()?)
}

pub(super) fn spend(tx: &mut WriteTx<'_>, id: &ConfirmationId) -> Result<()> {
    let confirmed = confirmations::table.find(id).filter(confirmations::state.eq(State::Confirmed));
    let moved = diesel::update(confirmed).set(confirmations::state.eq(State::Spent)).execute(&mut **tx)?;
    if moved == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// Somebody and where mail reaches them.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Reached {
    pub id: UserId,
    pub name: String,
    pub email: Option<String>,
}

/// Active account managers who neither asked nor are the one it is about, in order of name.
pub(super) fn deciders(conn: &mut Conn, asked_by: &UserId, user: Option<&UserId>) -> Result<Vec<Reached>> {
    let none = UserId::from("");
    Ok(users::table
        .filter(users::is_account_manager.eq(true))
        .filter(users::is_active.eq(true))
        .filter(users::id.ne(asked_by))
        .filter(users::id.ne(user.unwrap_or(&none)))
        .order((users::full_name, users::id))
        .select((users::id, users::full_name, users::email))
        .load(conn)?)
}

pub(super) fn reached(conn: &mut Conn, user: &UserId) -> Result<Option<Reached>> {
    let active = users::table.find(user).filter(users::is_active.eq(true));
    Ok(active.select((users::id, users::full_name, users::email)).first(conn).optional()?)
}

/// The person's mail address as it stands.
pub(super) fn email(conn: &mut Conn, user: &UserId) -> Result<Option<String>> {
    let found: Option<Option<String>> = users::table.find(user).select(users::email).first(conn).optional()?;
    Ok(found.flatten())
}

/// Branches in which the person holds Approve Payment now or from a later moment on.
pub(super) fn approves_in(conn: &mut Conn, user: &UserId, now: Instant) -> Result<Vec<BranchId>> {
    holds_in(conn, user, Action::ApprovePayment, now)
}

/// Branches in which the person may make payments, now or from a later moment on.
pub(super) fn makes_in(conn: &mut Conn, user: &UserId, now: Instant) -> Result<Vec<BranchId>> {
    holds_in(conn, user, Action::MakePayment, now)
}

fn holds_in(conn: &mut Conn, user: &UserId, action: Action, now: Instant) -> Result<Vec<BranchId>> {
    Ok(grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::action.eq(action))
        .filter(grants::ended_at.is_null())
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .select(grants::branch_id)
        .distinct()
        .load(conn)?)
}

/// The sensitive actions that the person holds once active, by branch.
pub(super) fn sensitive_of(conn: &mut Conn, user: &UserId, now: Instant) -> Result<Vec<GrantAsked>> {
    let open: Vec<(BranchId, Action, Option<Instant>)> = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::action.eq_any(Action::SENSITIVE))
        .filter(grants::ended_at.is_null())
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .select((grants::branch_id, grants::action, grants::until_at))
        .load(conn)?;
    Ok(open.into_iter().map(|(branch, action, until)| GrantAsked { branch, action, until: until.map(Instant::micros) }).collect())
}

/// Who approves payments in any of the branches and has a mail address, but for one person; at most `limit`.
pub(super) fn checkers(conn: &mut Conn, branches: &[BranchId], but: &UserId, now: Instant, limit: i64) -> Result<Vec<Reached>> {
    Ok(users::table
        .filter(users::is_active.eq(true))
        .filter(users::email.is_not_null())
        .filter(users::id.ne(but))
        .filter(
            users::id.eq_any(
                grants::table
                    .filter(grants::branch_id.eq_any(branches))
                    .filter(grants::action.eq(Action::ApprovePayment))
                    .filter(grants::ended_at.is_null())
                    .filter(grants::from_at.le(now))
                    .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
                    .select(grants::user_id),
            ),
        )
        .order((users::full_name, users::id))
        .limit(limit)
        .select((users::id, users::full_name, users::email))
        .load(conn)?)
}

pub(super) fn waiting(conn: &mut Conn, limit: i64) -> Result<Vec<Row>> {
    Question::default().load(conn, &format!("{ROWS} WHERE c.state = 'waiting' ORDER BY c.asked_at, c.id LIMIT {limit}"))
}

/// Those that do not wait any more, the newest decision first: which part, and how many there are, counted no further than `slice.most` + 1.
pub(super) fn decided(conn: &mut Conn, slice: Slice) -> Result<Part<Row>> {
    let Slice { offset, limit, most } = slice;
    let counted = Question::default().count(conn, "FROM confirmations c WHERE c.state <> 'waiting'", most)?;
    let sql = format!("{ROWS} WHERE c.state <> 'waiting' ORDER BY c.decided_at DESC, c.id DESC LIMIT {limit} OFFSET {offset}");
    Ok(Part { rows: Question::default().load(conn, &sql)?, counted })
}

/// How many wait for this account manager's word, counted no further than `most` + 1.
pub(super) fn count_for(conn: &mut Conn, user: &UserId, most: i64) -> Result<i64> {
    let mut question = Question::default();
    let user = question.text(user.as_str());
    let from = format!("FROM confirmations c WHERE c.state = 'waiting' AND c.asked_by <> {user} AND COALESCE(c.user_id, '') <> {user}");
    question.count(conn, &from, most)
}
