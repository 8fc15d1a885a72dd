//! How an approved batch is paid, through the simulated network.

mod control;
mod control_again;
mod control_pages;
mod copies;
pub mod desk;
mod faults;
mod stops;
mod story;
mod workers;
