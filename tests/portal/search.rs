//! Finding batches and payments again, and what one payment's own page says; everybody only within what they may see.

use std::collections::BTreeSet;

use diesel::prelude::*;
use outlay::approvals::{self, Checker, Decision, DecisionForm};
use outlay::audit::By;
use outlay::batches::PaymentType;
use outlay::db::schema::{attempts, replies, transfers};
use outlay::db::{self, Conn};
use outlay::dispatch::TransferState;
use outlay::dispatch::why::Why;
use outlay::ids::{BatchId, BranchId, RowId, UserId};
use outlay::people::Actor;
use outlay::privileges::{self, Action, NewGrant, Rights};
use outlay::search::{self, BatchCriteria, Scope, Slice, TransferCriteria};

use crate::support::batches::{File, WAGES, actor, branch, drafted, find, submitted};
use crate::support::cast::{AYE, HLA, HLAING, MANDALAY, MYINT, Person, THIRI, TUN, ZAW, add_person};
use crate::support::page::Page;
use crate::support::portal::{Portal, morning};

fn payees(page: &Page) -> Vec<String> {
    page.rows("table").into_iter().map(|row| row[0].clone()).collect()
}

async fn rows(portal: &Portal, id: &BatchId) -> Vec<(RowId, String)> {
    let id = id.clone();
    let rows = move |conn: &mut Conn| {
        let rows = transfers::table.filter(transfers::batch_id.eq(id)).order(transfers::line);
        Ok::<_, db::Error>(rows.select((transfers::id, transfers::home_transaction_id)).load(conn)?)
    };
    portal.institution.db.read(rows).await.unwrap()
}

/// Puts a row into a state, as the dispatch room would.
/// What the file said in columns that are shown and not used.
async fn with_extra(portal: &Portal, row: &RowId) {
    let row = row.clone();
    let write = move |tx: &mut db::WriteTx<'_>| {
        let columns = transfers::extra.eq("[[\"staff_no\",\"S-17\"]]");
        diesel::update(transfers::table.find(&row)).set(columns).execute(&mut **tx)?;
        Ok::<_, db::Error>(())
    };
    portal.institution.db.write(write).await.unwrap();
}

async fn put(portal: &Portal, row: &RowId, state: TransferState, code: Option<&'static str>) {
    let row = row.clone();
    let put = move |tx: &mut db::WriteTx<'_>| {
        let reason = code.map(|code| Why::Network { code: code.to_owned() }.to_text());
        let settled = Some(tx.now()).filter(|_| matches!(state, TransferState::Succeeded | TransferState::Failed));
        let set = (
            (transfers::state.eq(state), transfers::code.eq(code), transfers::reason.eq(reason), transfers::settled_at.eq(settled)),
            (transfers::payee_fsp.eq(Some("kbzpay")), transfers::transfer_id.eq(Some("0a5b3f1e-0000-5000-8000-00000000abcd"))),
        );
        Ok::<_, db::Error>(diesel::update(transfers::table.find(&row)).set(set).execute(&mut **tx)?)
    };
    assert_eq!(portal.institution.db.write(put).await.unwrap(), 1);
}

#[tokio::test]
async fn a_branch_manager_finds_the_branchs_batches_and_no_others() {
    let (portal, clock) = Portal::open().await;
    let wages = submitted(&portal, &THIRI, &WAGES).await;
    clock.advance(std::time::Duration::from_secs(60));
    drafted(&portal, &THIRI, &File { name: "loans_50%.csv", payment_type: PaymentType::LoanDisbursement, ..WAGES }).await;
    submitted(&portal, &ZAW, &File { name: "mandalay.csv", ..WAGES }).await;
    let mut tun = portal.signed_in(&TUN).await;
    let page = tun.get("/search/batches").await;
    page.assert_says("Showing 1 to 2 of 2 entries").assert_says_not("mandalay");
    let row = &page.rows("table")[1];
    assert_eq!(row[1], "payroll-oct");
    assert_eq!(row[4..10], ["Payroll", "Waiting for approval", "3", "450,000 MMK", "0", "0"]);
    let names = |page: &Page| page.rows("table").into_iter().map(|row| row[1].clone()).collect::<Vec<_>>();
    let reference = find(&portal, &wages).await.reference;
    let thiri = actor(&portal, &THIRI).await;
    for (query, expected) in [
        (format!("reference={}", &reference.as_str()[..6]), vec!["payroll-oct"]),
        (format!("reference={}", reference.spoken().replace(' ', "+")), vec!["payroll-oct"]),
        ("name=PAYROLL".to_owned(), vec!["payroll-oct"]),
        ("name=50%25".to_owned(), vec!["loans_50%"]),
        ("status=draft".to_owned(), vec!["loans_50%"]),
        ("payment_type=payroll".to_owned(), vec!["payroll-oct"]),
        (format!("created_by={}&from=21/11/2025&to=21/11/2025", thiri.id), vec!["loans_50%", "payroll-oct"]),
        (format!("branch={}", branch(&portal, HLAING).await), vec!["loans_50%", "payroll-oct"]),
        (format!("branch={}", branch(&portal, MANDALAY).await), vec![]),
        ("from=2025-11-22".to_owned(), vec![]),
        ("name=mandalay".to_owned(), vec![]),
    ] {
        assert_eq!(names(tun.get(&format!("/search/batches?{query}")).await), expected, "{query}");
    }
    let page = tun.get("/search/batches?status=draft&from=2025-11-01").await;
    assert!(page.has("details[open]"), "filters in use stay in sight");
    assert_eq!(page.attribute(".applied-one", "href"), "/search/batches?from=2025-11-01");
    portal.signed_in(&AYE).await.get("/search/batches").await.assert_status(404);
}

#[tokio::test]
async fn a_payment_is_found_by_what_people_know_of_it() {
    let (portal, _) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    submitted(&portal, &ZAW, &File { name: "mandalay.csv", ..WAGES }).await;
    let rows = rows(&portal, &batch).await;
    put(&portal, &rows[1].0, TransferState::Succeeded, None).await;
    let mut tun = portal.signed_in(&TUN).await;
    let reference = find(&portal, &batch).await.reference;
    let (mya, ba, hla) = ("Daw Mya", "U Ba", "Ma Hla");
    for (query, expected) in [
        ("payee=09770123456".to_owned(), vec![mya]),
        ("payee=%2B95+9+770+123+456".to_owned(), vec![mya]),
        ("payee=09+7701".to_owned(), vec![mya, ba, hla]),
        ("payee=0977012345".to_owned(), vec![mya, ba, hla]),
        ("name=daw++MYA".to_owned(), vec![mya]),
        ("name=d".to_owned(), vec![mya]),
        ("name=mya".to_owned(), vec![]),
        ("amount=200,000".to_owned(), vec![hla]),
        ("reference=P-2".to_owned(), vec![ba]),
        (format!("batch={}", reference.spoken().replace(' ', "+")), vec![mya, ba, hla]),
        (format!("id={}", rows[2].1.to_uppercase()), vec![hla]),
        ("id=0a5b3f1e-0000-5000-8000-00000000abcd".to_owned(), vec![ba]),
        ("status=succeeded".to_owned(), vec![ba]),
        ("status=waiting&name=ma".to_owned(), vec![hla]),
        ("payment_type=loan_disbursement".to_owned(), vec![]),
        ("from=2025-11-22".to_owned(), vec![]),
    ] {
        let page = tun.get(&format!("/search/transactions?{query}")).await;
        let mut found = payees(page);
        found.sort_by_key(|name| [mya, ba, hla].iter().position(|known| known == name));
        assert_eq!(found, expected, "{query}");
    }
    let page = tun.get("/search/transactions?amount=much&batch=xyz").await;
    page.assert_status(422).assert_says("Write an amount such as 150,000").assert_says("Write the batch's 8 characters");
}

#[tokio::test]
async fn a_search_without_an_answer_says_how_it_was_read_and_nothing_of_others() {
    let (portal, _) = Portal::open().await;
    submitted(&portal, &ZAW, &WAGES).await;
    let mut tun = portal.signed_in(&TUN).await;
    let page = tun.get("/search/transactions?payee=09+7701").await;
    page.assert_says("No transactions match").assert_says("09 7701 → 9597701");
    let there = page.reads().replace("09 7701", "").replace("9597701", "");
    let nowhere = tun.get("/search/transactions?payee=09+4401").await.reads().replace("09 4401", "").replace("9594401", "");
    assert_eq!(there, nowhere, "the same answer whether or not another branch has such a payment");
}

#[tokio::test]
async fn the_box_on_top_goes_straight_to_what_is_typed_in_full() {
    let (portal, _) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let rows = rows(&portal, &batch).await;
    let reference = find(&portal, &batch).await.reference;
    let mut tun = portal.signed_in(&TUN).await;
    tun.get("/search/batches").await;
    assert!(tun.page().has("form[role=search][action='/search/transactions']"));
    let payment = format!("/transfers/{}", rows[0].0);
    for (typed, leads_to) in [
        (reference.spoken().replace(' ', "+"), format!("/batches/{batch}")),
        (reference.to_string(), format!("/batches/{batch}")),
        ("09770123456".to_owned(), payment.clone()),
        ("P-1".to_owned(), payment.clone()),
        (rows[0].1.clone(), payment),
        ("Daw".to_owned(), "/search/transactions?name=Daw".to_owned()),
        ("09 7701".replace(' ', "+"), "/search/transactions?payee=09%207701".to_owned()),
        ("nobody".to_owned(), "/search/transactions?name=nobody".to_owned()),
        ("0911".to_owned(), "/search/transactions?payee=0911".to_owned()),
    ] {
        tun.get(&format!("/search/transactions?q={typed}")).await.assert_path(&leads_to);
    }
    // Another branch's reference is like one that nobody has.
    let page = portal.signed_in(&MYINT).await.get(&format!("/search/transactions?q={reference}")).await.clone();
    page.assert_path(
        &format!("/search/transactions?name={reference}")
            .replace("name", if reference.as_str().chars().any(char::is_alphabetic) { "name" } else { "payee" }),
    );
}

#[tokio::test]
async fn a_rows_own_branch_reads_it_too() {
    let (portal, _) = Portal::open().await;
    let office = branch(&portal, MANDALAY).await;
    let thiri = actor(&portal, &THIRI).await;
    let also = NewGrant { user: thiri.id, branch: office, actions: vec![Action::MakePayment, Action::MakePayroll], until: None };
    portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &also)).await.unwrap();
    let lines = ["P-1,Daw Mya,MSISDN,09770123456,,150000,MMK,,", "P-2,U Ba,MSISDN,09770123457,,100000,MMK,,MDY-01"];
    let batch = submitted(&portal, &THIRI, &File { lines: &lines, ..WAGES }).await;
    let rows = rows(&portal, &batch).await;
    let mut myint = portal.signed_in(&MYINT).await;
    assert_eq!(payees(myint.get("/search/transactions").await), ["U Ba"]);
    let page = myint.get(&format!("/transfers/{}", rows[1].0)).await;
    page.assert_status(200).assert_says("U Ba");
    assert!(!page.has(&format!("a[href='/batches/{batch}']")), "no link to a page that is not there for her");
    myint.get(&format!("/transfers/{}", rows[0].0)).await.assert_status(404);
    myint.get("/search/batches").await.assert_says("No batches yet");
}

#[tokio::test]
async fn the_page_of_a_payment_says_what_happened_and_what_to_do() {
    let (portal, clock) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let rows = rows(&portal, &batch).await;
    let mut tun = portal.signed_in(&TUN).await;
    let path = |index: usize| format!("/transfers/{}", rows[index].0);
    tun.get(&path(0)).await.assert_says("Not sent: its batch waits for approval.");
    clock.advance(std::time::Duration::from_secs(1200));
    decide(&portal, &batch, Decision::Approved).await;
    tun.get(&path(0)).await.assert_says("Waiting to be paid: 150,000 MMK to Daw Mya, KBZPay, Phone 959770123456.");
    attempted(&portal, &rows[0].0).await;
    put(&portal, &rows[0].0, TransferState::InDoubt, None).await;
    let page = tun.get(&path(0)).await;
    page.assert_says("We do not know yet whether 150,000 MMK reached Daw Mya").assert_says("Do not pay this person again by other means");
    put(&portal, &rows[0].0, TransferState::Succeeded, None).await;
    let page = tun.get(&path(0)).await;
    page.assert_says("Sent 150,000 MMK to Daw Mya, KBZPay, Phone 959770123456, accepted 21 Nov 2025, 07:15.");
    page.assert_says(&rows[0].1).assert_says("0a5b3f1e-0000-5000-8000-00000000abcd");
    with_extra(&portal, &rows[0].0).await;
    let page = tun.get(&path(0)).await;
    page.assert_says("staff_no (in the file)").assert_says("S-17");
    let steps = page.texts(".timeline .event-what");
    assert_eq!(steps[..3], ["Uploaded", "Submitted for approval", "Approved"]);
    assert_eq!(steps.last().map(String::as_str), Some("Accepted by the payee's provider"));
    page.assert_says("Sent the payment").assert_says("\"currentState\":\"COMPLETED\"");
    put(&portal, &rows[1].0, TransferState::Failed, Some("3204")).await;
    let page = tun.get(&path(1)).await;
    page.assert_says("Not paid.").assert_says("(3204).").assert_says("No money has moved.");
    for stranger in [&MYINT, &AYE] {
        portal.signed_in(stranger).await.get(&path(0)).await.assert_status(404);
    }
    portal.signed_in(&THIRI).await.get(&path(0)).await.assert_status(200);
}

async fn decide(portal: &Portal, batch: &BatchId, decision: Decision) {
    let (hla, seal) = (actor(portal, &HLA).await, find(portal, batch).await.seal.unwrap());
    let form = DecisionForm { batch: batch.clone(), decision, reason: String::new(), seal };
    portal.institution.db.write(move |tx| approvals::decide(tx, &hla, &form)).await.unwrap();
}

/// An attempt with one reply, as the dispatch room keeps them.
async fn attempted(portal: &Portal, row: &RowId) {
    let row = row.clone();
    let write = move |tx: &mut db::WriteTx<'_>| {
        let now = tx.now();
        let attempt = (
            (attempts::id.eq("a-1"), attempts::row_id.eq(&row), attempts::purpose.eq("pay"), attempts::n.eq(0)),
            (attempts::transfer_id.eq("0a5b3f1e-0000-5000-8000-00000000abcd"), attempts::worker.eq("w"), attempts::claimed_at.eq(now)),
        );
        diesel::insert_into(attempts::table).values(attempt).execute(&mut **tx)?;
        let reply = (
            (replies::attempt_id.eq("a-1"), replies::position.eq(0), replies::call.eq("simple_transfers"), replies::sent_at.eq(now)),
            (replies::took_us.eq(21_000_i64), replies::http_status.eq(Some(200)), replies::verdict.eq("paid")),
            replies::body.eq("{\"currentState\":\"COMPLETED\"}"),
        );
        Ok::<_, db::Error>(diesel::insert_into(replies::table).values(reply).execute(&mut **tx)?)
    };
    portal.institution.db.write(write).await.unwrap();
}

/// What one person gets to see, by every list there is.
struct Seen {
    batches: BTreeSet<String>,
    transfers: BTreeSet<String>,
    tasks: i64,
}

async fn seen(portal: &Portal, user: &UserId) -> Seen {
    let user = user.clone();
    let look = move |conn: &mut Conn| {
        let rights = Rights::load(conn, &user, morning())?;
        let (scope, all) = (Scope::of(&user, &rights), Slice { offset: 0, limit: 1_000, most: 1_000 });
        let batches = search::batches(conn, &scope, &BatchCriteria::default(), all)?;
        let transfers = search::transfers(conn, &scope, &TransferCriteria::default(), all)?;
        assert_eq!((batches.counted, transfers.counted), (batches.rows.len() as i64, transfers.rows.len() as i64));
        Ok::<_, db::Error>(Seen {
            batches: batches.rows.into_iter().map(|row| row.name).collect(),
            transfers: transfers.rows.into_iter().map(|row| row.batch.to_string()).collect(),
            tasks: approvals::tasks_waiting(conn, &Checker::of(&user, &rights), 1_000)?,
        })
    };
    portal.institution.db.read(look).await.unwrap()
}

/// Two hundred people, each with other grants: they see what the rule says, no more and no less.
#[tokio::test]
async fn nobody_sees_a_batch_without_a_grant_that_says_so() {
    use rand::{RngExt, SeedableRng};
    let (portal, _) = Portal::open().await;
    let mut batches = Vec::new();
    for (maker, office) in [(&THIRI, HLAING), (&ZAW, MANDALAY)] {
        for kind in PaymentType::PAYABLE {
            let name = format!("{}-{}", office.code, kind.as_str());
            let id = submitted(&portal, maker, &File { name: &format!("{name}.csv"), payment_type: *kind, ..WAGES }).await;
            batches.push((name, branch(&portal, office).await, *kind, find(&portal, &id).await.reference.to_string()));
        }
    }
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    for index in 0..200 {
        let user = newcomer(&portal, index).await;
        let mut held: BTreeSet<(BranchId, Action)> = BTreeSet::new();
        for office in [HLAING, MANDALAY] {
            let branch = branch(&portal, office).await;
            let chosen: Vec<Action> = Action::ALL.iter().copied().filter(|_| random.random_bool(0.3)).collect();
            held.extend(chosen.iter().map(|action| (branch.clone(), *action)));
            let grant = NewGrant { user: user.id.clone(), branch, actions: chosen, until: None };
            portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &grant)).await.unwrap();
        }
        let sees = |branch: &BranchId, kind: PaymentType| held.contains(&(branch.clone(), kind.view()));
        let decides = |branch: &BranchId| {
            [Action::ApprovePayment, Action::RejectPayment].iter().any(|action| held.contains(&(branch.clone(), *action)))
        };
        let visible: Vec<_> = batches.iter().filter(|(_, branch, kind, _)| sees(branch, *kind)).collect();
        let seen = seen(&portal, &user.id).await;
        assert_eq!(seen.batches, visible.iter().map(|(name, ..)| name.clone()).collect(), "{held:?}");
        assert_eq!(seen.transfers, visible.iter().map(|(.., reference)| reference.clone()).collect(), "{held:?}");
        assert_eq!(seen.tasks, visible.iter().filter(|(_, branch, ..)| decides(branch)).count() as i64, "{held:?}");
    }
}

async fn newcomer(portal: &Portal, index: usize) -> Actor {
    let name: &'static str = Box::leak(format!("person-{index}").into_boxed_str());
    let person = Person { user_name: name, full_name: name, actions: &[], ..TUN };
    let office = branch(portal, HLAING).await;
    let arrive = move |tx: &mut db::WriteTx<'_>| add_person(tx, &By::operator("a test"), &person, &office);
    portal.institution.db.write(arrive).await.unwrap();
    actor(portal, &person).await
}
