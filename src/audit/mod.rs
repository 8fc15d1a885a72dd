//! Who did what, when: an append-only record, sealed in a keyed chain.
//!
//! A verb writes its event with [`record`] in its own transaction. Within a second one sealer appends it to the chain
//! ([`seal`]): each link is an HMAC over the link before and the event. [`verify`] finds events that were altered, removed,
//! reordered or left out; a chain whose end was cut off is found by comparing with a head that left the machine. [`look_on`] does so
//! little by little beside the pages, which tell how far it came. Who holds View Audit Log reads it: [`search()`].

mod chain;
mod changed;
mod event;
mod names;
pub mod pages;
mod record;
mod seal;
mod search;
mod sentence;
mod store;
mod verify;
mod watch;
mod what;

pub use self::chain::ChainKey;
pub use self::changed::{Line, Printer, changed};
pub use self::event::{ActorKind, By, Event, Subject};
pub use self::names::Names;
pub use self::record::record;
pub use self::seal::{SEALED_AT_ONCE, seal};
pub use self::search::{AuditCriteria, AuditScope, Cursor, Entry, LOOKED_AT_MAX, Slice, search};
pub use self::store::{Recorded, head, is_any_unsealed, last_by, of_batch, of_subject};
pub use self::verify::{Report, Trouble, verify};
pub use self::watch::{Seen, Watch, look_on};
pub use self::what::What;
