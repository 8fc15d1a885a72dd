//! What only a rehearsal may change, for tests that kill the program: compiled to nothing without the feature `crash-points`.

use std::sync::Arc;

use crate::clock::{Clock, HurriedClock};

/// The clock that `OUTLAY_REHEARSAL_CLOCK` names, as [`HurriedClock`] prints it.
pub(super) fn clock() -> Option<Arc<dyn Clock>> {
    let clock: HurriedClock = std::env::var("OUTLAY_REHEARSAL_CLOCK").ok()?.parse().ok()?;
    Some(Arc::new(clock))
}

/// `OUTLAY_REHEARSAL_FORGETS`: the server is thrown away after the test, so it need not survive a power failure.
pub(super) fn may_forget() -> bool {
    std::env::var_os("OUTLAY_REHEARSAL_FORGETS").is_some()
}
