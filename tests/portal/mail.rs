//! Mail: letters through a real mail server, what people are told, and what they choose.

mod notices;
pub mod office;
mod outbox;
mod pages;
mod transport;
