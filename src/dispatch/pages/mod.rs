//! The check page before failed payments are tried again.

mod retry;

pub use self::retry::{retry, retry_check};
