//! Transfers that are decided later: the hub tells by itself how each ended, once, however often the prepare was repeated.

use std::collections::HashSet;
use std::sync::Mutex;

use crate::simulator::payees::lock;

/// Which transfers somebody waits for already.
#[derive(Default)]
pub(super) struct Followed(Mutex<HashSet<String>>);

impl Followed {
    /// Whether nobody did so far.
    pub fn begin(&self, id: &str) -> bool {
        lock(&self.0).insert(id.to_owned())
    }

    pub fn end(&self, id: &str) {
        lock(&self.0).remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_followed_by_one_at_a_time() {
        let followed = Followed::default();
        assert!(followed.begin("a") && followed.begin("b") && !followed.begin("a"));
        followed.end("a");
        assert!(followed.begin("a") && !followed.begin("b"));
    }
}
