//! How often a row failed, each kind of failure against its own limit. What passes by itself (an outage) must not use up what is left to
//! failures that seldom pass: the first of those would end a payment that a network in order would have made.

use super::limits::{RETRIES_LIMITED_MAX, RETRIES_MAX};
use crate::sdk::Class;

/// Failures since the row became ready, or since people had it tried again. Each row ends: no try goes without a count but those that
/// never reached the SDK, and they can only go on while the connection is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Of a kind that passes: no answer, busy, short of money, never arrived, came too late.
    pub passing: i32,
    /// Of a kind that seldom passes, or that nobody explained.
    pub limited: i32,
}

impl Tries {
    /// One more failure of this class. How many of its kind there are now; `None` where it was one too many, or of a class that is not
    /// tried again for a count.
    pub(super) fn count(&mut self, class: Class) -> Option<i32> {
        let (failures, most) = match class {
            Class::Retry | Class::Unknown => (&mut self.passing, RETRIES_MAX),
            Class::RetryLimited => (&mut self.limited, RETRIES_LIMITED_MAX),
            Class::Permanent | Class::WaitForLiquidity | Class::StopAccount => return None,
        };
        *failures = failures.saturating_add(1);
        Some(*failures).filter(|failures| *failures < most)
    }

    /// Whether one more failure of this class would be one too many.
    pub(super) fn is_last(mut self, class: Class) -> bool {
        self.count(class).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_counts_against_its_own_limit_only() {
        let mut tries = Tries::default();
        for times in 1..RETRIES_MAX {
            assert!(!tries.is_last(Class::Retry));
            assert_eq!(tries.count(if times % 2 == 0 { Class::Retry } else { Class::Unknown }), Some(times));
        }
        for times in 1..RETRIES_LIMITED_MAX {
            assert!(!tries.is_last(Class::RetryLimited));
            assert_eq!(tries.count(Class::RetryLimited), Some(times));
        }
        assert_eq!(tries, Tries { passing: RETRIES_MAX - 1, limited: RETRIES_LIMITED_MAX - 1 });
        assert!(tries.is_last(Class::Unknown) && tries.is_last(Class::RetryLimited));
        assert_eq!((tries.count(Class::Retry), tries.count(Class::RetryLimited)), (None, None));
        assert_eq!(Tries { passing: i32::MAX, limited: i32::MAX }.count(Class::Retry), None);
    }
}
