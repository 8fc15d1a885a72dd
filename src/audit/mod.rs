//! Who did what, when: an append-only record, sealed in a keyed chain.
//!
//! A verb writes its event with [`record`] in its own transaction. Within a second one sealer appends it to the chain
//! ([`seal`]): each link is an HMAC over the link before and the event. [`verify`] finds events that were altered, removed,
//! reordered or left out; a chain whose end was cut off is found by comparing with a head that left the machine.

mod chain;
mod event;
mod record;
mod seal;
mod store;
mod verify;
mod what;

pub use self::chain::ChainKey;
pub use self::event::{ActorKind, By, Event, Subject};
pub use self::record::record;
pub use self::seal::{SEALED_AT_ONCE, seal};
pub use self::store::{Recorded, head, of_batch, of_subject};
pub use self::verify::{Report, Trouble, verify};
pub use self::what::What;
