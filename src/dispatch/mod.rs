//! How an approved batch is paid (ARCHITECTURE.md, "A batch is paid, step by step").

pub mod core;
mod state;
pub mod why;

pub use state::{Count, MOVES, TransferState};
