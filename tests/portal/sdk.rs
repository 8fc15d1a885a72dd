//! The SDK client, over HTTP: every recorded reply of this path, and a network that misbehaves.

mod checkup;
#[cfg(feature = "crash-points")]
mod real;
mod recorded;
pub mod scripted;
mod transport;
