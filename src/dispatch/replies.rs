//! Replies of the network: kept on their attempt as they came, and read into the core's words.

use super::breakers::{Whom, makes_sense, sign_of_connection, sign_of_fsp};
use super::core::{About, Fault, Sight, Word, skew_s};
use super::job::Job;
use super::store::Reply;
use crate::clock::Instant;
use crate::db::text_enum;
use crate::ids::{AttemptId, FspId, TransferId};
use crate::sdk::{Amount, Code, Exchange, PartyAnswer, QuoteAnswer, Stage, TransferAnswer, Why, fulfils};

text_enum! {
    /// The call a reply answers.
    pub enum Call {
        Parties = "parties",
        Quotes = "quotes",
        SimpleTransfers = "simple_transfers",
        GetTransfer = "get_transfer",
    }
}

/// An answer that can be kept: in a word, and with as much of its body as is worth keeping.
pub(super) trait Kept {
    fn verdict(&self) -> &'static str;
    /// `None`: the body as it came. A success says little that the row does not keep already.
    fn digest(&self) -> Option<String>;
    /// Why it says nothing, where it does.
    fn unclear(&self) -> Option<Why>;
    /// Whether anybody was asked.
    fn was_asked(&self) -> bool;
}

impl Kept for PartyAnswer {
    fn verdict(&self) -> &'static str {
        match self {
            Self::Found { .. } => "found",
            Self::Refused { .. } => "refused",
            Self::Unclear { why, .. } => unclear(*why),
            Self::NotAsked(_) => "not_asked",
        }
    }

    fn digest(&self) -> Option<String> {
        matches!(self, Self::Found { .. }).then(String::new)
    }

    fn unclear(&self) -> Option<Why> {
        if let Self::Unclear { why, .. } = self { Some(*why) } else { None }
    }

    fn was_asked(&self) -> bool {
        !matches!(self, Self::NotAsked(_))
    }
}

impl Kept for QuoteAnswer {
    fn verdict(&self) -> &'static str {
        match self {
            Self::Quoted(_) => "quoted",
            Self::Refused { .. } => "refused",
            Self::Unclear { why, .. } => unclear(*why),
            Self::NotAsked(_) => "not_asked",
        }
    }

    fn digest(&self) -> Option<String> {
        let Self::Quoted(quote) = self else { return None };
        let shown = |amount: &Amount| format!("{} {}", amount.wire, amount.currency);
        let receive = quote.payee_receive_amount.as_ref().map(shown).unwrap_or_default();
        Some(format!("transferAmount {}; payeeReceiveAmount {receive}", shown(&quote.transfer_amount)))
    }

    fn unclear(&self) -> Option<Why> {
        if let Self::Unclear { why, .. } = self { Some(*why) } else { None }
    }

    fn was_asked(&self) -> bool {
        !matches!(self, Self::NotAsked(_))
    }
}

impl Kept for TransferAnswer {
    fn verdict(&self) -> &'static str {
        match self {
            Self::Committed { .. } => "committed",
            Self::Aborted { .. } => "aborted",
            Self::Reserved => "reserved",
            Self::Received => "received",
            Self::NotFound => "not_found",
            Self::Silent => "silent",
            Self::Refused { .. } => "refused",
            Self::Modified => "modified",
            Self::Unclear { why } => unclear(*why),
        }
    }

    fn digest(&self) -> Option<String> {
        match self {
            Self::Committed { fulfilment: Some(fulfilment) } => Some(fulfilment.clone()),
            _ => None,
        }
    }

    fn unclear(&self) -> Option<Why> {
        match self {
            Self::Unclear { why } => Some(*why),
            Self::Silent => Some(Why::Silent),
            _ => None,
        }
    }

    fn was_asked(&self) -> bool {
        true
    }
}

fn unclear(why: Why) -> &'static str {
    match why {
        Why::NotReached => "not_reached",
        Why::BrokenOff => "broken_off",
        Why::NoReply => "no_reply",
        Why::Silent => "silent",
        Why::TooLong => "too_long",
        Why::WithoutCode => "without_code",
        Why::Code => "unclear_code",
        Why::Untold => "untold",
        Why::NotTheShape => "not_the_shape",
        Why::AboutAnother => "about_another",
        Why::Invalid => "invalid",
    }
}

const fn about(call: Call) -> About {
    match call {
        Call::Parties => About::Lookup,
        Call::Quotes => About::Quote,
        Call::SimpleTransfers => About::Send,
        Call::GetTransfer => About::Question,
    }
}

/// The network's word, once its fulfilment is compared with the condition that was recorded.
pub(super) fn word_of(answer: TransferAnswer, condition: Option<&str>) -> Word {
    match answer {
        TransferAnswer::Committed { fulfilment } => {
            let proven = fulfilment.zip(condition).is_some_and(|(fulfilment, condition)| fulfils(&fulfilment, condition));
            Word::Committed { proven }
        }
        TransferAnswer::Aborted { code } => Word::Aborted { fault: code.map(|code| Fault::of(code, Stage::Transfer)) },
        TransferAnswer::Reserved | TransferAnswer::Received => Word::InProgress,
        TransferAnswer::NotFound => Word::Unknown,
        TransferAnswer::Silent => Word::Silent,
        TransferAnswer::Refused { code } => Word::Refused(Fault::of(code, Stage::Transfer)),
        TransferAnswer::Modified => Word::Modified,
        TransferAnswer::Unclear { .. } => Word::Unclear,
    }
}

/// A reply as it is kept on an attempt.
pub(super) fn kept<T: Kept>(
    attempt: &AttemptId,
    position: i32,
    call: Call,
    transfer: Option<TransferId>,
    sent_at: Instant,
    exchange: &Exchange<T>,
) -> Reply {
    Reply {
        attempt: attempt.clone(),
        position,
        call: call.as_str(),
        transfer,
        sent: sent_at.micros(),
        took: i64::try_from(exchange.took.as_micros()).unwrap_or(i64::MAX),
        status: exchange.http_status.map(i32::from),
        verdict: exchange.answer.verdict(),
        code: exchange.code.map(|code| code.to_string()),
        body: exchange.answer.digest().unwrap_or_else(|| exchange.body.clone()),
    }
}

impl Job {
    /// Keeps a reply; it is written with the row's next move, and even if that move is refused. What it shows of the other end is taken
    /// in at once: `fsp` had to answer, where it was one payee's FSP.
    pub(super) fn heard<T: Kept>(
        &mut self,
        call: Call,
        transfer: Option<TransferId>,
        fsp: Option<FspId>,
        sent_at: Instant,
        exchange: &Exchange<T>,
    ) {
        if exchange.answer.was_asked() {
            self.take_signs(call, fsp, sent_at, exchange);
        }
        self.replies.push(kept(&self.attempt, self.position, call, transfer, sent_at, exchange));
        self.position += 1;
    }

    fn take_signs<T: Kept>(&mut self, call: Call, fsp: Option<FspId>, sent_at: Instant, exchange: &Exchange<T>) {
        let (now, unclear) = (self.shared.now(), exchange.answer.unclear());
        {
            let mut breakers = self.account.breakers();
            breakers.hear(&Whom::Connection, sign_of_connection(exchange.http_status, unclear), now);
            if let Some(fsp) = fsp {
                breakers.hear(&Whom::Fsp(fsp), sign_of_fsp(call, exchange.code, unclear), now);
            }
        }
        let is_send = call == Call::SimpleTransfers;
        self.see(&Sight {
            about: about(call),
            // Whether a send's answer is one is judged by its proof, see `prove`.
            makes_sense: makes_sense(call, exchange.http_status, unclear).filter(|sense| !(is_send && *sense && exchange.code.is_none())),
            skew_s: exchange.date.map(|date| skew_s(sent_at, now, date)),
            expired_early: self.expired_early(call, exchange.code, &exchange.body, now),
        });
    }

    /// What the answer to a send proves: COMMITTED without a proof that fits is no answer.
    pub(super) fn prove(&mut self, word: &Word) {
        if let Word::Committed { proven } = word {
            self.see(&Sight { about: About::Send, makes_sense: Some(*proven), skew_s: None, expired_early: proven.then_some(false) });
        }
    }

    fn see(&mut self, sight: &Sight) {
        self.oddity = self.account.see(sight).or(self.oddity);
    }

    /// Whether the network calls our newest bytes expired though by our clock they are not. One payment that expires again and again is one.
    fn expired_early(&self, call: Call, code: Option<Code>, body: &str, now: Instant) -> Option<bool> {
        if self.standing.n > 0 {
            return None;
        }
        let expires_at = self.prepare.as_ref().filter(|_| call == Call::SimpleTransfers)?.expiration();
        match code?.number() {
            3303 => Some(now < expires_at),
            3100 if body.contains("in the past") => Some(now < expires_at),
            _ => None,
        }
    }
}
