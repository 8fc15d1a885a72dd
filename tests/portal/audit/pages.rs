//! The page of the audit log: who reads what of it, and what it tells.

use diesel::RunQueryDsl;
use outlay::audit::{self, By};
use outlay::branches::{self, NewBranch};
use outlay::confirmations::{self, Change};
use outlay::db::{self, Conn, WriteTx};
use outlay::privileges::{self, Action, NewGrant};

use crate::support::batches::{File, WAGES, actor, branch, submitted};
use crate::support::cast::{AYE, HLA, HLAING, KYI, MANDALAY, MOE, MYINT, Office, Person, THIRI, TUN, ZAW};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

/// Lets somebody read the log of a branch, and signs them in.
async fn auditor(portal: &Portal, person: &Person, office: Office) -> Tab {
    let grant = NewGrant {
        user: actor(portal, person).await.id,
        branch: branch(portal, office).await,
        actions: vec![Action::ViewAuditLog],
        until: None,
    };
    portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &grant)).await.unwrap();
    portal.signed_in(person).await
}

/// Sentences of the page, newest first.
fn sentences(tab: &Tab) -> Vec<String> {
    tab.page().rows("table").into_iter().map(|row| row[1].clone()).collect()
}

#[tokio::test]
async fn an_auditor_reads_who_did_what_with_old_and_new_values() {
    let (portal, _) = Portal::open().await;
    submitted(&portal, &THIRI, &WAGES).await;
    let (kyi, hlaing) = (actor(&portal, &KYI).await.by(), branch(&portal, HLAING).await);
    let new =
        NewBranch { code: "YGN-01".to_owned(), region: "Yangon".to_owned(), township: "Hlaing".to_owned(), name: "Head office".to_owned() };
    portal.institution.db.write(move |tx| branches::edit_branch(tx, &kyi, &hlaing, &new)).await.unwrap();
    let (aye, hla) = (actor(&portal, &AYE).await.by(), actor(&portal, &HLA).await.id);
    portal.institution.db.write(move |tx| confirmations::ask(tx, &aye, Some(&hla), &Change::PasswordCode)).await.unwrap();
    let mut tun = auditor(&portal, &TUN, HLAING).await;
    assert!(tun.page().has(".menu-link[href='/audit']"));
    tun.get("/audit").await;
    let said = sentences(&tun);
    assert_eq!(said[0], "U Tun Aung signed in");
    assert_eq!(said[1], "a test (operator) granted privileges to U Tun Aung (tun)");
    assert_eq!(said[2], "Daw Aye Aye Mon asked for a confirmation: Print a password code for Daw Hla Hla (hla)");
    assert_eq!(said[3], "U Kyi Win changed the branch YGN-01");
    assert!(said[4].starts_with("Ma Thiri submitted payroll-oct ("), "{}", said[4]);
    let row = &tun.page().rows("table")[3];
    assert!(row[3].contains("Name") && row[3].contains("Hlaing") && row[3].contains("Head office"), "{row:?}");
    assert!(tun.page().rows("table")[1][3].contains("View Audit Log"), "actions by their names, not their keys");
    assert!(tun.page().rows("table")[4][3].contains("450,000 MMK"));
}

#[tokio::test]
async fn an_auditor_reads_their_own_branches_and_what_belongs_to_none() {
    let (portal, _) = Portal::open().await;
    submitted(&portal, &THIRI, &WAGES).await;
    submitted(&portal, &ZAW, &File { name: "mandalay.csv", ..WAGES }).await;
    let mut myint = auditor(&portal, &MYINT, MANDALAY).await;
    let page = myint.get("/audit").await;
    page.assert_says("Ko Zaw Win uploaded mandalay").assert_says_not("payroll-oct").assert_says_not(THIRI.full_name);
    page.assert_says_not(HLAING.code);
    for filter in ["person=thiri", "person=Ma+Thiri", "subject=thiri", "subject=YGN-01", "action=batch.submitted&person=thiri"] {
        let page = myint.get(&format!("/audit?{filter}")).await;
        page.assert_says("No events match");
        assert!(!page.has("table"), "{filter}");
    }
    let file = myint.get("/audit.csv").await.body().to_owned();
    assert!(file.contains("mandalay") && !file.contains("Thiri") && !file.contains("payroll-oct"), "{file}");
    let page = myint.get("/audit?subject=nobody").await;
    page.assert_says("No events match");
    // The institution itself was set up in no branch.
    myint.get("/audit?action=institution.added").await.assert_says("set the institution up");
    // Who holds it nowhere has neither the page nor the file.
    let mut moe = portal.signed_in(&MOE).await;
    moe.get("/audit").await.assert_status(404);
    moe.get("/audit.csv").await.assert_status(404);
    portal.signed_in(&AYE).await.get("/audit").await.assert_status(404);
}

#[tokio::test]
async fn an_account_manager_may_be_granted_it() {
    let (portal, _) = Portal::open().await;
    let mut aye = auditor(&portal, &AYE, HLAING).await;
    aye.get("/audit").await.assert_status(200).assert_says("Daw Aye Aye Mon signed in");
}

#[tokio::test]
async fn what_somebody_typed_in_place_of_a_name_is_not_in_it() {
    let (portal, _) = Portal::open().await;
    let mut guesser = portal.stranger();
    guesser.try_post_plain("/sign-in", &[("user_name", "mingalaba-1"), ("password", "thiri")]).await.assert_status(422);
    let mut tun = auditor(&portal, &TUN, HLAING).await;
    tun.get("/audit?action=person.sign_in_refused").await.assert_says_not("mingalaba-1");
    assert!(sentences(&tun).contains(&"A sign-in as someone unknown was refused".to_owned()), "{:?}", sentences(&tun));
}

#[tokio::test]
async fn it_is_narrowed_by_person_action_subject_and_day() {
    let (portal, _) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let reference = crate::support::batches::find(&portal, &batch).await.reference;
    let mut tun = auditor(&portal, &TUN, HLAING).await;
    for (filter, first) in [
        ("person=thiri&action=batch.submitted", "Ma Thiri submitted payroll-oct"),
        ("person=Thiri&action=batch.submitted", "Ma Thiri submitted payroll-oct"),
        ("subject=tun", "U Tun Aung signed in"),
        ("subject=ygn-01&action=branch.added", "a test (operator) added the branch YGN-01"),
        (&format!("subject={reference}"), "Ma Thiri submitted payroll-oct"),
        ("from=2025-11-21&to=2025-11-21", "U Tun Aung signed in"),
    ] {
        tun.get(&format!("/audit?{filter}")).await;
        let said = sentences(&tun);
        assert!(said.first().is_some_and(|said| said.starts_with(first)), "{filter}: {said:?}");
    }
    tun.get("/audit?from=2025-11-22").await.assert_says("No events match");
    tun.get("/audit?to=2025-11-20").await.assert_says("No events match");
    tun.get("/audit?from=soon").await.assert_status(422).assert_says("Write a date such as 20/10/2022");
    let page = tun.get("/audit?person=%25").await;
    page.assert_says("No events match");
}

#[tokio::test]
async fn one_goes_through_it_page_by_page_and_back_and_takes_it_all_away() {
    let (portal, _) = Portal::open().await;
    let written = portal.institution.db.write(|tx| {
        for n in 0..60 {
            let event = audit::Event::new(By::operator("=cmd"), audit::What::FspAdded, audit::Subject::new("fsp", format!("p-{n:02}")));
            audit::record(tx, &event)?;
        }
        Ok::<_, db::Error>(())
    });
    written.await.unwrap();
    let mut tun = auditor(&portal, &TUN, HLAING).await;
    let filter = "/audit?action=fsp.added&person=%3Dcmd";
    let mut all = Vec::new();
    tun.get(filter).await;
    assert!(!tun.page().has("a[rel=prev]"), "nothing is newer than the newest");
    for _ in 0..3 {
        all.extend(sentences(&tun));
        if tun.page().has("a[rel=next]") {
            let older = tun.page().attribute("a[rel=next]", "href");
            tun.get(&older).await;
        }
    }
    let expected: Vec<String> = (0..60).rev().map(|n| format!("=cmd (operator) added the provider p-{n:02}")).collect();
    assert_eq!(all, expected);
    assert!(!tun.page().has("a[rel=next]"), "nothing is older than the oldest");
    let newer = tun.page().attribute("a[rel=prev]", "href");
    tun.get(&newer).await;
    assert_eq!(sentences(&tun), expected[25..50], "the page before");
    let download = tun.page().attribute("a[href^='/audit.csv']", "href");
    let file = tun.get(&download).await;
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<&str> = file.body().trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 61, "a heading, and every event");
    assert!(lines[1].contains("\"'=cmd (operator)\""), "no cell is a formula: {}", lines[1]);
    tun.get("/audit?action=audit.downloaded").await;
    assert_eq!(sentences(&tun), ["U Tun Aung downloaded the audit log"]);
}

async fn look_on(portal: &Portal) {
    let institution = &portal.institution;
    let key = institution.keys.audit();
    let sealed = institution.db.write(move |tx| audit::seal(tx, &key)).await;
    sealed.unwrap();
    audit::look_on(&institution.db, &institution.keys.audit(), &institution.chain).await.unwrap();
}

async fn tamper(portal: &Portal, sql: &'static str) {
    let broken = portal.institution.db.write(move |tx: &mut WriteTx<'_>| {
        let conn: &mut Conn = tx;
        assert_eq!(diesel::sql_query(sql).execute(conn)?, 1);
        Ok::<_, db::Error>(())
    });
    broken.await.unwrap();
}

#[tokio::test]
async fn the_page_tells_how_far_the_chain_is_verified() {
    let (portal, _) = Portal::open().await;
    let mut tun = auditor(&portal, &TUN, HLAING).await;
    tun.get("/audit").await.assert_says("The chain is being verified since Outlay was started.");
    look_on(&portal).await;
    let (_, head) = portal.institution.db.read(audit::head).await.unwrap().unwrap();
    let page = tun.get("/audit").await;
    page.assert_says(&format!("Verified to 21 Nov 2025, 06:55, head {}…", &head[..8])).assert_says(&head);
    assert!(!page.has(".banner-trouble"));
    look_on(&portal).await;
    assert!(!tun.get("/audit").await.has(".banner-trouble"), "it goes on where it was");
}

const ALTER: &str = "UPDATE audit_events SET actor_name = 'somebody else' WHERE action = 'institution.added'";
const MEND: &str = "UPDATE audit_events SET actor_name = 'a test' WHERE action = 'institution.added'";

#[tokio::test]
async fn a_log_that_was_changed_behind_outlay_is_an_alarm_until_it_is_whole_again() {
    let (portal, clock) = Portal::open().await;
    auditor(&portal, &TUN, HLAING).await;
    look_on(&portal).await;
    tamper(&portal, ALTER).await;
    clock.advance(std::time::Duration::from_secs(3600));
    look_on(&portal).await;
    assert!(!is_alarmed(&portal).await, "what was verified is not walked again every hour");
    clock.advance(std::time::Duration::from_secs(6 * 3600));
    look_on(&portal).await;
    let page = portal.signed_in(&TUN).await.get("/audit").await.clone();
    page.assert_says("The chain of this log is broken").assert_says("was altered or moved");
    tamper(&portal, MEND).await;
    look_on(&portal).await;
    assert!(is_alarmed(&portal).await, "the alarm stays");
    clock.advance(std::time::Duration::from_secs(7 * 3600));
    look_on(&portal).await;
    assert!(!is_alarmed(&portal).await, "until a whole walk finds nothing");
}

async fn is_alarmed(portal: &Portal) -> bool {
    portal.signed_in(&TUN).await.get("/audit").await.has(".banner-trouble")
}

#[tokio::test]
async fn an_end_that_was_cut_off_while_outlay_runs_is_an_alarm() {
    let (portal, _) = Portal::open().await;
    let mut tun = auditor(&portal, &TUN, HLAING).await;
    look_on(&portal).await;
    tamper(&portal, "DELETE FROM audit_seals WHERE sequence = (SELECT MAX(sequence) FROM audit_seals)").await;
    tamper(&portal, "DELETE FROM audit_events WHERE id = (SELECT MAX(id) FROM audit_events)").await;
    audit::look_on(&portal.institution.db, &portal.institution.keys.audit(), &portal.institution.chain).await.unwrap();
    tun.get("/audit").await.assert_says("The chain of this log is broken").assert_says("its end was cut off or rewritten");
}
