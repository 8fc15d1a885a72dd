//! What the stories of confirmations begin with.

use diesel::prelude::*;
use outlay::audit::{By, What};
use outlay::clock::Instant;
use outlay::confirmations::{self, Change, Confirmed, Refusal, State};
use outlay::db::schema::{audit_events, users};
use outlay::db::{self, Conn, WriteTx};
use outlay::ids::ConfirmationId;

use crate::support::batches::actor;
use crate::support::cast::Person;
use crate::support::portal::Portal;

/// One of the account managers asks for a change.
pub async fn asked(portal: &Portal, by: &Person, about: Option<&Person>, change: Change) -> ConfirmationId {
    let by = actor(portal, by).await.by();
    let user = match about {
        Some(about) => Some(user_id(portal, about).await),
        None => None,
    };
    portal.institution.db.write(move |tx| confirmations::ask(tx, &by, user.as_ref(), &change)).await.unwrap()
}

/// Also of somebody who was deactivated.
pub async fn user_id(portal: &Portal, person: &Person) -> outlay::ids::UserId {
    let name = person.user_name;
    let find = move |conn: &mut Conn| Ok::<_, db::Error>(users::table.filter(users::user_name.eq(name)).select(users::id).first(conn)?);
    portal.institution.db.read(find).await.unwrap()
}

pub async fn confirm(portal: &Portal, by: &By, id: &ConfirmationId) -> Result<Confirmed, Refusal> {
    let (by, id) = (by.clone(), id.clone());
    portal.institution.db.write(move |tx| confirmations::confirm(tx, &by, &id)).await
}

pub async fn state(portal: &Portal, id: &ConfirmationId) -> State {
    let id = id.clone();
    portal.institution.db.read(move |conn| confirmations::find(conn, &id)).await.unwrap().unwrap().state
}

/// What the log says of a confirmation: what, and by whom.
pub async fn events(portal: &Portal, id: &ConfirmationId) -> Vec<(What, String)> {
    let id = id.to_string();
    let load = move |conn: &mut Conn| {
        let rows = audit_events::table.filter(audit_events::subject_id.eq(id)).order(audit_events::id);
        let rows: Vec<(String, String, Instant)> =
            rows.select((audit_events::action, audit_events::actor_name, audit_events::at)).load(conn)?;
        Ok::<_, db::Error>(rows)
    };
    let rows = portal.institution.db.read(load).await.unwrap();
    rows.into_iter().map(|(what, name, _)| (what.parse().unwrap(), name)).collect()
}

/// As the verb of people leaves somebody.
pub async fn deactivate(portal: &Portal, person: &Person) {
    set(portal, person, |row| row.is_active = Some(false)).await;
}

pub async fn set_email(portal: &Portal, person: &Person, email: &'static str) {
    set(portal, person, move |row| row.email = Some(email.to_owned())).await;
}

#[derive(Default, AsChangeset)]
#[diesel(table_name = users)]
pub struct Set {
    is_active: Option<bool>,
    email: Option<String>,
}

async fn set(portal: &Portal, person: &Person, how: impl Fn(&mut Set)) {
    let (mut row, name) = (Set::default(), person.user_name);
    how(&mut row);
    let write = move |tx: &mut WriteTx<'_>| {
        let conn: &mut Conn = tx;
        let one = users::table.filter(users::user_name.eq(name));
        let updated = match &row {
            Set { email: Some(email), .. } => diesel::update(one).set(users::email.eq(email)).execute(conn)?,
            Set { is_active, .. } => diesel::update(one).set(users::is_active.eq(is_active.unwrap_or(true))).execute(conn)?,
        };
        assert_eq!(updated, 1);
        Ok::<_, db::Error>(())
    };
    portal.institution.db.write(write).await.unwrap();
}

pub async fn email(portal: &Portal, person: &Person) -> Option<String> {
    let name = person.user_name;
    let find = move |conn: &mut Conn| Ok::<_, db::Error>(users::table.filter(users::user_name.eq(name)).select(users::email).first(conn)?);
    portal.institution.db.read(find).await.unwrap()
}
