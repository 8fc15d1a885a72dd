//! The batch is being cancelled: what was never recorded under its id is not paid any more, and what failed is not tried again.

use super::Standing;
use crate::clock::Instant;
use crate::dispatch::TransferState::{Agreeing, Cancelled, Failed, Ready};
use crate::dispatch::why::Why;

/// How a row stands once it is cancelled; `None` where the network has to say first how it ended, or has said it.
pub fn cancel(mut standing: Standing, now: Instant) -> Option<Standing> {
    match standing.state {
        Ready => {}
        Agreeing if standing.recorded.is_none() => {}
        // Why it failed stays told.
        Failed => {
            standing.state = Cancelled;
            return Some(standing);
        }
        _ => return None,
    }
    standing.settle(Cancelled, now);
    standing.fault = None;
    standing.why = Some(Why::BatchEnded);
    Some(standing)
}
