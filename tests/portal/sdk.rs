//! The SDK client, over HTTP: every recorded reply of this path, and a network that misbehaves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod recorded;
mod scripted;
mod transport;
