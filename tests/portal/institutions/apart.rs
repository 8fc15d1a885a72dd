//! Two institutions on two host names of one server. What one gives its people (a session, a form's token, a once-key, an id) is worth
//! nothing at the other, on any route.

use outlay::web::urls::{Needs, URLS};
use reqwest::StatusCode;

use crate::authorisation::places::Places;
use crate::support::cast::{AYE, HLA, Person, THIRI};
use crate::support::dump::{self, Dump};
use crate::support::page::Page;
use crate::support::portal::Portal;
use crate::support::tab::Tab;

const WALKERS: [Person; 3] = [THIRI, HLA, AYE];
/// What a visit leaves behind where it was paid.
const VISITS: &[&str] = &["sessions", "sign_in_failures", "audit_events", "audit_unsealed", "audit_seals"];

/// One institution as its people have it: things with ids, a page with a form, a once-key that led somewhere.
struct House {
    portal: Portal,
    places: Places,
    spent: String,
}

impl House {
    async fn settle(portal: Portal) -> Self {
        let places = Places::fill(&portal).await;
        let spent = spent(&portal, &places).await;
        Self { portal, places, spent }
    }

    async fn dump(&self) -> Dump {
        dump::all_but(&self.portal.institution.db, &[]).await
    }

    async fn dump_but_visits(&self) -> Dump {
        dump::all_but(&self.portal.institution.db, VISITS).await
    }
}

/// Thiri withdraws the batch that waits, and her form's key is spent with it.
async fn spent(portal: &Portal, places: &Places) -> String {
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = places.of("/batches/{id}/submission").path;
    thiri.get(&page).await;
    let key = thiri.page().attribute("form[action$=withdrawal] input[name=once]", "value");
    let batch = page.trim_end_matches("/submission");
    thiri.post_form(&format!("{batch}/withdrawal"), &[]).await.assert_says("Withdrawn");
    thiri.get(&format!("{batch}/check")).await;
    key
}

fn form_token(tab: &Tab) -> String {
    tab.page().attribute("input[name=form_token]", "value")
}

/// A tab of somebody, on a page with a form.
async fn arrived(house: &House, person: &Person) -> Tab {
    let mut tab = house.portal.signed_in(person).await;
    tab.get("/").await;
    tab
}

fn assert_shows_nothing_of(house: &House, page: &Page, what: &str) {
    let Ok(body) = std::str::from_utf8(&page.bytes) else { return };
    for reference in &house.places.references {
        assert!(!body.contains(reference.as_str()), "{what} shows {reference} of {}", house.portal.institution.settings.name);
    }
}

/// Walks every route of `there` with what `from` gave its people. Returns how many doors were tried.
async fn walk(from: &House, there: &House) -> usize {
    let mut tried = 0;
    let (ours, theirs) = (from.dump().await, there.dump_but_visits().await);
    for person in &WALKERS {
        let (at_home, as_one_of_them) = (arrived(from, person).await, arrived(there, person).await);
        let stolen = [("form_token", form_token(&at_home)), ("once", from.spent.clone())];
        let stolen: Vec<_> = stolen.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let own_token = form_token(&as_one_of_them);
        let half_stolen = [("form_token", own_token.as_str()), ("once", from.spent.as_str())];
        for url in URLS {
            let (foreign, own) = (from.places.of(url.path).path, there.places.of(url.path).path);
            let what = format!("{} {} for {}", url.method, url.path, person.user_name);
            let names_something = foreign != own;
            tried += 1;
            if url.method == "GET" {
                // Their session is nobody's there.
                let page = there.portal.stranger().with_cookies_of(&at_home).look(&own).await;
                assert_shows_nothing_of(there, &page, &what);
                assert!(url.needs == Needs::Nothing || page.status == StatusCode::SEE_OTHER, "{what}: {}", page.status);
                // An id of elsewhere names nothing, for somebody who is signed in there too.
                let page = as_one_of_them.second().look(&foreign).await;
                assert_shows_nothing_of(from, &page, &what);
                assert!(!names_something || page.status == StatusCode::NOT_FOUND, "{what} with an id of elsewhere: {}", page.status);
                continue;
            }
            let page = there.portal.stranger().with_cookies_of(&at_home).try_post_plain(&own, &stolen).await;
            assert!(url.needs == Needs::Nothing || page.status == StatusCode::SEE_OTHER, "{what} with a stolen session: {}", page.status);
            // Their form's token is not this session's.
            let page = as_one_of_them.second().try_post_plain(&own, &stolen).await;
            assert!(url.needs == Needs::Nothing || page.status.is_client_error(), "{what} with a stolen token: {}", page.status);
            if names_something {
                // All is right but the id and the once-key, which was spent elsewhere and must not say where it led.
                let page = as_one_of_them.second().try_post_plain(&foreign, &half_stolen).await;
                assert!(page.status.is_client_error(), "{what} with an id of elsewhere: {} {:?}", page.status, page.header("location"));
                assert_shows_nothing_of(from, &page, &what);
            }
        }
    }
    dump::assert_same(&theirs, &there.dump_but_visits().await);
    // Beside the sessions of its own people, which were opened here, nothing at all happened at home.
    let after = from.dump().await;
    for (table, rows) in ours.iter().filter(|(table, _)| !VISITS.contains(&table.as_str())) {
        assert_eq!(rows, &after[table], "{table} of the institution whose people walked");
    }
    tried
}

#[tokio::test]
async fn what_one_institution_gives_its_people_is_worth_nothing_at_another() {
    let (upendo, zabu, _) = Portal::two().await;
    let (upendo, zabu) = (House::settle(upendo).await, House::settle(zabu).await);
    let tried = walk(&upendo, &zabu).await + walk(&zabu, &upendo).await;
    println!("institutions: {tried} doors tried across");
}

#[tokio::test]
async fn a_once_key_spent_at_one_institution_is_fresh_at_the_other() {
    let (upendo, zabu, _) = Portal::two().await;
    let (upendo, zabu) = (House::settle(upendo).await, House::settle(zabu).await);
    let mut thiri = zabu.portal.signed_in(&THIRI).await;
    let check = zabu.places.of("/batches/{id}/check").path;
    thiri.get(&check).await;
    let action = check.replace("/check", "/submission");
    let page = thiri.post_form(&action, &[("once", &upendo.spent)]).await;
    // It happened here, and led to a page of here.
    page.assert_path(&action).assert_says("What happens next");
}
