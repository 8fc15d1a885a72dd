//! What a day came to, told to those who answer for it; and the warning before the scheme settles.
//!
//! At the institution's end of day ([`end_of_day`]) a report is made of everything that was settled since the one before ([`Period`]), of
//! what is unresolved, failed, paused and stopped then, and of the head of the audit chain; it is kept as it was, and mailed to those
//! with Resolve Payment. It never names a payee. A report of branches: who reads it sees the lines of those in which they hold View
//! Reports, and sums over these.
//!
//! From two hours before the settlement cut-off, if the institution set one, a banner and one mail a day tell those with Resolve
//! Payment of payments whose end nobody knows ([`cut_off`]). The [`Clerk`] does both at their time.

mod clerk;
mod cut_off;
mod day;
mod download;
mod end_of_day;
mod figures;
mod letter;
pub mod pages;
mod reason;
mod store;

pub use self::clerk::{Clerk, LOOK_EVERY};
pub use self::cut_off::{CutOffNear, LEAD, near, near_for, tell_all as tell_before_cut_off};
pub use self::day::{Last, MADE_UP_MAX, Period, RUN_AFTER, Rhythm};
pub use self::download::{Sight, day_csv};
pub use self::end_of_day::{Agenda, CannotMake, due, end_of_day, make, record_download, report_of};
pub use self::figures::{
    AuditHead, Awaited, DayReport, Figures, InState, NAMED_MAX, Outcome, Paused, Settled, Stopped, Sum, Unresolved, UnresolvedRow,
};
pub use self::letter::text as letter_text;
pub use self::store::{find, list};

/// Where unresolved payments are listed, for those with Resolve Payment.
pub const UNRESOLVED: &str = "/operations";
