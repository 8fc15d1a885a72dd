//! The second factor: from the first QR code to the day the phone is lost.

pub mod desk;
mod own;
mod requests;
mod secrets;
mod sign_in;
mod step_up;
