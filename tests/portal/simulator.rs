//! The simulated SDK, met by the real client over HTTP: it must behave as CONTRACT 8 recorded the real one.

mod crash;
mod desk;
mod faults;
mod hub;
mod hub_face;
mod listening;
mod payer;
mod requests;
