//! How an approved batch is paid (ARCHITECTURE.md, "A batch is paid, step by step").

mod state;

pub use state::{Count, MOVES, TransferState};
