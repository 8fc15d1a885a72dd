//! The second factor: an authenticator app (TOTP, RFC 6238) and recovery codes, and how a person who lost their phone gets a new QR code.

mod store;

pub use self::store::{is_active, is_required};
