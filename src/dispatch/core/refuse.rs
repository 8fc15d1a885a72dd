//! A failure before anything was sent: tried again, or final once the network says that nothing was paid under this id.

use super::wait::next_try;
use super::{Decision, Fault, Moment, Standing, Stop, Then};
use crate::clock::Instant;
use crate::dispatch::why::Why;
use crate::sdk::Class;

/// What follows a failure to look up, to quote, or of one of our checks.
pub fn refuse(mut standing: Standing, fault: Fault, why: Why, at: Moment) -> Decision {
    standing.why = Some(why);
    standing.fault = Some(fault);
    match fault.class {
        Class::Permanent => standing.refused_for_good(),
        Class::WaitForLiquidity => standing.back(at, at.now).stopping(Stop::WaitForLiquidity(fault)),
        Class::StopAccount => standing.back(at, at.now).stopping(Stop::CloseAccount(fault)),
        Class::Retry | Class::RetryLimited | Class::Unknown => match standing.tries.count(fault.class) {
            Some(times) => standing.back(at, next_try(times, at)),
            None => standing.refused_for_good(),
        },
    }
}

/// The other end is not worth asking now: the row waits with the others, and nothing counts against it.
pub fn wait_for_its_end(standing: Standing, until: Instant, at: Moment) -> Decision {
    standing.back(at, until)
}

/// The SDK was not reached, so nobody was asked: that says nothing of the row, and does not count against it. It is tried as soon as one
/// that did count would be; the connection's breaker keeps all but a few from trying while nobody is there.
pub fn unreached(standing: Standing, at: Moment) -> Decision {
    let next = next_try(standing.tries.passing.saturating_add(1), at);
    standing.back(at, next)
}

impl Standing {
    /// "Failed" is said only after the network said that it does not know the id, or aborted it: a copy of this database
    /// may have paid under it, and so may we, before a refusal.
    pub(super) fn refused_for_good(mut self) -> Decision {
        self.refused = true;
        self.then(Then::Ask)
    }

    /// Back to where it waits: `ready` where nothing is recorded under its id, else in doubt, where the network is asked first.
    fn back(self, at: Moment, next_at: Instant) -> Decision {
        if self.recorded.is_some() { self.in_doubt(at.now, next_at).rest() } else { self.ready_at(next_at).rest() }
    }
}

impl Decision {
    pub(super) fn stopping(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }
}
