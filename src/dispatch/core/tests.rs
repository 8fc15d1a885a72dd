//! Rule by rule, at its edge.

use std::time::Duration;

use super::limits::{PREPARE_GOOD_FOR, SETTLE_MARGIN};
use super::*;
use crate::dispatch::why::Why;
use crate::sdk::{Code, Stage};

const LEASE: Duration = Duration::from_secs(300);
const RULES: Rules = Rules { settle_margin: SETTLE_MARGIN, expiry: PREPARE_GOOD_FOR };

fn fault(code: u16) -> Fault {
    Fault::of(Code::new(code).unwrap(), Stage::Transfer)
}

fn start() -> Instant {
    Instant::from_micros(1_000_000_000_000)
}

fn at(now: Instant) -> Moment {
    Moment { now, jitter: 0 }
}

fn sent(now: Instant) -> Standing {
    let agreeing = Standing { state: TransferState::Agreeing, ..Standing::ready(now) };
    recorded(agreeing, AttemptId::from("a"), now.after(RULES.expiry), now.after(LEASE))
}

fn heard(word: Word, sent_at: Instant) -> Heard {
    Heard { word, sent_at, clock_is_steady: true }
}

fn after(seconds: u64) -> Instant {
    start().after(Duration::from_secs(seconds))
}

fn ask(standing: &Standing, word: Word, now: Instant) -> Decision {
    on_word(standing.clone(), &heard(word, now), Mood::Paying, at(now), &RULES)
}

#[test]
fn only_a_reply_with_its_proof_is_a_payment() {
    let paid = on_sent(sent(start()), &Word::Committed { proven: true }, at(after(1)));
    assert_eq!(paid.standing.state, TransferState::Succeeded);
    for word in
        [Word::Committed { proven: false }, Word::Silent, Word::Modified, Word::InProgress, Word::Unclear, Word::Aborted { fault: None }]
    {
        let next = on_sent(sent(start()), &word, at(after(1)));
        assert_eq!(next.standing.state, TransferState::InDoubt, "{word:?}");
        assert_eq!(next.standing.next_at, Some(after(2)), "asked after a second");
    }
}

#[test]
fn a_refused_transfer_is_asked_about_and_its_reason_is_kept() {
    let fault = fault(5104);
    let doubt = on_sent(sent(start()), &Word::Refused(fault), at(after(1))).standing;
    let aborted = ask(&doubt, Word::Aborted { fault: None }, after(2));
    assert_eq!((aborted.then.clone(), aborted.standing.n), (Then::Ask, 1), "a copy of us may have used the next id");
    let failed = ask(&aborted.standing, Word::Unknown, after(2)).standing;
    assert_eq!((failed.state, failed.n, failed.fault), (TransferState::Failed, 1, Some(fault)));
    let paid_by_a_copy = ask(&aborted.standing, Word::Committed { proven: false }, after(2)).standing;
    assert_eq!(paid_by_a_copy.state, TransferState::Succeeded);
}

#[test]
fn liquidity_stops_the_batch_and_the_row_is_paid_under_its_next_id() {
    let fault = fault(4001);
    let doubt = on_sent(sent(start()), &Word::Refused(fault), at(after(1)));
    assert_eq!(doubt.stop, Some(Stop::WaitForLiquidity(fault)));
    let ready = ask(&doubt.standing, Word::Aborted { fault: None }, after(2)).standing;
    assert_eq!((ready.state, ready.n, ready.tries, ready.recorded), (TransferState::Ready, 1, Tries::default(), None));
}

#[test]
fn an_unknown_id_is_repeated_then_agreed_on_again_under_the_same_id() {
    let doubt = on_sent(sent(start()), &Word::Unclear, at(after(1))).standing;
    assert_eq!(ask(&doubt, Word::Unknown, after(2)).then, Then::Repeat);
    let waiting = ask(&doubt, Word::Unknown, after(31));
    assert_eq!((waiting.then, waiting.standing.state), (Then::Rest, TransferState::InDoubt), "the hub's clock may be behind ours");
    let again = ask(&doubt, Word::Unknown, after(46));
    assert_eq!((again.then, again.standing.state, again.standing.n), (Then::AgreeAgain, TransferState::Agreeing, 0));
    let held = on_word(doubt.clone(), &heard(Word::Unknown, after(46)), Mood::Held, at(after(46)), &RULES);
    assert_eq!(held.standing.state, TransferState::InDoubt, "a paused batch agrees on nothing");
    let held = on_word(doubt, &heard(Word::Unknown, after(700)), Mood::Held, at(after(700)), &RULES);
    assert_eq!(held.standing.state, TransferState::Ready, "nothing can come of it any more");
}

#[test]
fn not_paid_is_said_only_of_a_question_sent_late_enough() {
    let recorded = sent(start());
    let agreeing = Standing { state: TransferState::Agreeing, ..recorded };
    let gone = Why::Network { code: "3204".to_owned() };
    let refused = refuse(agreeing, fault(3204), gone, at(after(60)));
    assert_eq!(refused.then, Then::Ask);
    let doubt = ask(&refused.standing, Word::Unknown, after(60)).standing;
    assert_eq!((doubt.state, doubt.refused), (TransferState::InDoubt, true));
    let edge = after(30).after(SETTLE_MARGIN);
    let late_answer = on_word(doubt.clone(), &heard(Word::Unknown, edge), Mood::Paying, at(edge.after(LEASE)), &RULES);
    assert_eq!(late_answer.standing.state, TransferState::InDoubt, "sent too early, however late its answer");
    let jumped = Heard { clock_is_steady: false, ..heard(Word::Unknown, edge.after(LEASE)) };
    assert_eq!(on_word(doubt.clone(), &jumped, Mood::Paying, at(edge.after(LEASE)), &RULES).standing.state, TransferState::InDoubt);
    let one_later = Instant::from_micros(edge.micros() + 1);
    assert_eq!(ask(&doubt, Word::Unknown, one_later).standing.state, TransferState::Failed);
}

#[test]
fn a_settled_transfer_is_called_probably_paid_and_still_asked_about() {
    let mut standing = on_sent(sent(start()), &Word::Silent, at(after(31))).standing;
    let mut now = after(60);
    for times in 1..=3 {
        assert_eq!(ask(&standing, Word::Silent, now).then, Then::AskControl);
        standing = on_control(standing, true, at(now)).standing;
        assert_eq!(standing.unshown.unwrap().times, times);
        assert_eq!(standing.state, TransferState::InDoubt, "not before ten minutes");
        now = now.after(Duration::from_secs(200));
    }
    let told = on_control(standing.clone(), true, at(now)).standing;
    assert_eq!((told.state, told.why.clone()), (TransferState::NeedsAttention, Some(Why::ProbablyPaid)));
    assert_eq!(told.next_at, Some(now.after(limits::ATTENTION_ASK_EVERY)));
    assert_eq!(ask(&told, Word::Committed { proven: true }, now).standing.state, TransferState::Succeeded);
    let hub_down = on_control(standing, false, at(now)).standing;
    assert_eq!(hub_down.state, TransferState::InDoubt, "a hub that answers nothing proves nothing");
}

#[test]
fn a_day_in_doubt_needs_a_person() {
    let doubt = on_sent(sent(start()), &Word::Silent, at(after(1))).standing;
    let still = ask(&doubt, Word::InProgress, after(86_400)).standing;
    assert_eq!(still.state, TransferState::InDoubt);
    let told = ask(&doubt, Word::InProgress, after(86_401)).standing;
    assert_eq!((told.state, told.why), (TransferState::NeedsAttention, Some(Why::NoWord)));
    let sooner = on_sent(sent(start()), &Word::Refused(fault(3000)), at(after(1))).standing;
    assert_eq!(ask(&sooner, Word::InProgress, after(3_601)).standing.state, TransferState::NeedsAttention);
}

#[test]
fn agreement_is_tried_again_only_so_often() {
    let mut standing = Standing { state: TransferState::Agreeing, ..Standing::ready(start()) };
    for tries in 1..limits::RETRIES_MAX {
        let next = refuse(standing, Fault::silent(), Why::NoAnswer, at(start()));
        assert_eq!((next.standing.state, next.standing.tries), (TransferState::Ready, Tries { passing: tries, limited: 0 }));
        standing = Standing { state: TransferState::Agreeing, ..next.standing };
    }
    let last = refuse(standing, Fault::silent(), Why::NoAnswer, at(start()));
    assert_eq!(last.then, Then::Ask);
    assert_eq!(ask(&last.standing, Word::Unknown, start()).standing.state, TransferState::Failed);
}

/// Refused in an answer to its prepare, and aborted.
fn aborted(ready: Standing, code: u16, now: Instant) -> Decision {
    let sent = recorded(ready, AttemptId::from("a"), now.after(RULES.expiry), now.after(LEASE));
    let second = Duration::from_secs(1);
    let doubt = on_sent(sent, &Word::Refused(fault(code)), at(now.after(second))).standing;
    ask(&doubt, Word::Aborted { fault: None }, now.after(second * 2))
}

#[test]
fn an_outage_uses_up_nothing_of_what_may_fail_for_other_reasons() {
    let mut standing = Standing::ready(start());
    for _ in 1..limits::RETRIES_MAX {
        standing = refuse(standing, Fault::silent(), Why::NoAnswer, at(start())).standing;
    }
    for limited in 1..limits::RETRIES_LIMITED_MAX {
        let next = aborted(standing, 3303, after(2_000));
        assert_eq!((next.then, next.standing.state), (Then::Rest, TransferState::Ready), "expired for the {limited}. time");
        assert_eq!(next.standing.tries, Tries { passing: limits::RETRIES_MAX - 1, limited });
        standing = next.standing;
    }
    let silent_again = refuse(standing.clone(), Fault::silent(), Why::NoAnswer, at(after(2_000)));
    assert!(silent_again.standing.refused, "the tenth time nobody answers");
    let last = aborted(standing, 3303, after(2_000));
    assert_eq!((last.then, last.standing.refused), (Then::Ask, true));
    let failed = ask(&last.standing, Word::Unknown, after(2_003)).standing;
    assert_eq!(failed.state, TransferState::Failed);
    assert_eq!(retry(failed, after(3_000)).unwrap().tries, Tries::default(), "people give all of them back");
}

#[test]
fn what_fails_in_a_way_that_seldom_passes_is_tried_three_times() {
    let mut standing = Standing::ready(start());
    for nth in 1..=limits::RETRIES_LIMITED_MAX {
        // In turn when agreeing, where nothing is recorded, and when sent.
        let next = if nth == 2 {
            aborted(standing, 3303, start())
        } else {
            let code = Code::new(2001).unwrap();
            refuse(standing, Fault::of(code, Stage::Agree), Why::Network { code: code.to_string() }, at(start()))
        };
        assert_eq!(next.standing.refused, nth == limits::RETRIES_LIMITED_MAX, "failure {nth}");
        standing = next.standing;
    }
    assert_eq!(standing.tries, Tries { passing: 0, limited: limits::RETRIES_LIMITED_MAX });
}

#[test]
fn a_prepare_that_came_too_late_by_our_own_clock_counts_as_what_passes() {
    let sent = sent(start());
    let not_valid = Word::Refused(fault(3100));
    let ends = |heard_at| {
        let doubt = on_sent(sent.clone(), &not_valid, at(heard_at)).standing;
        ask(&doubt, Word::Aborted { fault: None }, after(100)).standing
    };
    let (in_time, stopped) = (ends(Instant::from_micros(after(30).micros() - 1)), ends(after(30)));
    assert_eq!((in_time.state, in_time.tries), (TransferState::Ready, Tries { passing: 0, limited: 1 }), "the hub found a fault in it");
    assert_eq!(
        (stopped.state, stopped.tries),
        (TransferState::Ready, Tries { passing: 1, limited: 0 }),
        "we were stopped before we sent it"
    );
    let expired = on_sent(sent.clone(), &Word::Refused(fault(3303)), at(after(31))).standing;
    let expired = ask(&expired, Word::Aborted { fault: None }, after(100)).standing;
    assert_eq!(expired.tries, Tries { passing: 0, limited: 1 }, "the payee's FSP let it expire");
}

#[test]
fn a_call_that_never_left_does_not_count() {
    let tries = Tries { passing: limits::RETRIES_MAX - 1, limited: limits::RETRIES_LIMITED_MAX - 1 };
    let agreeing = Standing { state: TransferState::Agreeing, tries, ..Standing::ready(start()) };
    let waits = unreached(agreeing, at(start()));
    assert_eq!((waits.then, waits.standing.state, waits.standing.tries), (Then::Rest, TransferState::Ready, tries));
    assert!(waits.standing.next_at.unwrap() > start(), "it does not run in circles");
    let again = Standing { state: TransferState::Agreeing, ..sent(start()) };
    assert_eq!(unreached(again, at(after(60))).standing.state, TransferState::InDoubt, "what was recorded is asked about first");
}

#[test]
fn a_lookup_is_good_for_a_day() {
    let yesterday = start();
    assert_eq!(begin_paying(Some(yesterday), after(86_399)), Then::Quote);
    assert_eq!(begin_paying(Some(yesterday), after(86_400)), Then::LookUp);
    assert_eq!(begin_paying(Some(after(5)), start()), Then::LookUp, "a clock put back");
    assert_eq!(begin_paying(None, start()), Then::LookUp);
}

#[test]
fn unknown_proves_nothing_of_what_the_network_may_have_forgotten() {
    let old = Standing { state: TransferState::NeedsAttention, why: Some(Why::TooOld), ..Standing::ready(start()) };
    let still = ask(&old, Word::Unknown, after(1)).standing;
    assert_eq!((still.state, still.why.clone()), (TransferState::NeedsAttention, Some(Why::TooOld)));
    let refused = ask(&still, Word::Refused(fault(3000)), after(1)).standing;
    assert_eq!(ask(&refused, Word::Unknown, after(1)).standing.state, TransferState::NeedsAttention);
    assert_eq!(ask(&refused, Word::Committed { proven: false }, after(1)).standing.state, TransferState::Succeeded);
}

#[test]
fn a_restored_row_waits_to_be_paid_only_after_an_id_that_nobody_used() {
    let restored = release(Standing::ready(start()), start()).unwrap();
    let next = ask(&restored, Word::Aborted { fault: Some(fault(5001)) }, after(1));
    assert_eq!((next.then.clone(), next.standing.n, next.standing.state), (Then::Ask, 1, TransferState::InDoubt), "the copy went on");
    let unclear = ask(&next.standing, Word::Refused(fault(2001)), after(2)).standing;
    let further = ask(&unclear, Word::Aborted { fault: None }, after(3));
    assert_eq!((further.then.clone(), further.standing.n), (Then::Ask, 2));
    assert_eq!(ask(&further.standing, Word::Committed { proven: false }, after(3)).standing.state, TransferState::Succeeded);
    let unused = ask(&further.standing, Word::Unknown, after(3));
    assert_eq!((unused.then, unused.standing.state, unused.standing.n), (Then::AgreeAgain, TransferState::Agreeing, 2));
}

#[test]
fn a_released_copy_asks_about_what_was_cancelled_too() {
    let cancelled = Standing { state: TransferState::Cancelled, next_at: None, ..Standing::ready(start()) };
    let asked = release(cancelled, start()).unwrap();
    assert_eq!((asked.state, asked.refused), (TransferState::InDoubt, true));
    let not_paid = ask(&asked, Word::Unknown, after(1)).standing;
    assert_eq!((not_paid.state, not_paid.why), (TransferState::Failed, Some(Why::BatchEnded)));
    assert_eq!(ask(&asked, Word::Committed { proven: false }, after(1)).standing.state, TransferState::Succeeded);
}

#[test]
fn a_cancelled_batch_takes_what_nobody_recorded_and_leaves_what_may_have_been_sent() {
    let ready = Standing::ready(start());
    let agreeing = Standing { state: TransferState::Agreeing, tries: Tries { passing: 2, limited: 1 }, ..ready.clone() };
    for standing in [&ready, &agreeing] {
        let ended = cancel(standing.clone(), after(9)).unwrap();
        assert_eq!((ended.state, ended.next_at, ended.settled_at), (TransferState::Cancelled, None, Some(after(9))));
        assert_eq!((ended.why, ended.n), (Some(Why::BatchEnded), 0));
    }
    let again = Standing { state: TransferState::Agreeing, ..sent(start()) };
    assert_eq!(cancel(again, after(9)), None, "agreed again under an id that may still be executed");
    for state in [TransferState::Sending, TransferState::InDoubt, TransferState::NeedsAttention, TransferState::Succeeded] {
        assert_eq!(cancel(Standing { state, ..sent(start()) }, after(9)), None, "{state:?}");
    }
    let failed = Standing {
        state: TransferState::Failed,
        fault: Some(fault(3204)),
        why: Some(Why::NoAnswer),
        settled_at: Some(after(3)),
        ..sent(start())
    };
    let ended = cancel(failed.clone(), after(9)).unwrap();
    assert_eq!(ended, Standing { state: TransferState::Cancelled, ..failed }, "why and when it failed stays told");
}
