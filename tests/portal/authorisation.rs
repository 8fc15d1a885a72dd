//! Who may come in where: every line of the url table, tried by everybody.
//!
//! The lines come from the table itself, so a new route is tried without a word here. Who holds what is written down a second time, by
//! hand, in `askers.rs`; a route that names something (`/batches/{id}`) has a real one in `places.rs`, so that the guard's «not found»
//! is never mistaken for a handler's.

mod askers;
pub mod places;

use std::io::Write;

use outlay::privileges::Action;
use outlay::web::urls::{Needs, URLS, Url};
use reqwest::StatusCode;

use self::askers::{Asker, Standing};
use self::places::Places;
use crate::support::dump;
use crate::support::page::Page;
use crate::support::portal::Portal;

/// What is open to everybody on the internet. A route that is open and not in this list fails the test: opening one is a decision.
const OPEN: &[&str] = &["/static/{hash}/{name}", "/sign-in", "/forgot", "/code", "/invitations/{token}", "/resets/{token}", "/logo"];

/// Changed by looking: who was here, what was downloaded.
const CHANGED_BY_LOOKING: &[&str] = &["sessions", "sign_in_failures", "audit_events", "audit_unsealed", "audit_seals"];

/// How a request has to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Past the guard, and there: a page, or the refusal of a form without its token.
    In,
    /// Past the guard of an open page, whatever it says then.
    Open,
    /// A step of signing in: theirs, or sent on to it.
    OwnStep,
    /// As if it were not there.
    NotFound,
    /// A form without its token about something they may not see: refused for the one or for the other.
    Refused,
    /// To the sign-in page.
    SignIn,
    /// To the step of signing in that is to be done first.
    Step,
}

/// What the table promises, said a second time: `holds` tells which actions somebody has.
fn promised(url: &Url, asker: &Asker, sees: bool) -> Answer {
    let open = if url.method == "GET" { Answer::In } else { Answer::Open };
    match (&asker.standing, url.needs) {
        (_, Needs::Nothing) => open,
        (Standing::Nobody, _) => Answer::SignIn,
        (Standing::Halfway, Needs::HalfSignedIn) => Answer::OwnStep,
        (Standing::Halfway, Needs::Session) => Answer::In,
        (Standing::Halfway, _) => Answer::Step,
        (Standing::Person(person), needs) => {
            let one_of = |actions: &[Action]| actions.iter().any(|action| person.holds(*action));
            let let_in = match needs {
                Needs::Nothing | Needs::Session | Needs::Person => true,
                Needs::HalfSignedIn => false,
                Needs::OneOf(actions) => one_of(actions),
                Needs::AccountManager => person.is_account_manager,
                Needs::AccountManagerOr(actions) => person.is_account_manager || one_of(actions),
            };
            match (let_in, sees) {
                (true, true) => Answer::In,
                (true, false) if url.method != "GET" => Answer::Refused,
                _ => Answer::NotFound,
            }
        }
    }
}

fn is_as_promised(url: &Url, page: &Page, promised: Answer) -> bool {
    let leads_to = |start: &str| page.status == StatusCode::SEE_OTHER && page.header("location").is_some_and(|to| to.starts_with(start));
    let is_wrong = |status: StatusCode| {
        status.is_server_error() || [StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&status)
    };
    match promised {
        Answer::In if url.method == "GET" => !is_wrong(page.status) && !leads_to("/sign-in"),
        Answer::In => page.status == StatusCode::FORBIDDEN,
        Answer::Open => !is_wrong(page.status),
        Answer::OwnStep => !page.status.is_server_error() && !leads_to("/sign-in?"),
        Answer::Refused => [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&page.status),
        Answer::NotFound => page.status == StatusCode::NOT_FOUND,
        Answer::SignIn => leads_to("/sign-in?") || page.header("location") == Some("/sign-in"),
        Answer::Step => leads_to("/sign-in/"),
    }
}

/// Past what keeps a passing test's words back: how much was tried is to be seen.
fn say(words: &str) {
    drop(std::io::stderr().write_all(format!("{words}\n").as_bytes()));
}

async fn ask(url: &Url, asker: &Asker, path: &str) -> Page {
    // A tab of their own each time: no answer may change who asks next.
    let mut tab = asker.tab.second();
    match url.method.as_str() {
        "GET" => tab.look(path).await,
        "POST" if url.needs == Needs::Nothing => tab.try_post_plain(path, &[]).await,
        "POST" => tab.try_post(path, &[]).await,
        other => panic!("a route with {other}: say here how it is asked"),
    }
}

#[tokio::test]
async fn every_route_answers_everybody_as_the_table_says() {
    let (portal, stranger, clock) = Portal::two().await;
    let places = Places::fill(&portal).await;
    let askers = askers::everybody(&portal, &stranger, &clock).await;
    let before = dump::all_but(&portal.institution.db, CHANGED_BY_LOOKING).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for url in URLS {
        let place = places.of(url.path);
        for asker in &askers {
            let sees = asker.person().is_none_or(|person| (place.seen_by)(person));
            let promised = promised(url, asker, sees);
            // A route of one of several stages may send somebody at another stage on.
            let page = ask(url, asker, &place.path).await;
            tried += 1;
            if !is_as_promised(url, &page, promised) {
                let to = page.header("location").unwrap_or_default();
                wrong.push(format!("{} {} for {}: {promised:?} was promised, {} {to} came", url.method, url.path, asker.name, page.status));
            }
        }
    }
    say(&format!("authorisation: {tried} pairs of {} routes and {} askers tried", URLS.len(), askers.len()));
    assert!(wrong.is_empty(), "{} of {tried} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    dump::assert_same(&before, &dump::all_but(&portal.institution.db, CHANGED_BY_LOOKING).await);
}

#[tokio::test]
async fn no_form_is_taken_of_another_site_whoever_is_signed_in() {
    let (portal, stranger, clock) = Portal::two().await;
    let places = Places::fill(&portal).await;
    let askers = askers::everybody(&portal, &stranger, &clock).await;
    let mut tried = 0;
    for url in URLS.iter().filter(|url| url.method != "GET") {
        for asker in &askers {
            let page = asker.tab.second().of_another_site().try_post(&places.of(url.path).path, &[]).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{} {} for {}", url.method, url.path, asker.name);
            tried += 1;
        }
    }
    say(&format!("authorisation: {tried} forms from another site refused"));
}

#[test]
fn what_is_open_to_everybody_was_decided_here() {
    let open: Vec<_> = URLS.iter().filter(|url| url.needs == Needs::Nothing).map(|url| url.path).collect();
    let undecided: Vec<_> = open.iter().filter(|path| !OPEN.contains(path)).collect();
    assert!(undecided.is_empty(), "open to the whole internet, but not in OPEN: {undecided:?}");
}

/// `Url` has private fields and is made by two functions that ask for `Needs`; this keeps routes from being made past it.
#[test]
fn no_route_is_made_beside_the_table() {
    const MAKES_ROUTES: [&str; 4] = ["web::resource(", "web::scope(", ".route(", "Resource::new("];
    // The table itself, the scope it is put in, and the simulated SDK and hub, which are no pages.
    const MAY: [&str; 5] =
        ["src/web/urls.rs", "src/app.rs", "src/simulator/server.rs", "src/simulator/control.rs", "src/simulator/hub_face/server.rs"];
    let mut files = vec![std::path::PathBuf::from("src")];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        read += 1;
        if !MAY.iter().any(|may| path.ends_with(may)) {
            let found = MAKES_ROUTES.iter().find(|made| product.contains(*made));
            assert!(found.is_none(), "{} has «{}»: a route belongs into src/web/urls.rs", path.display(), found.unwrap());
        }
    }
    assert!(read > 100, "only {read} files read");
}
