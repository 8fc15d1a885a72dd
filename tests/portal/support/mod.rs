//! What the stories stand on.

pub mod batches;
pub mod browser;
pub mod cast;
pub mod database;
pub mod dump;
pub mod form;
pub mod links;
pub mod network;
pub mod page;
pub mod portal;
pub mod process;
pub mod registry;
pub mod server;
pub mod smtp;
pub mod tab;
