//! Two account managers stay two: neither of them can alone be rid of the other, or make another one of their own.

use outlay::audit::{By, What};
use outlay::confirmations::{Confirmed, Refusal, State};
use outlay::db::Conn;
use outlay::ids::ConfirmationId;
use outlay::people;

use super::desk::{confirm, deactivate, events, state};
use crate::support::batches::actor;
use crate::support::cast::{AYE, HLAING, KYI, PASSWORD};
use crate::support::page::Page;
use crate::support::portal::Portal;
use crate::support::tab::Tab;
use crate::users::desk::{fill_in, kept, path_of, retire};

fn operator() -> By {
    By::operator("ops")
}

/// What waits, oldest first.
async fn waiting(portal: &Portal) -> Vec<ConfirmationId> {
    let listed = portal.institution.db.read(outlay::confirmations::waiting).await.unwrap();
    listed.into_iter().map(|listed| listed.confirmation.id).collect()
}

/// User names of the active account managers.
async fn managers(portal: &Portal) -> Vec<String> {
    let managers = portal.institution.db.read(|conn: &mut Conn| people::account_managers(conn)).await.unwrap();
    managers.into_iter().map(|manager| manager.user_name).collect()
}

async fn add(tab: &mut Tab, full_name: &str, account_manager: bool) -> Page {
    let fields = [("full_name", full_name), ("account_manager", if account_manager { "yes" } else { "" })];
    fill_in(tab, HLAING, &fields).await
}

#[tokio::test]
async fn one_account_manager_alone_cannot_become_two() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    // She asks to be rid of the other one, in both ways.
    let edit = path_of(&portal, &KYI, "/edit").await;
    aye.get(&edit).await;
    aye.post_form(&edit, &[("account_manager", "")]).await.assert_status(200).assert_says("outlay admin confirm");
    let deactivation = path_of(&portal, &KYI, "/deactivation").await;
    aye.get(&deactivation).await;
    aye.post_form(&deactivation, &[]).await.assert_status(200).assert_says("U Kyi Win stays active until");
    assert_eq!(managers(&portal).await, ["aye", "kyi"]);
    // Neither her own word counts, nor that of the one it is about.
    let both = waiting(&portal).await;
    assert_eq!(both.len(), 2);
    for id in &both {
        let (own, about) = (actor(&portal, &AYE).await.by(), actor(&portal, &KYI).await.by());
        assert!(matches!(confirm(&portal, &own, id).await, Err(Refusal::OwnRequest)));
        assert!(matches!(confirm(&portal, &about, id).await, Err(Refusal::AboutYourself)));
        aye.get(&format!("/confirmations/{id}")).await.assert_says("Whoever runs Outlay confirms it with outlay admin confirm");
    }
    // There is no room for a third while the two are there, and nobody confirms for her.
    add(&mut aye, "Ma Nu", true).await.assert_status(422).assert_says("Only 2 account managers are allowed");
    portal.signed_in(&KYI).await.get("/users").await.assert_status(200);
    assert_eq!(managers(&portal).await, ["aye", "kyi"]);
}

#[tokio::test]
async fn the_only_account_manager_makes_the_second_with_the_operators_word() {
    let (portal, _) = Portal::open().await;
    retire(&portal, &KYI).await;
    let mut aye = portal.signed_in(&AYE).await;
    add(&mut aye, "Ma Nu", true).await.assert_status(200).assert_says("Invite them after that");
    let nu = kept(&portal, "nu").await.user;
    assert!(nu.is_active && !nu.is_account_manager);
    assert_eq!(managers(&portal).await, ["aye"]);
    // A code printed before it is confirmed is one person's word.
    let invitation = format!("/users/{}/invitation", nu.id);
    aye.get(&invitation).await;
    let slip = aye.post_form(&invitation, &[("way", "slip")]).await.assert_status(200).text(".slip-code");
    let id = waiting(&portal).await.remove(0);
    assert!(matches!(confirm(&portal, &operator(), &id).await.unwrap(), Confirmed::Done { .. }));
    assert_eq!(managers(&portal).await, ["aye", "nu"]);
    assert_eq!(events(&portal, &id).await.last().unwrap().0, What::Confirmed);
    let mut stranger = portal.stranger();
    stranger.get("/code").await;
    let tried = stranger.post_form("/code", &[("user_name", "nu"), ("code", &slip), ("new_password", PASSWORD)]).await;
    tried.assert_status(422).assert_says("The user name or the code is wrong");
    aye.get(&invitation).await;
    aye.post_form(&invitation, &[("way", "slip")]).await.assert_says("needs the other account manager");
}

#[tokio::test]
async fn what_was_asked_for_is_done_as_it_was_seen_or_not_at_all() {
    let (portal, _) = Portal::open().await;
    retire(&portal, &KYI).await;
    let mut aye = portal.signed_in(&AYE).await;
    add(&mut aye, "Ma Nu", true).await.assert_status(200);
    let edit = format!("/users/{}/edit", kept(&portal, "nu").await.user.id);
    aye.get(&edit).await;
    aye.post_form(&edit, &[("email", "mine@example.org")]).await.assert_status(200);
    let id = waiting(&portal).await.remove(0);
    assert!(matches!(confirm(&portal, &operator(), &id).await.unwrap(), Confirmed::Overtaken(_)), "invitations would go elsewhere");
    assert_eq!(managers(&portal).await, ["aye"]);
    assert_eq!(state(&portal, &id).await, State::Refused);
}

#[tokio::test]
async fn the_operator_confirms_that_one_leaves_and_they_come_back_by_two_words_only() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = path_of(&portal, &KYI, "/deactivation").await;
    aye.get(&path).await;
    aye.post_form(&path, &[("reason", "He moved to Bago")]).await.assert_status(200);
    let edit = path_of(&portal, &KYI, "/edit").await;
    aye.get(&edit).await;
    aye.post_form(&edit, &[("account_manager", "")]).await.assert_status(200);
    let [leaves, stays] = <[ConfirmationId; 2]>::try_from(waiting(&portal).await).unwrap();
    aye.get(&format!("/confirmations/{leaves}")).await.assert_says("Deactivate an account manager");
    assert!(matches!(confirm(&portal, &operator(), &leaves).await.unwrap(), Confirmed::Done { .. }));
    assert_eq!((state(&portal, &leaves).await, state(&portal, &stays).await), (State::Confirmed, State::Withdrawn));
    let withdrawn = events(&portal, &stays).await;
    assert_eq!(withdrawn.last().unwrap().0, What::ConfirmationWithdrawn, "it does not end silently");
    assert_eq!(managers(&portal).await, ["aye"]);
    let back = path_of(&portal, &KYI, "/reactivation").await;
    aye.get(&back).await;
    aye.post_form(&back, &[]).await.assert_says("becomes active when");
    assert_eq!(managers(&portal).await, ["aye"]);
}

#[tokio::test]
async fn the_last_one_stays_whatever_was_asked_for_before() {
    let (portal, _) = Portal::open().await;
    let mut kyi = portal.signed_in(&KYI).await;
    let path = path_of(&portal, &AYE, "/deactivation").await;
    kyi.get(&path).await;
    kyi.post_form(&path, &[]).await.assert_status(200);
    let id = waiting(&portal).await.remove(0);
    deactivate(&portal, &KYI).await;
    assert!(matches!(confirm(&portal, &operator(), &id).await.unwrap(), Confirmed::Overtaken(_)));
    assert_eq!(managers(&portal).await, ["aye"]);
}
