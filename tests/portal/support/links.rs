//! Links and codes that set passwords, as the people they are for would find them.

use diesel::prelude::*;
use outlay::audit::By;
use outlay::db::schema::{outbox, users};
use outlay::db::{self, Conn, WriteTx};
use outlay::ids::UserId;
use outlay::mail::LetterText;
use outlay::people::{self, Details, Invited, NewUser, PasswordHash, User, Way};

use super::cast::{self, HLAING, Person};
use super::portal::Portal;

/// Somebody whom an account manager has just added: no password yet.
pub const NILAR: Person = Person { user_name: "nilar", full_name: "Ma Nilar", office: HLAING, actions: &[], is_account_manager: false };

/// An institution's own mail server; nobody answers there, so letters stay in the outbox.
pub const MAIL: &str = "[mail]\nhost = '127.0.0.1'\nport = 9\nfrom = 'Outlay <outlay@upendo.example>'\n";

/// The person as the database has them.
pub async fn user(portal: &Portal, person: &Person) -> User {
    let name = person.user_name;
    portal.institution.db.read(move |conn| people::find_by_name(conn, name)).await.unwrap().unwrap()
}

/// Where mail reaches somebody.
pub async fn set_email(portal: &Portal, person: &Person, email: &'static str) {
    let name = person.user_name;
    let write = move |tx: &mut WriteTx<'_>| {
        let conn: &mut Conn = tx;
        diesel::update(users::table.filter(users::user_name.eq(name))).set(users::email.eq(email)).execute(conn)?;
        Ok::<_, db::Error>(())
    };
    portal.institution.db.write(write).await.unwrap();
}

/// As the verb of people leaves somebody.
pub async fn deactivate(portal: &Portal, person: &Person) {
    let name = person.user_name;
    let write = move |tx: &mut WriteTx<'_>| {
        let conn: &mut Conn = tx;
        diesel::update(users::table.filter(users::user_name.eq(name))).set(users::is_active.eq(false)).execute(conn)?;
        Ok::<_, db::Error>(())
    };
    portal.institution.db.write(write).await.unwrap();
}

/// Adds [`NILAR`], who has an address and no password.
pub async fn add_nilar(portal: &Portal) -> User {
    let add = |tx: &mut WriteTx<'_>| {
        let branch = people::find_by_name(tx, "thiri")?.unwrap().branch;
        let details = Details::named(NILAR.user_name, NILAR.full_name).map_err(|wrong| cast::refused(format!("{wrong:?}")))?;
        let new = NewUser { details, branch, is_account_manager: false, password: PasswordHash::not_set(), must_set_password: true };
        people::add_user(tx, &By::operator("a test"), &new).map_err(cast::refused)
    };
    let user = portal.institution.db.write(add).await.unwrap();
    set_email(portal, &NILAR, "nilar@upendo.example").await;
    user
}

/// The path of a link in the newest letter to a person.
pub async fn mailed_path(portal: &Portal, user: &UserId) -> String {
    let user = user.clone();
    let find = move |conn: &mut Conn| {
        let letters = outbox::table.filter(outbox::user_id.eq(user)).order(outbox::id.desc()).select(outbox::letter);
        Ok::<Vec<String>, db::Error>(letters.load(conn)?)
    };
    let letters = portal.institution.db.read(find).await.unwrap();
    let links = letters.iter().filter_map(|letter| serde_json::from_str::<LetterText>(letter).unwrap().link);
    links.map(|(_, path)| path).next().expect("no letter with a link")
}

/// How many letters there are for a person whose subject begins so.
pub async fn letters(portal: &Portal, user: &UserId, subject: &'static str) -> usize {
    let user = user.clone();
    let find = move |conn: &mut Conn| {
        let letters = outbox::table.filter(outbox::user_id.eq(user)).select(outbox::letter);
        Ok::<Vec<String>, db::Error>(letters.load(conn)?)
    };
    let letters = portal.institution.db.read(find).await.unwrap();
    let read = letters.iter().map(|letter| serde_json::from_str::<LetterText>(letter).unwrap());
    read.filter(|letter| letter.subject.english().starts_with(subject)).count()
}

/// Invites Nilar by mail; the path of her link.
pub async fn invitation(portal: &Portal) -> String {
    let user = add_nilar(portal).await;
    let invited = user.clone();
    let invite = move |tx: &mut WriteTx<'_>| people::invite(tx, &By::operator("a test"), &invited, Way::Mail);
    portal.institution.db.write(invite).await.unwrap_or_else(|error| panic!("{error}"));
    mailed_path(portal, &user.id).await
}

/// Gives somebody a mailed reset; the path of their link.
pub async fn reset(portal: &Portal, person: &Person) -> String {
    set_email(portal, person, "someone@upendo.example").await;
    let user = user(portal, person).await;
    let given = user.clone();
    let give = move |tx: &mut WriteTx<'_>| people::offer_reset(tx, &By::operator("a test"), &given, Way::Mail);
    portal.institution.db.write(give).await.unwrap_or_else(|error| panic!("{error}"));
    mailed_path(portal, &user.id).await
}

/// A printed code for somebody, made by the operator.
pub async fn code(portal: &Portal, person: &Person) -> String {
    let user = user(portal, person).await;
    let give = move |tx: &mut WriteTx<'_>| {
        let by = By::operator("a test");
        match people::has_password(tx, &user.id)? {
            true => people::offer_reset(tx, &by, &user, Way::Slip),
            false => people::invite(tx, &by, &user, Way::Slip),
        }
    };
    match portal.institution.db.write(give).await {
        Ok(Invited::Printed(slip)) => slip.code(),
        Ok(_) => panic!("nothing was printed"),
        Err(error) => panic!("{error}"),
    }
}
