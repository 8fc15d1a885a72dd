//! How an approved batch is paid, through the simulated network.

pub mod between;
mod breakers;
mod closed;
mod control;
mod control_again;
mod control_pages;
mod copies;
pub mod desk;
mod fair;
mod faults;
pub mod retry;
mod retry_page;
mod stops;
mod story;
mod swapped;
mod workers;
