//! What a wish would change in one branch: a pure function of what a person holds there and what is wished.

use std::collections::{BTreeMap, BTreeSet};

use super::Action;
use super::needs::{Actions, Useless, taken_with, useless, with_needs};
use crate::clock::Instant;
use crate::db::text_enum;

/// Actions, each with when it runs out; `None`: when somebody ends it.
pub type Held = BTreeMap<Action, Option<Instant>>;

text_enum! {
    /// What is done with the chosen actions in the chosen branches.
    pub enum Mode {
        /// They are given; what lasts longer already stays as it is.
        Give = "give",
        /// They are taken away, with what cannot be without them.
        Take = "take",
        /// They are given until the chosen day, and every other is taken away.
        Exactly = "exactly",
    }
}

/// An action that is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Given {
    pub until: Option<Instant>,
    /// It was not ticked: another that was needs it.
    pub along: bool,
    /// It is held already, and only lasts longer from now on.
    pub extends: bool,
}

/// What changes in one branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BranchPlan {
    pub given: BTreeMap<Action, Given>,
    /// What is taken away, and whether it only goes along.
    pub taken: BTreeMap<Action, bool>,
    /// What ends earlier than it would have.
    pub shortened: BTreeMap<Action, Instant>,
    /// What was wished and is so already.
    pub kept: Actions,
    /// What the person would hold there when everything is done.
    pub after: Held,
}

impl BranchPlan {
    pub fn changes_nothing(&self) -> bool {
        self.given.is_empty() && self.taken.is_empty() && self.shortened.is_empty()
    }
}

/// Whether one end lies at or after another.
pub fn lasts_as_long(one: Option<Instant>, other: Option<Instant>) -> bool {
    match (one, other) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(one), Some(other)) => one >= other,
    }
}

/// What is wrong with what somebody would hold, now or once a part of it has run out.
pub fn useless_ever(held: &Held) -> Option<Useless> {
    let ends: BTreeSet<Instant> = held.values().copied().flatten().collect();
    let left = |after: Option<Instant>| -> Actions {
        let lasts = |until: &Option<Instant>| after.is_none_or(|end| until.is_none_or(|until| until > end));
        held.iter().filter(|(_, until)| lasts(until)).map(|(action, _)| *action).collect()
    };
    std::iter::once(None).chain(ends.into_iter().map(Some)).find_map(|end| useless(&left(end)))
}

/// # Errors
/// [`Useless`]: what the person would hold in the branch could show or make nothing, or could not once a part of it has run out.
pub fn plan(held: &Held, mode: Mode, wished: &Held) -> Result<BranchPlan, Useless> {
    let mut plan = match mode {
        Mode::Give => giving(held, wished),
        Mode::Take => taking(held, wished),
        Mode::Exactly => making_exactly(held, wished),
    };
    plan.after = held.clone();
    plan.after.retain(|action, _| !plan.taken.contains_key(action));
    plan.after.extend(plan.given.iter().map(|(action, given)| (*action, given.until)));
    plan.after.extend(plan.shortened.iter().map(|(action, until)| (*action, Some(*until))));
    if plan.changes_nothing() {
        return Ok(plan);
    }
    useless_ever(&plan.after).map_or(Ok(plan), Err)
}

/// What is wished with all that it needs; that lasts as long as the longest that may need it.
fn complete(wished: &Held) -> Held {
    let longest = wished.values().copied().reduce(|one, other| if lasts_as_long(one, other) { one } else { other }).flatten();
    let all = with_needs(&wished.keys().copied().collect());
    all.into_iter().map(|action| (action, wished.get(&action).copied().unwrap_or(longest))).collect()
}

fn giving(held: &Held, wished: &Held) -> BranchPlan {
    let mut plan = BranchPlan::default();
    for (action, until) in complete(wished) {
        match held.get(&action) {
            Some(has) if lasts_as_long(*has, until) => {
                plan.kept.insert(action);
            }
            has => {
                let given = Given { until, along: !wished.contains_key(&action), extends: has.is_some() };
                plan.given.insert(action, given);
            }
        }
    }
    plan
}

fn taking(held: &Held, wished: &Held) -> BranchPlan {
    let ticked: Actions = wished.keys().copied().collect();
    let gone = taken_with(&held.keys().copied().collect(), &ticked);
    BranchPlan { taken: gone.into_iter().map(|action| (action, !ticked.contains(&action))).collect(), ..BranchPlan::default() }
}

fn making_exactly(held: &Held, wished: &Held) -> BranchPlan {
    let mut plan = giving(held, wished);
    let targets = complete(wished);
    for (action, has) in held {
        match targets.get(action) {
            None => {
                plan.taken.insert(*action, false);
            }
            Some(Some(until)) if plan.kept.contains(action) && *has != Some(*until) => {
                plan.kept.remove(action);
                plan.shortened.insert(*action, *until);
            }
            Some(_) => {}
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const JUNE: Option<Instant> = Some(Instant::from_micros(6));
    const DECEMBER: Option<Instant> = Some(Instant::from_micros(12));

    fn held(actions: &[(Action, Option<Instant>)]) -> Held {
        actions.iter().copied().collect()
    }

    #[test]
    fn giving_ticks_what_is_needed_and_leaves_what_lasts_longer() {
        let has = held(&[(Action::ViewPayroll, None)]);
        let plan = plan(&has, Mode::Give, &held(&[(Action::MakePayroll, JUNE)])).unwrap();
        let given = |along| Given { until: JUNE, along, extends: false };
        assert_eq!(plan.given, BTreeMap::from([(Action::MakePayroll, given(false)), (Action::MakePayment, given(true))]));
        assert_eq!(plan.kept, Actions::from([Action::ViewPayroll]));
        assert!(plan.taken.is_empty() && plan.shortened.is_empty());
    }

    #[test]
    fn what_is_needed_longer_is_given_longer() {
        let has = held(&[(Action::ViewPayroll, JUNE)]);
        let plan = plan(&has, Mode::Give, &held(&[(Action::MakePayroll, DECEMBER)])).unwrap();
        assert_eq!(plan.given[&Action::ViewPayroll], Given { until: DECEMBER, along: true, extends: true });
    }

    #[test]
    fn exactly_shortens_takes_and_gives() {
        let has = held(&[(Action::ViewPayroll, None), (Action::DownloadPayment, JUNE), (Action::ViewReports, None)]);
        let wish = held(&[(Action::ViewPayroll, DECEMBER), (Action::DownloadPayment, DECEMBER)]);
        let plan = plan(&has, Mode::Exactly, &wish).unwrap();
        assert_eq!(plan.shortened, BTreeMap::from([(Action::ViewPayroll, DECEMBER.unwrap())]));
        assert_eq!(plan.given, BTreeMap::from([(Action::DownloadPayment, Given { until: DECEMBER, along: false, extends: true })]));
        assert_eq!(plan.taken, BTreeMap::from([(Action::ViewReports, false)]));
    }

    #[test]
    fn what_could_show_nothing_is_refused() {
        let wish = held(&[(Action::ApprovePayment, None)]);
        assert_eq!(plan(&Held::new(), Mode::Give, &wish), Err(Useless::ShowsNothing(Action::ApprovePayment)));
        let has = held(&[(Action::ViewPayroll, None), (Action::ApprovePayment, None)]);
        let wish = held(&[(Action::ViewPayroll, None)]);
        assert_eq!(plan(&has, Mode::Take, &wish), Err(Useless::ShowsNothing(Action::ApprovePayment)));
        assert!(plan(&has, Mode::Exactly, &Held::new()).unwrap().after.is_empty(), "everything may be taken away");
    }

    #[test]
    fn an_approve_that_outlives_its_view_is_refused() {
        let has = held(&[(Action::ViewPayroll, JUNE)]);
        let longer = held(&[(Action::ApprovePayment, DECEMBER)]);
        assert_eq!(plan(&has, Mode::Give, &longer), Err(Useless::ShowsNothing(Action::ApprovePayment)));
        let as_long = held(&[(Action::ApprovePayment, JUNE)]);
        assert!(plan(&has, Mode::Give, &as_long).is_ok());
        let both = held(&[(Action::ApprovePayment, DECEMBER), (Action::ViewPayroll, DECEMBER)]);
        assert!(plan(&has, Mode::Give, &both).is_ok());
    }

    fn some() -> impl Strategy<Value = Held> {
        btree_map(select(Action::ALL), option::of((1..20_i64).prop_map(Instant::from_micros)), 0..=15)
    }

    proptest! {
        #[test]
        fn nothing_is_left_that_shows_nothing(has in some(), wish in some(), mode in select(Mode::ALL)) {
            let Ok(plan) = plan(&has, mode, &wish) else { return Ok(()) };
            prop_assert!(plan.changes_nothing() || useless_ever(&plan.after).is_none());
            if mode == Mode::Give {
                prop_assert!(plan.taken.is_empty() && plan.shortened.is_empty());
                prop_assert!(wish.keys().all(|action| plan.after.contains_key(action)));
            }
            if mode == Mode::Take {
                prop_assert!(plan.given.is_empty() && wish.keys().all(|action| !plan.after.contains_key(action)));
            }
            if mode == Mode::Exactly {
                let after: Actions = plan.after.keys().copied().collect();
                prop_assert_eq!(after, with_needs(&wish.keys().copied().collect()));
            }
            let touched = [plan.given.len(), plan.taken.len(), plan.shortened.len(), plan.kept.len()].iter().sum::<usize>();
            let distinct: Actions = plan.given.keys().chain(plan.taken.keys()).chain(plan.shortened.keys()).chain(&plan.kept).copied().collect();
            prop_assert_eq!(touched, distinct.len(), "nothing is changed in two ways");
        }
    }
}
