//! What actions need beside them, so that nobody holds what shows or makes nothing.

use std::collections::BTreeSet;

use super::Action;

/// A set of actions.
pub type Actions = BTreeSet<Action>;

/// What makes batches of one type.
pub const MAKE_TYPES: &[Action] = &[Action::MakePayroll, Action::MakeLoanDisbursement, Action::MakeLoanRepayment];
/// What brings payments into being, which only an active branch may.
pub const MAKES: &[Action] = &[Action::MakePayment, Action::MakePayroll, Action::MakeLoanDisbursement, Action::MakeLoanRepayment];
/// What shows batches of one type.
pub const VIEWS: &[Action] = &[Action::ViewPayroll, Action::ViewLoanDisbursement, Action::ViewLoanRepayment];

impl Action {
    /// The actions without which this one is no use; ticking it ticks them.
    pub const fn needs(self) -> &'static [Self] {
        match self {
            Self::MakePayroll => &[Self::MakePayment, Self::ViewPayroll],
            Self::MakeLoanDisbursement => &[Self::MakePayment, Self::ViewLoanDisbursement],
            Self::MakeLoanRepayment => &[Self::MakePayment, Self::ViewLoanRepayment],
            _ => &[],
        }
    }

    /// Whether it works on payments that some View has to show.
    pub const fn needs_some_view(self) -> bool {
        matches!(self, Self::ApprovePayment | Self::RejectPayment | Self::ResolvePayment | Self::DownloadPayment | Self::DeletePayment)
    }

    /// Whether it brings payments into being.
    pub fn makes(self) -> bool {
        MAKES.contains(&self)
    }
}

/// Why a set of actions is no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Useless {
    /// Make Payment without a type makes nothing.
    MakesNothing,
    /// This one needs another that is missing.
    Lacks { action: Action, needed: Action },
    /// This one works on payments, and no View shows any.
    ShowsNothing(Action),
}

/// The actions with all that they need.
pub fn with_needs(actions: &Actions) -> Actions {
    actions.iter().copied().chain(actions.iter().flat_map(|action| action.needs().iter().copied())).collect()
}

/// What is wrong with a set that somebody would hold in a branch; `None` for one that is of use, and for the empty one.
pub fn useless(actions: &Actions) -> Option<Useless> {
    for action in actions {
        if let Some(needed) = action.needs().iter().find(|needed| !actions.contains(needed)) {
            return Some(Useless::Lacks { action: *action, needed: *needed });
        }
    }
    if actions.contains(&Action::MakePayment) && !holds_any(actions, MAKE_TYPES) {
        return Some(Useless::MakesNothing);
    }
    let blind = actions.iter().find(|action| action.needs_some_view());
    blind.filter(|_| !holds_any(actions, VIEWS)).map(|action| Useless::ShowsNothing(*action))
}

/// What goes when `taken` is taken away from `held`: also what needs some of it, and Make Payment with the last type that it made.
pub fn taken_with(held: &Actions, taken: &Actions) -> Actions {
    let mut gone: Actions = held.intersection(taken).copied().collect();
    let rests_on = |action: Action, gone: &Actions| action.needs().iter().any(|needed| gone.contains(needed));
    let resting: Actions = held.iter().copied().filter(|action| rests_on(*action, &gone)).collect();
    gone.extend(resting);
    let left: Actions = held.difference(&gone).copied().collect();
    if held.contains(&Action::MakePayment) && holds_any(&gone, MAKE_TYPES) && !holds_any(&left, MAKE_TYPES) {
        gone.insert(Action::MakePayment);
    }
    gone
}

fn holds_any(actions: &Actions, some: &[Action]) -> bool {
    some.iter().any(|action| actions.contains(action))
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::privileges::StandardRole;

    fn set(actions: &[Action]) -> Actions {
        actions.iter().copied().collect()
    }

    #[test]
    fn making_payroll_brings_the_payroll_it_shows() {
        let ticked = with_needs(&set(&[Action::MakePayroll]));
        assert_eq!(ticked, set(&[Action::MakePayroll, Action::MakePayment, Action::ViewPayroll]));
        assert_eq!(useless(&ticked), None);
    }

    #[test]
    fn what_shows_or_makes_nothing_is_named() {
        assert_eq!(useless(&set(&[Action::MakePayment])), Some(Useless::MakesNothing));
        assert_eq!(useless(&set(&[Action::MakePayment, Action::ViewPayroll])), Some(Useless::MakesNothing));
        assert_eq!(useless(&set(&[Action::ApprovePayment])), Some(Useless::ShowsNothing(Action::ApprovePayment)));
        assert_eq!(useless(&set(&[Action::DownloadPayment, Action::ViewReports])), Some(Useless::ShowsNothing(Action::DownloadPayment)));
        let blind = set(&[Action::MakePayment, Action::MakePayroll, Action::ViewLoanDisbursement]);
        assert_eq!(useless(&blind), Some(Useless::Lacks { action: Action::MakePayroll, needed: Action::ViewPayroll }));
    }

    #[test]
    fn what_is_not_about_payments_stands_alone() {
        for action in Action::FOR_ACCOUNT_MANAGERS.iter().chain(VIEWS) {
            assert_eq!(useless(&set(&[*action])), None, "{action:?}");
        }
    }

    #[test]
    fn taking_a_view_takes_what_needs_it_and_no_more() {
        let held = set(StandardRole::Maker.actions());
        let gone = taken_with(&held, &set(&[Action::ViewPayroll]));
        assert_eq!(gone, set(&[Action::ViewPayroll, Action::MakePayroll]));
        let gone = taken_with(&held, &set(&[Action::MakePayroll, Action::MakeLoanDisbursement]));
        assert_eq!(gone, set(&[Action::MakePayroll, Action::MakeLoanDisbursement, Action::MakePayment]));
        let gone = taken_with(&held, &set(&[Action::MakePayment]));
        assert_eq!(gone, set(&[Action::MakePayment, Action::MakePayroll, Action::MakeLoanDisbursement]));
    }

    #[test]
    fn every_standard_role_is_of_use_as_it_is() {
        for role in StandardRole::ALL {
            let actions = set(role.actions());
            assert_eq!(with_needs(&actions), actions, "{role:?}");
            assert_eq!(useless(&actions), None, "{role:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_needed_is_there_and_asks_for_nothing_more(ticked in btree_set(select(Action::ALL), 0..=15)) {
            let all = with_needs(&ticked);
            prop_assert!(all.is_superset(&ticked));
            prop_assert_eq!(with_needs(&all), all.clone());
            let lacks = matches!(useless(&all), Some(Useless::Lacks { .. }));
            prop_assert!(!lacks);
        }

        #[test]
        fn taking_never_leaves_an_action_without_what_it_needs(
            ticked in btree_set(select(Action::ALL), 0..=15), taken in btree_set(select(Action::ALL), 0..=15),
        ) {
            let held = with_needs(&ticked);
            let made = useless(&held) == Some(Useless::MakesNothing);
            let gone = taken_with(&held, &taken);
            prop_assert!(gone.is_subset(&held));
            prop_assert!(gone.is_superset(&held.intersection(&taken).copied().collect()));
            let left: Actions = held.difference(&gone).copied().collect();
            let lacks = matches!(useless(&left), Some(Useless::Lacks { .. }));
            prop_assert!(!lacks);
            prop_assert!(made || useless(&left) != Some(Useless::MakesNothing));
        }
    }
}
