//! What is asked of the payee's FSP before a payment, and what it answers.

use serde::Serialize;

use crate::clock::Instant;
use crate::ids::{FspId, TransferId};
use crate::money::{Currency, Minor};
use crate::sdk::party::{accepted_name, check_fsp};
use crate::sdk::{NotARequest, PartyId};

/// The longest note the network takes, in code points (CONTRACT 1.5).
pub const NOTE_LIMIT: usize = 128;

/// A question for terms: the payee receives `amount`, the payer pays the fee on top (amountType RECEIVE).
#[derive(Debug, Clone)]
pub struct QuoteRequest {
    /// New for every question: a lower-case UUID.
    pub quote_id: String,
    /// Becomes `transactionId`: the payee's SDK finds the quote by the transfer's id (CONTRACT 8).
    pub transfer_id: TransferId,
    pub payer: PartyId,
    /// The institution's name; left out where the SDK would refuse it (only ASCII letters pass).
    pub payer_name: Option<String>,
    pub payee: PartyId,
    pub currency: Currency,
    pub amount: Minor,
    /// Cut at [`NOTE_LIMIT`] code points; empty is left out.
    pub note: Option<String>,
    pub expiration: Option<Instant>,
}

/// An amount as the network wrote it, and as we count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    pub currency: Currency,
    pub minor: Minor,
    /// The very text of the reply: the prepare sends it back unchanged.
    pub wire: String,
}

/// The payee FSP's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What leaves the payer: amount and fees.
    pub transfer_amount: Amount,
    pub payee_receive_amount: Option<Amount>,
    pub payee_fee: Option<Amount>,
    pub payee_commission: Option<Amount>,
    /// At most 32768 base64url characters. Where it names a transaction it is ours; all else in it is opaque to us.
    pub ilp_packet: String,
    /// 43 base64url characters.
    pub condition: String,
    /// When the FSP stops honouring it, as it wrote it.
    pub expiration: Option<String>,
    /// The FSP that answered (`fspiop-source`), where the SDK shows it.
    pub source: Option<FspId>,
}

impl QuoteRequest {
    /// The exact bytes of `POST /quotes`.
    pub(super) fn body(&self, payer_fsp: &FspId, destination: &FspId) -> Result<String, NotARequest> {
        self.payer.check()?;
        self.payee.check()?;
        check_fsp(destination)?;
        if self.amount <= Minor::ZERO {
            return Err(NotARequest::Amount);
        }
        let note: Option<String> = self.note.as_deref().map(|note| note.chars().take(NOTE_LIMIT).collect());
        let request = Outer {
            fsp_id: destination.as_str(),
            quotes_post_request: Inner {
                quote_id: &self.quote_id,
                transaction_id: self.transfer_id.as_str(),
                payee: Party { party_id_info: id_info(&self.payee, destination), name: None },
                payer: Party { party_id_info: id_info(&self.payer, payer_fsp), name: self.payer_name.as_deref().and_then(accepted_name) },
                amount_type: "RECEIVE",
                amount: Money { currency: self.currency.code(), amount: self.currency.wire(self.amount) },
                transaction_type: TransactionType { scenario: "TRANSFER", initiator: "PAYER", initiator_type: "BUSINESS" },
                expiration: self.expiration.map(Instant::fspiop),
                note: note.filter(|note| !note.is_empty()),
            },
        };
        // A struct of texts always serialises; if serde ever disagreed, nothing would be sent.
        serde_json::to_string(&request).map_err(|_| NotARequest::IdValue)
    }
}

fn id_info<'a>(party: &'a PartyId, fsp: &'a FspId) -> PartyIdInfo<'a> {
    PartyIdInfo {
        party_id_type: &party.id_type,
        party_identifier: &party.id_value,
        party_sub_id_or_type: party.sub_id.as_deref(),
        fsp_id: fsp.as_str(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outer<'a> {
    fsp_id: &'a str,
    quotes_post_request: Inner<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inner<'a> {
    quote_id: &'a str,
    transaction_id: &'a str,
    payee: Party<'a>,
    payer: Party<'a>,
    amount_type: &'static str,
    amount: Money,
    transaction_type: TransactionType,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Party<'a> {
    party_id_info: PartyIdInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PartyIdInfo<'a> {
    party_id_type: &'a str,
    party_identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    party_sub_id_or_type: Option<&'a str>,
    fsp_id: &'a str,
}

#[derive(Serialize)]
struct Money {
    currency: &'static str,
    amount: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionType {
    scenario: &'static str,
    initiator: &'static str,
    initiator_type: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn msisdn(number: &str) -> PartyId {
        PartyId { id_type: "MSISDN".to_owned(), id_value: number.to_owned(), sub_id: None }
    }

    fn request() -> QuoteRequest {
        QuoteRequest {
            quote_id: "bd4f53b8-97f4-4582-ab9f-278947c870e8".to_owned(),
            transfer_id: TransferId::from("9465ed4d-8a94-5fad-9c0a-ac80966ea5af"),
            payer: msisdn("254700000001"),
            payer_name: Some("Upendo MFI".to_owned()),
            payee: msisdn("254711000123"),
            currency: Currency::find("KES").unwrap(),
            amount: Minor::new(150_050),
            note: Some("Nov payroll".to_owned()),
            expiration: Some(Instant::from_micros(1_763_684_738_111_999)),
        }
    }

    fn body(request: &QuoteRequest) -> serde_json::Value {
        serde_json::from_str(&request.body(&FspId::from("mfi"), &FspId::from("payeefsp")).unwrap()).unwrap()
    }

    #[test]
    fn the_question_is_written_as_the_recorded_one_was() {
        let expected = serde_json::json!({
            "fspId": "payeefsp",
            "quotesPostRequest": {
                "quoteId": "bd4f53b8-97f4-4582-ab9f-278947c870e8",
                "transactionId": "9465ed4d-8a94-5fad-9c0a-ac80966ea5af",
                "payee": {"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": "254711000123", "fspId": "payeefsp"}},
                "payer": {"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": "254700000001", "fspId": "mfi"}, "name": "Upendo MFI"},
                "amountType": "RECEIVE",
                "amount": {"currency": "KES", "amount": "1500.5"},
                "transactionType": {"scenario": "TRANSFER", "initiator": "PAYER", "initiatorType": "BUSINESS"},
                "expiration": "2025-11-21T00:25:38.111Z",
                "note": "Nov payroll",
            },
        });
        assert_eq!(body(&request()), expected);
    }

    #[test]
    fn a_name_the_sdk_refuses_and_an_empty_note_are_left_out_and_a_long_note_is_cut_between_letters() {
        let sent = body(&QuoteRequest { payer_name: Some("ဒေါ်လှ".to_owned()), note: Some(String::new()), ..request() });
        let request_part = sent.get("quotesPostRequest").unwrap();
        assert!(request_part.get("note").is_none());
        assert!(request_part.pointer("/payer/name").is_none());
        let long = body(&QuoteRequest { note: Some("လ".repeat(200)), ..request() });
        let note = long.pointer("/quotesPostRequest/note").unwrap().as_str().unwrap();
        assert_eq!(note.chars().count(), 128);
    }

    #[test]
    fn nothing_is_asked_for_no_money_or_for_nobody() {
        let (mfi, to) = (FspId::from("mfi"), FspId::from("payeefsp"));
        let nothing = QuoteRequest { amount: Minor::ZERO, ..request() };
        assert_eq!(nothing.body(&mfi, &to), Err(NotARequest::Amount));
        assert_eq!(request().body(&mfi, &FspId::from("")), Err(NotARequest::Fsp));
        let nobody = QuoteRequest { payee: msisdn(""), ..request() };
        assert_eq!(nobody.body(&mfi, &to), Err(NotARequest::IdValue));
    }
}
