//! Recording: the exact bytes, durable, before they may go out.

use super::agree::Terms;
use super::claim::ROW_LEASE;
use super::core::{self, Decision, Fault};
use super::job::Job;
use super::recorder::{Recording, Write};
use super::sealed;
use super::store::{Key, RecordedBytes};
use super::why::Why;
use crate::sdk::Prepare;

/// What came of recording.
pub(super) enum Recorded {
    /// Durable: the bytes may go out.
    Yes,
    /// Nothing may be sent: the batch is not being paid any more, the row is no longer ours or not what was sealed, or the database
    /// could not be written.
    No,
    /// The quote gives no bytes that read back.
    Unusable(Box<Decision>),
}

impl Job {
    /// Makes the bytes and records them.
    pub(super) async fn record(&mut self, terms: Terms) -> Recorded {
        let now = self.shared.now();
        let transfer = self.transfer_id(&terms.standing);
        let expiration = now.after(self.account.rules.expiry);
        let Ok(prepare) = Prepare::new(&transfer, &self.account.dfsp, &terms.payee_fsp, &terms.quote, expiration) else {
            return Recorded::Unusable(Box::new(core::refuse(terms.standing, Fault::ours(), Why::UnreadableQuote, self.at())));
        };
        self.landed.fee = Some(terms.priced.fee.units());
        let to = core::recorded(terms.standing, self.attempt.clone(), prepare.expiration(), now.after(ROW_LEASE));
        let recording = Recording {
            landed: self.landed.clone(),
            transfer,
            // From the fields that go out, not from the column: what is paid is what was sealed.
            digest: sealed::digest_of(&self.row),
            bytes: RecordedBytes {
                id: self.attempt.clone(),
                prepare: prepare.as_str().to_owned(),
                expires: prepare.expiration().micros(),
                at: now.micros(),
            },
        };
        let write = Write { recording: Some(recording), ..self.write(to.clone()) };
        if !self.submit(write).await {
            return Recorded::No;
        }
        self.shared.note_recorded();
        self.looked_up = false;
        self.key = Key::of(&to, Some(&self.attempt));
        self.standing = to;
        self.prepare = Some(prepare);
        Recorded::Yes
    }
}
