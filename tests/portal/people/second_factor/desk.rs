//! Phones with an authenticator app, and what a person does with them.

use std::sync::Arc;

use diesel::prelude::*;
use outlay::audit::What;
use outlay::clock::{Clock, ManualClock};
use outlay::db::schema::{audit_events, outbox, recovery_codes, second_factors, settings};
use outlay::db::{self, Conn, WriteTx};
use outlay::ids::UserId;
use scraper::ElementRef;
use totp_rs::{Builder, Secret, Totp};

use crate::support::batches::actor;
use crate::support::cast::{PASSWORD, Person};
use crate::support::page::{Page, selector};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

pub const STEP: std::time::Duration = std::time::Duration::from_secs(30);

/// A phone with an app that knows one secret.
pub struct Phone {
    totp: Totp,
    clock: Arc<ManualClock>,
}

impl Phone {
    /// The secret typed from the page.
    pub fn typed_from(page: &Page, clock: &Arc<ManualClock>) -> Self {
        Self::knowing(&page.text("#secret").replace(' ', ""), clock)
    }

    pub fn knowing(base32: &str, clock: &Arc<ManualClock>) -> Self {
        let secret = Secret::try_from_base32(base32).unwrap();
        assert_eq!(secret.as_bytes().len(), 20);
        Self { totp: Builder::new().with_secret(secret).build().unwrap(), clock: Arc::clone(clock) }
    }

    /// The code it shows now.
    pub fn code(&self) -> String {
        self.code_at(0)
    }

    /// The code it shows so many steps of 30 seconds from now.
    pub fn code_at(&self, steps: i64) -> String {
        let seconds = self.clock.now().micros() / 1_000_000 + steps * 30;
        self.totp.generate(seconds.try_into().unwrap()).to_string()
    }
}

/// What the institution decided about its security, past the pages.
pub async fn set(portal: &Portal, name: &'static str, value: &'static str) {
    let write = move |tx: &mut WriteTx<'_>| {
        diesel::delete(settings::table.find(name)).execute(&mut **tx)?;
        diesel::insert_into(settings::table)
            .values((
                settings::name.eq(name),
                settings::value.eq(value),
                settings::changed_by.eq("a test"),
                settings::changed_at.eq(tx.now()),
            ))
            .execute(&mut **tx)?;
        Ok::<_, db::Error>(())
    };
    portal.institution.db.write(write).await.unwrap();
}

/// Deciders need a second factor.
pub async fn strict() -> (Portal, Arc<ManualClock>) {
    let (portal, clock) = Portal::open().await;
    set(&portal, "second_factor", "deciders").await;
    (portal, clock)
}

/// Types name and password, and stands wherever that leads.
pub async fn password(portal: &Portal, person: &Person) -> Tab {
    let mut tab = portal.stranger();
    tab.get("/sign-in").await;
    tab.post_form("/sign-in", &[("user_name", person.user_name), ("password", PASSWORD)]).await.assert_status(200);
    tab
}

pub const ENROL: &str = "/sign-in/second-factor";
pub const COMPLETION: &str = "/sign-in/second-factor/completion";

/// Sets up an app at the first sign-in and goes on: signed in, with a phone and ten recovery codes.
pub async fn enrolled(portal: &Portal, clock: &Arc<ManualClock>, person: &Person) -> (Tab, Phone, Vec<String>) {
    let mut tab = password(portal, person).await;
    tab.page().assert_path(ENROL);
    let phone = Phone::typed_from(tab.page(), clock);
    let codes = tab.post_form(ENROL, &[("code", &phone.code())]).await.assert_status(200).texts(".codes code");
    assert_eq!(codes.len(), 10);
    tab.post_form(COMPLETION, &[]).await.assert_status(200).assert_says(person.full_name);
    clock.advance(STEP);
    (tab, phone, codes)
}

/// Password, then a code of the phone.
pub async fn signed_in(portal: &Portal, person: &Person, phone: &Phone) -> Tab {
    let mut tab = password(portal, person).await;
    tab.page().assert_path("/sign-in/code");
    tab.post_form("/sign-in/code", &[("code", &phone.code())]).await.assert_status(200).assert_says(person.full_name);
    tab
}

pub async fn id(portal: &Portal, person: &Person) -> UserId {
    actor(portal, person).await.id
}

pub async fn read<T: Send + 'static>(portal: &Portal, question: impl FnOnce(&mut Conn) -> db::Result<T> + Send + 'static) -> T {
    portal.institution.db.read(question).await.unwrap()
}

/// How often something was done to a person.
pub async fn events(portal: &Portal, person: &Person, what: What) -> i64 {
    let id = id(portal, person).await;
    let question = move |conn: &mut Conn| {
        let events = audit_events::table.filter(audit_events::subject_id.eq(id.as_str())).filter(audit_events::action.eq(what.as_str()));
        Ok(events.count().get_result(conn)?)
    };
    read(portal, question).await
}

/// Number, state and key of a person's secret.
pub async fn factor(portal: &Portal, person: &Person) -> (i32, String, String, Vec<u8>) {
    let id = id(portal, person).await;
    let columns = (second_factors::version, second_factors::state, second_factors::key_id, second_factors::secret);
    read(portal, move |conn| Ok(second_factors::table.find(id).select(columns).first(conn)?)).await
}

pub async fn recovery_codes_of(portal: &Portal, person: &Person) -> i64 {
    let id = id(portal, person).await;
    read(portal, move |conn| Ok(recovery_codes::table.filter(recovery_codes::user_id.eq(id)).count().get_result(conn)?)).await
}

/// Gives a person an address, past the pages.
pub async fn give_address(portal: &Portal, person: &Person) {
    use outlay::db::schema::users;
    let id = id(portal, person).await;
    let address = format!("{}@upendo.example", person.user_name);
    let write = move |tx: &mut WriteTx<'_>| {
        diesel::update(users::table.find(&id)).set(users::email.eq(&address)).execute(&mut **tx)?;
        Ok::<_, db::Error>(())
    };
    portal.institution.db.write(write).await.unwrap();
}

/// The letters to a person in the outbox, oldest first.
pub async fn letters(portal: &Portal, person: &Person) -> Vec<String> {
    let address = format!("{}@upendo.example", person.user_name);
    read(portal, move |conn| Ok(outbox::table.filter(outbox::address.eq(address)).order(outbox::id).select(outbox::letter).load(conn)?))
        .await
}

/// What a phone's camera reads from the picture on the page.
pub fn scanned(page: &Page) -> String {
    const SCALE: usize = 4;
    let html = page.html();
    let svg = html.select(&selector("svg.qr")).next().unwrap();
    assert!(!page.body().contains("style="), "the content security policy forbids style attributes");
    let size: usize = svg.attr("viewBox").unwrap().split(' ').nth(2).unwrap().parse().unwrap();
    let dark = dark_modules(svg, size);
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(
            size * SCALE,
            size * SCALE,
            |x, y| {
                if dark[y / SCALE * size + x / SCALE] { 0 } else { 255 }
            },
        );
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code is on the page");
    grids[0].decode().unwrap().1
}

/// Reads the path's `M4 4h7v1h-7z` strokes.
fn dark_modules(svg: ElementRef<'_>, size: usize) -> Vec<bool> {
    let path = svg.select(&selector("path")).next().unwrap();
    assert_eq!(path.attr("fill"), Some("#000"));
    assert_eq!(svg.select(&selector("rect")).next().unwrap().attr("fill"), Some("#fff"), "dark on white, also in dark mode");
    let mut dark = vec![false; size * size];
    for stroke in path.attr("d").unwrap().split('M').skip(1) {
        let (x, rest) = stroke.split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (length, _) = rest.split_once('v').unwrap();
        let (x, y, length): (usize, usize, usize) = (x.parse().unwrap(), y.parse().unwrap(), length.parse().unwrap());
        dark[y * size + x..y * size + x + length].fill(true);
    }
    dark
}
