//! A deterministic simulation of dispatch: the very core the product runs, among a network, a hub, databases, machines and people that do
//! everything that goes wrong, in an order that a seed decides. No I/O, no threads, no real clock.
//!
//! `cargo test --lib simulation` runs 2,000 seeds, the mutants and the exhaustive walk. `SEEDS=200000` runs more, `SEED=17` tells one
//! story from beginning to end. A seed that breaks an invariant prints its story, and reruns exactly. To run many, build this crate
//! optimised: `CARGO_PROFILE_TEST_OPT_LEVEL=2 SEEDS=200000 cargo test --lib simulation::tests::seeds -- --nocapture`.
//!
//! [`world`] holds everything and says what can happen; [`fate`] chooses by chance, [`exhaustive`] takes every way there is.
//! [`hub`], [`sdk`], [`network`] are the other side, after CONTRACT 8 and 2; [`database`], [`dispatcher`], [`job`] mirror the store and the
//! engine around the core; [`people`] retry, correct, close, restore. [`invariants`] and [`patience`] are what must hold; [`mutants`] are wrong ways to do
//! it, and each must be noticed.
//!
//! What is assumed, because DESIGN 5 assumes it: clocks of machines and hub differ by less than `settle_margin` together with the time an
//! answer of the hub may be on its way; ABORTED is final; two copies that run side by side may be late in what they say, never in money.

mod canonical;
mod chance;
mod clock;
mod database;
mod dispatcher;
mod exhaustive;
mod fate;
mod healing;
mod hub;
mod invariants;
mod job;
mod mutants;
mod network;
mod patience;
mod people;
mod sdk;
mod story;
mod tests;
mod told;
mod world;

use std::time::Duration;

use super::core::Rules;
use super::core::limits::{PREPARE_GOOD_FOR, SETTLE_MARGIN};

const RULES: Rules = Rules { settle_margin: SETTLE_MARGIN, expiry: PREPARE_GOOD_FOR };
/// Each clock is off by at most so many seconds, in either direction; two of them and [`CALLBACK_LIVES`] stay below the margin.
const SKEW_S: i64 = 250;
/// An answer of the hub that is older never arrives.
const CALLBACK_LIVES: Duration = Duration::from_secs(60);
/// How long a dispatcher waits for a reply.
const CLIENT_WAIT: Duration = Duration::from_secs(45);
