//! The client of a Mojaloop SDK's outbound API, on the path where *we* choose the transfer's id.
//!
//! Four calls: `GET /parties`, `POST /quotes`, `POST /simpleTransfers`, `GET /transfers/{id}`. Only the third moves money, and
//! the hub executes an id at most once, so its bytes may be repeated by anyone at any time ([`Prepare`]).
//!
//! The SDK answers in many shapes: HTTP 200 with `errorInformation` inside, 500 "Timeout", a code in four different places,
//! `currentState: COMPLETED` for transfers that were aborted. `read.rs` turns each into one answer; what it cannot read is
//! `Unclear`, never a guess. Only [`TransferAnswer::Committed`] and [`TransferAnswer::Aborted`] say anything about money, and
//! they come only from HTTP 200 and `transferState`.
//!
//! The room never logs party ids, names or bodies; the bodies go to the attempt's record, capped.

pub mod checkup;
mod client;
mod code;
mod exchange;
mod fulfilment;
mod packet;
mod party;
mod prepare;
mod quote;
mod read;
mod reply;
mod settings;
mod trace;

pub use client::{Client, IDLE_TIMEOUT, NotAnSdk, REPLY_CAP};
pub use code::{Class, Code, NotACode, Stage};
pub use exchange::{Exchange, PartyAnswer, QuoteAnswer, RECORDED_BODY, TransferAnswer, Why};
pub use fulfilment::fulfils;
pub use packet::transaction_in;
pub use party::{NotARequest, PartyId};
pub use prepare::{NotAPrepare, Prepare};
pub use quote::{Amount, NOTE_LIMIT, Quote, QuoteRequest};
pub use read::{read_get, read_party, read_quote, read_send};
pub use settings::{BadSetting, SdkSettings};
pub use trace::Trace;
