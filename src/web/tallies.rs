//! The counts of a batch as its page shows them: a bar and a strip; they always add up to the total.

use crate::money::{Currency, Minor};
use crate::say;
use crate::words::Said;

/// One of the counts of a batch, by its name in the database (`succeeded`, `in_doubt`, …).
#[derive(Debug, Clone)]
pub struct Tally {
    pub name: &'static str,
    pub count: i64,
    pub sum: Option<(Minor, Currency)>,
    /// The list of these rows.
    pub path: Option<String>,
}

impl Tally {
    /// The word people know the count by.
    pub fn label(&self) -> Said {
        match self.name {
            "waiting" => say!("Waiting"),
            "paying" => say!("Paying"),
            "succeeded" => say!("Success"),
            "failed" => say!("Failed"),
            "in_doubt" => say!("In doubt"),
            "needs_attention" => say!("Needs attention"),
            "cancelled" => say!("Cancelled"),
            "excluded" => say!("Excluded"),
            other => Said::new(other),
        }
    }

    /// Counts of none are left out, but these two always stand.
    pub fn is_shown(&self) -> bool {
        self.count > 0 || matches!(self.name, "succeeded" | "failed")
    }
}

/// The counts of a batch, in the order they are shown.
#[derive(Debug, Clone)]
pub struct Tallies {
    pub total: i64,
    pub sum: Option<(Minor, Currency)>,
    pub tallies: Vec<Tally>,
}

/// A stretch of the bar over the counts, in thousandths of its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub name: &'static str,
    pub from: i64,
    pub width: i64,
}

impl Tallies {
    /// How many payments have an outcome that will not change by itself.
    pub fn settled(&self) -> i64 {
        let open = ["waiting", "paying", "in_doubt"];
        self.tallies.iter().filter(|tally| !open.contains(&tally.name)).map(|tally| tally.count).sum()
    }

    /// In whole percent; 100 only when nothing is open.
    pub fn percent(&self) -> i64 {
        if self.total == 0 { 0 } else { self.settled().saturating_mul(100) / self.total }
    }

    /// The bar over the counts, outcomes first, what waits last (and not drawn).
    pub fn bar(&self) -> Vec<Stretch> {
        const ORDER: [&str; 7] = ["succeeded", "failed", "needs_attention", "in_doubt", "cancelled", "excluded", "paying"];
        let mut from = 0;
        let mut before = 0_i64;
        ORDER
            .into_iter()
            .filter_map(|name| self.tallies.iter().find(|tally| tally.name == name && tally.count > 0))
            .map(|tally| {
                before = before.saturating_add(tally.count);
                let to = before.saturating_mul(1000) / self.total.max(1);
                let stretch = Stretch { name: tally.name, from, width: to - from };
                from = to;
                stretch
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tallies(total: i64, counts: &[(&'static str, i64)]) -> Tallies {
        let tallies = counts.iter().map(|(name, count)| Tally { name, count: *count, sum: None, path: None }).collect();
        Tallies { total, sum: None, tallies }
    }

    #[test]
    fn one_open_payment_among_many_is_never_rounded_up_to_all() {
        let almost = tallies(1_000_000, &[("succeeded", 999_999), ("in_doubt", 1)]);
        assert_eq!((almost.settled(), almost.percent()), (999_999, 99));
        assert_eq!(tallies(3, &[("succeeded", 1), ("failed", 1), ("needs_attention", 1)]).percent(), 100);
        assert_eq!(tallies(0, &[]).percent(), 0);
    }

    #[test]
    fn the_bar_has_no_gaps_and_ends_where_waiting_begins() {
        let bar = tallies(3, &[("waiting", 1), ("paying", 1), ("succeeded", 1)]).bar();
        let stretch = |name, from, width| Stretch { name, from, width };
        assert_eq!(bar, [stretch("succeeded", 0, 333), stretch("paying", 333, 333)]);
    }

    #[test]
    fn none_is_left_out_except_where_people_look_for_it() {
        let shown: Vec<_> =
            tallies(0, &[("waiting", 0), ("succeeded", 0), ("failed", 0)]).tallies.into_iter().filter(Tally::is_shown).collect();
        assert_eq!(shown.iter().map(|tally| tally.name).collect::<Vec<_>>(), ["succeeded", "failed"]);
    }
}
