//! What every page needs to know of an institution without asking its database each time: zone, language, currency, and whether it
//! is suspended. Kept for each process, read again when it is older than [`FRESH_FOR`].

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::setting::time_of_day;
use super::{Institution, Setting, Settings, store, suspend};
use crate::clock::Instant;
use crate::db::{self, Conn};
use crate::money::Currency;
use crate::words::Language;

/// How old what a page knows of its institution may be: so late does a process notice what another one changed.
pub const FRESH_FOR: Duration = Duration::from_secs(5);

/// An institution's own ways, as its pages show everything.
#[derive(Debug, Clone)]
pub struct House {
    /// Every time on a page is in it.
    pub zone: TimeZone,
    pub language: Language,
    /// Of amounts that name none, and of the funding account that a form offers first.
    pub currency: Currency,
    /// When its day ends, in its zone.
    pub end_of_day: Time,
    /// Until when the scheme takes payments into the day's settlement, where it told the institution.
    pub cut_off: Option<Time>,
}

impl House {
    /// As the database says now.
    ///
    /// # Errors
    /// The database's.
    pub fn read(conn: &mut Conn, settings: &Settings) -> db::Result<Self> {
        Ok(Self::of(settings, &store::settings(conn)?))
    }

    /// The registry file's defaults, under what the institution set itself. A value that cannot be used any more counts as unset.
    pub(super) fn of(settings: &Settings, set: &[(String, String)]) -> Self {
        let value = |setting: Setting| set.iter().find(|(name, _)| name == setting.as_str()).map(|(_, value)| value.as_str());
        let zone = value(Setting::TimeZone).and_then(|name| TimeZone::get(name).ok());
        let language = value(Setting::Language).and_then(Language::load).or_else(|| Language::load(&settings.language));
        let currency = value(Setting::Currency).and_then(Currency::find);
        let time = |setting: Setting| value(setting).and_then(time_of_day).or_else(|| time_of_day(&setting.default_of(settings)));
        Self {
            end_of_day: time(Setting::EndOfDay).unwrap_or_default(),
            cut_off: time(Setting::SettlementCutOff),
            zone: zone.unwrap_or_else(|| settings.zone()),
            language: language.unwrap_or_else(Language::english),
            currency: currency.unwrap_or(settings.currency),
        }
    }
}

/// What a process knows of an institution.
#[derive(Debug)]
pub(super) struct Known {
    pub house: Arc<House>,
    pub is_suspended: bool,
    /// `None`: never read, these are the file's defaults.
    pub read_at: Option<Instant>,
}

impl Institution {
    pub fn house(&self) -> Arc<House> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).house)
    }

    /// Whether the operator suspended it, as far as this process knows.
    pub fn is_suspended(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).is_suspended
    }

    /// Reads what the database says now: after a change in this process.
    ///
    /// # Errors
    /// The database's; what was known stays.
    pub async fn refresh(&self) -> db::Result<()> {
        let now = self.clock().now();
        let read = |conn: &mut Conn| Ok::<_, db::Error>((store::settings(conn)?, suspend::is_suspended(conn)?));
        let (set, is_suspended) = self.db.read(read).await?;
        let known = Known { house: Arc::new(House::of(&self.settings, &set)), is_suspended, read_at: Some(now) };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    /// The same, where what is known is old.
    ///
    /// # Errors
    /// The database's.
    pub async fn refresh_if_old(&self) -> db::Result<()> {
        let now = self.clock().now();
        let read_at = self.known.read().unwrap_or_else(PoisonError::into_inner).read_at;
        // A clock that was put back counts as old too.
        if read_at.is_some_and(|at| at <= now && now.since(at) < FRESH_FOR) { Ok(()) } else { self.refresh().await }
    }
}
