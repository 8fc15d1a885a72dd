//! The tables of mail: the outbox, notices, what each person chose, and whom a batch concerns.

pub(super) mod choices;
pub(super) mod notices;
pub mod outbox;
pub(super) mod told;
