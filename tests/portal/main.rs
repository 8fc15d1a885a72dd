//! What Outlay promises, told as stories its people would recognise; one file per room.
//!
//! Every test runs on SQLite, and again on PostgreSQL where `OUTLAY_TEST_DATABASE` names a server (`scripts/test` starts one).
//! All of them are linked into this one program, so that the house is built and linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    reason = "a test that meets the unexpected should stop there"
)]

#[allow(dead_code, reason = "the next stories will stand on it")]
mod support;

mod approvals;
mod audit;
mod authorisation;
mod batches;
mod branches;
mod catalogue;
mod chromium;
mod confirmations;
#[cfg(feature = "crash-points")]
mod crash;
mod database;
mod demo;
mod dispatch;
mod files;
mod gallery;
mod institutions;
mod mail;
mod people;
mod pictures;
mod privileges;
mod reports;
mod resolutions;
mod schema;
mod sdk;
mod search;
mod simulator;
mod style_sheet;
mod tidy;
mod tidy_licences;
mod tidy_source;
mod users;
mod web;
