//! Lost: whether a person was deprived since a moment of what they held then. A pure decision over rows.
//!
//! A grant that was given for a while and ran out was never taken from anybody. One that is given anew at the moment it ends (another
//! date, another giver) goes on.

use super::{Action, Facts, PastGrant};
use crate::clock::Instant;

/// How it was lost, the first way that is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// They were not active for a while, or are not now.
    Deactivated { at: Instant },
    /// They manage accounts, or did: an account manager decides on no payment.
    AccountManager { at: Instant },
    /// Somebody took it away.
    Ended { at: Instant, by: Option<String> },
    /// They did not hold it at that moment.
    NeverHeld,
}

/// How the person lost an action in the branch after `since`; `None` where nobody took it from them.
pub fn lost_since(facts: &Facts, action: Action, since: Instant) -> Option<Loss> {
    for period in facts.periods.iter().filter(|period| period.until.is_none_or(|until| until > since)) {
        let at = period.from;
        if !period.is_active {
            return Some(Loss::Deactivated { at });
        }
        if period.is_account_manager && !action.is_for_account_managers() {
            return Some(Loss::AccountManager { at });
        }
    }
    let in_force = |at: Instant| facts.grants.iter().find(|grant| grant.action == action && grant.was_in_force(at));
    let mut held: &PastGrant = match in_force(since) {
        Some(held) => held,
        None => return Some(Loss::NeverHeld),
    };
    // Each grant ends later than the one before, so this comes to an end.
    while let Some(ended) = held.ended_at {
        if held.until.is_some_and(|until| until <= ended) {
            return None;
        }
        match in_force(ended) {
            Some(next) => held = next,
            None => return Some(Loss::Ended { at: ended, by: held.ended_by.clone() }),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Period;
    use super::*;

    fn at(hour: i64) -> Instant {
        Instant::from_micros(hour)
    }

    fn grant(from: i64, until: Option<i64>, ended_at: Option<i64>) -> PastGrant {
        PastGrant {
            action: Action::ApprovePayment,
            from: at(from),
            until: until.map(at),
            ended_at: ended_at.map(at),
            ended_by: ended_at.map(|_| "U Kyi".to_owned()),
            given_by: "Daw Aye".to_owned(),
            confirmed_by: None,
            confirmed_at: None,
        }
    }

    fn period(from: i64, until: Option<i64>, is_active: bool, is_account_manager: bool) -> Period {
        Period { from: at(from), until: until.map(at), is_active, is_account_manager }
    }

    fn facts(grants: Vec<PastGrant>) -> Facts {
        Facts { periods: vec![period(0, None, true, false)], grants, ..Facts::default() }
    }

    fn lost(facts: &Facts) -> Option<Loss> {
        lost_since(facts, Action::ApprovePayment, at(10))
    }

    fn by_kyi(hour: i64) -> Option<Loss> {
        Some(Loss::Ended { at: at(hour), by: Some("U Kyi".to_owned()) })
    }

    #[test]
    fn what_runs_out_by_itself_is_not_lost_and_what_is_taken_away_is() {
        assert_eq!(lost(&facts(vec![grant(1, None, None)])), None);
        assert_eq!(lost(&facts(vec![grant(1, Some(12), None)])), None, "it ran out");
        assert_eq!(lost(&facts(vec![grant(1, Some(12), Some(15))])), None, "and was cleared away later");
        assert_eq!(lost(&facts(vec![grant(1, Some(20), Some(15))])), by_kyi(15), "taken away before it ran out");
        assert_eq!(lost(&facts(vec![grant(1, None, Some(15))])), by_kyi(15));
        assert_eq!(lost(&facts(vec![])), Some(Loss::NeverHeld));
        assert_eq!(lost(&facts(vec![grant(1, None, Some(9)), grant(11, None, None)])), Some(Loss::NeverHeld), "not at that moment");
    }

    #[test]
    fn what_is_given_anew_at_once_goes_on_and_what_is_given_back_later_was_lost() {
        assert_eq!(lost(&facts(vec![grant(1, None, Some(15)), grant(15, None, None)])), None);
        assert_eq!(lost(&facts(vec![grant(15, Some(30), Some(18)), grant(18, None, Some(25)), grant(1, None, Some(15))])), by_kyi(25));
        assert_eq!(lost(&facts(vec![grant(1, None, Some(15)), grant(16, None, None)])), by_kyi(15));
        let other = PastGrant { action: Action::RejectPayment, ..grant(15, None, None) };
        assert_eq!(lost(&facts(vec![grant(1, None, Some(15)), other])), by_kyi(15));
    }

    #[test]
    fn whoever_was_away_for_an_hour_lost_it_also_when_they_are_back() {
        let away = vec![period(0, Some(12), true, false), period(12, Some(13), false, false), period(13, None, true, false)];
        let before = vec![period(0, Some(5), false, false), period(5, None, true, false)];
        let promoted = vec![period(0, Some(12), true, false), period(12, None, true, true)];
        let with = |periods| Facts { periods, ..facts(vec![grant(1, None, None)]) };
        assert_eq!(lost(&with(away)), Some(Loss::Deactivated { at: at(12) }));
        assert_eq!(lost(&with(before)), None, "that was before");
        assert_eq!(lost(&with(promoted)), Some(Loss::AccountManager { at: at(12) }));
    }

    proptest! {
        /// However grants were given, renewed and ended: it is lost exactly where there is a moment after the decision that no grant
        /// covers, and at which somebody had ended the one before.
        #[test]
        fn it_is_lost_where_somebody_left_a_gap(steps in proptest::collection::vec((1..4_i64, 0..3_u8), 0..8)) {
            let (mut grants, mut from, mut gap) = (Vec::new(), 1, false);
            let mut now = 10;
            for (wait, kind) in steps {
                now += wait;
                match kind {
                    // Renewed at once.
                    0 => { grants.push(grant(from, None, Some(now))); from = now; }
                    // Taken away, and given back later.
                    1 => { grants.push(grant(from, None, Some(now))); from = now + 1; now += 1; gap = true; }
                    _ => {}
                }
            }
            grants.push(grant(from, None, None));
            prop_assert_eq!(lost(&facts(grants)).is_some(), gap);
        }
    }
}
