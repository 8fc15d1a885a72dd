//! The second factor: from the first QR code to the day the phone is lost.

mod desk;
mod own;
mod requests;
mod secrets;
mod sign_in;
mod step_up;
