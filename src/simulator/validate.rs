//! What the real SDK refuses with 400 (CONTRACT 1.3 to 1.5), so that a request that passes here is one it would take.

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::clock::Instant;
use crate::money::{Currency, Minor};
use crate::simulator::packet::Terms;
use crate::simulator::plan::Prepare;

/// What is wrong, in words for a developer.
pub(super) type Invalid = String;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QuoteOuter {
    fsp_id: String,
    quotes_post_request: QuoteInner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QuoteInner {
    quote_id: String,
    transaction_id: String,
    payee: Party,
    payer: Party,
    amount_type: AmountType,
    amount: Money,
    transaction_type: TransactionType,
    note: Option<String>,
    expiration: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Party {
    party_id_info: PartyIdInfo,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PartyIdInfo {
    party_id_type: String,
    party_identifier: String,
    party_sub_id_or_type: Option<String>,
    fsp_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum AmountType {
    Send,
    Receive,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Money {
    currency: String,
    pub amount: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TransactionType {
    scenario: String,
    initiator: String,
    initiator_type: String,
    sub_scenario: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TransferOuter {
    fsp_id: String,
    transfers_post_request: TransferInner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TransferInner {
    transfer_id: String,
    payer_fsp: String,
    payee_fsp: String,
    amount: Money,
    ilp_packet: String,
    condition: String,
    expiration: String,
}

/// A question for terms that passed.
pub(super) struct Question {
    pub destination: String,
    pub quote_id: String,
    pub transaction_id: String,
    pub payee_type: String,
    pub payee: String,
    pub amount_type: AmountType,
    pub currency: Currency,
    pub amount: Minor,
    pub expiration: Option<String>,
}

const ID_TYPES: &[&str] = &["MSISDN", "EMAIL", "PERSONAL_ID", "BUSINESS", "DEVICE", "ACCOUNT_ID", "IBAN", "ALIAS"];

pub(super) fn is_id_type(id_type: &str) -> bool {
    ID_TYPES.contains(&id_type)
}

pub(super) fn question(body: &serde_json::Value) -> Result<Question, Invalid> {
    let QuoteOuter { fsp_id, quotes_post_request: quote } = Deserialize::deserialize(body).map_err(|error| error.to_string())?;
    fsp(&fsp_id)?;
    must(
        is_correlation_id(&quote.quote_id) && is_correlation_id(&quote.transaction_id),
        "quoteId and transactionId must be UUIDs or ULIDs",
    )?;
    party(&quote.payee)?;
    party(&quote.payer)?;
    must(quote.note.as_deref().is_none_or(|note| sized(note, 128)), "note must have 1 to 128 characters")?;
    must(quote.expiration.as_deref().is_none_or(|at| date_time(at).is_some()), "expiration must be a DateTime with milliseconds")?;
    let kind = &quote.transaction_type;
    must(
        matches!(kind.scenario.as_str(), "DEPOSIT" | "WITHDRAWAL" | "TRANSFER" | "PAYMENT" | "REFUND"),
        "scenario is none of the allowed",
    )?;
    must(matches!(kind.initiator.as_str(), "PAYER" | "PAYEE"), "initiator is none of the allowed")?;
    must(matches!(kind.initiator_type.as_str(), "CONSUMER" | "AGENT" | "BUSINESS" | "DEVICE"), "initiatorType is none of the allowed")?;
    must(kind.sub_scenario.as_deref().is_none_or(|sub| sized(sub, 32)), "subScenario is too long")?;
    let (currency, amount) = money(&quote.amount)?;
    let payee = quote.payee.party_id_info;
    Ok(Question {
        destination: fsp_id,
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

/// `bytes` are hashed as they came: the same bytes are the same request.
pub(super) fn prepare(bytes: &[u8], body: &serde_json::Value) -> Result<Prepare, Invalid> {
    let TransferOuter { fsp_id, transfers_post_request: transfer } = Deserialize::deserialize(body).map_err(|error| error.to_string())?;
    [&fsp_id, &transfer.payer_fsp, &transfer.payee_fsp].into_iter().try_for_each(|id| fsp(id))?;
    must(is_correlation_id(&transfer.transfer_id), "transferId must be a UUID or ULID")?;
    must(transfer.condition.len() == 43 && is_base64url(&transfer.condition), "condition must have 43 characters")?;
    must(is_base64url(&transfer.ilp_packet) && transfer.ilp_packet.len() <= 32_768, "ilpPacket has no valid form")?;
    let expiration = date_time(&transfer.expiration).ok_or("expiration must be a DateTime with milliseconds")?;
    let (currency, amount) = money(&transfer.amount)?;
    Ok(Prepare {
        transfer_id: transfer.transfer_id,
        payee_fsp: transfer.payee_fsp,
        currency,
        amount,
        wire: transfer.amount.amount,
        condition: transfer.condition,
        expiration,
        body_hash: hash(bytes),
        terms: Terms::open(&transfer.ilp_packet),
        outdated: false,
    })
}

/// The same bytes are the same request.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
}

pub(super) fn must(holds: bool, message: &str) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(message.to_owned()) }
}

pub(super) fn sized(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count())
}

pub(super) fn fsp(id: &str) -> Result<(), Invalid> {
    must(sized(id, 32), "fspId must have 1 to 32 characters")
}

fn party(party: &Party) -> Result<(), Invalid> {
    let info = &party.party_id_info;
    must(is_id_type(&info.party_id_type), "partyIdType is none of the allowed")?;
    must(sized(&info.party_identifier, 128), "partyIdentifier must have 1 to 128 characters")?;
    must(info.party_sub_id_or_type.as_deref().is_none_or(|sub| sized(sub, 128)), "partySubIdOrType must have 1 to 128 characters")?;
    must(info.fsp_id.as_deref().is_none_or(|id| sized(id, 32)), "fspId must have 1 to 32 characters")?;
    let accepted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | '.' | ',' | '\'' | '-');
    let name = |name: &str| sized(name, 128) && !name.trim().is_empty() && name.chars().all(accepted);
    must(party.name.as_deref().is_none_or(name), "name has characters that are not allowed")
}

/// `^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$`
fn is_amount(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let whole_fits = (1..=18).contains(&whole.len()) && digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let fraction_fits = |fraction: &str| (1..=4).contains(&fraction.len()) && digits(fraction) && !fraction.ends_with('0');
    whole_fits && fraction.is_none_or(fraction_fits)
}

pub(super) fn money(money: &Money) -> Result<(Currency, Minor), Invalid> {
    must(is_amount(&money.amount), "amount must match the pattern of an amount")?;
    let upper = money.currency.bytes().all(|b| b.is_ascii_uppercase());
    let currency = Currency::find(&money.currency).filter(|_| upper).ok_or("currency is none of the allowed")?;
    let amount = currency.parse(&money.amount).map_err(|error| error.to_string())?;
    Ok((currency, amount))
}

/// A lower-case UUID of version 1 to 7, or an upper-case ULID.
pub(super) fn is_correlation_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let uuid = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => matches!(byte, b'1'..=b'7'),
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
    let ulid = bytes.len() == 26
        && matches!(bytes.first(), Some(b'0'..=b'7'))
        && bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'H' | b'J' | b'K' | b'M' | b'N' | b'P'..=b'T' | b'V'..=b'Z'));
    uuid || ulid
}

pub(super) fn is_base64url(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'='))
}

/// `2026-11-21T02:21:08.000Z`: milliseconds, and Z or an offset.
pub(super) fn date_time(text: &str) -> Option<Instant> {
    let at: Timestamp = text.parse().ok()?;
    let milliseconds = text.get(19..23)?;
    let shaped = text.get(10..11) == Some("T") && milliseconds.starts_with('.') && milliseconds.bytes().skip(1).all(|b| b.is_ascii_digit());
    let zone = text.get(23..)?;
    (shaped && (zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-'])))).then(|| Instant::from_micros(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_those_of_the_schema() {
        for good in ["0", "1", "1500.5", "0.0001", "999999999999999999"] {
            assert!(is_amount(good), "{good}");
        }
        for bad in ["", "10.50", "0.0", "01", "-1", "+1", "1e3", "1.", ".5", "1.00001", "1000000000000000000", "1,5"] {
            assert!(!is_amount(bad), "{bad}");
        }
    }

    #[test]
    fn ids_are_lower_case_uuids_or_upper_case_ulids() {
        assert!(is_correlation_id("9465ed4d-8a94-5fad-9c0a-ac80966ea5af"));
        assert!(is_correlation_id("01M7XQX41Y8QHREWD34QKWVX3C"));
        for bad in ["9465ED4D-8A94-5FAD-9C0A-AC80966EA5AF", "9465ed4d-8a94-8fad-9c0a-ac80966ea5af", "01m7xqx41y8qhrewd34qkwvx3c", "x"] {
            assert!(!is_correlation_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_date_has_milliseconds_and_a_zone() {
        assert!(date_time("2026-11-21T02:21:08.000Z").is_some());
        for bad in ["2026-11-21T02:21:08Z", "2026-11-21 02:21:08.000Z", "2026-11-21T02:21:08.000", "2026-11-21T02:21:08.000000Z", "soon"] {
            assert!(date_time(bad).is_none(), "{bad}");
        }
    }
}
