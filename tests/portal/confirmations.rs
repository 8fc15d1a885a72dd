//! Two account managers are a control: what one asks for becomes so only when the other has confirmed it.

mod account_managers;
mod desk;
mod mails;
mod pages;

use std::time::Duration;

use outlay::audit::{By, What};
use outlay::confirmations::{self, Change, Confirmed, GrantAsked, Refusal, State};
use outlay::ids::BranchId;
use outlay::people::Actor;
use outlay::privileges::{Action, Rights};

use self::desk::{asked, confirm, deactivate, email, events, state};
use crate::support::batches::{actor, branch};
use crate::support::cast::{AYE, HLA, HLAING, KYI, THIRI};
use crate::support::portal::Portal;

async fn refuse(portal: &Portal, by: &Actor, id: &outlay::ids::ConfirmationId, reason: &'static str) -> Result<(), Refusal> {
    let (by, id) = (by.by(), id.clone());
    portal.institution.db.write(move |tx| confirmations::refuse(tx, &by, &id, reason)).await
}

async fn withdraw(portal: &Portal, by: &Actor, id: &outlay::ids::ConfirmationId) -> Result<(), Refusal> {
    let (by, id) = (by.by(), id.clone());
    portal.institution.db.write(move |tx| confirmations::withdraw(tx, &by, &id)).await
}

async fn spend(portal: &Portal, person: &Actor) -> bool {
    let user = person.id.clone();
    portal.institution.db.write(move |tx| confirmations::spend_password_code(tx, &user)).await.unwrap()
}

#[tokio::test]
async fn the_other_account_manager_confirms_and_the_code_can_be_printed_once() {
    let (portal, _) = Portal::open().await;
    let (kyi, hla) = (actor(&portal, &KYI).await, actor(&portal, &HLA).await);
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    assert!(!spend(&portal, &hla).await, "nothing is confirmed yet");
    assert!(matches!(confirm(&portal, &kyi.by(), &id).await, Ok(Confirmed::Done { code: None })));
    assert_eq!(state(&portal, &id).await, State::Confirmed);
    assert!(spend(&portal, &hla).await);
    assert_eq!(state(&portal, &id).await, State::Spent);
    assert!(!spend(&portal, &hla).await, "one confirmation is one code");
    assert!(!spend(&portal, &actor(&portal, &THIRI).await).await, "and only for the person it was confirmed for");
    let told = events(&portal, &id).await;
    assert_eq!(told, [(What::ConfirmationAsked, AYE.full_name.to_owned()), (What::Confirmed, KYI.full_name.to_owned())]);
}

#[tokio::test]
async fn a_confirmed_password_code_is_good_for_a_day() {
    let (portal, clock) = Portal::open().await;
    let (kyi, hla) = (actor(&portal, &KYI).await, actor(&portal, &HLA).await);
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    confirm(&portal, &kyi.by(), &id).await.unwrap();
    clock.advance(confirmations::CODE_GOOD_FOR + Duration::from_micros(1));
    assert!(!spend(&portal, &hla).await, "a day and a moment later it is too late");
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    confirm(&portal, &kyi.by(), &id).await.unwrap();
    clock.advance(confirmations::CODE_GOOD_FOR);
    assert!(spend(&portal, &hla).await, "to the last moment of the day it is good");
}

#[tokio::test]
async fn nobody_decides_on_what_they_asked_for_or_what_is_about_themselves() {
    let (portal, _) = Portal::open().await;
    let (aye, kyi, hla) = (actor(&portal, &AYE).await, actor(&portal, &KYI).await, actor(&portal, &HLA).await);
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    assert!(matches!(confirm(&portal, &aye.by(), &id).await, Err(Refusal::OwnRequest)));
    assert!(matches!(refuse(&portal, &aye, &id, "no").await, Err(Refusal::OwnRequest)));
    for stranger in [&hla, &actor(&portal, &THIRI).await] {
        assert!(matches!(confirm(&portal, &stranger.by(), &id).await, Err(Refusal::NotAccountManager)));
        assert!(matches!(refuse(&portal, stranger, &id, "no").await, Err(Refusal::NotAccountManager)));
        assert!(matches!(withdraw(&portal, stranger, &id).await, Err(Refusal::NotAccountManager)));
    }
    assert!(matches!(confirm(&portal, &By::system(), &id).await, Err(Refusal::NotAccountManager)));
    let about = asked(&portal, &AYE, Some(&KYI), Change::PasswordCode).await;
    assert!(matches!(confirm(&portal, &kyi.by(), &about).await, Err(Refusal::AboutYourself)));
    assert!(matches!(refuse(&portal, &kyi, &about, "no").await, Err(Refusal::AboutYourself)));
    assert_eq!((state(&portal, &id).await, state(&portal, &about).await), (State::Waiting, State::Waiting));
    deactivate(&portal, &KYI).await;
    assert!(matches!(confirm(&portal, &kyi.by(), &id).await, Err(Refusal::NotAccountManager)), "nor one who was deactivated");
}

#[tokio::test]
async fn a_refusal_needs_a_reason_and_ends_the_matter() {
    let (portal, _) = Portal::open().await;
    let kyi = actor(&portal, &KYI).await;
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    assert!(matches!(refuse(&portal, &kyi, &id, "  ").await, Err(Refusal::ReasonMissing)));
    let long: &'static str = "x".repeat(confirmations::REASON_CHARS_MAX + 1).leak();
    assert!(matches!(refuse(&portal, &kyi, &id, long).await, Err(Refusal::ReasonTooLong)));
    refuse(&portal, &kyi, &id, "She did not ask for it").await.unwrap();
    assert_eq!(state(&portal, &id).await, State::Refused);
    let again = confirm(&portal, &kyi.by(), &id).await;
    let Err(Refusal::AlreadyDecided(State::Refused, decided)) = again else { panic!("{again:?}") };
    assert_eq!((decided.by.as_str(), decided.because.as_deref()), (KYI.full_name, Some("She did not ask for it")));
    assert!(!spend(&portal, &actor(&portal, &HLA).await).await);
}

#[tokio::test]
async fn who_asked_takes_it_back_and_nobody_else() {
    let (portal, _) = Portal::open().await;
    let (aye, kyi) = (actor(&portal, &AYE).await, actor(&portal, &KYI).await);
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    assert!(matches!(withdraw(&portal, &kyi, &id).await, Err(Refusal::NotTheAsker)));
    withdraw(&portal, &aye, &id).await.unwrap();
    assert_eq!(state(&portal, &id).await, State::Withdrawn);
    assert!(matches!(withdraw(&portal, &aye, &id).await, Err(Refusal::AlreadyDecided(State::Withdrawn, _))));
    assert!(matches!(confirm(&portal, &kyi.by(), &id).await, Err(Refusal::AlreadyDecided(State::Withdrawn, _))));
}

#[tokio::test]
async fn asking_twice_is_asking_once() {
    let (portal, _) = Portal::open().await;
    let one = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    assert_eq!(asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await, one);
    assert_ne!(asked(&portal, &AYE, Some(&THIRI), Change::PasswordCode).await, one);
    confirm(&portal, &actor(&portal, &KYI).await.by(), &one).await.unwrap();
    assert_ne!(asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await, one, "what was decided is not asked for any more");
}

#[tokio::test]
async fn the_operator_confirms_only_where_nobody_else_can() {
    let (portal, _) = Portal::open().await;
    let operator = By::operator("root");
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    let refused = confirm(&portal, &operator, &id).await;
    let Err(Refusal::OthersCan(names)) = refused else { panic!("{refused:?}") };
    assert_eq!(names, [KYI.full_name]);
    // About the only other one there is nobody left but the operator.
    let about = asked(&portal, &AYE, Some(&KYI), Change::PasswordCode).await;
    assert!(matches!(confirm(&portal, &operator, &about).await, Ok(Confirmed::Done { .. })));
    deactivate(&portal, &KYI).await;
    assert!(matches!(confirm(&portal, &operator, &id).await, Ok(Confirmed::Done { .. })));
    assert_eq!(events(&portal, &id).await.last(), Some(&(What::Confirmed, "root".to_owned())));
}

#[tokio::test]
async fn what_cannot_be_done_any_more_is_refused_with_the_reason() {
    let (portal, _) = Portal::open().await;
    let kyi = actor(&portal, &KYI).await;
    let gone = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    deactivate(&portal, &HLA).await;
    let Ok(Confirmed::Overtaken(why)) = confirm(&portal, &kyi.by(), &gone).await else { panic!("confirmed for somebody who is gone") };
    assert_eq!(why.english(), "The person was deactivated after this was asked for.");
    assert_eq!(state(&portal, &gone).await, State::Refused);
    assert!(matches!(confirm(&portal, &kyi.by(), &gone).await, Err(Refusal::AlreadyDecided(State::Refused, _))));
    let back = asked(&portal, &AYE, Some(&THIRI), Change::Reactivation).await;
    let Ok(Confirmed::Overtaken(why)) = confirm(&portal, &kyi.by(), &back).await else { panic!("reactivated though active") };
    assert_eq!(why.english(), "The person is active already.");
    let change = Change::Email { from: Some("old@example.org".to_owned()), to: Some("new@example.org".to_owned()) };
    let mail = asked(&portal, &AYE, Some(&THIRI), change).await;
    let Ok(Confirmed::Overtaken(why)) = confirm(&portal, &kyi.by(), &mail).await else { panic!("changed from another address") };
    assert_eq!(why.english(), "The mail address was changed after this was asked for.");
    let orphan = asked(&portal, &AYE, Some(&THIRI), Change::PasswordCode).await;
    deactivate(&portal, &AYE).await;
    let Ok(Confirmed::Overtaken(why)) = confirm(&portal, &kyi.by(), &orphan).await else { panic!("two people must agree") };
    assert_eq!(why.english(), "Who asked for this is no longer an account manager.");
}

#[tokio::test]
async fn what_is_confirmed_is_so_and_not_before() {
    let (portal, _) = Portal::open().await;
    let kyi = actor(&portal, &KYI).await;
    let change = Change::Email { from: None, to: Some("hla@example.org".to_owned()) };
    let id = asked(&portal, &AYE, Some(&HLA), change).await;
    assert_eq!(email(&portal, &HLA).await, None);
    assert!(matches!(confirm(&portal, &kyi.by(), &id).await, Ok(Confirmed::Done { code: None })));
    assert_eq!(email(&portal, &HLA).await.as_deref(), Some("hla@example.org"));
    deactivate(&portal, &HLA).await;
    let id = asked(&portal, &AYE, Some(&HLA), Change::Reactivation).await;
    assert!(matches!(confirm(&portal, &kyi.by(), &id).await, Ok(Confirmed::Done { code: None })));
    assert_eq!(actor(&portal, &HLA).await.full_name, HLA.full_name, "active again");
}

#[tokio::test]
async fn a_grant_is_in_force_from_its_confirmation_on_and_says_who_confirmed_it() {
    let (portal, _) = Portal::open().await;
    let (kyi, thiri, hlaing) = (actor(&portal, &KYI).await, actor(&portal, &THIRI).await, branch(&portal, HLAING).await);
    let change = Change::Grants(vec![GrantAsked { branch: hlaing.clone(), action: Action::ApprovePayment, until: None }]);
    let id = asked(&portal, &AYE, Some(&THIRI), change).await;
    assert!(!approves(&portal, &thiri, &hlaing).await);
    assert!(matches!(confirm(&portal, &kyi.by(), &id).await, Ok(Confirmed::Done { code: None })));
    assert!(approves(&portal, &thiri, &hlaing).await);
    // What is not possible any more is refused, and nothing of it stays.
    let sensitive = [Action::ApprovePayment, Action::ResolvePayment];
    let grants = sensitive.iter().map(|action| GrantAsked { branch: BranchId::from("gone"), action: *action, until: None }).collect();
    let id = asked(&portal, &AYE, Some(&HLA), Change::Grants(grants)).await;
    assert!(matches!(confirm(&portal, &kyi.by(), &id).await, Ok(Confirmed::Overtaken(_))));
    assert_eq!(state(&portal, &id).await, State::Refused);
}

async fn approves(portal: &Portal, person: &Actor, branch: &BranchId) -> bool {
    let (user, now, branch) = (person.id.clone(), portal.institution.clock().now(), branch.clone());
    let rights = portal.institution.db.read(move |conn| Rights::load(conn, &user, now)).await.unwrap();
    rights.has(Action::ApprovePayment, &branch)
}

#[tokio::test]
async fn of_twenty_who_confirm_at_the_same_moment_one_does() {
    let (portal, _) = Portal::open().await;
    let kyi = actor(&portal, &KYI).await;
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    let tries = (0..20).map(|_| {
        let (db, by, id) = (portal.institution.db.clone(), kyi.by(), id.clone());
        tokio::spawn(async move { db.write(move |tx| confirmations::confirm(tx, &by, &id)).await })
    });
    let mut done = 0;
    for one in tries.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Ok(Confirmed::Done { .. }) => done += 1,
            Err(Refusal::AlreadyDecided(State::Confirmed, _)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(done, 1);
    assert_eq!(events(&portal, &id).await.len(), 2, "asked once, confirmed once");
    let hla = actor(&portal, &HLA).await;
    let tries = (0..20).map(|_| {
        let (db, user) = (portal.institution.db.clone(), hla.id.clone());
        tokio::spawn(async move { db.write(move |tx| confirmations::spend_password_code(tx, &user)).await })
    });
    let mut spent = 0;
    for one in tries.collect::<Vec<_>>() {
        spent += usize::from(one.await.unwrap().unwrap_or(false));
    }
    assert_eq!(spent, 1, "one code");
}
