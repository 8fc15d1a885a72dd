//! The ways to a mail server, safe and unsafe.

use outlay::mail::Postman;

use super::office::Office;
use crate::support::portal::Portal;
use crate::support::smtp::{Mood, Received, Safety, Smtp, USER};

const THIDA: &str = "thida@upendo.example";

async fn delivered(smtp: Smtp) -> Received {
    let mut office = Office::open(smtp).await;
    office.write_to(THIDA).await;
    office.beat().await;
    let letter = office.smtp.only_letter();
    assert_eq!((letter.from.as_str(), letter.to.as_str()), ("outlay@upendo.example", THIDA));
    assert_eq!(office.letters_of("sent").await, (1, 0), "what it said is forgotten");
    letter
}

/// Sends nothing with these settings, and says so on the page of undelivered mail once it is given up.
async fn nothing_sent(smtp: Smtp, settings: &str, because: &str) -> Office {
    let mut office = Office::with(smtp, settings).await;
    office.write_to(THIDA).await;
    office.beat().await;
    assert!(office.smtp.letters().is_empty());
    let mut aye = office.portal.signed_in(&crate::support::cast::AYE).await;
    aye.get("/mails/undelivered").await.assert_status(200).assert_says(THIDA).assert_says(because);
    office
}

#[tokio::test]
async fn a_letter_goes_in_clear_to_this_very_machine() {
    let letter = delivered(Smtp::open(Safety::Plain).await).await;
    assert!(!letter.was_encrypted);
    assert_eq!(letter.header("From"), "Outlay <outlay@upendo.example>");
    assert_eq!(letter.header("Subject"), "[Training] Your account at Upendo");
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    assert_eq!(letter.header("Date"), "Fri, 21 Nov 2025 00:25:38 +0000");
    assert!(letter.header("Message-ID").ends_with("@upendo.example>"));
    letter
        .assert_says("Upendo Microfinance")
        .assert_says("Training: no real money moves.")
        .assert_says("Daw Aye Aye Mon invites you to Outlay.")
        .assert_says("http://localhost/invitation/abc123");
}

#[tokio::test]
async fn a_letter_goes_over_starttls() {
    assert!(delivered(Smtp::open(Safety::Starttls).await).await.was_encrypted);
}

#[tokio::test]
async fn a_letter_goes_over_tls_and_signs_in() {
    let letter = delivered(Smtp::with_password(Safety::Tls, "PLAIN LOGIN").await).await;
    assert!(letter.was_encrypted && letter.signed_in);
}

#[tokio::test]
async fn a_server_that_knows_only_login_is_signed_in_to_as_well() {
    assert!(delivered(Smtp::with_password(Safety::Starttls, "LOGIN").await).await.signed_in);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_letter() {
    for (safety, tls) in [(Safety::Starttls, "tls = 'starttls'"), (Safety::Tls, "tls = 'tls'")] {
        let smtp = Smtp::open(safety).await;
        let settings = smtp.settings_with(tls);
        nothing_sent(smtp, &settings, "certificate is not one to trust").await;
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_gets_no_letter() {
    let smtp = Smtp::open(Safety::Tls).await;
    let settings = smtp.settings().replace("'localhost'", "'127.0.0.1'");
    nothing_sent(smtp, &settings, "certificate is not one to trust").await;
}

#[tokio::test]
async fn a_server_without_starttls_gets_neither_letter_nor_password() {
    let smtp = Smtp::with_password(Safety::Plain, "PLAIN").await;
    let settings = smtp.settings_with(&format!("tls = 'starttls'\nuser = '{USER}'\npassword_file = '{}'", smtp.file("password").display()));
    nothing_sent(smtp, &settings, "offers no encrypted connection").await;
}

#[tokio::test]
async fn a_server_that_speaks_in_clear_where_tls_was_expected_gets_no_letter() {
    let smtp = Smtp::open(Safety::Plain).await;
    let settings = smtp.settings_with("tls = 'tls'");
    nothing_sent(smtp, &settings, "No encrypted connection to the mail server could be made").await;
}

#[tokio::test]
async fn a_wrong_password_is_said_in_words_and_not_tried_again() {
    let smtp = Smtp::with_password(Safety::Tls, "PLAIN").await;
    std::fs::write(smtp.file("password"), "yesterday's\n").unwrap();
    let settings = smtp.settings();
    let office = nothing_sent(smtp, &settings, "did not accept Outlay's user name and password").await;
    assert_eq!(office.undelivered().await, 1);
}

#[tokio::test]
async fn a_server_that_hangs_or_breaks_off_is_given_up_in_time_and_tried_again() {
    for (mood, because) in [
        (Mood::HangsAtOnce, "did not answer in time"),
        (Mood::HangsAfterData, "did not answer in time"),
        (Mood::Drops, "The connection to the mail server broke"),
    ] {
        let smtp = Smtp::open(Safety::Plain).await;
        smtp.turns(mood);
        let mut office = Office::open(smtp).await;
        office.write_to(THIDA).await;
        office.beat().await;
        let mut aye = office.portal.signed_in(&crate::support::cast::AYE).await;
        aye.get("/mails/undelivered").await.assert_says(because).assert_says("Tried again on 21 Nov 2025, 06:56");
        assert_eq!(office.undelivered().await, 0, "{mood:?}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_and_nobody_of_that_name_are_told_apart() {
    let smtp = Smtp::open(Safety::Plain).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = format!("[mail]\nhost = '127.0.0.1'\nport = {nobody}\ntls = 'off'\nfrom = 'outlay@upendo.example'\n");
    nothing_sent(smtp, &settings, "could not be reached").await;
    let smtp = Smtp::open(Safety::Plain).await;
    let settings = "[mail]\nhost = 'mail.invalid'\nport = 25\nfrom = 'outlay@upendo.example'\ntimeout_seconds = 20\n";
    nothing_sent(smtp, settings, "name was not found").await;
}

#[tokio::test]
async fn letters_that_are_due_together_share_one_connection() {
    let mut office = Office::open(Smtp::with_password(Safety::Tls, "PLAIN").await).await;
    for address in ["a@upendo.example", "b@upendo.example", "c@upendo.example"] {
        office.write_to(address).await;
    }
    office.beat().await;
    assert_eq!((office.smtp.letters().len(), office.smtp.connections()), (3, 1));
}

#[tokio::test]
async fn what_cannot_work_is_refused_at_start_in_words() {
    let smtp = Smtp::with_password(Safety::Tls, "PLAIN").await;
    for (file, text, words) in [
        ("password", "", "must hold one line, the password"),
        ("password", "two\nlines\n", "must hold one line, the password"),
        ("ca.pem", "no certificate", "holds no certificate in PEM"),
    ] {
        let good = std::fs::read(smtp.file(file)).unwrap();
        let (portal, _) = Portal::open_with_settings(&smtp.settings()).await;
        std::fs::write(smtp.file(file), text).unwrap();
        let refused = Postman::open(&portal.institution).err().unwrap().to_string();
        assert!(refused.contains("Upendo Microfinance") && refused.contains(words), "{refused}");
        std::fs::write(smtp.file(file), good).unwrap();
    }
}
