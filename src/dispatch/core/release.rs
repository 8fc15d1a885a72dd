//! A copy of the database was restored: whatever is not paid in it is in doubt until the network has been asked.

use super::Standing;
use crate::clock::Instant;
use crate::dispatch::TransferState::{Agreeing, Cancelled, Failed, InDoubt, NeedsAttention, Ready, Sending};
use crate::dispatch::why::Why;

/// How a row of an approved batch stands after a release; `None` where there is nothing to ask.
pub fn release(mut standing: Standing, now: Instant) -> Option<Standing> {
    match standing.state {
        Failed | Cancelled => {
            // It was over once; unless the network says more, it fails (again) with the same reason. Another copy may have paid it.
            if standing.state == Cancelled {
                standing.why = Some(Why::BatchEnded);
            }
            standing.refused = true;
            standing.settled_at = None;
        }
        Ready | Agreeing | Sending | InDoubt => standing.why = Some(Why::Restored),
        NeedsAttention => {}
        _ => return None,
    }
    standing.asks = 0;
    if standing.state == NeedsAttention {
        // It stays in the list by its age.
        standing.next_at = Some(now);
        return Some(standing);
    }
    standing.doubt_since = None;
    Some(standing.in_doubt(now, now))
}
