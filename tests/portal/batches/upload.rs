//! Uploading: what is taken, what is refused, and that nothing is taken twice.

use std::time::Duration;

use outlay::batches::{self, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::desk::{PAYROLL, account, assert_nothing, batch_of, count, counts, find, payroll, state, upload, upload_with};
use crate::support::cast::{HLA, THIRI, ZAW};
use crate::support::portal::Portal;
use crate::support::tab::ChosenFile;

#[tokio::test]
async fn a_good_file_becomes_a_draft_with_every_payment_in_it() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = upload(&mut thiri, "payroll-oct.csv", &payroll(3)).await;
    page.assert_status(200).assert_says("Check this batch before you submit it").assert_says("payroll-oct.csv");
    let batch = find(&portal, &batch_of(&page)).await.unwrap();
    assert_eq!((batch.state, batch.name.as_str()), (State::Draft, "payroll-oct"));
    assert_eq!((batch.counts.total, batch.counts.waiting.count), (3, 3));
    assert_eq!(batch.counts.sum.units(), 300_300);
    assert_eq!(count(&portal, "transfers").await, 3);
    thiri.get("/batches/new").await.assert_says("payroll-oct").assert_says("3,003 MMK");
}

#[tokio::test]
async fn the_template_as_people_fill_it_in_is_read() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = upload(&mut thiri, "payroll.csv", PAYROLL).await;
    let batch = find(&portal, &batch_of(&page)).await.unwrap();
    assert_eq!((batch.errors, batch.counts.total), (0, 12));
    thiri.get(&format!("/batches/{}", batch.id)).await.assert_says("ဒေါ်ခင်ခင်").assert_says("12/OUKAMA(N)110055");
}

#[tokio::test]
async fn a_file_of_many_parts_arrives_whole() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let file = payroll(5_001);
    let page = upload(&mut thiri, "big.csv", &file).await;
    let batch = find(&portal, &batch_of(&page)).await.unwrap();
    assert_eq!((batch.state, batch.counts.total), (State::Draft, 5_001));
    assert_eq!(count(&portal, "transfers").await, 5_001);
    let taken = thiri.get(&format!("/batches/{}/file", batch.id)).await;
    assert!(taken.bytes == file, "the original is not what was uploaded");
}

#[tokio::test]
async fn a_form_with_nothing_chosen_says_what_is_missing_and_keeps_the_rest() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get("/batches/new").await;
    let nothing = ChosenFile { field: "file", name: "", bytes: b"" };
    let fields = [("client_reference", "OCT-1"), ("to_fsp", "kbzpay")];
    let page = thiri.post_form_with_file("/batches", &fields, &nothing).await;
    page.assert_status(422).assert_says("Select a file").assert_says("Choose a payment type");
    assert_eq!(page.attribute("input[name=client_reference]", "value"), "OCT-1");
    assert_eq!(page.attribute("select[name=to_fsp] option[selected]", "value"), "kbzpay");
    // A browser forgets the file when a page comes back.
    let chosen = ChosenFile { field: "file", name: "wages.csv", bytes: b"reference\n" };
    thiri.post_form_with_file("/batches", &fields, &chosen).await.assert_status(422).assert_says("Choose the file again");
    assert_nothing(&counts(&portal).await);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_leaves_nothing_and_shows_how_it_begins() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = upload(&mut thiri, "letter.txt", b"Dear Sir,\nplease pay everybody.\n").await;
    page.assert_status(422).assert_says("no header row").assert_says("Dear Sir,").assert_says("Nothing of this file was stored");
    let page = upload(&mut thiri, "payroll.xlsx", b"PK\x03\x04\x14\x00\x00\x00\x08\x00rest of a workbook").await;
    page.assert_status(422).assert_says("not a CSV file").assert_says("choose Save As");
    assert_nothing(&counts(&portal).await);
}

#[tokio::test]
async fn the_same_file_again_is_stopped_and_taken_only_with_a_reason() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let first = batch_of(&upload(&mut thiri, "payroll.csv", &payroll(2)).await);
    let page = upload(&mut thiri, "payroll (2).csv", &payroll(2)).await;
    page.assert_status(409).assert_says("This file was uploaded before").assert_says(THIRI.full_name);
    assert_eq!(page.attribute("a.button", "href"), format!("/batches/{first}"));
    assert_eq!(count(&portal, "batches").await, 1);

    let nothing = ChosenFile { field: "file", name: "", bytes: b"" };
    thiri.post_form_with_file("/batches", &[], &nothing).await.assert_status(422).assert_says("Write why it is paid once more");
    // The file need not be chosen again: it is in the first batch.
    let page = thiri.post_form_with_file("/batches", &[("again", "Second half of October")], &nothing).await.clone();
    let second = batch_of(page.assert_status(200));
    assert_ne!(first, second);
    thiri.get(&format!("/batches/{second}")).await.assert_says("Second half of October");
    let ids = portal.institution.db.read(move |conn| {
        let rows = |conn: &mut _, id| batches::rows_after(conn, id, -1, 10);
        Ok::<_, outlay::db::Error>([rows(conn, &first)?, rows(conn, &second)?].concat())
    });
    let mut ids: Vec<_> = ids.await.unwrap().into_iter().map(|row| row.home_transaction_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "payments of the second batch must have ids of their own");
}

#[tokio::test]
async fn a_file_of_another_branch_is_stopped_without_telling_whose_it_is() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    upload(&mut thiri, "wages-of-hlaing.csv", &payroll(2)).await;
    let mut zaw = portal.signed_in(&ZAW).await;
    let page = upload(&mut zaw, "mine.csv", &payroll(2)).await;
    page.assert_status(409).assert_says("another branch").assert_says_not(THIRI.full_name).assert_says_not("wages-of-hlaing");
    let again = ChosenFile { field: "file", name: "mine.csv", bytes: &payroll(2) };
    zaw.post_form_with_file("/batches", &[("again", "Agreed with Hlaing")], &again).await.assert_status(200);
    assert_eq!(count(&portal, "batches").await, 2);
}

#[tokio::test]
async fn a_reference_of_ones_own_leads_to_its_batch_or_is_taken() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let reference = [("client_reference", "OCT-2025")];
    let first = batch_of(&upload_with(&mut thiri, "a.csv", &payroll(2), &reference).await);
    let page = upload_with(&mut thiri, "a.csv", &payroll(2), &reference).await;
    assert_eq!(batch_of(page.assert_status(200)), first);
    let page = upload_with(&mut thiri, "b.csv", &payroll(3), &reference).await;
    page.assert_status(422).assert_says("has this reference already");
    assert_eq!(count(&portal, "batches").await, 1);
}

#[tokio::test]
async fn the_same_form_sent_twice_makes_one_batch() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let account = account(thiri.get("/batches/new").await, "Kyat account");
    let mut other = thiri.second();
    let file = payroll(2);
    let file = ChosenFile { field: "file", name: "payroll.csv", bytes: &file };
    let fields = [("payment_type", "payroll"), ("funding_account", &*account)];
    let first = batch_of(thiri.post_form_with_file("/batches", &fields, &file).await);
    let second = batch_of(other.post_form_with_file("/batches", &fields, &file).await.assert_status(200));
    assert_eq!(first, second);
    assert_eq!(count(&portal, "transfers").await, 2);
}

#[tokio::test]
async fn a_form_without_the_sessions_token_is_not_read() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get("/batches/new").await;
    let file = ChosenFile { field: "file", name: "payroll.csv", bytes: PAYROLL };
    let fields = [("payment_type", "payroll"), ("form_token", "0123456789abcdef")];
    thiri.post_form_with_file("/batches", &fields, &file).await.assert_status(403).assert_says("out of date");
    assert_nothing(&counts(&portal).await);
}

#[tokio::test]
async fn a_person_without_make_payment_finds_no_such_page() {
    let (portal, _) = Portal::open().await;
    let mut hla = portal.signed_in(&HLA).await;
    hla.get("/batches/new").await.assert_status(404);
}

#[tokio::test]
async fn a_branch_one_may_not_pay_in_cannot_be_named() {
    let (portal, _) = Portal::open().await;
    let mut zaw = portal.signed_in(&ZAW).await;
    let mandalay = zaw.get("/batches/new").await.attribute("input[name=branch]", "value");
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = upload_with(&mut thiri, "payroll.csv", PAYROLL, &[("branch", &mandalay)]).await;
    page.assert_status(422).assert_says("You may not make this payment type in this branch");
    assert_nothing(&counts(&portal).await);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_in_words() {
    let (portal, _) = Portal::open_with_settings("[limits]\nupload_bytes = 1000000\nupload_rows = 100\n").await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = upload(&mut thiri, "big.csv", &vec![b'x'; 1_000_001]).await;
    page.assert_status(413).assert_says("must be smaller than 1 MB");
    assert!(page.has("input[name=payment_type][value=payroll][checked]"), "the choices are lost\n{page}");
    upload(&mut thiri, "long.csv", &payroll(101)).await.assert_status(422).assert_says("more than 100 payments");
    assert_nothing(&counts(&portal).await);
    upload(&mut thiri, "fits.csv", &payroll(100)).await.assert_status(200);
}

#[tokio::test]
async fn an_upload_that_falls_silent_is_cut_and_leaves_nothing() {
    let (portal, _) = Portal::open_with_settings("[limits]\nupload_idle_ms = 50\n").await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let form = thiri.get("/batches/new").await.clone();
    let cookie = thiri.cookie("outlay").unwrap().to_owned();
    let hidden = |name: &str| form.attribute(&format!("input[name={name}]"), "value");
    let mut body = String::new();
    for (name, value) in [("form_token", hidden("form_token")), ("once", hidden("once")), ("payment_type", "payroll".to_owned())] {
        body.push_str(&format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nreference,payee");
    let head = format!(
        "POST /batches HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nSec-Fetch-Site: same-origin\r\nCookie: outlay={cookie}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
    );
    let mut line = tokio::net::TcpStream::connect(portal.address()).await.unwrap();
    line.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = vec![0; 64];
    // It answers though the file never came to its end.
    let read = tokio::time::timeout(Duration::from_secs(20), line.read(&mut answer)).await.expect("the upload was not cut").unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_nothing(&counts(&portal).await);
}

#[tokio::test]
async fn templates_are_what_the_project_ships() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    for name in ["payroll.csv", "loan-disbursement.csv"] {
        let shipped = std::fs::read(format!("{}/csv-templates/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert_eq!(thiri.get(&format!("/templates/{name}")).await.bytes, shipped);
    }
    thiri.get("/templates/secrets.csv").await.assert_status(404);
}

#[tokio::test]
async fn the_next_upload_begins_with_the_last_choices() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let loans = include_bytes!("../../files/loan-disbursement.csv");
    let page = upload_with(&mut thiri, "loans.csv", loans, &[("payment_type", "loan_disbursement"), ("to_fsp", "")]).await;
    assert_eq!(state(&portal, &batch_of(&page)).await, State::Draft);
    assert!(thiri.get("/batches/new").await.has("input[name=payment_type][value=loan_disbursement][checked]"));
}
