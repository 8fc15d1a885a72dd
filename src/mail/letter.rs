//! What one mail says, before it is in anybody's language.

use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::db::text_enum;
use crate::ids::UserId;
use crate::words::Said;

text_enum! {
    /// Why a letter is sent; what lists call it.
    pub enum LetterKind {
        Invitation = "invitation",
        PasswordReset = "password_reset",
        /// Something about the person's own account that they should know: a new address, a new second factor, new grants.
        Account = "account",
        /// Something an account manager has to do or should know.
        Administration = "administration",
        /// What the person's notices were gathered into.
        Gathered = "gathered",
        /// A payment without an outcome needs the person's word, or an alarm is up.
        Operations = "operations",
        /// What the day came to, or what has to be clear before the settlement cut-off.
        Report = "report",
        /// Whether mail works.
        Test = "test",
    }
}

/// One letter to one address.
#[derive(Debug, Clone)]
pub struct Letter {
    pub kind: LetterKind,
    /// The person it is for, where it is for one.
    pub user: Option<UserId>,
    pub address: String,
    pub text: LetterText,
    /// After this it is not sent any more: its link would be dead.
    pub until: Option<Instant>,
}

/// The words of a letter; the frame round them (who sends it, which institution) is the same for all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LetterText {
    pub subject: Said,
    /// One paragraph each.
    pub paragraphs: Vec<Said>,
    /// A path of ours (`/reset/…`), which becomes a link under `public_url`, and what it is called.
    pub link: Option<(Said, String)>,
}
