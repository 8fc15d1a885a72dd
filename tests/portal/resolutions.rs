//! Payments of which the network does not tell how they ended: two people close each, and an alarm tells where they were wrong.

mod code;
pub mod desk;
mod pages;

use outlay::audit;
use outlay::dispatch::{self, AlarmKind, Ending, TransferState};
use outlay::resolutions::{self, Refusal, State};

use self::desk::{MIN, NAN, WAI, alarm, approved, confirm, left, letters, needs_attention, propose, row_of, says, standing};
use crate::support::batches::{actor, add_maker, branch, find};
use crate::support::cast::{HLA, HLAING, THIRI, TUN};
use crate::support::portal::Portal;

async fn state_of(portal: &Portal, id: &outlay::ids::ResolutionId) -> State {
    let id = id.clone();
    portal.institution.db.read(move |conn| resolutions::find(conn, &id)).await.unwrap().unwrap().state
}

#[tokio::test]
async fn what_one_proposes_another_confirms_and_the_batch_counts_it() {
    let (portal, _) = Portal::open().await;
    let (batch, row) = needs_attention(&portal).await;
    let id = propose(&portal, &NAN, &row, Ending::Paid).await.unwrap();
    assert_eq!(standing(&portal, &row).await.0, TransferState::NeedsAttention, "a word of one changes nothing");
    assert_eq!(confirm(&portal, &WAI, &id).await.unwrap(), Ending::Paid);
    assert_eq!(standing(&portal, &row).await, (TransferState::Succeeded, 0, None));
    let counts = find(&portal, &batch).await.counts;
    assert_eq!((counts.succeeded.count, counts.needs_attention.count), (3, 0));
    let told = portal.institution.db.read(move |conn| audit::of_batch(conn, &batch, 100)).await.unwrap();
    let told: Vec<_> = told.iter().rev().take(2).map(|event| (event.what.as_str(), event.name.as_str())).collect();
    assert_eq!(told, [("transfer.outcome_confirmed", WAI.full_name), ("transfer.outcome_proposed", NAN.full_name)]);
}

#[tokio::test]
async fn closed_as_not_paid_goes_on_under_the_next_id_and_is_asked_about() {
    let (portal, clock) = Portal::open().await;
    let (batch, row) = needs_attention(&portal).await;
    let id = propose(&portal, &NAN, &row, Ending::NotPaid).await.unwrap();
    confirm(&portal, &WAI, &id).await.unwrap();
    assert_eq!(standing(&portal, &row).await, (TransferState::Failed, 1, None), "the next id, on their word");
    assert_eq!(find(&portal, &batch).await.counts.failed.count, 1);
    use diesel::prelude::*;
    use outlay::db::schema::resolutions::dsl;
    let asked = portal.institution.db.read(move |conn| {
        Ok::<_, outlay::db::Error>(dsl::resolutions.find(id).select((dsl::n, dsl::next_at)).first::<(i32, Option<i64>)>(conn)?)
    });
    let now = outlay::clock::Clock::now(&*clock).micros();
    assert_eq!(asked.await.unwrap(), (0, Some(now + 60_000_000)), "the id they gave up, in a minute");
}

#[tokio::test]
async fn nobody_closes_a_payment_alone_nor_one_they_made_a_part_of() {
    let (portal, _) = Portal::open().await;
    let (batch, row) = needs_attention(&portal).await;
    let id = propose(&portal, &NAN, &row, Ending::NotPaid).await.unwrap();
    assert!(matches!(confirm(&portal, &NAN, &id).await, Err(Refusal::OwnProposal)));
    let wai = actor(&portal, &WAI).await;
    add_maker(&portal, &batch, &wai.id).await;
    assert!(matches!(confirm(&portal, &WAI, &id).await, Err(Refusal::Maker)));
    let (by, mine) = (wai.clone(), id.clone());
    let refused = portal.institution.db.write(move |tx| resolutions::refuse(tx, &by, &mine, "No")).await;
    assert!(matches!(refused, Err(Refusal::Maker)));
    assert!(matches!(propose(&portal, &WAI, &row, Ending::Paid).await, Err(Refusal::Maker)));
    assert_eq!(standing(&portal, &row).await.0, TransferState::NeedsAttention);
}

#[tokio::test]
async fn who_lacks_the_right_in_the_branch_is_refused_as_if_it_were_not_there() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    assert!(matches!(propose(&portal, &MIN, &row, Ending::Paid).await, Err(Refusal::NotHere)), "another branch");
    for person in [&HLA, &TUN, &THIRI] {
        let refused = propose(&portal, person, &row, Ending::Paid).await;
        assert!(matches!(refused, Err(Refusal::NotAllowed(_))), "{} sees it and may not: {refused:?}", person.user_name);
    }
    let id = propose(&portal, &NAN, &row, Ending::Paid).await.unwrap();
    assert!(matches!(confirm(&portal, &MIN, &id).await, Err(Refusal::NotHere)));
    assert!(matches!(confirm(&portal, &HLA, &id).await, Err(Refusal::NotAllowed(_))));
}

#[tokio::test]
async fn only_what_needs_attention_is_closed_by_people() {
    let (portal, _) = Portal::open().await;
    let batch = approved(&portal).await;
    left(&portal, &batch, &[(2, TransferState::InDoubt, "no_word", None), (3, TransferState::Failed, "aborted", None)]).await;
    for line in [2, 3, 4] {
        let row = row_of(&portal, &batch, line).await;
        let refused = propose(&portal, &NAN, &row, Ending::NotPaid).await;
        assert!(matches!(refused, Err(Refusal::WrongState(_))), "line {line}: {refused:?}");
    }
}

#[tokio::test]
async fn a_proposal_that_was_decided_on_is_not_decided_on_again() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let first = propose(&portal, &NAN, &row, Ending::Paid).await.unwrap();
    assert!(matches!(propose(&portal, &WAI, &row, Ending::NotPaid).await, Err(Refusal::AlreadyProposed)));
    let (nan, wai) = (actor(&portal, &NAN).await, actor(&portal, &WAI).await);
    let (by, id) = (wai.clone(), first.clone());
    let withdrawn = portal.institution.db.write(move |tx| resolutions::withdraw(tx, &by, &id)).await;
    assert!(matches!(withdrawn, Err(Refusal::NotTheProposer)));
    let (by, id) = (nan.clone(), first.clone());
    portal.institution.db.write(move |tx| resolutions::withdraw(tx, &by, &id)).await.unwrap();
    assert!(matches!(confirm(&portal, &WAI, &first).await, Err(Refusal::AlreadyDecided { state: State::Withdrawn, .. })));
    let second = propose(&portal, &NAN, &row, Ending::Paid).await.unwrap();
    let (by, id) = (wai.clone(), second.clone());
    let silent = portal.institution.db.write(move |tx| resolutions::refuse(tx, &by, &id, "  ")).await;
    assert!(matches!(silent, Err(Refusal::NoteMissing)), "a refusal needs a reason");
    let (by, id) = (wai, second.clone());
    portal.institution.db.write(move |tx| resolutions::refuse(tx, &by, &id, "The bank says otherwise")).await.unwrap();
    assert!(matches!(confirm(&portal, &WAI, &second).await, Err(Refusal::AlreadyDecided { state: State::Refused, .. })));
    assert_eq!(standing(&portal, &row).await.0, TransferState::NeedsAttention);
}

#[tokio::test]
async fn two_who_confirm_at_the_same_moment_close_it_once() {
    let (portal, _) = Portal::open().await;
    let (batch, row) = needs_attention(&portal).await;
    let third = desk::arrive_third(&portal).await;
    let id = propose(&portal, &NAN, &row, Ending::NotPaid).await.unwrap();
    let (one, other) = tokio::join!(confirm(&portal, &WAI, &id), confirm(&portal, &third, &id));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(standing(&portal, &row).await, (TransferState::Failed, 1, None), "one step along the chain");
    assert_eq!(find(&portal, &batch).await.counts.failed.count, 1);
}

#[tokio::test]
async fn the_word_of_one_who_lost_the_right_does_not_count() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let id = propose(&portal, &NAN, &row, Ending::NotPaid).await.unwrap();
    desk::run(&portal, "UPDATE users SET is_active = FALSE WHERE user_name = 'nan'").await;
    assert!(matches!(confirm(&portal, &WAI, &id).await, Err(Refusal::ProposerGone)));
    assert_eq!(standing(&portal, &row).await.0, TransferState::NeedsAttention);
}

#[tokio::test]
async fn what_people_say_needs_a_note_and_evidence_of_bounded_length() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let nan = actor(&portal, &NAN).await;
    let long = |most: usize| "x".repeat(most + 1);
    let tries = [
        (String::new(), "e".to_owned(), "a note is needed"),
        ("n".to_owned(), " ".to_owned(), "the evidence is needed"),
        (long(resolutions::NOTE_CHARS_MAX), "e".to_owned(), "the note is longer than 500 characters"),
        ("n".to_owned(), long(resolutions::EVIDENCE_CHARS_MAX), "the evidence is longer than 1000 characters"),
    ];
    for (note, evidence, why) in tries {
        let (by, proposal) = (nan.clone(), resolutions::Proposal { note, evidence, ..says(&row, Ending::Paid) });
        let refused = portal.institution.db.write(move |tx| resolutions::propose(tx, &by, &proposal)).await;
        assert_eq!(refused.unwrap_err().to_string(), why);
    }
}

#[tokio::test]
async fn the_network_is_asked_at_once_but_not_more_than_once_a_minute() {
    let (portal, clock) = Portal::open().await;
    let (batch, row) = needs_attention(&portal).await;
    let nan = actor(&portal, &NAN).await;
    let ask = |row: &outlay::ids::RowId| {
        let (by, row) = (nan.clone(), row.clone());
        portal.institution.db.write(move |tx| resolutions::ask_again(tx, &by, &row))
    };
    ask(&row).await.unwrap();
    let now = outlay::clock::Clock::now(&*clock).micros();
    assert_eq!(standing(&portal, &row).await.2, Some(now), "due now");
    assert!(matches!(ask(&row).await, Err(Refusal::JustAsked)), "it is about to be asked");
    // The worker asked.
    let attempt = format!(
        "INSERT INTO attempts (id, row_id, purpose, n, transfer_id, worker, claimed_at) VALUES ('a', '{row}', 'reconcile', 0, 't', 'w', {now});
         UPDATE transfers SET next_at = {now} + 3600000000 WHERE id = '{row}';"
    );
    desk::run(&portal, &attempt).await;
    clock.advance(std::time::Duration::from_secs(59));
    assert!(matches!(ask(&row).await, Err(Refusal::JustAsked)));
    clock.advance(std::time::Duration::from_secs(1));
    ask(&row).await.unwrap();
    let paid = row_of(&portal, &batch, 3).await;
    assert!(matches!(ask(&paid).await, Err(Refusal::WrongState(TransferState::Succeeded))));
}

#[tokio::test]
async fn an_alarm_is_raised_once_and_its_mail_goes_to_those_who_resolve_there() {
    let (portal, _) = Portal::open().await;
    let (batch, row) = needs_attention(&portal).await;
    for _ in 0..3 {
        alarm(&portal, &row, AlarmKind::PossibleDoublePayment).await;
    }
    let open = portal.institution.db.read(|conn| resolutions::open_alarms(conn, None, 10)).await.unwrap();
    assert_eq!(open.len(), 1);
    let sent = letters(&portal).await;
    let to: Vec<_> = sent.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!(to, ["nan@example.com", "wai@example.com"], "nobody of another branch");
    assert!(sent[0].1.contains("Possible double payment"));
    for personal in ["Daw Mya", "959770123456"] {
        assert!(!sent[0].1.contains(personal), "{}", sent[0].1);
    }
    let told = portal.institution.db.read(move |conn| audit::of_batch(conn, &batch, 100)).await.unwrap();
    assert_eq!(told.iter().filter(|event| event.what == audit::What::AlarmRaised).count(), 1);
}

#[tokio::test]
async fn an_alarm_is_acknowledged_with_a_note_by_those_who_resolve_in_its_branch() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    alarm(&portal, &row, AlarmKind::NotPaidAfterAll).await;
    let id = portal.institution.db.read(|conn| resolutions::open_alarms(conn, None, 10)).await.unwrap().remove(0).id;
    let acknowledge = |actor: outlay::people::Actor, note: &'static str| {
        let id = id.clone();
        portal.institution.db.write(move |tx| resolutions::acknowledge(tx, &actor, &id, note))
    };
    assert!(matches!(acknowledge(actor(&portal, &MIN).await, "Seen").await, Err(Refusal::NotHere)));
    assert!(matches!(acknowledge(actor(&portal, &HLA).await, "Seen").await, Err(Refusal::NotHere)));
    let aye = actor(&portal, &crate::support::cast::AYE).await;
    assert!(matches!(acknowledge(aye, "Seen").await, Err(Refusal::NotAllowed(_))), "account managers hold no payment action");
    assert!(matches!(acknowledge(actor(&portal, &NAN).await, " ").await, Err(Refusal::NoteMissing)));
    acknowledge(actor(&portal, &NAN).await, "Called the payee, a new file follows").await.unwrap();
    let again = acknowledge(actor(&portal, &WAI).await, "Me too").await;
    assert!(matches!(again, Err(Refusal::AlreadyAcknowledged { .. })), "{again:?}");
    let hlaing = branch(&portal, HLAING).await;
    let open = portal.institution.db.read(move |conn| resolutions::open_alarms(conn, Some(&[hlaing]), 10)).await.unwrap();
    assert!(open.is_empty());
}

#[tokio::test]
async fn what_the_network_tells_first_overtakes_the_proposal() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let id = propose(&portal, &NAN, &row, Ending::NotPaid).await.unwrap();
    let told = row.clone();
    portal.institution.db.write(move |tx| resolutions::overtake(tx, std::iter::once(&told))).await.unwrap();
    assert_eq!(state_of(&portal, &id).await, State::Overtaken);
    assert!(matches!(confirm(&portal, &WAI, &id).await, Err(Refusal::AlreadyDecided { state: State::Overtaken, .. })));
}

#[tokio::test]
async fn a_row_that_the_network_says_was_paid_is_never_tried_again() {
    let (portal, _) = Portal::open().await;
    let batch = approved(&portal).await;
    left(&portal, &batch, &[(2, TransferState::Failed, "said_not_paid", None), (3, TransferState::Failed, "aborted", None)]).await;
    alarm(&portal, &row_of(&portal, &batch, 2).await, AlarmKind::PossibleDoublePayment).await;
    let seen = portal.institution.db.read(move |conn| dispatch::retryable(conn, &batch, dispatch::Which::All, &[])).await.unwrap();
    assert_eq!((seen.count(), seen.paid_before), (1, 1));
}
