//! A letter's way through the outbox: once, or said to be undelivered.

use std::time::Duration;

use outlay::mail;

use super::office::{Office, invitation, minutes};
use crate::support::portal::Portal;
use crate::support::smtp::{Mood, Safety, Smtp};

const THIDA: &str = "thida@upendo.example";

async fn office() -> Office {
    Office::open(Smtp::open(Safety::Plain).await).await
}

#[tokio::test]
async fn a_letter_that_is_to_come_later_is_sent_again_after_a_minute_then_two() {
    let mut office = office().await;
    office.smtp.turns(Mood::Says("451 4.3.0 try again later"));
    office.write_to(THIDA).await;
    office.beat().await;
    office.clock.advance(Duration::from_secs(59));
    office.beat().await;
    assert_eq!(office.smtp.connections(), 1, "not before its time");
    office.clock.advance(Duration::from_secs(1));
    office.beat().await;
    assert_eq!(office.smtp.connections(), 2);
    office.smtp.turns(Mood::Takes);
    office.clock.advance(minutes(1));
    office.beat().await;
    assert!(office.smtp.letters().is_empty(), "the second wait is longer");
    office.clock.advance(minutes(1));
    office.beat().await;
    assert_eq!(office.smtp.only_letter().to, THIDA);
    office.clock.advance(minutes(600));
    office.beat().await;
    office.smtp.only_letter();
}

#[tokio::test]
async fn a_letter_that_is_refused_is_undelivered_at_once() {
    let mut office = office().await;
    office.smtp.turns(Mood::Says("550 5.1.1 nobody of that name"));
    office.write_to(THIDA).await;
    office.beat().await;
    assert_eq!(office.undelivered().await, 1);
    office.smtp.turns(Mood::Takes);
    office.clock.advance(minutes(600));
    office.beat().await;
    assert!(office.smtp.letters().is_empty());
}

#[tokio::test]
async fn a_letter_that_nobody_takes_for_a_day_is_given_up() {
    let mut office = office().await;
    office.smtp.turns(Mood::Says("421 4.7.0 come back"));
    office.write_to(THIDA).await;
    for _ in 0..24 * 60 {
        office.beat().await;
        if office.undelivered().await == 1 {
            break;
        }
        office.clock.advance(minutes(1));
    }
    assert_eq!(office.undelivered().await, 1);
    assert_eq!(office.smtp.connections(), 29);
}

#[tokio::test]
async fn what_is_no_address_is_undelivered_and_holds_up_nobody() {
    let mut office = office().await;
    for address in ["thida at upendo", "thida@upendo.example\r\nBcc: thief@thief.example", THIDA] {
        office.write_to(address).await;
    }
    office.beat().await;
    assert_eq!((office.smtp.only_letter().to.as_str(), office.undelivered().await), (THIDA, 2));
}

#[tokio::test]
async fn a_link_that_has_ended_is_not_sent() {
    let mut office = office().await;
    let until = office.portal.institution.clock().now().after(minutes(30));
    office.write(THIDA, Some(until)).await;
    office.clock.advance(minutes(30));
    office.beat().await;
    assert!(office.smtp.letters().is_empty());
    assert_eq!(office.letters_of("dropped").await, (1, 0));
}

#[tokio::test]
async fn a_link_that_ends_while_the_server_is_down_is_shown_as_undelivered() {
    let mut office = office().await;
    office.smtp.turns(Mood::Says("451 4.3.0 try again later"));
    let until = office.portal.institution.clock().now().after(Duration::from_secs(90));
    office.write(THIDA, Some(until)).await;
    for _ in 0..3 {
        office.beat().await;
        office.clock.advance(minutes(1));
    }
    assert_eq!((office.smtp.connections(), office.undelivered().await), (2, 1));
}

#[tokio::test]
async fn a_postman_who_dies_on_the_way_has_his_letter_sent_again_and_it_is_the_same_letter() {
    let mut office = office().await;
    office.write_to(THIDA).await;
    office.smtp.turns(Mood::HangsAfterData);
    // The server has the letter, and the process is gone before it hears of it.
    tokio::select! {
        beat = office.postman.beat() => panic!("the beat should not end: {beat:?}"),
        () = office.smtp.hears() => {}
    }
    office.smtp.turns(Mood::Takes);
    let mut another = office.another_postman();
    another.beat().await.unwrap();
    assert_eq!(office.smtp.letters().len(), 1, "the claim stands while its lease lasts");
    office.clock.advance(minutes(5));
    another.beat().await.unwrap();
    let letters = office.smtp.letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].header("Message-ID"), letters[1].header("Message-ID"));
    assert_eq!(office.letters_of("sent").await, (1, 0));
}

#[tokio::test]
async fn two_processes_send_each_letter_once() {
    let mut office = office().await;
    for number in 0..20 {
        office.write_to(&format!("p{number:02}@upendo.example")).await;
    }
    let mut another = office.another_postman();
    let (one, other) = tokio::join!(office.postman.beat(), another.beat());
    one.unwrap();
    other.unwrap();
    // One that both wanted at the same moment may be left for the next beat.
    office.beat().await;
    let to = office.written_to();
    assert_eq!(to, (0..20).map(|number| format!("p{number:02}@upendo.example")).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_a_verb_takes_back_is_never_sent() {
    let mut office = office().await;
    let letter = invitation(THIDA, None);
    let undone = office.portal.institution.db.write(move |tx| {
        mail::send(tx, &letter)?;
        Err::<(), _>(outlay::db::Error::Conflict)
    });
    undone.await.unwrap_err();
    office.beat().await;
    assert_eq!(office.smtp.connections(), 0);
}

#[tokio::test]
async fn each_institution_uses_its_own_mail_server() {
    let (mut one, mut other) = (office().await, office().await);
    one.write_to("one@upendo.example").await;
    other.write_to("other@upendo.example").await;
    one.beat().await;
    other.beat().await;
    assert_eq!((one.written_to(), other.written_to()), (vec!["one@upendo.example".to_owned()], vec!["other@upendo.example".to_owned()]));
}

#[tokio::test]
async fn without_a_mail_server_letters_are_dropped_and_forgotten() {
    let (portal, clock) = Portal::open().await;
    let postman = mail::Postman::open(&portal.institution).unwrap();
    let mut office = Office { portal, clock, smtp: Smtp::open(Safety::Plain).await, postman };
    office.write_to(THIDA).await;
    office.beat().await;
    assert_eq!((office.letters_of("dropped").await, office.undelivered().await), ((1, 0), 0));
}

#[tokio::test]
async fn a_server_that_is_down_is_asked_once_a_minute_whatever_waits() {
    let mut office = office().await;
    office.smtp.turns(Mood::Drops);
    for number in 0..5 {
        office.write_to(&format!("p{number}@upendo.example")).await;
    }
    office.beat().await;
    office.beat().await;
    assert_eq!(office.smtp.connections(), 1);
    office.smtp.turns(Mood::Takes);
    office.clock.advance(minutes(1));
    office.beat().await;
    assert_eq!(office.smtp.letters().len(), 5);
}

#[tokio::test]
async fn old_mail_is_cleared_away() {
    let mut office = office().await;
    let until = office.portal.institution.clock().now().after(minutes(30));
    office.smtp.turns(Mood::Says("550 no"));
    office.write(THIDA, Some(until)).await;
    office.beat().await;
    assert_eq!(office.letters_of("undelivered").await, (1, 1));
    office.clock.advance(minutes(30));
    office.portal.institution.db.write(mail::forget).await.unwrap();
    assert_eq!(office.letters_of("undelivered").await, (1, 0), "its link is over, so its text is forgotten");
    office.clock.advance(minutes(60 * 24 * 91));
    office.portal.institution.db.write(mail::forget).await.unwrap();
    assert_eq!(office.letters_of("undelivered").await, (0, 0));
}
