//! What an institution may set itself, on its pages: names in the settings table, what they may be, and which protect its money.

use jiff::civil::Time;

use super::{Mode, SecondFactorRule, Security, Settings};
use crate::db::text_enum;
use crate::money::Currency;
use crate::words::Language;

text_enum! {
    /// A line of the settings table.
    pub enum Setting {
        TimeZone = "time_zone",
        Currency = "currency",
        Language = "language",
        SecondFactor = "second_factor",
        StepUp = "step_up",
        Confirmations = "confirmations",
        EndOfDay = "end_of_day",
        SettlementCutOff = "settlement_cut_off",
    }
}

/// Settings on one page, saved together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Institution,
    /// When its day ends, and when the scheme settles.
    Day,
    Security,
}

/// When the day ends while the institution has not said otherwise.
const END_OF_DAY: &str = "18:00";
/// A time of the day may be set to so many minutes: a list of them can be chosen from without typing.
pub(super) const MINUTES_A_STEP: i8 = 15;

/// Values of the settings that are on or off.
pub const ON: &str = "on";
pub const OFF: &str = "off";

fn on_off(is_on: bool) -> String {
    if is_on { ON } else { OFF }.to_owned()
}

impl Setting {
    pub const fn group(self) -> Group {
        match self {
            Self::TimeZone | Self::Currency | Self::Language => Group::Institution,
            Self::EndOfDay | Self::SettlementCutOff => Group::Day,
            Self::SecondFactor | Self::StepUp | Self::Confirmations => Group::Security,
        }
    }

    pub fn of(group: Group) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |setting| setting.group() == group)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::TimeZone => "Time zone",
            Self::Currency => "Currency",
            Self::Language => "Language",
            Self::SecondFactor => "Second factor",
            Self::StepUp => "Code again when approving",
            Self::Confirmations => "Second account manager confirms",
            Self::EndOfDay => "End of day",
            Self::SettlementCutOff => "Settlement cut-off",
        }
    }

    /// What holds while the institution has not said otherwise: the registry file's word, or what its mode asks for.
    pub fn default_of(self, settings: &Settings) -> String {
        match self {
            Self::TimeZone => settings.time_zone.clone(),
            Self::Currency => settings.currency.code().to_owned(),
            Self::Language => settings.language.clone(),
            Self::EndOfDay => END_OF_DAY.to_owned(),
            Self::SettlementCutOff => OFF.to_owned(),
            Self::SecondFactor | Self::StepUp | Self::Confirmations => self.default_in(settings.mode),
        }
    }

    fn default_in(self, mode: Mode) -> String {
        let security = Security::default_in(mode);
        match self {
            Self::SecondFactor => security.second_factor.as_str().to_owned(),
            Self::StepUp => on_off(security.step_up),
            _ => on_off(security.confirmations),
        }
    }

    /// As it is stored; `None` for what it cannot be.
    pub fn read(self, typed: &str) -> Option<String> {
        let typed = typed.trim();
        match self {
            Self::TimeZone => jiff::tz::TimeZone::get(typed).ok().and_then(|zone| zone.iana_name().map(str::to_owned)),
            Self::Currency => Currency::find(typed).map(|currency| currency.code().to_owned()),
            Self::Language => Language::load(typed).map(|language| language.code().to_owned()),
            Self::SecondFactor => typed.parse::<SecondFactorRule>().ok().map(|rule| rule.as_str().to_owned()),
            Self::StepUp | Self::Confirmations => [ON, OFF].contains(&typed).then(|| typed.to_owned()),
            Self::SettlementCutOff if typed == OFF => Some(OFF.to_owned()),
            Self::EndOfDay | Self::SettlementCutOff => time_of_day(typed).map(written),
        }
    }

    /// Whether less protects the money after such a change: then another account manager confirms it first.
    pub fn is_weaker(self, from: &str, to: &str) -> bool {
        match self {
            Self::TimeZone | Self::Currency | Self::Language | Self::EndOfDay | Self::SettlementCutOff => false,
            Self::SecondFactor => {
                let rule = |text: &str| text.parse().unwrap_or(SecondFactorRule::Everybody);
                rule(to) < rule(from)
            }
            Self::StepUp | Self::Confirmations => from != OFF && to == OFF,
        }
    }
}

/// `18:00`, at one of the steps that can be chosen.
pub(super) fn time_of_day(text: &str) -> Option<Time> {
    Time::strptime("%H:%M", text).ok().filter(|time| time.minute() % MINUTES_A_STEP == 0)
}

/// All that can be chosen, from midnight on.
pub(super) fn times_of_day() -> impl Iterator<Item = String> {
    let minutes = || (0..60_i8).filter(|minute| minute % MINUTES_A_STEP == 0);
    (0..24_i8).flat_map(move |hour| minutes().filter_map(move |minute| Time::new(hour, minute, 0, 0).ok())).map(written)
}

fn written(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_protection_is_told_from_more() {
        assert!(Setting::SecondFactor.is_weaker("everybody", "deciders"));
        assert!(Setting::SecondFactor.is_weaker("deciders", "off"));
        assert!(!Setting::SecondFactor.is_weaker("off", "everybody"));
        assert!(Setting::StepUp.is_weaker(ON, OFF) && !Setting::StepUp.is_weaker(OFF, ON));
        // What nobody can read counts as the strictest.
        assert!(Setting::SecondFactor.is_weaker("?", "deciders"));
        assert!(!Setting::TimeZone.is_weaker("Asia/Yangon", "UTC"));
    }

    #[test]
    fn every_time_that_can_be_chosen_can_be_read() {
        let times: Vec<_> = times_of_day().collect();
        assert_eq!((times.len(), times[0].as_str(), times[95].as_str()), (96, "00:00", "23:45"));
        assert!(times.iter().all(|time| Setting::EndOfDay.read(time).as_ref() == Some(time)));
    }

    #[test]
    fn a_value_is_read_as_it_is_stored() {
        assert_eq!(Setting::Currency.read(" mmk ").as_deref(), Some("MMK"));
        assert_eq!(Setting::TimeZone.read("asia/yangon").as_deref(), Some("Asia/Yangon"));
        assert_eq!(Setting::TimeZone.read("Rangoon"), None);
        assert_eq!(Setting::Language.read("xx"), None);
        assert_eq!(Setting::Confirmations.read("maybe"), None);
        assert_eq!(Setting::EndOfDay.read(" 06:45 ").as_deref(), Some("06:45"));
        for wrong in ["24:00", "18:07", "off", "", "6 pm", "18:00:01", "-1:00"] {
            assert_eq!(Setting::EndOfDay.read(wrong), None, "{wrong}");
        }
        assert_eq!(Setting::SettlementCutOff.read("off").as_deref(), Some(OFF));
        assert_eq!(Setting::SettlementCutOff.read("00:00").as_deref(), Some("00:00"));
    }
}
