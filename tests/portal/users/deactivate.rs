//! One leaves, and comes back.

use diesel::prelude::*;
use outlay::audit::{By, What};
use outlay::batches::State;
use outlay::confirmations::{self, Change};
use outlay::db::Conn;
use outlay::db::schema::{confirmations as asked, password_links, second_factors, sessions};
use outlay::people::{self, Details, Recovery, Way};
use outlay::privileges::Action;

use super::desk::{can_sign_in, confirm_all, events, id_of, kept, option, path_of, retire};
use crate::support::batches::{WAGES, actor, drafted, find, submitted};
use crate::support::cast::{AYE, HLA, HLAING, KYI, Person, SU, THIRI, ZAW};
use crate::support::portal::Portal;

/// Another maker in Hlaing.
const NAN: Person = Person { user_name: "nan", full_name: "Nan Su", ..THIRI };

async fn with_nan(portal: &Portal) {
    let branch = crate::support::batches::branch(portal, HLAING).await;
    let added = portal.institution.db.write(move |tx| crate::support::cast::add_person(tx, &By::operator("a test"), &NAN, &branch)).await;
    added.unwrap();
}

#[tokio::test]
async fn a_draft_of_one_who_leaves_goes_to_another_maker_who_never_decides_on_it() {
    let (portal, _) = Portal::open().await;
    with_nan(&portal).await;
    let (draft, gone) = (drafted(&portal, &THIRI, &WAGES).await, drafted(&portal, &THIRI, &WAGES).await);
    let waiting = submitted(&portal, &THIRI, &WAGES).await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = path_of(&portal, &THIRI, "/deactivation").await;
    let page = aye.get(&path).await.assert_status(200).clone();
    page.assert_says("2 drafts of theirs").assert_says("These go on without them").assert_says("Waiting for approval");

    aye.post_form(&path, &[]).await.assert_status(422).assert_says("Choose who goes on with payroll-oct, or delete it");
    assert!(kept(&portal, "thiri").await.user.is_active, "nothing is done by half");
    thiri.get("/").await.assert_says(THIRI.full_name);

    let (field, other) = (format!("draft-{draft}"), format!("draft-{gone}"));
    let nan = option(&page, &format!("select[name='{field}']"), "Hand over to Nan Su");
    let page = aye.post_form(&path, &[(&field, &nan), (&other, "delete"), ("reason", "She moved to Bago")]).await;
    page.assert_status(200).assert_says("Ma Thiri is not active any more").assert_says("She moved to Bago");
    thiri.get("/").await.assert_says("Sign in").assert_says_not(THIRI.full_name);
    assert!(!can_sign_in(&portal, &THIRI).await);
    assert_eq!(find(&portal, &draft).await.state, State::Draft);
    assert_eq!(find(&portal, &gone).await.state, State::Deleted);
    assert_eq!(find(&portal, &waiting).await.state, State::PendingApproval, "its checker decides");

    let mut nan = portal.signed_in(&NAN).await;
    nan.get("/").await.assert_says("payroll-oct is not submitted yet");
    assert!(nan.page().texts(".sidebar .menu-link[href='/batches/new']")[0].contains('1'), "the sidebar counts it");
    nan.get(&format!("/batches/{draft}")).await.assert_status(200).assert_says("Handed over");
    let is_maker = move |conn: &mut Conn| {
        let nan = people::find_by_name(conn, "nan")?.unwrap();
        outlay::batches::is_maker(conn, &draft, &nan.id)
    };
    assert!(portal.institution.db.read(is_maker).await.unwrap());
    assert!(events(&portal, &id_of(&portal, &THIRI).await).await.contains(&What::UserDeactivated));
}

#[tokio::test]
async fn a_draft_goes_only_to_one_who_may_make_it() {
    let (portal, _) = Portal::open().await;
    let draft = drafted(&portal, &THIRI, &WAGES).await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = path_of(&portal, &THIRI, "/deactivation").await;
    let page = aye.get(&path).await.clone();
    let field = format!("draft-{draft}");
    assert_eq!(page.texts(&format!("select[name='{field}'] option")), ["Choose", "Delete it"], "no other maker in the branch");
    for other in [&ZAW, &HLA] {
        let other = id_of(&portal, other).await.to_string();
        aye.get(&path).await;
        aye.post_form(&path, &[(&field, &other)]).await.assert_status(422).assert_says("may not make payroll-oct any more");
    }
    assert!(kept(&portal, "thiri").await.user.is_active);
}

#[tokio::test]
async fn everything_that_opened_something_ends_at_once() {
    let (portal, _) = Portal::open().await;
    let hla = id_of(&portal, &HLA).await;
    let mut tab = portal.signed_in(&HLA).await;
    let (by, user) = (actor(&portal, &KYI).await.by(), hla.clone());
    let set_up = portal.institution.db.write(move |tx| {
        let person = people::find(tx, &user)?.unwrap();
        people::offer_reset(tx, &By::operator("a test"), &person, Way::Slip).unwrap_or_else(|error| panic!("{error}"));
        confirmations::ask(tx, &by, Some(&user), &Change::Email { from: None, to: Some("x@example.org".to_owned()) })?;
        let now = tx.now();
        diesel::insert_into(second_factors::table)
            .values((
                (second_factors::user_id.eq(&user), second_factors::version.eq(1), second_factors::state.eq("active")),
                (second_factors::key_id.eq("k"), second_factors::secret.eq(vec![1_u8, 2]), second_factors::first_at.eq(now)),
                second_factors::confirmed_at.eq(now),
                (second_factors::last_step.eq(0_i64), second_factors::wrong_codes.eq(0)),
            ))
            .execute(&mut **tx)?;
        Ok::<_, outlay::db::Error>(())
    });
    set_up.await.unwrap();
    let mut aye = portal.signed_in(&AYE).await;
    let path = path_of(&portal, &HLA, "/deactivation").await;
    aye.get(&path).await.assert_says("1 request that is about them or that they asked for is withdrawn");
    aye.post_form(&path, &[]).await.assert_status(200);
    tab.get("/tasks").await.assert_says("Sign in").assert_says_not(HLA.full_name);

    let open = move |conn: &mut Conn| {
        let sessions: i64 =
            sessions::table.filter(sessions::user_id.eq(&hla)).filter(sessions::ended_at.is_null()).count().get_result(conn)?;
        let links = password_links::table.filter(password_links::user_id.eq(&hla)).filter(password_links::ended_at.is_null());
        let links: i64 = links.count().get_result(conn)?;
        let factor: (String, Vec<u8>) =
            second_factors::table.find(&hla).select((second_factors::state, second_factors::secret)).first(conn)?;
        let waiting: Vec<String> = asked::table.filter(asked::user_id.eq(&hla)).select(asked::state).load(conn)?;
        Ok::<_, outlay::db::Error>((sessions, links, factor, waiting))
    };
    let (sessions, links, factor, waiting) = portal.institution.db.read(open).await.unwrap();
    assert_eq!((sessions, links, factor, waiting), (0, 0, ("dead".to_owned(), Vec::new()), vec!["withdrawn".to_owned()]));
}

/// So much of an audit log that no line holds it: what has not been sent yet waits in the server.
const LONG_LOG: &str = "INSERT INTO audit_events (id, at, actor_kind, actor_name, action, subject_kind, subject_id, reason, changes) \
     WITH RECURSIVE many (n) AS (SELECT 10000 UNION ALL SELECT n + 1 FROM many WHERE n < 13500) \
     SELECT '0000-' || n, 1, 'operator', 'a test', 'fsp.added', 'fsp', 'p-' || n, REPLACE('x', 'x', 'REASON'), '{}' FROM many";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_being_taken_away_breaks_off() {
    let (portal, _) = Portal::open().await;
    super::desk::grant(&portal, &KYI, &SU, Action::ViewAuditLog).await;
    let sql = LONG_LOG.replace("REASON", &"Nothing to see here. ".repeat(500));
    crate::support::database::run(&portal.institution.db, &sql).await;
    let su = portal.signed_in(&SU).await;
    let mut whole = su.begin("/audit.csv").await;
    let mut bytes = 0;
    while let Some(piece) = whole.chunk().await.unwrap() {
        bytes += piece.len();
    }
    assert!(bytes > 30_000_000, "{bytes} bytes could lie ready on the line");

    let mut file = su.begin("/audit.csv").await;
    assert_eq!(file.status(), 200);
    assert!(file.chunk().await.unwrap().is_some());
    retire(&portal, &SU).await;
    let mut sent = 0;
    let end = loop {
        match file.chunk().await {
            Ok(Some(piece)) => sent += piece.len(),
            end => break end,
        }
    };
    assert!(end.is_err(), "a file that is not whole is not taken for one");
    assert!(sent < bytes, "{sent} of {bytes} bytes");
}

#[tokio::test]
async fn the_last_account_manager_stays_and_nobody_deactivates_themselves() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let own = path_of(&portal, &AYE, "/deactivation").await;
    let page = aye.get(&own).await.assert_says("Nobody deactivates themselves").clone();
    assert!(!page.has(&format!("form[action='{own}']")));
    let mut kyi = portal.signed_in(&KYI).await;
    kyi.get(&own).await;
    // The form of the one is sent after the other was deactivated.
    let of_kyi = path_of(&portal, &KYI, "/deactivation").await;
    aye.get(&of_kyi).await.assert_says("takes effect when whoever runs Outlay confirms it with outlay admin confirm");
    aye.post_form(&of_kyi, &[]).await.assert_status(200).assert_says("U Kyi Win stays active until");
    assert!(kept(&portal, "kyi").await.user.is_active, "one of two is not rid of the other alone");
    assert_eq!(confirm_all(&portal).await, 1);
    kyi.post_form(&own, &[]).await.assert_says("Sign in");
    assert!(kept(&portal, "aye").await.user.is_active);
    let aye_id = id_of(&portal, &AYE).await;
    let order = people::Deactivation { user: aye_id, reason: None, drafts: Default::default(), pauses: Vec::new() };
    let refused = portal.institution.db.write(move |tx| people::deactivate(tx, &By::operator("a test"), &order)).await;
    assert!(refused.unwrap_err().to_string().contains("outlay admin recover"));
}

#[tokio::test]
async fn one_comes_back_as_they_were_and_one_who_approves_waits_for_the_other_account_manager() {
    let (portal, _) = Portal::open().await;
    retire(&portal, &THIRI).await;
    retire(&portal, &HLA).await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = path_of(&portal, &THIRI, "/reactivation").await;
    aye.get(&path).await;
    aye.post_form(&path, &[]).await.assert_status(200).assert_says("Ma Thiri is active again.");
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get("/batches/new").await.assert_status(200);

    let path = path_of(&portal, &HLA, "/reactivation").await;
    aye.get(&path).await.assert_says("the other account manager confirms this first");
    aye.post_form(&path, &[]).await.assert_says("becomes active when the other account manager confirms it");
    assert!(!can_sign_in(&portal, &HLA).await);
    let (hla, by, confirmer) = (id_of(&portal, &HLA).await, actor(&portal, &AYE).await.by(), actor(&portal, &KYI).await.by());
    let waits = hla.clone();
    portal.institution.db.write(move |tx| people::reactivate_confirmed(tx, &by, &confirmer, &waits)).await.unwrap();
    assert!(can_sign_in(&portal, &HLA).await);
    assert_eq!(events(&portal, &hla).await.iter().filter(|what| **what == What::UserReactivated).count(), 1);
}

#[tokio::test]
async fn a_third_account_manager_does_not_come_back() {
    let (portal, _) = Portal::open().await;
    retire(&portal, &KYI).await;
    let mut aye = portal.signed_in(&AYE).await;
    super::desk::fill_in(&mut aye, HLAING, &[("full_name", "Ma Nu"), ("account_manager", "yes")]).await.assert_status(200);
    assert_eq!(confirm_all(&portal).await, 1);
    let path = path_of(&portal, &KYI, "/reactivation").await;
    aye.get(&path).await;
    aye.post_form(&path, &[]).await.assert_status(422).assert_says("Only 2 account managers are allowed. They are Daw Aye Aye Mon, Ma Nu.");
    assert!(!kept(&portal, "kyi").await.user.is_active);
}

async fn recover(
    portal: &Portal,
    user_name: &str,
    full_name: &str,
    instead_of: Option<&str>,
    add: bool,
) -> Result<people::Recovered, String> {
    let branch = crate::support::batches::branch(portal, HLAING).await;
    let order = Recovery {
        details: Details::named(user_name, full_name).unwrap(),
        branch: add.then_some(branch),
        instead_of: instead_of.map(str::to_owned),
    };
    let done = portal.institution.db.write(move |tx| people::recover(tx, &By::operator("root"), &order)).await;
    done.map_err(|refusal| refusal.to_string())
}

#[tokio::test]
async fn the_operator_recovers_an_account_manager_when_none_can_act() {
    let (portal, _) = Portal::open().await;
    let refused = recover(&portal, "nu", "Ma Nu", None, true).await.err().unwrap();
    assert!(refused.contains("Daw Aye Aye Mon and U Kyi Win are active account managers"), "{refused}");
    let refused = recover(&portal, "hla", "x", Some("kyi"), false).await.err().unwrap();
    assert!(refused.contains("Approve Payment in YGN-01"), "{refused}");
    assert!(kept(&portal, "kyi").await.user.is_active, "nothing is done by half");
    assert!(recover(&portal, "nu", "Ma Nu", Some("kyi"), false).await.err().unwrap().contains("no person with that user name"));

    let recovered = recover(&portal, "nu", "Ma Nu", Some("kyi"), true).await.unwrap_or_else(|refusal| panic!("{refusal}"));
    assert!(recovered.slip.code().len() > 8 && recovered.second_factor.is_none());
    let nu = recovered.user;
    assert!(nu.is_account_manager && !kept(&portal, "kyi").await.user.is_active);
    assert!(!can_sign_in(&portal, &KYI).await);
    assert_eq!(events(&portal, &nu.id).await, [What::UserAdded, What::AccountManagerRecovered, What::UserInvited]);

    let mut tab = portal.signed_in(&AYE).await;
    let aye = recover(&portal, "aye", "x", None, false).await.unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(aye.user.full_name, AYE.full_name);
    tab.get("/users").await.assert_says("Sign in");
    assert!(!can_sign_in(&portal, &AYE).await, "the old password is worth nothing");
}

#[tokio::test]
async fn what_one_granted_is_listed_when_they_leave() {
    let (portal, _) = Portal::open().await;
    super::desk::grant(&portal, &KYI, &SU, Action::ViewReports).await;
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get(&path_of(&portal, &KYI, "/deactivation").await).await;
    page.assert_says("Privileges they gave that are still open").assert_says("Daw Su Su: 1 privilege");
    let of_su = path_of(&portal, &SU, "").await;
    assert!(aye.page().has(&format!("a[href='{of_su}']")));
}
