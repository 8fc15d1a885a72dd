//! Closing a payment as not paid takes the code of one's app, as an approval does: it lets the money out again.

use std::sync::Arc;

use outlay::audit::What;
use outlay::clock::ManualClock;
use outlay::dispatch::{Ending, TransferState};
use outlay::ids::RowId;
use outlay::people::second_factor::CodeRefusal;
use outlay::resolutions::Refusal;

use super::desk::{NAN, WAI, confirm, needs_attention, propose, standing};
use crate::people::second_factor::desk::{STEP, enrolled, events, set};
use crate::support::portal::Portal;

/// A payment that Nan calls so, in an institution that wants codes of those who decide; and the page on which another decides.
async fn proposed(ending: Ending) -> (Portal, Arc<ManualClock>, RowId, String) {
    let (portal, clock) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let id = propose(&portal, &NAN, &row, ending).await.unwrap();
    set(&portal, "second_factor", "deciders").await;
    set(&portal, "step_up", "on").await;
    (portal, clock, row, format!("/resolutions/{id}"))
}

async fn state(portal: &Portal, row: &RowId) -> TransferState {
    standing(portal, row).await.0
}

#[tokio::test]
async fn not_paid_takes_the_code_of_who_confirms_it() {
    let (portal, clock, row, path) = proposed(Ending::NotPaid).await;
    let (mut wai, phone, _) = enrolled(&portal, &clock, &WAI).await;
    let confirmation = format!("{path}/confirmation");
    let page = wai.get(&path).await;
    page.assert_says("Code from your app");
    assert!(page.has("form[action$='/confirmation'] input[name=code][autocomplete=one-time-code]"));
    for (code, words) in [("", "Type the 6 digits"), ("000000", "The code is wrong")] {
        let page = wai.post_form(&confirmation, &[("code", code)]).await;
        page.assert_status(422).assert_says("Proposed: It was not paid").assert_says(words);
        assert!(page.has("details:not([open])"), "nothing is wrong with a refusal");
        assert_eq!(state(&portal, &row).await, TransferState::NeedsAttention);
    }
    assert_eq!(events(&portal, &WAI, What::SecondFactorRefused).await, 1, "the wrong one is in the log, the empty one was no guess");
    let mut double = wai.second();
    let code = phone.code();
    for tab in [&mut wai, &mut double] {
        tab.post_form(&confirmation, &[("code", &code)]).await.assert_status(200).assert_says("Closed as not paid");
    }
    assert_eq!(state(&portal, &row).await, TransferState::Failed);
    assert_eq!(events(&portal, &WAI, What::SecondFactorRefused).await, 1, "a second click takes no second code");
}

#[tokio::test]
async fn a_code_is_good_for_one_thing_and_guesses_lock_it() {
    let (portal, clock, row, path) = proposed(Ending::NotPaid).await;
    let (mut wai, phone, _) = enrolled(&portal, &clock, &WAI).await;
    let confirmation = format!("{path}/confirmation");
    // The one that was typed when the app was set up.
    wai.get(&path).await;
    wai.post_form(&confirmation, &[("code", &phone.code_at(-1))]).await.assert_status(422).assert_says("used already");
    for _ in 0..4 {
        wai.post_form(&confirmation, &[("code", "000000")]).await.assert_says("The code is wrong");
    }
    clock.advance(STEP);
    wai.post_form(&confirmation, &[("code", &phone.code())]).await.assert_status(422).assert_says("Too many wrong codes");
    assert_eq!(state(&portal, &row).await, TransferState::NeedsAttention);
}

#[tokio::test]
async fn paid_takes_no_code_and_lets_nothing_out_again() {
    let (portal, clock, row, path) = proposed(Ending::Paid).await;
    let (mut wai, ..) = enrolled(&portal, &clock, &WAI).await;
    wai.get(&path).await.assert_says_not("Code from your app");
    // Whatever somebody sends as one is not looked at.
    wai.post_form(&format!("{path}/confirmation"), &[("code", "000000")]).await.assert_status(200).assert_says("Closed as paid");
    assert_eq!(state(&portal, &row).await, TransferState::Succeeded);
    assert_eq!(events(&portal, &WAI, What::SecondFactorRefused).await, 0);
}

#[tokio::test]
async fn who_must_have_an_app_and_has_none_closes_nothing_as_not_paid() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let id = propose(&portal, &NAN, &row, Ending::NotPaid).await.unwrap();
    let (path, confirmation) = (format!("/resolutions/{id}"), format!("/resolutions/{id}/confirmation"));
    let mut wai = portal.signed_in(&WAI).await;
    // The rule comes while they are signed in.
    set(&portal, "second_factor", "deciders").await;
    wai.get(&path).await.assert_status(200);
    let page = wai.post_form(&confirmation, &[]).await;
    page.assert_path("/me/second-factor/set-up").assert_says("To confirm this you need an authenticator app");
    assert!(matches!(confirm(&portal, &WAI, &id).await, Err(Refusal::Code(CodeRefusal::NoFactor))));
    assert_eq!(state(&portal, &row).await, TransferState::NeedsAttention);
}

#[tokio::test]
async fn without_the_code_the_verb_itself_refuses() {
    let (portal, clock, row, path) = proposed(Ending::NotPaid).await;
    drop(enrolled(&portal, &clock, &WAI).await);
    let id = path.trim_start_matches("/resolutions/").into();
    assert!(matches!(confirm(&portal, &WAI, &id).await, Err(Refusal::Code(CodeRefusal::Missing))));
    assert_eq!(state(&portal, &row).await, TransferState::NeedsAttention);
    // Where the institution asks for no code again, as when approving, having the app is enough.
    set(&portal, "step_up", "off").await;
    assert_eq!(confirm(&portal, &WAI, &id).await.unwrap(), Ending::NotPaid);
}
