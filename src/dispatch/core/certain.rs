//! When "unknown" (3208) proves something. Judged by when the question was *sent*, never by when the answer came.

use super::limits::AGREE_AGAIN_AFTER;
use super::{Heard, Rules, Standing};
use crate::clock::Instant;

impl Standing {
    /// From when on an unknown id(n) may be agreed on again under the same id. Money does not depend on it.
    pub(super) fn agree_again_from(&self) -> Option<Instant> {
        self.recorded.as_ref().map(|recorded| recorded.until.after(AGREE_AGAIN_AFTER))
    }

    /// From when on a question answered with "unknown" proves that nothing recorded under id(n) was or will be executed.
    pub(super) fn certain_from(&self, rules: &Rules) -> Option<Instant> {
        self.recorded.as_ref().map(|recorded| recorded.until.after(rules.settle_margin))
    }

    /// Whether 3208 to a question sent then means: not paid, for certain.
    pub(super) fn is_certain(&self, heard: &Heard, rules: &Rules) -> bool {
        self.certain_from(rules).is_none_or(|from| heard.clock_is_steady && heard.sent_at > from)
    }

    /// Whether 3208 to a question sent then is enough to agree again under the same id.
    pub(super) fn may_agree_again(&self, heard: &Heard) -> bool {
        self.agree_again_from().is_none_or(|from| heard.sent_at > from)
    }
}
