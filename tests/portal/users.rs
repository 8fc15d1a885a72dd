//! Account managers look after people.

mod deactivate;
pub mod desk;
mod edit;
mod home;
mod import;
mod search;
