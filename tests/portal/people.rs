//! Signing in and out, passwords, and what helps where one is forgotten.

mod codes;
mod halfway;
mod links;
mod lockout;
mod passwords;
pub mod second_factor;
mod sessions;
mod sign_in;
