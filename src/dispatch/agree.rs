//! Lookup and quote: nothing here moves money, so everything here may be repeated.

use super::breakers::Whom;
use super::core::{self, Decision, Fault, Gate, Offer, Party, Priced, Standing, Step, Then};
use super::job::Job;
use super::replies::Call;
use super::why::Why;
use crate::ids::FspId;
use crate::sdk::{self, Class, Code, PartyAnswer, PartyId, Quote, QuoteAnswer, QuoteRequest, Stage, Trace};

/// What is recorded when all is agreed.
pub(super) struct Terms {
    pub standing: Standing,
    pub payee_fsp: FspId,
    pub quote: Quote,
    pub priced: Priced,
}

impl Job {
    fn payee(&self) -> PartyId {
        PartyId { id_type: self.row.id_type.wire().to_owned(), id_value: self.row.id_value.clone(), sub_id: self.row.sub_id.clone() }
    }

    /// GET /parties: where the payee's account is.
    pub(super) async fn look_up(&mut self, standing: Standing) -> Decision {
        // Where the file names the FSP, it is the one that has to answer.
        let fsp = self.row.to_fsp.clone();
        let (payee, trace) = (self.payee(), Trace::of(&self.transfer_id(&standing)));
        let slot = self.account.slot(Step::Begin, &self.row.batch_id, fsp.as_ref()).await;
        // Asked with the slot in hand: much may have been heard while it was waited for.
        if let Some(waits) = self.waits(fsp.as_ref(), &standing) {
            return waits;
        }
        let sent_at = self.shared.now();
        let exchange = self.account.client.parties(&payee, &trace).await;
        drop(slot);
        self.heard(Call::Parties, None, fsp, sent_at, &exchange);
        let party = match exchange.answer {
            PartyAnswer::Found { fsp, name, currencies } => {
                self.landed.resolved_name = name;
                Party { fsp: Some(fsp), currencies }
            }
            PartyAnswer::Refused { code } => return self.refused(standing, Some(code), sdk::Why::Code),
            PartyAnswer::Unclear { code, why } => return self.refused(standing, code, why),
            PartyAnswer::NotAsked(_) => return core::refuse(standing, Fault::ours(), Why::NotARequest, self.at()),
        };
        match core::check_party(&self.order(), &party) {
            Err(why) => core::refuse(standing, Fault::ours(), why, self.at()),
            Ok(fsp) => {
                self.landed.payee_fsp = Some(fsp.clone());
                self.landed.looked_up_at = Some(sent_at.micros());
                self.looked_up = true;
                if let Some((_, fault, why)) = self.doubted.take_if(|(doubted, ..)| *doubted == fsp) {
                    return core::refuse(standing, fault, why, self.at());
                }
                Decision { standing, then: Then::Quote, stop: None }
            }
        }
    }

    /// POST /quotes: what it costs, and the bytes' ingredients.
    pub(super) async fn agree(&mut self, standing: Standing) -> Result<Terms, Decision> {
        let Some(payee_fsp) = self.landed.payee_fsp.clone() else {
            return Err(Decision { standing, then: Then::LookUp, stop: None });
        };
        let request = self.question(&standing);
        let slot = self.account.slot(Step::Quote, &self.row.batch_id, Some(&payee_fsp)).await;
        if !self.is_probe
            && let Some(waits) = self.waits(Some(&payee_fsp), &standing)
        {
            return Err(waits);
        }
        let sent_at = self.shared.now();
        let exchange = self.account.client.quote(&payee_fsp, &request).await;
        drop(slot);
        self.heard(Call::Quotes, Some(request.transfer_id), Some(payee_fsp.clone()), sent_at, &exchange);
        let quote = match exchange.answer {
            QuoteAnswer::Quoted(quote) => quote,
            QuoteAnswer::Refused { code } => return Err(self.refused(standing, Some(code), sdk::Why::Code)),
            QuoteAnswer::Unclear { code, why } => return Err(self.refused(standing, code, why)),
            QuoteAnswer::NotAsked(_) => return Err(core::refuse(standing, Fault::ours(), Why::NotARequest, self.at())),
        };
        match core::check_offer(&self.order(), &payee_fsp, &offer_of(&quote)) {
            Ok(priced) => Ok(Terms { standing, payee_fsp, quote, priced }),
            Err(why) => Err(self.refused_by_us(standing, why)),
        }
    }

    /// A batch that was stopped while the row waited for its turn, or an FSP that is not worth asking now.
    fn waits(&mut self, fsp: Option<&FspId>, standing: &Standing) -> Option<Decision> {
        if !self.account.is_paying(&self.row.batch_id) {
            let standing = core::give_back(standing.clone(), self.at())?;
            return Some(Decision { standing, then: Then::Rest, stop: None });
        }
        let gate = self.account.breakers().pass(&Whom::Fsp(fsp?.clone()), self.shared.now());
        match gate {
            Gate::Go => None,
            Gate::Probe => {
                self.is_probe = true;
                None
            }
            Gate::Wait(until) => Some(core::wait_for_its_end(standing.clone(), until, self.at())),
        }
    }

    fn question(&self, standing: &Standing) -> QuoteRequest {
        QuoteRequest {
            quote_id: uuid::Uuid::new_v4().to_string(),
            transfer_id: self.transfer_id(standing),
            payer: self.account.payer.clone(),
            payer_name: Some(self.shared.payer_name.clone()),
            payee: self.payee(),
            currency: self.row.currency,
            amount: self.row.amount,
            note: (!self.row.note.is_empty()).then(|| self.row.note.clone()),
            expiration: None,
        }
    }

    /// The network refused, or nobody answered.
    fn refused(&mut self, standing: Standing, code: Option<Code>, why: sdk::Why) -> Decision {
        if code.is_none() && why == sdk::Why::NotReached {
            return core::unreached(standing, self.at());
        }
        let fault = match (code, why) {
            (Some(code), _) => Fault::of(code, Stage::Agree),
            // The SDK itself refused our request; the same request meets the same answer.
            (None, sdk::Why::Invalid) => Fault::ours(),
            (None, _) => Fault::silent(),
        };
        let why = match code {
            Some(code) => Why::Network { code: code.to_string() },
            None if fault.class == Class::Permanent => Why::NotARequest,
            None => Why::NoAnswer,
        };
        self.refuse_after_lookup(standing, fault, why)
    }

    fn refused_by_us(&mut self, standing: Standing, why: Why) -> Decision {
        self.refuse_after_lookup(standing, Fault::ours(), why)
    }

    /// The account may have moved since it was looked up: a final refusal on the strength of an old lookup, or one that says so, is met
    /// with a new lookup, once. The same provider again means what it said.
    fn refuse_after_lookup(&mut self, standing: Standing, fault: Fault, why: Why) -> Decision {
        let may_have_moved = !self.looked_up || fault.code.is_some_and(|code| MOVED.contains(&code.number()));
        if fault.class == Class::Permanent
            && may_have_moved
            && self.doubted.is_none()
            && let Some(fsp) = self.landed.payee_fsp.take()
        {
            self.landed.looked_up_at = None;
            self.doubted = Some((fsp, fault, why));
            return Decision { standing, then: Then::LookUp, stop: None };
        }
        core::refuse(standing, fault, why, self.at())
    }
}

/// What a provider says of an account that it no longer has.
const MOVED: &[u16] = &[3203, 3204, 5107];

fn offer_of(quote: &Quote) -> Offer {
    let amount = |amount: &sdk::Amount| (amount.currency.code().to_owned(), amount.wire.clone());
    Offer {
        from: quote.source.clone(),
        transfer: amount(&quote.transfer_amount),
        receive: quote.payee_receive_amount.as_ref().map(amount),
        is_complete: !quote.ilp_packet.is_empty() && !quote.condition.is_empty(),
    }
}
