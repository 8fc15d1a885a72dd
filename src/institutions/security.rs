//! The settings of an institution that protect its money, read inside the transaction that depends on them.

use super::{Mode, store};
use crate::db::{Conn, Result, text_enum};

text_enum! {
    /// Of whom a second factor is required. Anybody may have one.
    pub enum SecondFactorRule {
        Off = "off",
        /// Who can approve, resolve, manage funding or administer.
        Deciders = "deciders",
        Everybody = "everybody",
    }
}

/// What protects the institution's money beside grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Security {
    pub second_factor: SecondFactorRule,
    /// Whether the code is asked again when approving.
    pub step_up: bool,
    /// Whether a second account manager confirms what would let one person alone move money.
    pub confirmations: bool,
}

/// Names in the settings table.
pub const SECOND_FACTOR: &str = "second_factor";
pub const STEP_UP: &str = "step_up";
pub const CONFIRMATIONS: &str = "confirmations";

impl Security {
    /// Without a word of the institution: strict, but for Training, where people play with the simulator's money.
    pub fn default_in(mode: Mode) -> Self {
        let is_real = mode != Mode::Training;
        let second_factor = if is_real { SecondFactorRule::Deciders } else { SecondFactorRule::Off };
        Self { second_factor, step_up: is_real, confirmations: true }
    }
}

/// As it stands now. A value nobody can read counts as the strictest.
///
/// # Errors
/// The database's.
pub fn security(conn: &mut Conn) -> Result<Security> {
    let mode = store::institution(conn)?.map_or(Mode::Live, |(_, mode)| mode);
    let mut security = Security::default_in(mode);
    for (name, value) in store::settings(conn)? {
        match name.as_str() {
            SECOND_FACTOR => security.second_factor = value.parse().unwrap_or(SecondFactorRule::Everybody),
            STEP_UP => security.step_up = value != "off",
            CONFIRMATIONS => security.confirmations = value != "off",
            _ => {}
        }
    }
    Ok(security)
}
