//! Every fault, as the client meets it: send, the same bytes again, GET, and what the ledger says in the end.

use std::time::Duration;

use outlay::money::Minor;
use outlay::sdk::{PartyAnswer, QuoteAnswer};
use outlay::simulator::{Fault, SdkVersion};

use super::desk::{Desk, code, new_id};

type Row = (&'static str, &'static str, &'static str, &'static str, i32);

/// CONTRACT 8 row by row: digits, send, repeat, GET; executions in the ledger.
const TABLE_24: &[Row] = &[
    ("3456", "paid", "paid", "paid", 1),
    ("9003", "refused 5104", "silent", "aborted", 0),
    ("9004", "refused 4001", "silent", "aborted", 0),
    ("9005", "refused 3303", "silent", "aborted", 0),
    ("9006", "silent", "paid", "paid", 1),
    ("9008", "paid", "paid", "paid", 1),
    ("9009", "unclear BrokenOff", "paid", "paid", 1),
    ("9010", "silent", "silent", "not found", 0),
    ("9011", "paid", "paid", "paid", 1),
    ("9012", "reserved", "silent", "reserved", 0),
    ("9013", "silent", "silent", "silent", 1),
    ("9014", "modified", "paid", "paid", 1),
    ("9015", "unproven", "silent", "aborted", 0),
    ("9007", "silent", "silent", "not found", 0),
];

/// Where 18 differs.
const ONLY_18: &[Row] =
    &[("9008", "unclear WithoutCode", "paid", "paid", 1), ("9010", "unclear WithoutCode", "unclear WithoutCode", "not found", 0)];

async fn walk(version: SdkVersion, rows: impl Iterator<Item = &'static Row>) {
    let desk = Desk::open(|settings| settings.version = version);
    for (digits, send, repeat, get, executions) in rows {
        let (id, before) = (new_id(), desk.executions());
        let prepare = desk.prepare(&format!("95977712{digits}"), &id).await;
        let met = (desk.send(&prepare).await, desk.send(&prepare).await, desk.get(&id).await);
        assert_eq!((met.0.as_str(), met.1.as_str(), met.2.as_str()), (*send, *repeat, *get), "{version:?} {digits}");
        assert_eq!(desk.executions() - before, *executions, "{version:?} {digits}");
    }
}

#[tokio::test]
async fn version_24_answers_as_it_was_recorded() {
    walk(SdkVersion::V24, TABLE_24.iter()).await;
}

#[tokio::test]
async fn version_18_answers_as_it_was_recorded() {
    let same = TABLE_24.iter().filter(|row| !ONLY_18.iter().any(|other| other.0 == row.0));
    walk(SdkVersion::V18, same.chain(ONLY_18)).await;
}

#[test]
fn no_fault_is_left_untried() {
    let walked = |digits: &str| TABLE_24.iter().any(|row| row.0 == digits);
    let before_money = ["9001", "9002", "9016", "9017"];
    assert!(Fault::ALL.iter().all(|(_, digits, ..)| walked(digits) || before_money.contains(digits)));
}

#[tokio::test]
async fn a_late_commit_is_unknown_at_first_and_paid_in_the_end() {
    let desk = Desk::open(|_| {});
    let id = new_id();
    let prepare = desk.prepare("959777129007", &id).await;
    assert_eq!((desk.send(&prepare).await.as_str(), desk.get(&id).await.as_str()), ("silent", "not found"));
    desk.clock.advance(Duration::from_secs(6));
    assert_eq!((desk.send(&prepare).await.as_str(), desk.get(&id).await.as_str()), ("paid", "paid"));
    assert_eq!(desk.executions(), 1);
}

#[tokio::test]
async fn a_repeat_that_waits_hears_of_the_commit_it_waits_for() {
    let desk = Desk::open(|settings| settings.sdk_timeout = Duration::from_secs(8));
    let id = new_id();
    let prepare = desk.prepare("959777129012", &id).await;
    assert_eq!(desk.send(&prepare).await, "reserved");
    // The repeat is certainly waiting by the time the hub has answered so many questions.
    let time_passes = async {
        for _ in 0..20 {
            assert_eq!(desk.get(&id).await, "reserved");
        }
        desk.clock.advance(Duration::from_secs(11));
    };
    let (told, ()) = tokio::join!(desk.send(&prepare), time_passes);
    assert_eq!((told.as_str(), desk.executions()), ("paid", 1));
}

#[tokio::test]
async fn a_reserved_transfer_commits_after_a_while() {
    let desk = Desk::open(|_| {});
    let id = new_id();
    let prepare = desk.prepare("959777129012", &id).await;
    assert_eq!((desk.send(&prepare).await.as_str(), desk.executions()), ("reserved", 0));
    desk.clock.advance(Duration::from_secs(11));
    assert_eq!((desk.get(&id).await.as_str(), desk.executions()), ("paid", 1));
}

#[tokio::test]
async fn liquidity_comes_in_after_three_refusals_and_the_next_id_is_paid() {
    let desk = Desk::open(|_| {});
    for attempt in 1..=3 {
        let prepare = desk.prepare("959777129004", &new_id()).await;
        assert_eq!(desk.send(&prepare).await, "refused 4001", "{attempt}");
    }
    assert_eq!(desk.send(&desk.prepare("959777129004", &new_id()).await).await, "paid");
    assert_eq!(desk.executions(), 1);
}

#[tokio::test]
async fn what_the_hub_never_got_can_be_agreed_again_under_the_same_id() {
    let desk = Desk::open(|_| {});
    let id = new_id();
    let lost = desk.prepare("959777129010", &id).await;
    assert_eq!((desk.send(&lost).await.as_str(), desk.get(&id).await.as_str()), ("silent", "not found"));
    let again = desk.prepare("959777129010", &id).await;
    assert_eq!((desk.send(&again).await.as_str(), desk.get(&id).await.as_str()), ("paid", "paid"));
    assert_eq!(desk.send(&lost).await, "modified");
    assert_eq!(desk.executions(), 1);
}

#[tokio::test]
async fn faults_before_the_money_are_told_by_lookup_and_quote() {
    let desk = Desk::open(|settings| settings.fee_basis_points = 50);
    assert_eq!(desk.party("959777129001").await, PartyAnswer::Refused { code: code(3204) });
    assert_eq!(desk.ask_quote("959777129002", &new_id()).await, QuoteAnswer::Refused { code: code(5200) });
    let dear = desk.quote("959777129016", &new_id()).await;
    assert_eq!(dear.payee_fee.unwrap().minor, Minor::new(150_050));
    let ordinary = desk.quote("959777123456", &new_id()).await;
    assert_eq!((ordinary.payee_fee.unwrap().minor, ordinary.transfer_amount.wire.as_str()), (Minor::new(750), "1508"));
    assert_eq!(ordinary.payee_receive_amount.unwrap().minor, Minor::new(150_050));
}

#[tokio::test]
async fn a_payee_who_moved_is_found_at_another_fsp_by_the_next_lookup() {
    let desk = Desk::open(|_| {});
    let (id, old) = (new_id(), desk.fsp("959777129017").await);
    assert_eq!(desk.ask_quote("959777129017", &id).await, QuoteAnswer::Refused { code: code(3204) });
    assert_ne!(desk.fsp("959777129017").await, old);
    assert_eq!(desk.send(&desk.prepare("959777129017", &id).await).await, "paid");
}

#[tokio::test]
async fn a_script_makes_trouble_for_ordinary_numbers() {
    let desk = Desk::open(|settings| settings.script = "seed=1,payee-rejects=100".parse().unwrap());
    assert_eq!(desk.send(&desk.prepare("959777123456", &new_id()).await).await, "refused 5104");
    // Digits still choose first.
    assert_eq!(desk.party("959777129001").await, PartyAnswer::Refused { code: code(3204) });
}
