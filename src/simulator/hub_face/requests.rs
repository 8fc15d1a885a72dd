//! The bodies a hub takes. They may hold more than is read here: an SDK's backend can send more than Outlay does.

use serde::Deserialize;
use serde_json::Value;

use crate::simulator::hub_face::headers::{Asked, Refusal};
use crate::simulator::packet::Terms;
use crate::simulator::plan::Prepare;
use crate::simulator::validate::{self, AmountType, Money, Question, must};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuoteBody {
    quote_id: String,
    transaction_id: String,
    payee: Party,
    amount_type: AmountType,
    amount: Money,
    expiration: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    party_id_info: PartyIdInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartyIdInfo {
    party_id_type: String,
    party_identifier: String,
    fsp_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransferBody {
    transfer_id: String,
    payer_fsp: String,
    payee_fsp: String,
    amount: Money,
    ilp_packet: String,
    condition: String,
    expiration: String,
}

fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::Invalid(error.to_string()))
}

pub(super) fn question(asked: &Asked, bytes: &[u8]) -> Result<Question, Refusal> {
    let quote: QuoteBody = read(bytes)?;
    let payee = quote.payee.party_id_info;
    let destination = asked.destination.clone().or(payee.fsp_id).ok_or(Refusal::NoDestination)?;
    let check = || {
        validate::fsp(&destination)?;
        let ids = validate::is_correlation_id(&quote.quote_id) && validate::is_correlation_id(&quote.transaction_id);
        must(ids, "quoteId and transactionId must be UUIDs or ULIDs")?;
        must(validate::is_id_type(&payee.party_id_type), "partyIdType is none of the allowed")?;
        must(validate::sized(&payee.party_identifier, 128), "partyIdentifier must have 1 to 128 characters")?;
        let at = quote.expiration.as_deref().is_none_or(|at| validate::date_time(at).is_some());
        must(at, "expiration must be a DateTime with milliseconds")?;
        validate::money(&quote.amount)
    };
    let (currency, amount) = check().map_err(Refusal::Invalid)?;
    Ok(Question {
        destination,
        quote_id: quote.quote_id,
        transaction_id: quote.transaction_id,
        payee_type: payee.party_id_type,
        payee: payee.party_identifier,
        amount_type: quote.amount_type,
        currency,
        amount,
        expiration: quote.expiration,
    })
}

/// `bytes` are hashed as they came: the SDK writes the same request the same way.
pub(super) fn prepare(asked: &Asked, bytes: &[u8]) -> Result<Prepare, Refusal> {
    let transfer: TransferBody = read(bytes)?;
    let check = || {
        [&transfer.payer_fsp, &transfer.payee_fsp].into_iter().try_for_each(|id| validate::fsp(id))?;
        must(transfer.payer_fsp == asked.source, "payerFsp must be the FSPIOP-Source")?;
        must(validate::is_correlation_id(&transfer.transfer_id), "transferId must be a UUID or ULID")?;
        let condition = transfer.condition.len() == 43 && validate::is_base64url(&transfer.condition);
        must(condition, "condition must have 43 characters")?;
        let packet = validate::is_base64url(&transfer.ilp_packet) && transfer.ilp_packet.len() <= 32_768;
        must(packet, "ilpPacket has no valid form")?;
        let expiration = validate::date_time(&transfer.expiration).ok_or("expiration must be a DateTime with milliseconds")?;
        Ok((validate::money(&transfer.amount)?, expiration))
    };
    let ((currency, amount), expiration) = check().map_err(Refusal::Invalid)?;
    Ok(Prepare {
        payee_fsp: transfer.payee_fsp,
        currency,
        amount,
        wire: transfer.amount.amount,
        condition: transfer.condition,
        expiration,
        body_hash: validate::hash(bytes),
        terms: Terms::open(&transfer.ilp_packet),
        outdated: false,
        transfer_id: transfer.transfer_id,
    })
}

/// The code in a body that says why something was refused, with its words: for logs, which show nothing else of a body.
pub(super) fn refusal_in(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let error = body.get("errorInformation")?;
    let text = |key: &str| error.get(key).and_then(Value::as_str);
    Some(format!("{} {}", text("errorCode")?, text("errorDescription").unwrap_or_default()))
}
