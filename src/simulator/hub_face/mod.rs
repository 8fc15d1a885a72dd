//! The simulator's other face: the hub behind a real SDK, which then stands between Outlay and the same ledger.
//!
//! An SDK asks over FSPIOP (1.0, 1.1 or 2.0): `GET /parties`, `POST /quotes`, `POST` and `GET /transfers`. `headers.rs` and
//! `requests.rs` refuse what a hub refuses at its door; everything else is answered 202 at once, and the real answer follows as a
//! `PUT` to the SDK's inbound API: `answers.rs` says which, `bodies.rs` how it is written, `callback.rs` takes it there, and
//! `follow.rs` waits for transfers that are decided later. `server.rs` has the routes.
//!
//! Everything behind that is the simulator's own: payees and their terms, faults by digits, the hub's rules and its ledger. What the
//! SDK does when an answer is lost, late or wrong is therefore the real thing. A fault of the SDK itself cannot be played here: where
//! the simulator would cut its own answer off (`cut-off`), the hub's callback is lost instead.
//!
//! No signatures, no TLS, and payers only: nobody can be paid *to* the SDK behind this hub.

mod answers;
mod bodies;
mod callback;
mod follow;
mod headers;
mod requests;
mod server;

pub use callback::{Inbound, NotAnInbound};
pub use server::start_hub;
