//! My mails, and the list of mail that could not be delivered.

use outlay::audit::What;

use super::office::{Office, change, minutes};
use crate::support::batches::{WAGES, submitted};
use crate::support::cast::{AYE, HLA, THIRI};
use crate::support::portal::Portal;
use crate::support::smtp::{Mood, Safety, Smtp};

const LIST: &str = "/mails/undelivered";

#[tokio::test]
async fn a_person_chooses_their_mails() {
    let mut office = Office::open(Smtp::open(Safety::Plain).await).await;
    let mut hla = office.portal.signed_in(&HLA).await;
    let page = hla.get("/me/mails").await;
    page.assert_status(200).assert_says("They go to hla@upendo.example. What happens within 10 minutes comes in one mail.");
    assert_eq!(page.texts("input[name=wanted][checked] + label").len(), 6, "all are on at first");
    let page = hla.post_form("/me/mails", &[("wanted", "batch_decided"), ("wanted", "needs_attention")]).await;
    page.assert_path("/me/mails").assert_says("Your choice of mails is saved.");
    assert_eq!(page.texts("input[name=wanted][checked] + label").len(), 2);
    submitted(&office.portal, &THIRI, &WAGES).await;
    office.beat().await;
    assert_eq!(office.written_to(), ["su@upendo.example"]);
}

#[tokio::test]
async fn a_person_without_an_address_learns_why_nothing_comes() {
    let (portal, _) = Portal::open().await;
    let mut hla = portal.signed_in(&HLA).await;
    hla.get("/me/mails").await.assert_says("No mail server is set up here");
    let office = Office::open(Smtp::open(Safety::Plain).await).await;
    change(&office.portal, "UPDATE users SET email = NULL").await;
    let mut hla = office.portal.signed_in(&HLA).await;
    hla.get("/me/mails").await.assert_says("You have no mail address here");
}

/// Two letters that the server refuses.
async fn refused() -> Office {
    let mut office = Office::open(Smtp::open(Safety::Plain).await).await;
    office.smtp.turns(Mood::Says("550 5.1.1 nobody of that name"));
    office.write_to("thida@upendo.example").await;
    let until = office.portal.institution.clock().now().after(minutes(30));
    office.write("kyaw@upendo.example", Some(until)).await;
    office.beat().await;
    office.smtp.turns(Mood::Takes);
    office
}

#[tokio::test]
async fn an_account_manager_sees_what_was_not_delivered_and_why_and_sends_it_again() {
    let mut office = refused().await;
    let mut aye = office.portal.signed_in(&AYE).await;
    let page = aye.get(LIST).await;
    page.assert_says("thida@upendo.example")
        .assert_says("Invitation")
        .assert_says("The mail server refused this letter.")
        .assert_says("The mail server said: 550 5.1.1 nobody of that name")
        .assert_says_not("abc123");
    let again = page.attribute("form.act[action$='/again']", "action");
    aye.post_form(&again, &[]).await.assert_path(LIST).assert_says("It is on its way again.");
    office.beat().await;
    assert_eq!(office.written_to().len(), 1);
    assert_eq!(office.undelivered().await, 1);
    let told = aye.get(LIST).await;
    assert_eq!(told.texts("tbody tr").len(), 1);
}

#[tokio::test]
async fn a_letter_whose_link_has_ended_can_only_be_dropped() {
    let office = refused().await;
    let mut aye = office.portal.signed_in(&AYE).await;
    let page = aye.get(LIST).await;
    let row = page.rows("table").into_iter().position(|row| row[0].contains("kyaw")).unwrap() + 1;
    let (again, drop) = (
        page.attribute(&format!("tbody tr:nth-child({row}) form[action$='/again']"), "action"),
        page.attribute(&format!("tbody tr:nth-child({row}) form[action$='/drop']"), "action"),
    );
    // The page was open when its time came.
    let mut stale = aye.second();
    stale.get(LIST).await;
    office.clock.advance(minutes(29));
    stale.get(LIST).await;
    office.clock.advance(minutes(1));
    stale.post_form(&again, &[]).await.assert_status(409).assert_says("Its link has ended.");
    aye.get(LIST).await.assert_says("Its link has ended");
    aye.post_form(&drop, &[]).await.assert_path(LIST).assert_says("The mail is dropped. Nobody gets it.");
    stale.post_bare(&drop, &[]).await;
    assert_eq!(office.undelivered().await, 1);
    assert_eq!(office.letters_of("dropped").await, (1, 0));
}

#[tokio::test]
async fn only_account_managers_see_undelivered_mail() {
    let office = refused().await;
    let mut hla = office.portal.signed_in(&HLA).await;
    let page = hla.get(LIST).await;
    assert_ne!(page.status, 200);
    page.assert_says_not("thida@upendo.example");
}

#[tokio::test]
async fn what_happened_to_mail_is_in_the_audit_log_without_its_address() {
    let office = refused().await;
    let mut aye = office.portal.signed_in(&AYE).await;
    let again = aye.get(LIST).await.attribute("form.act[action$='/again']", "action");
    aye.post_form(&again, &[]).await;
    let count = |what: What| {
        let count = move |conn: &mut outlay::db::Conn| {
            let mut question = outlay::db::Question::default();
            let (what, address) = (question.text(what.as_str()), question.text("%@%"));
            question.count(conn, &format!("FROM audit_events e WHERE e.action = {what} AND e.changes NOT LIKE {address}"), 99)
        };
        office.portal.institution.db.read(count)
    };
    assert_eq!((count(What::MailUndelivered).await.unwrap(), count(What::MailSentAgain).await.unwrap()), (2, 1));
}
