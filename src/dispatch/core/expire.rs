//! A lease ended: whoever held the row stalled or died. Nothing it did before the recording counts; what it recorded may have been sent.

use super::wait::next_try;
use super::{Moment, Standing};
use crate::clock::Instant;
use crate::dispatch::TransferState::{Agreeing, Sending};

/// How the row stands after its holder is gone; `None` where the state has no holder.
pub fn expire(standing: Standing, now: Instant) -> Option<Standing> {
    match standing.state {
        Agreeing if standing.recorded.is_none() => Some(standing.ready_at(now)),
        Agreeing | Sending => Some(standing.in_doubt(now, now)),
        _ => None,
    }
}

/// The same, by a holder who was not allowed to record: it waits a little, so that nobody runs in circles.
pub fn give_back(standing: Standing, at: Moment) -> Option<Standing> {
    let next_at = next_try(1, at);
    expire(standing, at.now).map(|standing| Standing { next_at: Some(next_at), ..standing })
}
