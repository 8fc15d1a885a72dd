//! The simulated SDK, met by the real client over HTTP: it must behave as CONTRACT 8 recorded the real one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod crash;
mod desk;
mod faults;
mod hub;
mod requests;
