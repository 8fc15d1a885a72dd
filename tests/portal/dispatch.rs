//! How an approved batch is paid, through the simulated network.

mod copies;
pub mod desk;
mod faults;
mod stops;
mod story;
mod workers;
