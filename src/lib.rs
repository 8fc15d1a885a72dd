//! Outlay: bulk disbursement for microfinance institutions, over a Mojaloop SDK.
//!
//! A map of the house. Dependencies go one way: `web` and `worker` → rooms → `db`; only a room's `pages.rs` uses `web`,
//! and `web` names rooms only in the url table.

#[cfg(all(feature = "crash-points", not(debug_assertions)))]
compile_error!("with crash-points a variable can kill the program in the middle of a payment: never in a release");

pub mod app;
pub mod config;
pub mod db;
pub mod logging;
pub mod roles;
pub mod web;
pub mod worker;

pub mod clock;
pub mod ids;
pub mod money;
pub mod words;

pub mod approvals;
pub mod audit;
pub mod batches;
pub mod branches;
pub mod confirmations;
pub mod dispatch;
pub mod funding;
pub mod institutions;
pub mod mail;
pub mod payees;
pub mod people;
pub mod privileges;
pub mod reports;
pub mod resolutions;
pub mod sdk;
pub mod search;
pub mod simulator;
