//! What the stories of privileges begin with.

use std::collections::BTreeSet;

use diesel::prelude::*;
use outlay::audit::By;
use outlay::confirmations::{self, Confirmed};
use outlay::db::schema::{confirmations as table, users};
use outlay::db::{self, Conn, WriteTx};
use outlay::ids::{BranchId, ConfirmationId, UserId};
use outlay::privileges::{self, Action, Actions, Authorise, ChangeRefusal, Changed, Mode, Wanted, Way};

use crate::support::batches::{actor, branch};
use crate::support::cast::{Office, Person};
use crate::support::portal::Portal;

pub const ROUTE: &str = "privileges";

/// Also of somebody who was deactivated.
pub async fn user_id(portal: &Portal, person: &Person) -> UserId {
    let name = person.user_name;
    let find = move |conn: &mut Conn| Ok::<_, db::Error>(users::table.filter(users::user_name.eq(name)).select(users::id).first(conn)?);
    portal.institution.db.read(find).await.unwrap()
}

pub async fn matrix(portal: &Portal, person: &Person) -> String {
    format!("/users/{}/{ROUTE}", user_id(portal, person).await)
}

/// Branches times actions, until somebody ends them.
pub async fn chosen(portal: &Portal, mode: Mode, office: Office, actions: &[Action]) -> Way {
    let branches = BTreeSet::from([branch(portal, office).await]);
    Way::Chosen { mode, branches, actions: actions.iter().copied().collect(), until: None }
}

/// Checks and saves at once, as one who changes nothing between the two pages.
pub async fn change(portal: &Portal, by: &Person, of: &Person, way: Way) -> Result<Changed, ChangeRefusal> {
    let user = user_id(portal, of).await;
    change_of(portal, by, user, way).await
}

pub async fn change_of(portal: &Portal, by: &Person, user: UserId, way: Way) -> Result<Changed, ChangeRefusal> {
    let actor = actor(portal, by).await;
    let verb = move |tx: &mut WriteTx<'_>| {
        let now = tx.now();
        let wanted = Wanted { user: user.clone(), way: way.clone(), seen: String::new(), both_hands: true };
        let seen = privileges::draft(tx, &actor.by(), &wanted, now)?.seen;
        privileges::change(tx, &actor, &Wanted { seen, ..wanted })
    };
    portal.institution.db.write(verb).await
}

/// What waits, the oldest first.
pub async fn waiting(portal: &Portal) -> Vec<ConfirmationId> {
    let find = |conn: &mut Conn| {
        let waiting = table::table.filter(table::state.eq("waiting")).order((table::asked_at, table::id)).select(table::id);
        Ok::<_, db::Error>(waiting.load(conn)?)
    };
    portal.institution.db.read(find).await.unwrap()
}

pub async fn confirm(portal: &Portal, by: &Person, id: &ConfirmationId) -> Result<Confirmed, confirmations::Refusal> {
    let (by, id) = (actor(portal, by).await.by(), id.clone());
    portal.institution.db.write(move |tx| confirmations::confirm(tx, &by, &id)).await
}

/// Whether a verb would be allowed now.
pub async fn may(portal: &Portal, person: &Person, action: Action, office: Office) -> bool {
    let (user, branch) = (user_id(portal, person).await, branch(portal, office).await);
    may_in(portal, user, action, branch).await
}

pub async fn may_in(portal: &Portal, user: UserId, action: Action, branch: BranchId) -> bool {
    let ask = move |tx: &mut WriteTx<'_>| Ok::<_, db::Error>(tx.authorise(&user, action, &branch).is_ok());
    portal.institution.db.write(ask).await.unwrap()
}

/// What somebody holds in an office, by the operator's word.
pub async fn given(portal: &Portal, person: &Person, office: Office, actions: &[Action], until: Option<outlay::clock::Instant>) {
    let (user, branch) = (user_id(portal, person).await, branch(portal, office).await);
    let new = privileges::NewGrant { user, branch, actions: actions.to_vec(), until };
    portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &new)).await.unwrap();
}

pub fn set(actions: &[Action]) -> Actions {
    actions.iter().copied().collect()
}
