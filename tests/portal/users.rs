//! Account managers look after people.

mod deactivate;
mod desk;
mod edit;
mod home;
mod import;
mod search;
