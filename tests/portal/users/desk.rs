//! What the stories about people share.

use diesel::prelude::*;
use outlay::audit::{self, By, What};
use outlay::confirmations::{self, Confirmed};
use outlay::db::schema::grants;
use outlay::db::{self, Conn};
use outlay::ids::{GrantId, UserId};
use outlay::people::{self, Person as Kept};
use outlay::privileges::Action;

use crate::support::cast::{self, Office, Person};
use crate::support::page::Page;
use crate::support::portal::Portal;
use crate::support::tab::Tab;

/// One of the cast, as the portal keeps them.
pub async fn kept(portal: &Portal, user_name: &str) -> Kept {
    let name = user_name.to_owned();
    let find = move |conn: &mut Conn| {
        let user = people::find_by_name(conn, &name)?.unwrap_or_else(|| panic!("{name} is not here"));
        Ok::<_, db::Error>(people::person(conn, &user.id)?.unwrap())
    };
    portal.institution.db.read(find).await.unwrap()
}

pub async fn id_of(portal: &Portal, person: &Person) -> UserId {
    kept(portal, person.user_name).await.user.id
}

/// The address of a person's page, or of one below it.
pub async fn path_of(portal: &Portal, person: &Person, below: &str) -> String {
    format!("/users/{}{below}", id_of(portal, person).await)
}

/// What a new person's form is filled with, for the office's branch.
pub async fn fill_in<'a>(tab: &mut Tab, office: Office, fields: &[(&'a str, &'a str)]) -> Page {
    let form = tab.get("/users/new").await.assert_status(200).clone();
    let branch = option(&form, "select#branch", office.code);
    let mut all = vec![("branch", branch.as_str())];
    all.extend(fields);
    tab.post_form("/users", &all).await.clone()
}

/// The value of the option that begins with these words.
pub fn option(page: &Page, select: &str, words: &str) -> String {
    let html = page.html();
    let options = crate::support::page::selector(&format!("{select} option"));
    let found = html.select(&options).find(|option| option.text().collect::<String>().trim().starts_with(words));
    found.unwrap_or_else(|| panic!("no option «{words}» in {select}\n{page}")).attr("value").unwrap().to_owned()
}

/// The kinds of what was done to a person, oldest first.
pub async fn events(portal: &Portal, user: &UserId) -> Vec<What> {
    let user = user.clone();
    let read = move |conn: &mut Conn| audit::of_subject(conn, user.as_str(), &[], 100);
    let mut events: Vec<_> = portal.institution.db.read(read).await.unwrap().into_iter().map(|event| event.what).collect();
    events.reverse();
    events
}

/// The operator deactivates somebody of the cast, with nothing left behind.
pub async fn retire(portal: &Portal, person: &Person) {
    let user = id_of(portal, person).await;
    let order = people::Deactivation { user, reason: None, drafts: Default::default(), pauses: Vec::new() };
    let done = portal.institution.db.write(move |tx| people::deactivate(tx, &By::operator("a test"), &order)).await;
    done.unwrap_or_else(|error| panic!("{error}"));
}

/// The operator confirms everything that waits, all at the same moment; how much of it came to be.
pub async fn confirm_all(portal: &Portal) -> usize {
    let find = |conn: &mut Conn| confirmations::waiting(conn);
    let waiting = portal.institution.db.read(find).await.unwrap();
    let confirming = waiting.into_iter().map(|listed| {
        let id = listed.confirmation.id;
        portal.institution.db.write(move |tx| confirmations::confirm(tx, &By::operator("a test"), &id))
    });
    let done = futures_util::future::join_all(confirming).await;
    done.into_iter().filter(|done| matches!(done, Ok(Confirmed::Done { .. }))).count()
}

/// A grant in the person's own branch, given by somebody.
pub async fn grant(portal: &Portal, by: &Person, to: &Person, action: Action) {
    let (by, user) = (id_of(portal, by).await, id_of(portal, to).await);
    let branch = crate::support::batches::branch(portal, to.office).await;
    let given = portal.institution.db.write(move |tx| {
        let now = tx.now();
        diesel::insert_into(grants::table)
            .values((
                (grants::id.eq(GrantId::new(now)), grants::user_id.eq(&user), grants::branch_id.eq(&branch)),
                (grants::action.eq(action), grants::given_by.eq(by.as_str()), grants::from_at.eq(now)),
            ))
            .execute(&mut **tx)?;
        Ok::<_, db::Error>(())
    });
    given.await.unwrap();
}

/// Whether they can sign in with the password of the cast.
pub async fn can_sign_in(portal: &Portal, person: &Person) -> bool {
    let mut tab = portal.stranger();
    tab.get("/sign-in").await;
    let page = tab.post_form("/sign-in", &[("user_name", person.user_name), ("password", cast::PASSWORD)]).await;
    page.status == 200
}
