//! What an institution sets itself, and what needs both account managers.

use std::time::Duration;

use outlay::audit::By;
use outlay::db;
use outlay::institutions::{self, FRESH_FOR, Security};

use crate::authorisation::places::one;
use crate::support::batches::{WAGES, actor, drafted, find};
use crate::support::cast::{AYE, KYI, THIRI};
use crate::support::portal::Portal;

async fn security(portal: &Portal) -> Security {
    portal.institution.db.read(institutions::security).await.unwrap()
}

#[tokio::test]
async fn a_change_shows_on_every_page_at_once_and_says_whose_it_is() {
    let (portal, _) = Portal::open().await;
    let (mut aye, mut thiri) = (portal.signed_in(&AYE).await, portal.signed_in(&THIRI).await);
    let batch = drafted(&portal, &THIRI, &WAGES).await;
    thiri.get("/search/batches").await.assert_says("Times are in Asia/Yangon").assert_says("06:55");
    aye.get("/settings").await.assert_says("Asia/Yangon");
    aye.get("/settings/institution").await.assert_says("Default: Asia/Yangon. Nobody has changed it.");
    let page = aye.post_form("/settings/institution", &[("time_zone", "Asia/Dhaka"), ("currency", "USD")]).await;
    page.assert_status(200).assert_says("Saved.").assert_says("Default: Asia/Yangon. Changed by Daw Aye Aye Mon, 21 Nov 2025, 06:25.");
    thiri.get("/search/batches").await.assert_says("Times are in Asia/Dhaka").assert_says("06:25");
    // The form offers the account in the new currency first; what was uploaded keeps its own.
    assert!(thiri.get("/batches/new").await.attribute("input[name=funding_account]", "id").starts_with("funding_account"));
    assert!(thiri.page().texts("label[for^=funding_account]").first().unwrap().contains("Dollar"), "{}", thiri.page());
    assert_eq!(find(&portal, &batch).await.currency.code(), "MMK");
    let said =
        one(&portal, "SELECT changes AS found FROM audit_events WHERE action = 'setting.changed' AND subject_id = 'time_zone'").await;
    assert!(said.contains("Asia/Yangon") && said.contains("Asia/Dhaka"), "{said}");
}

#[tokio::test]
async fn another_process_notices_within_seconds() {
    let (portal, clock) = Portal::open().await;
    let other = portal.another_process().await;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/settings/institution").await;
    aye.post_form("/settings/institution", &[("time_zone", "UTC")]).await.assert_says("Saved.");
    clock.advance(FRESH_FOR - Duration::from_secs(1));
    other.refresh_if_old().await.unwrap();
    assert_eq!(other.house().zone.iana_name(), Some("Asia/Yangon"));
    clock.advance(Duration::from_secs(1));
    other.refresh_if_old().await.unwrap();
    assert_eq!(other.house().zone.iana_name(), Some("UTC"));
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_kept() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/settings/institution").await;
    let page = aye.post_form("/settings/institution", &[("time_zone", "Asia/Dhaka"), ("currency", "Pounds")]).await;
    page.assert_status(422).assert_says("Choose one of the list for Currency");
    aye.get("/settings").await.assert_says("Asia/Yangon").assert_says("MMK");
}

#[tokio::test]
async fn less_protection_waits_for_the_other_account_manager() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/settings/security").await;
    let page = aye.post_form("/settings/security", &[("second_factor", "everybody"), ("confirmations", "off")]).await;
    page.assert_says("waits until the other account manager confirms it").assert_says("Waits for the other account manager: No");
    // More protection is there at once, less is not.
    let now = security(&portal).await;
    assert_eq!((now.second_factor, now.confirmations), (institutions::SecondFactorRule::Everybody, true));
    let asked = one(&portal, "SELECT change AS found FROM confirmations WHERE kind = 'setting' AND state = 'waiting'").await;
    assert!(asked.contains("confirmations") && asked.contains("off"), "{asked}");

    let (aye_id, kyi) = (actor(&portal, &AYE).await.id, actor(&portal, &KYI).await);
    let confirm =
        move |tx: &mut db::WriteTx<'_>| institutions::change_setting_confirmed(tx, &aye_id, &kyi.by(), institutions::CONFIRMATIONS, "off");
    portal.institution.db.write(confirm).await.unwrap();
    assert!(!security(&portal).await.confirmations);
    // Without confirmations nothing waits any more.
    aye.get("/settings/security").await.assert_says("Changed by Daw Aye Aye Mon");
    aye.post_form("/settings/security", &[("second_factor", "off")]).await.assert_says("Saved.");
    assert_eq!(security(&portal).await.second_factor, institutions::SecondFactorRule::Off);
}

#[tokio::test]
async fn the_operator_s_word_needs_a_setting_that_exists() {
    let (portal, _) = Portal::open().await;
    let aye = actor(&portal, &AYE).await.id;
    let change = move |tx: &mut db::WriteTx<'_>| institutions::change_setting_confirmed(tx, &aye, &By::operator("ops"), "colour", "blue");
    assert!(matches!(portal.institution.db.write(change).await, Err(db::Error::Conflict)));
}
