//! A row is given up only after as many failures of one kind as it may have. Counted here from what happened, whatever the core counts:
//! by payment, over all copies of the database, and never forgotten, since a backup brings old counts with it.

use super::database::Row;
use super::invariants::{Invariant, is_final};
use super::people::CHAINS;
use super::world::World;
use crate::dispatch::TransferState::{Failed, NeedsAttention};
use crate::dispatch::core::limits::{RETRIES_LIMITED_MAX, RETRIES_MAX};
use crate::dispatch::core::{Decision, Fault, Standing, Then, Tries};
use crate::dispatch::why::Why;
use crate::sdk::Class;

impl World {
    fn failures(&mut self, chain: usize) -> &mut Tries {
        self.failures.entry(chain % CHAINS).or_default()
    }

    /// A lookup or a quote came to nothing.
    pub fn note_refused(&mut self, chain: usize, class: Class) {
        match class {
            Class::Retry | Class::Unknown => self.failures(chain).passing += 1,
            Class::RetryLimited => self.failures(chain).limited += 1,
            Class::Permanent | Class::WaitForLiquidity | Class::StopAccount => {}
        }
    }

    /// What a reply made of a payment that was sent: ABORTED, for a reason of either kind, or never arrived.
    pub fn note_ended(&mut self, chain: usize, before: &Standing, next: &Decision) {
        if next.standing.n > before.n {
            self.failures(chain).passing += 1;
            self.failures(chain).limited += 1;
        }
        if next.then == Then::AgreeAgain {
            self.failures(chain).passing += 1;
        }
    }

    /// How a row moved.
    pub fn check_patience(&mut self, row: usize, before: &Row, after: &Row) {
        let (from, to) = (&before.standing, &after.standing);
        let was_open = !from.refused && !is_final(from.state) && from.state != NeedsAttention;
        if !was_open || !(to.refused || to.state == Failed) || !is_for_its_failures(to) {
            return;
        }
        let seen = *self.failures(after.chain);
        // The last of those that never arrived is not agreed on again.
        if seen.passing + 1 < RETRIES_MAX && seen.limited < RETRIES_LIMITED_MAX {
            let Tries { passing, limited } = seen;
            let what = format!("row {row} is given up after {passing} failures that pass, and {limited} that seldom do");
            self.break_off(Invariant::GivenEveryTry, what);
        }
    }
}

/// Whether it is given up because it failed so often, and not for what was said or for what people did.
fn is_for_its_failures(standing: &Standing) -> bool {
    let may_pass = |fault: Fault| matches!(fault.class, Class::Retry | Class::RetryLimited | Class::Unknown);
    matches!(standing.why, Some(Why::NoAnswer | Why::NeverArrived | Why::Aborted | Why::Network { .. }))
        && standing.fault.is_none_or(may_pass)
}
