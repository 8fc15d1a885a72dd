//! Sending the recorded bytes. The hub executes an id at most once, so sending them again, by anyone, at any time, is harmless.

use super::core::{self, Decision, Standing, Step, Then};
use super::crash::crash_point;
use super::job::Job;
use super::replies::{Call, word_of};

impl Job {
    /// POST /simpleTransfers, for the first time.
    pub(super) async fn send(&mut self) -> Decision {
        let standing = self.standing.clone();
        let Some(word) = self.post(&standing).await else {
            return Decision { standing, then: Then::Rest, stop: None };
        };
        crash_point!("after-send");
        core::on_sent(standing, &word, self.at())
    }

    /// The same bytes once more: recovers a lost answer, and pays where they never arrived.
    pub(super) async fn repeat(&mut self, standing: Standing) -> Decision {
        // Without readable bytes there is nothing to repeat; the next question tells.
        let word = self.post(&standing).await.unwrap_or(core::Word::Unclear);
        crash_point!("after-repeat");
        core::on_repeat(standing, &word, self.at())
    }

    async fn post(&mut self, standing: &Standing) -> Option<core::Word> {
        let prepare = self.prepare.clone()?;
        // These bytes are another id's: whatever the row says, they are not sent.
        if *prepare.transfer_id() != self.transfer_id(standing) {
            return None;
        }
        let fsp = self.landed.payee_fsp.clone();
        let slot = self.account.slot(Step::Send, &self.row.batch_id, fsp.as_ref()).await;
        let sent_at = self.shared.now();
        let exchange = self.account.client.send(&prepare).await;
        drop(slot);
        self.heard(Call::SimpleTransfers, Some(prepare.transfer_id().clone()), fsp, sent_at, &exchange);
        let word = word_of(exchange.answer, Some(prepare.condition()));
        self.prove(&word);
        Some(word)
    }
}
