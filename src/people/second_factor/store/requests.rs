//! Requests for a new QR code.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::one;
use crate::clock::Instant;
use crate::db::schema::{branches, second_factor_requests, users};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{QrRequestId, UserId};
use crate::people::second_factor::device::device;
use crate::people::second_factor::{NewRequest, RequestState};

/// A request as account managers see it.
#[derive(Debug, Clone)]
pub(in crate::people) struct Request {
    pub id: QrRequestId,
    pub user: UserId,
    pub name: String,
    pub user_name: String,
    pub phone: Option<String>,
    pub branch: String,
    pub last_sign_in_at: Option<Instant>,
    pub reason: String,
    pub browser: String,
    pub address: String,
    pub asked_at: Instant,
    pub state: RequestState,
    /// The name of who allowed it and waits for somebody to confirm.
    pub proposed_by: Option<String>,
    /// The name of who decided.
    pub decided_by: Option<String>,
    pub decided_at: Option<Instant>,
    pub decided_because: Option<String>,
}

impl Request {
    pub fn device(&self) -> String {
        device(&self.browser)
    }
}

/// Which of them a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::people) enum RequestFilter {
    Waiting,
    Ended,
}

#[derive(Debug)]
pub(in crate::people) struct Requests {
    pub rows: Vec<Request>,
    pub counted: i64,
}

type Person = (UserId, String, String, Option<String>, String, Option<Instant>);
type Row = (
    (QrRequestId, String, String, String, Instant, RequestState),
    (Option<String>, Option<String>, Option<Instant>, Option<String>),
    Person,
);
type AskedColumns = (
    second_factor_requests::id,
    second_factor_requests::reason,
    second_factor_requests::browser,
    second_factor_requests::address,
    second_factor_requests::asked_at,
    second_factor_requests::state,
);
type DecidedColumns = (
    second_factor_requests::proposed_by,
    second_factor_requests::decided_by,
    second_factor_requests::decided_at,
    second_factor_requests::decided_because,
);
type PersonColumns = (users::id, users::full_name, users::user_name, users::phone, branches::name, users::last_sign_in_at);
const COLUMNS: (AskedColumns, DecidedColumns, PersonColumns) = (
    (
        second_factor_requests::id,
        second_factor_requests::reason,
        second_factor_requests::browser,
        second_factor_requests::address,
        second_factor_requests::asked_at,
        second_factor_requests::state,
    ),
    (
        second_factor_requests::proposed_by,
        second_factor_requests::decided_by,
        second_factor_requests::decided_at,
        second_factor_requests::decided_because,
    ),
    (users::id, users::full_name, users::user_name, users::phone, branches::name, users::last_sign_in_at),
);

/// With names instead of ids; the operator's name stands there as it is.
fn named(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Request>> {
    let ids: Vec<UserId> = rows.iter().flat_map(|(_, by, _)| [&by.0, &by.1]).flatten().map(|id| UserId::from(id.as_str())).collect();
    let names: Vec<(UserId, String)> = users::table.filter(users::id.eq_any(ids)).select((users::id, users::full_name)).load(conn)?;
    let names: BTreeMap<String, String> = names.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    let name = |id: Option<String>| id.map(|id| names.get(&id).cloned().unwrap_or(id));
    let request = |(asked, decided, person): Row| {
        let (id, reason, browser, address, asked_at, state) = asked;
        let (proposed_by, decided_by, decided_at, decided_because) = decided;
        let (user, full_name, user_name, phone, branch, last_sign_in_at) = person;
        let (proposed_by, decided_by) = (name(proposed_by), name(decided_by));
        Request {
            id,
            user,
            name: full_name,
            user_name,
            phone,
            branch,
            last_sign_in_at,
            reason,
            browser,
            address,
            asked_at,
            state,
            proposed_by,
            decided_by,
            decided_at,
            decided_because,
        }
    };
    Ok(rows.into_iter().map(request).collect())
}

pub(in crate::people) fn request(conn: &mut Conn, id: &QrRequestId) -> Result<Option<Request>> {
    let found = second_factor_requests::table
        .inner_join(users::table.inner_join(branches::table))
        .filter(second_factor_requests::id.eq(id))
        .select(COLUMNS)
        .load(conn)?;
    Ok(named(conn, found)?.pop())
}

/// Oldest first where they wait, newest first where they are decided.
pub(in crate::people) fn requests(conn: &mut Conn, filter: RequestFilter, offset: i64, limit: i64) -> Result<Requests> {
    let all = second_factor_requests::table.inner_join(users::table.inner_join(branches::table));
    let waits = second_factor_requests::state.eq(RequestState::Waiting);
    let (counted, rows) = match filter {
        RequestFilter::Waiting => (
            second_factor_requests::table.filter(waits).count().get_result(conn)?,
            all.filter(waits)
                .order((second_factor_requests::asked_at, second_factor_requests::id))
                .offset(offset)
                .limit(limit)
                .select(COLUMNS)
                .load(conn)?,
        ),
        RequestFilter::Ended => {
            let ended = second_factor_requests::state.ne(RequestState::Waiting);
            (
                second_factor_requests::table.filter(ended).count().get_result(conn)?,
                all.filter(ended)
                    .order((second_factor_requests::asked_at.desc(), second_factor_requests::id.desc()))
                    .offset(offset)
                    .limit(limit)
                    .select(COLUMNS)
                    .load(conn)?,
            )
        }
    };
    Ok(Requests { rows: named(conn, rows)?, counted })
}

/// How many wait for an account manager; their own do not wait for themselves.
///
/// # Errors
/// The database's.
pub fn requests_waiting(conn: &mut Conn, account_manager: &UserId) -> Result<i64> {
    let waiting = second_factor_requests::table.filter(second_factor_requests::state.eq(RequestState::Waiting));
    Ok(waiting.filter(second_factor_requests::user_id.ne(account_manager)).count().get_result(conn)?)
}

/// The person's request that waits: its id, and when it was asked.
pub(in crate::people) fn open_request(conn: &mut Conn, user: &UserId) -> Result<Option<(QrRequestId, Instant)>> {
    Ok(second_factor_requests::table
        .filter(second_factor_requests::user_id.eq(user))
        .filter(second_factor_requests::state.eq(RequestState::Waiting))
        .select((second_factor_requests::id, second_factor_requests::asked_at))
        .first(conn)
        .optional()?)
}

/// The newest request of a person, however it ended.
pub(in crate::people) fn last_request(conn: &mut Conn, user: &UserId) -> Result<Option<Request>> {
    let found = second_factor_requests::table
        .inner_join(users::table.inner_join(branches::table))
        .filter(second_factor_requests::user_id.eq(user))
        .order((second_factor_requests::asked_at.desc(), second_factor_requests::id.desc()))
        .limit(1)
        .select(COLUMNS)
        .load(conn)?;
    Ok(named(conn, found)?.pop())
}

/// How many the person asked for since then.
pub(in crate::people) fn asked_since(conn: &mut Conn, user: &UserId, since: Instant) -> Result<i64> {
    let theirs = second_factor_requests::table.filter(second_factor_requests::user_id.eq(user));
    Ok(theirs.filter(second_factor_requests::asked_at.ge(since)).count().get_result(conn)?)
}

pub(in crate::people::second_factor) fn insert_request(tx: &mut WriteTx<'_>, new: &NewRequest) -> Result<QrRequestId> {
    let now = tx.now();
    let id = QrRequestId::new(now);
    diesel::insert_into(second_factor_requests::table)
        .values((
            second_factor_requests::id.eq(&id),
            second_factor_requests::user_id.eq(&new.user),
            second_factor_requests::reason.eq(&new.reason),
            second_factor_requests::browser.eq(&new.browser),
            second_factor_requests::address.eq(&new.address),
            second_factor_requests::asked_at.eq(now),
            second_factor_requests::state.eq(RequestState::Waiting),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Somebody allowed it, and somebody else has to confirm; `None`: nobody any more.
pub(in crate::people::second_factor) fn propose(tx: &mut WriteTx<'_>, id: &QrRequestId, by: Option<&str>) -> Result<()> {
    let waiting = second_factor_requests::table.find(id).filter(second_factor_requests::state.eq(RequestState::Waiting));
    one(diesel::update(waiting).set(second_factor_requests::proposed_by.eq(by)).execute(&mut **tx)?)
}

/// It does not wait any more. `by`: a person's id, or the operator's name.
pub(in crate::people::second_factor) fn decide_request(
    tx: &mut WriteTx<'_>,
    id: &QrRequestId,
    to: RequestState,
    by: &str,
    because: Option<&str>,
) -> Result<()> {
    let now = tx.now();
    let waiting = second_factor_requests::table.find(id).filter(second_factor_requests::state.eq(RequestState::Waiting));
    let decided = (
        second_factor_requests::state.eq(to),
        second_factor_requests::decided_by.eq(by),
        second_factor_requests::decided_at.eq(now),
        second_factor_requests::decided_because.eq(because),
    );
    one(diesel::update(waiting).set(decided).execute(&mut **tx)?)
}
