//! Trying failed payments again, as a checker does it on the pages.

use outlay::dispatch::TransferState::{Failed, Ready, Succeeded};
use outlay::ids::BatchId;

use crate::resolutions::desk::{NAN, approved, left, row_of, run, standing};
use crate::support::batches::{actor, add_maker, find};
use crate::support::cast::{HLA, MOE, SU, THIRI, TUN};
use crate::support::portal::Portal;

fn path(batch: &BatchId) -> String {
    format!("/batches/{batch}/retry")
}

/// Daw Mya's number has no wallet, U Ba's provider was busy, Ma Hla is paid.
async fn two_failed(portal: &Portal) -> BatchId {
    let batch = approved(portal).await;
    left(portal, &batch, &[(2, Failed, "network", Some("3204")), (3, Failed, "network", Some("2005"))]).await;
    batch
}

#[tokio::test]
async fn a_checker_sees_what_would_be_tried_again_and_tries_it() {
    let (portal, _) = Portal::open().await;
    let batch = two_failed(&portal).await;
    let mut hla = portal.signed_in(&HLA).await;
    let page = hla.get(&format!("/batches/{batch}")).await;
    assert!(page.has(&format!(".actions a.button-main[href='{}']", path(&batch))), "the main thing to do: {page}");
    let page = hla.get(&path(&batch)).await;
    page.assert_status(200).assert_says("Retry 1 payment, 100,000 MMK").assert_says("The payment network is busy");
    page.assert_says("Left out").assert_says("The number or account has no wallet").assert_says("Trying again changes nothing");
    let mut second = hla.second();
    let page = hla.post_form(&path(&batch), &[]).await;
    page.assert_status(200).assert_path(&format!("/batches/{batch}")).assert_says("1 payment is tried again, 100,000 MMK.");
    let rows = [row_of(&portal, &batch, 2).await, row_of(&portal, &batch, 3).await];
    assert_eq!((standing(&portal, &rows[0]).await.0, standing(&portal, &rows[1]).await.0), (Failed, Ready));
    let counts = find(&portal, &batch).await;
    assert_eq!((counts.state.as_str(), counts.counts.waiting.count, counts.counts.failed.count), ("processing", 1, 1));
    second.post_form(&path(&batch), &[]).await.assert_path(&format!("/batches/{batch}"));
    assert_eq!(find(&portal, &batch).await.counts.failed.count, 1, "a second click is the first one");
    hla.get("/history").await.assert_says("Failed payments tried again");
}

#[tokio::test]
async fn what_was_left_out_is_taken_in_when_one_asks_for_it() {
    let (portal, _) = Portal::open().await;
    let batch = two_failed(&portal).await;
    let mut hla = portal.signed_in(&HLA).await;
    let page = hla.get(&path(&batch)).await;
    let all = page.attribute("a[href*='which=all']", "href");
    let page = hla.get(&all).await;
    page.assert_says("Retry 2 payments, 250,000 MMK").assert_says_not("Left out");
    hla.post_form(&path(&batch), &[]).await.assert_says("2 payments are tried again, 250,000 MMK.");
    assert_eq!(find(&portal, &batch).await.counts.waiting.count, 2);
}

#[tokio::test]
async fn some_are_ticked_in_the_list_or_one_on_its_own_page() {
    let (portal, _) = Portal::open().await;
    let batch = two_failed(&portal).await;
    let row = row_of(&portal, &batch, 2).await;
    let mut hla = portal.signed_in(&HLA).await;
    let page = hla.get(&format!("/batches/{batch}")).await;
    assert_eq!(page.texts("input[name=row][form=chosen]").len(), 2, "a box for each that failed");
    assert!(!hla.get(&format!("/batches/{batch}?show=all")).await.has("input[name=row]"));
    let page = hla.get(&format!("/transfers/{row}")).await;
    let link = page.attribute(".actions a[href*=retry]", "href");
    assert_eq!(link, format!("{}?row={row}", path(&batch)));
    let page = hla.get(&link).await;
    page.assert_says("Retry 1 payment, 150,000 MMK").assert_says("The number or account has no wallet");
    hla.post_form(&path(&batch), &[]).await.assert_says("1 payment is tried again, 150,000 MMK.");
    assert_eq!(standing(&portal, &row).await.0, Ready);
    // Nothing of that kind is left, and what was paid cannot be chosen.
    let paid = row_of(&portal, &batch, 4).await;
    hla.get(&format!("{}?row={paid}", path(&batch))).await.assert_says("Nothing here is worth another try");
    assert_eq!(standing(&portal, &paid).await.0, Succeeded);
}

#[tokio::test]
async fn others_may_not_and_are_not_shown_the_button() {
    let (portal, _) = Portal::open().await;
    let batch = two_failed(&portal).await;
    for person in [&TUN, &THIRI, &NAN] {
        let mut tab = portal.signed_in(person).await;
        assert!(!tab.get(&format!("/batches/{batch}")).await.has("a[href$='/retry']"), "{}", person.user_name);
        tab.get(&path(&batch)).await.assert_status(404);
    }
    portal.signed_in(&MOE).await.get(&path(&batch)).await.assert_status(404);
    let su = actor(&portal, &SU).await;
    add_maker(&portal, &batch, &su.id).await;
    let mut tab = portal.signed_in(&SU).await;
    assert!(!tab.get(&format!("/batches/{batch}")).await.has("a[href$='/retry']"));
    tab.get(&path(&batch)).await.assert_status(403).assert_says("You made a part of this batch");
}

#[tokio::test]
async fn too_late_or_in_another_state_it_says_why_not() {
    let (portal, clock) = Portal::open().await;
    let batch = two_failed(&portal).await;
    let mut hla = portal.signed_in(&HLA).await;
    hla.get(&path(&batch)).await;
    let mut stale = hla.second();
    run(&portal, &format!("UPDATE transfers SET state = 'failed', code = '2005' WHERE batch_id = '{batch}' AND line = 2")).await;
    stale.post_form(&path(&batch), &[]).await.assert_status(409).assert_says("Other payments failed meanwhile");
    run(&portal, &format!("UPDATE batches SET state = 'cancelled' WHERE id = '{batch}'")).await;
    hla.get(&path(&batch)).await.assert_status(409).assert_says("This batch stands otherwise");
    run(&portal, &format!("UPDATE batches SET state = 'processed' WHERE id = '{batch}'")).await;
    clock.advance(std::time::Duration::from_secs(8 * 86_400));
    let mut hla = portal.signed_in(&HLA).await;
    assert!(!hla.get(&format!("/batches/{batch}")).await.has("a[href$='/retry']"));
    hla.get(&path(&batch)).await.assert_status(409).assert_says("until 28 Nov 2025, 06:55").assert_says("new file");
}
