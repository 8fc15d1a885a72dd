//! The way forward: claim, agree, record. Nothing before the recording moves money.

use super::limits::LOOKUP_GOOD_FOR;
use super::{Decision, Recorded, Standing, Then};
use crate::clock::Instant;
use crate::dispatch::TransferState;
use crate::ids::AttemptId;

/// A claimed row begins with a lookup, unless the last one is still good.
pub fn begin_paying(looked_up_at: Option<Instant>, now: Instant) -> Then {
    match looked_up_at {
        Some(at) if at <= now && now.since(at) < LOOKUP_GOOD_FOR => Then::Quote,
        _ => Then::LookUp,
    }
}

/// A row in doubt begins with a question.
pub fn begin_asking(standing: Standing) -> Decision {
    standing.then(Then::Ask)
}

/// The row after its bytes are recorded: from here on the id may be executed until the bytes expire, whatever we forget.
pub fn recorded(mut standing: Standing, by: AttemptId, expires_at: Instant, lease_until: Instant) -> Standing {
    let until = standing.recorded.as_ref().map_or(expires_at, |before| before.until.max(expires_at));
    standing.state = TransferState::Sending;
    standing.recorded = Some(Recorded { by, expires_at, until });
    standing.next_at = Some(lease_until);
    standing.asks = 0;
    standing.fault = None;
    standing.why = None;
    standing.unshown = None;
    standing
}
