//! Asking about a transfer: GET /transfers/{id}, until the network says how it ended.

use super::core::limits::ASKS_PER_CLAIM_MAX;
use super::core::{self, Decision, Heard, Standing, Step, Word};
use super::crash::crash_point;
use super::job::Job;
use super::replies::{Call, word_of};
use crate::ids::TransferId;
use crate::sdk::TransferAnswer;

impl Job {
    /// About the id the standing has in use.
    pub(super) async fn ask(&mut self, standing: Standing) -> Decision {
        self.questions += 1;
        if self.questions > ASKS_PER_CLAIM_MAX {
            // Id after id aborted: what was learned is written, and asking goes on in another claim.
            let unclear = Heard { word: Word::Unclear, sent_at: self.shared.now(), clock_is_steady: false };
            return core::on_word(standing, &unclear, self.mood, self.at(), &self.account.rules);
        }
        let id = self.transfer_id(&standing);
        // The slot first: what "unknown" proves is judged by when the question is really sent.
        let slot = self.account.slot(Step::Begin, &self.row.batch_id, None).await;
        let (sent_at, clock_is_steady) = self.shared.steady_now(&self.account.rules);
        let exchange = self.account.client.transfer(&id).await;
        drop(slot);
        self.heard(Call::GetTransfer, Some(id.clone()), None, sent_at, &exchange);
        let condition = self.prepare.as_ref().filter(|prepare| *prepare.transfer_id() == id).map(|prepare| prepare.condition().to_owned());
        let word = word_of(exchange.answer, condition.as_deref());
        crash_point!("after-ask");
        core::on_word(standing, &Heard { word, sent_at, clock_is_steady }, self.mood, self.at(), &self.account.rules)
    }

    /// About an id that nobody ever used: a hub that answers 3208 to it does answer.
    pub(super) async fn ask_control(&mut self, standing: Standing) -> Decision {
        let id = TransferId::from(uuid::Uuid::new_v4().to_string());
        let slot = self.account.slot(Step::Begin, &self.row.batch_id, None).await;
        let sent_at = self.shared.now();
        let exchange = self.account.client.transfer(&id).await;
        drop(slot);
        self.heard(Call::GetTransfer, Some(id), None, sent_at, &exchange);
        core::on_control(standing, matches!(exchange.answer, TransferAnswer::NotFound), self.at())
    }
}
