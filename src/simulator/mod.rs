//! A Mojaloop SDK with the hub and the payees' wallets behind it, as far as Outlay can see them, and with a ledger of the money
//! that was really moved. For the demo, for training, for benchmarks and for tests that break things on purpose.
//!
//! A call goes: `server.rs` (routes, waiting) → `validate.rs` (what the real SDK refuses with 400) → `payees.rs` (who is where, on
//! what terms), by `directory.rs` (who exists) and `packet.rs` (terms, and the proof a payee gives) → `hub.rs` (one thread that owns
//! the ledger: deduplication by transfer id and body hash, expiry, group commit) → `replies.rs` (bodies shaped like the recorded
//! ones, two SDK versions).
//!
//! The hub's rules are CONTRACT 8's: an id is executed at most once; the same bytes again get the final answer if it is COMMITTED
//! and silence otherwise; other bytes under a known id get 3106. What goes wrong is chosen by the payee's last four digits or by
//! a seeded script (`fault.rs`), never by chance.
//!
//! `hub_face/` puts a real SDK before the same payees, rules and ledger: `outlay simulate --hub`.
//!
//! A new id with the same payee and amount pays again, as the real network does: nothing here protects the portal from itself.

mod args;
mod control;
mod dated;
mod directory;
mod fault;
mod hub;
mod hub_face;
mod ledger;
mod pace;
mod packet;
mod payees;
mod plan;
mod replies;
mod server;
mod settings;
mod store;
mod validate;

pub use args::{SimulateArgs, simulate};
pub use directory::{Entry, FSPS, look_up};
pub use fault::{Fault, NotAScript, Script};
pub use hub_face::{Inbound, NotAnInbound, start_hub};
pub use ledger::{Ledger, LedgerRow, LedgerState, NotALedger};
pub use server::{CannotStart, Running, serve, start, start_in};
pub use settings::{SdkVersion, Settings};
