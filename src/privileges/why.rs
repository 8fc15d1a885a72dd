//! Why: whether a person was allowed an action in a branch at a moment, by which grant, or what stood against it. A pure decision over
//! rows; for now it says what [`super::Authorise`] does (a test checks).

use super::Action;
use crate::clock::Instant;

/// A grant as it stood in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastGrant {
    pub action: Action,
    pub from: Instant,
    pub until: Option<Instant>,
    pub ended_at: Option<Instant>,
    /// Names, as people read them.
    pub ended_by: Option<String>,
    pub given_by: String,
    pub confirmed_by: Option<String>,
    pub confirmed_at: Option<Instant>,
}

impl PastGrant {
    pub(super) fn was_in_force(&self, at: Instant) -> bool {
        self.from <= at && self.until.is_none_or(|until| until > at) && self.ended_at.is_none_or(|ended| ended > at)
    }
}

/// When a person was active, and whether as an account manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: Instant,
    pub until: Option<Instant>,
    pub is_active: bool,
    pub is_account_manager: bool,
}

/// A sensitive action that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAsked {
    pub action: Action,
    pub asked_by: String,
    pub asked_at: Instant,
    pub decided_at: Option<Instant>,
}

/// What is known of a person in a branch.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub periods: Vec<Period>,
    pub grants: Vec<PastGrant>,
    pub asked: Vec<PastAsked>,
    /// The branch was not active at the moment, and since when, as far as that is known.
    pub inactive: Option<Option<Instant>>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Allowed(PastGrant),
    NotAllowed(Against),
}

/// The rule that stood against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// Nobody of that name was there yet.
    NotYetThere,
    Deactivated {
        since: Instant,
    },
    AccountManager {
        since: Instant,
    },
    /// Nobody had ever given it.
    NoGrant,
    Ended {
        at: Instant,
        by: Option<String>,
    },
    Expired {
        at: Instant,
    },
    Waits {
        asked_by: String,
        since: Instant,
    },
    BranchInactive {
        since: Option<Instant>,
    },
}

/// Whether the action was allowed at the moment.
pub fn why(facts: &Facts, action: Action, at: Instant) -> Answer {
    let then = facts.periods.iter().find(|period| period.from <= at && period.until.is_none_or(|until| until > at));
    let Some(then) = then else { return Answer::NotAllowed(Against::NotYetThere) };
    if !then.is_active {
        return Answer::NotAllowed(Against::Deactivated { since: since(facts, then, |period| period.is_active) });
    }
    if then.is_account_manager && !action.is_for_account_managers() {
        return Answer::NotAllowed(Against::AccountManager { since: since(facts, then, |period| !period.is_account_manager) });
    }
    let grants = || facts.grants.iter().filter(|grant| grant.action == action);
    let Some(grant) = grants().find(|grant| grant.was_in_force(at)) else {
        return Answer::NotAllowed(without_grant(facts, action, at));
    };
    match facts.inactive {
        Some(since) if action.makes() => Answer::NotAllowed(Against::BranchInactive { since }),
        _ => Answer::Allowed(grant.clone()),
    }
}

/// When the stretch of periods around `then` began that `ends` does not hold for.
fn since(facts: &Facts, then: &Period, ends: fn(&Period) -> bool) -> Instant {
    let last_other = facts.periods.iter().filter(|period| period.from < then.from && ends(period)).filter_map(|period| period.until).max();
    let first = facts.periods.iter().map(|period| period.from).filter(|from| last_other.is_none_or(|other| *from >= other)).min();
    first.unwrap_or(then.from)
}

fn without_grant(facts: &Facts, action: Action, at: Instant) -> Against {
    let waits = |asked: &&PastAsked| asked.action == action && asked.asked_at <= at && asked.decided_at.is_none_or(|decided| decided > at);
    if let Some(asked) = facts.asked.iter().find(waits) {
        return Against::Waits { asked_by: asked.asked_by.clone(), since: asked.asked_at };
    }
    let before = facts.grants.iter().filter(|grant| grant.action == action && grant.from <= at);
    match before.max_by_key(|grant| grant.from) {
        None => Against::NoGrant,
        Some(last) => match (last.ended_at, last.until) {
            (Some(ended), until) if until.is_none_or(|until| ended < until) => Against::Ended { at: ended, by: last.ended_by.clone() },
            (_, Some(until)) => Against::Expired { at: until },
            (Some(ended), None) => Against::Ended { at: ended, by: last.ended_by.clone() },
            (None, None) => Against::NoGrant,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Instant {
        Instant::from_micros(hour)
    }

    fn period(from: i64, until: Option<i64>, is_active: bool, is_account_manager: bool) -> Period {
        Period { from: at(from), until: until.map(at), is_active, is_account_manager }
    }

    fn grant(action: Action, from: i64) -> PastGrant {
        PastGrant {
            action,
            from: at(from),
            until: None,
            ended_at: None,
            ended_by: None,
            given_by: "Daw Aye".to_owned(),
            confirmed_by: None,
            confirmed_at: None,
        }
    }

    fn facts(grants: Vec<PastGrant>) -> Facts {
        Facts { periods: vec![period(1, None, true, false)], grants, ..Facts::default() }
    }

    #[test]
    fn a_grant_counts_from_its_first_to_before_its_last_moment() {
        let given = PastGrant { until: Some(at(9)), ..grant(Action::ApprovePayment, 5) };
        let facts = facts(vec![given.clone()]);
        assert_eq!(why(&facts, Action::ApprovePayment, at(4)), Answer::NotAllowed(Against::NoGrant));
        assert_eq!(why(&facts, Action::ApprovePayment, at(5)), Answer::Allowed(given.clone()));
        assert_eq!(why(&facts, Action::ApprovePayment, at(8)), Answer::Allowed(given));
        assert_eq!(why(&facts, Action::ApprovePayment, at(9)), Answer::NotAllowed(Against::Expired { at: at(9) }));
        assert_eq!(why(&facts, Action::RejectPayment, at(8)), Answer::NotAllowed(Against::NoGrant));
    }

    #[test]
    fn who_ended_it_is_named_unless_it_had_run_out_before() {
        let ended = |until| PastGrant { until, ended_at: Some(at(7)), ended_by: Some("U Kyi".to_owned()), ..grant(Action::ViewPayroll, 5) };
        let answer = |until| why(&facts(vec![ended(until)]), Action::ViewPayroll, at(8));
        let by_kyi = Answer::NotAllowed(Against::Ended { at: at(7), by: Some("U Kyi".to_owned()) });
        assert_eq!(answer(None), by_kyi);
        assert_eq!(answer(Some(at(20))), by_kyi);
        assert_eq!(answer(Some(at(6))), Answer::NotAllowed(Against::Expired { at: at(6) }));
    }

    #[test]
    fn what_waited_then_waited_whatever_came_of_it() {
        let asked = PastAsked { action: Action::ApprovePayment, asked_by: "Daw Aye".to_owned(), asked_at: at(3), decided_at: Some(at(6)) };
        let facts = Facts { asked: vec![asked], ..facts(vec![grant(Action::ApprovePayment, 6)]) };
        let waits = Against::Waits { asked_by: "Daw Aye".to_owned(), since: at(3) };
        assert_eq!(why(&facts, Action::ApprovePayment, at(4)), Answer::NotAllowed(waits));
        assert!(matches!(why(&facts, Action::ApprovePayment, at(6)), Answer::Allowed(_)));
    }

    #[test]
    fn a_grant_is_worth_nothing_while_its_holder_is_away_or_manages_accounts() {
        let periods = vec![
            period(1, Some(4), true, false),
            period(4, Some(6), false, false),
            period(6, Some(8), false, true),
            period(8, Some(10), true, true),
            period(10, None, true, false),
        ];
        let facts = Facts { periods, ..facts(vec![grant(Action::ApprovePayment, 2), grant(Action::ViewReports, 2)]) };
        let answer = |action, hour| why(&facts, action, at(hour));
        assert_eq!(answer(Action::ApprovePayment, 0), Answer::NotAllowed(Against::NotYetThere));
        assert!(matches!(answer(Action::ApprovePayment, 3), Answer::Allowed(_)));
        assert_eq!(answer(Action::ApprovePayment, 7), Answer::NotAllowed(Against::Deactivated { since: at(4) }));
        assert_eq!(answer(Action::ApprovePayment, 9), Answer::NotAllowed(Against::AccountManager { since: at(6) }));
        assert!(matches!(answer(Action::ViewReports, 9), Answer::Allowed(_)));
        assert!(matches!(answer(Action::ApprovePayment, 10), Answer::Allowed(_)));
    }

    #[test]
    fn an_inactive_branch_shows_and_does_not_make() {
        let given = vec![grant(Action::MakePayroll, 2), grant(Action::ViewPayroll, 2)];
        let facts = Facts { inactive: Some(Some(at(5))), ..facts(given) };
        assert_eq!(why(&facts, Action::MakePayroll, at(6)), Answer::NotAllowed(Against::BranchInactive { since: Some(at(5)) }));
        assert!(matches!(why(&facts, Action::ViewPayroll, at(6)), Answer::Allowed(_)));
    }
}
