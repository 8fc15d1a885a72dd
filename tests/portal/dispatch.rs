//! How an approved batch is paid, through the simulated network.

mod copies;
mod desk;
mod faults;
mod story;
mod stops;
mod workers;
