//! How an approved batch is paid, through the simulated network.

pub mod between;
mod breakers;
mod copies;
pub mod desk;
mod fair;
mod faults;
mod stops;
mod story;
mod workers;
