//! The core's rules one by one, and against a model of the hub.

mod model;
mod rules;

use std::time::Duration;

use super::limits::{PREPARE_GOOD_FOR, SETTLE_MARGIN};
use super::{Fault, Rules};
use crate::sdk::{Code, Stage};

const LEASE: Duration = Duration::from_secs(300);
const RULES: Rules = Rules { settle_margin: SETTLE_MARGIN, expiry: PREPARE_GOOD_FOR };

fn fault(code: u16) -> Fault {
    Fault::of(Code::new(code).unwrap(), Stage::Transfer)
}
