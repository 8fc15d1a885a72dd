//! The SDK client, over HTTP: every recorded reply of this path, and a network that misbehaves.

mod recorded;
mod scripted;
mod transport;
