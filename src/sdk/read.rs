//! A reply becomes an answer. Each function reads one call's reply from its HTTP status and body alone.

use serde_json::Value;

use crate::ids::{FspId, TransferId};
use crate::money::Currency;
use crate::sdk::packet::names_another;
use crate::sdk::reply::Reply;
use crate::sdk::{Amount, Class, Code, NotARequest, PartyAnswer, PartyId, Quote, QuoteAnswer, Stage, TransferAnswer, Why};

/// The longest ILP packet the scheme allows, in characters (CONTRACT 1.5).
const PACKET_LIMIT: usize = 32_768;

/// Reads a reply to `GET /parties/…`.
pub fn read_party(asked: &PartyId, status: u16, body: &str) -> (PartyAnswer, Option<Code>) {
    let reply = Reply::new(status, body);
    let code = reply.code();
    let answer = match not_agreed(&reply, code) {
        Some(NotAgreed::Refused(code)) => PartyAnswer::Refused { code },
        Some(NotAgreed::Invalid) => PartyAnswer::NotAsked(NotARequest::RefusedBySdk),
        Some(NotAgreed::Unclear(why)) => PartyAnswer::Unclear { code, why },
        None => found(asked, &reply),
    };
    (answer, code)
}

fn found(asked: &PartyId, reply: &Reply<'_>) -> PartyAnswer {
    const INFO: [&str; 3] = ["party", "body", "partyIdInfo"];
    let info = |key: &'static str| reply.text_at(&[INFO[0], INFO[1], INFO[2], key]);
    let Some(fsp) = info("fspId").filter(|fsp| (1..=32).contains(&fsp.chars().count())) else {
        let is_empty = reply.at(&["party", "body"]).is_some_and(|body| body.as_object().is_some_and(serde_json::Map::is_empty));
        return PartyAnswer::Unclear { code: None, why: if is_empty { Why::Untold } else { Why::NotTheShape } };
    };
    // Replies to lookups of one number share a channel inside the SDK: one about somebody else must not pass.
    let echoed = info("partyIdentifier").is_none_or(|echo| echo.trim_start_matches('+') == asked.id_value.trim_start_matches('+'));
    if !echoed {
        return PartyAnswer::Unclear { code: None, why: Why::AboutAnother };
    }
    PartyAnswer::Found { fsp: FspId::from(fsp), name: name(reply), currencies: currencies(reply) }
}

fn name(reply: &Reply<'_>) -> Option<String> {
    let whole = reply.text_at(&["party", "body", "name"]);
    let parts = || {
        let part = |key: &'static str| reply.text_at(&["party", "body", "personalInfo", "complexName", key]);
        let parts: Vec<String> = ["firstName", "middleName", "lastName"].into_iter().filter_map(part).collect();
        parts.join(" ")
    };
    Some(whole.unwrap_or_else(parts)).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

fn currencies(reply: &Reply<'_>) -> Vec<String> {
    match reply.at(&["party", "body", "supportedCurrencies"]) {
        Some(Value::Array(codes)) => codes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(code)) => vec![code],
        _ => Vec::new(),
    }
}

/// Reads a reply to `POST /quotes`. It says nowhere which question it answers, and 18.0.2 mixes up replies that come at the same moment; the
/// packet inside may tell.
pub fn read_quote(asked: &TransferId, status: u16, body: &str) -> (QuoteAnswer, Option<Code>) {
    let reply = Reply::new(status, body);
    let code = reply.code();
    let answer = match not_agreed(&reply, code) {
        Some(NotAgreed::Refused(code)) => QuoteAnswer::Refused { code },
        Some(NotAgreed::Invalid) => QuoteAnswer::NotAsked(NotARequest::RefusedBySdk),
        Some(NotAgreed::Unclear(why)) => QuoteAnswer::Unclear { code, why },
        None => match quoted(&reply) {
            None => QuoteAnswer::Unclear { code: None, why: Why::NotTheShape },
            Some(quote) if names_another(&quote.ilp_packet, asked) => QuoteAnswer::Unclear { code: None, why: Why::AboutAnother },
            Some(quote) => QuoteAnswer::Quoted(quote),
        },
    };
    (answer, code)
}

fn quoted(reply: &Reply<'_>) -> Option<Quote> {
    let text = |key: &'static str| reply.text_at(&["quotes", "body", key]);
    let base64url = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'='));
    Some(Quote {
        transfer_amount: amount(reply, "transferAmount").ok()??,
        payee_receive_amount: amount(reply, "payeeReceiveAmount").ok()?,
        payee_fee: amount(reply, "payeeFspFee").ok()?,
        payee_commission: amount(reply, "payeeFspCommission").ok()?,
        ilp_packet: text("ilpPacket").filter(|packet| base64url(packet) && packet.len() <= PACKET_LIMIT)?,
        condition: text("condition").filter(|condition| base64url(condition) && condition.len() == 43)?,
        expiration: text("expiration"),
        source: reply.text_at(&["quotes", "headers", "fspiop-source"]).map(FspId::from),
    })
}

/// There, not there, or there and not to be understood: the last must not pass for "no fee".
fn amount(reply: &Reply<'_>, key: &'static str) -> Result<Option<Amount>, Unreadable> {
    match reply.at(&["quotes", "body", key]) {
        None | Some(Value::Null) => return Ok(None),
        Some(_) => {}
    }
    let currency = reply.text_at(&["quotes", "body", key, "currency"]).and_then(|code| Currency::find(&code)).ok_or(Unreadable)?;
    let wire = reply.text_at(&["quotes", "body", key, "amount"]).ok_or(Unreadable)?;
    let minor = currency.parse(&wire).map_err(|_| Unreadable)?;
    Ok(Some(Amount { currency, minor, wire }))
}

struct Unreadable;

enum NotAgreed {
    Refused(Code),
    Invalid,
    Unclear(Why),
}

/// What went wrong before an agreement; `None` where the reply may be one.
fn not_agreed(reply: &Reply<'_>, code: Option<Code>) -> Option<NotAgreed> {
    if let Some(code) = code {
        return Some(match code.class(Stage::Agree) {
            Class::Retry | Class::RetryLimited | Class::Unknown => NotAgreed::Unclear(Why::Code),
            Class::Permanent | Class::WaitForLiquidity | Class::StopAccount => NotAgreed::Refused(code),
        });
    }
    match reply.status {
        200 if reply.has_error() => Some(NotAgreed::Unclear(Why::WithoutCode)),
        200 => None,
        _ if reply.is_invalid() => Some(NotAgreed::Invalid),
        _ if reply.is_timeout() => Some(NotAgreed::Unclear(Why::Silent)),
        _ => Some(NotAgreed::Unclear(Why::WithoutCode)),
    }
}

/// Reads a reply to `POST /simpleTransfers`.
pub fn read_send(status: u16, body: &str) -> (TransferAnswer, Option<Code>) {
    let reply = Reply::new(status, body);
    let code = reply.code();
    let answer = match code {
        Some(Code::MODIFIED_REQUEST) => TransferAnswer::Modified,
        Some(code) if code.class(Stage::Transfer) == Class::Unknown => TransferAnswer::Unclear { why: Why::Code },
        Some(code) if !says(&reply, "transfer", "ABORTED") => TransferAnswer::Refused { code },
        _ => state(&reply, "transfer", code),
    };
    (answer, code)
}

/// Reads a reply to `GET /transfers/{id}`. `currentState` is not looked at: it says COMPLETED for aborted transfers too.
pub fn read_get(asked: &TransferId, status: u16, body: &str) -> (TransferAnswer, Option<Code>) {
    let reply = Reply::new(status, body);
    let code = reply.code();
    let about = |path: &[&str]| reply.text_at(path).is_none_or(|id| id.eq_ignore_ascii_case(asked.as_str()));
    let answer = if !about(&["transferId"]) || !about(&["transferState", "transferId"]) {
        TransferAnswer::Unclear { why: Why::AboutAnother }
    } else if says(&reply, "fulfil", "ABORTED") {
        TransferAnswer::Aborted { code }
    } else {
        match code {
            Some(Code::TRANSFER_NOT_FOUND) => TransferAnswer::NotFound,
            Some(code) if code.class(Stage::Transfer) == Class::Unknown => TransferAnswer::Unclear { why: Why::Code },
            Some(code) => TransferAnswer::Refused { code },
            None => state(&reply, "fulfil", None),
        }
    };
    (answer, code)
}

/// Whether the network itself names this state: HTTP 200, in the one place where it stands.
fn says(reply: &Reply<'_>, part: &'static str, state: &str) -> bool {
    reply.status == 200 && reply.text_at(&[part, "body", "transferState"]).as_deref() == Some(state)
}

fn state(reply: &Reply<'_>, part: &'static str, code: Option<Code>) -> TransferAnswer {
    if reply.status != 200 {
        return if reply.is_invalid() {
            TransferAnswer::Unclear { why: Why::Invalid }
        } else if reply.is_timeout() {
            TransferAnswer::Silent
        } else {
            TransferAnswer::Unclear { why: Why::WithoutCode }
        };
    }
    match reply.text_at(&[part, "body", "transferState"]).as_deref() {
        Some("ABORTED") => TransferAnswer::Aborted { code },
        _ if reply.has_error() => TransferAnswer::Unclear { why: Why::WithoutCode },
        Some("COMMITTED") => TransferAnswer::Committed { fulfilment: reply.text_at(&[part, "body", "fulfilment"]) },
        Some("RESERVED") => TransferAnswer::Reserved,
        Some("RECEIVED") => TransferAnswer::Received,
        _ => TransferAnswer::Unclear { why: Why::NotTheShape },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "9465ed4d-8a94-5fad-9c0a-ac80966ea5af";

    fn id() -> TransferId {
        TransferId::from(ID)
    }

    fn phone() -> PartyId {
        PartyId { id_type: "MSISDN".to_owned(), id_value: "254711000123".to_owned(), sub_id: None }
    }

    fn get(status: u16, body: &str) -> TransferAnswer {
        read_get(&id(), status, body).0
    }

    #[test]
    fn completed_means_nothing() {
        for body in [r#"{"currentState":"COMPLETED"}"#, r#"{"currentState":"COMPLETED","transferState":"COMMITTED"}"#] {
            assert_eq!(get(200, body), TransferAnswer::Unclear { why: Why::NotTheShape });
            assert_eq!(read_send(200, body).0, TransferAnswer::Unclear { why: Why::NotTheShape });
        }
    }

    #[test]
    fn committed_counts_only_with_http_200_and_about_the_transfer_asked_for() {
        let body = r#"{"fulfil":{"body":{"transferState":"COMMITTED"}}}"#;
        assert_eq!(get(200, body), TransferAnswer::Committed { fulfilment: None });
        assert_eq!(get(500, body), TransferAnswer::Unclear { why: Why::WithoutCode });
        let other = r#"{"transferId":"00000000-8a94-5fad-9c0a-ac80966ea5af","fulfil":{"body":{"transferState":"COMMITTED"}}}"#;
        assert_eq!(get(200, other), TransferAnswer::Unclear { why: Why::AboutAnother });
    }

    #[test]
    fn committed_beside_an_error_is_nothing_to_rely_on() {
        let body = r#"{"transfer":{"body":{"transferState":"COMMITTED","errorInformation":{"errorCode":"5104"}}}}"#;
        assert_eq!(read_send(200, body).0, TransferAnswer::Refused { code: Code::new(5104).unwrap() });
        let nameless = r#"{"transfer":{"body":{"transferState":"COMMITTED","errorInformation":{}}}}"#;
        assert_eq!(read_send(200, nameless).0, TransferAnswer::Unclear { why: Why::WithoutCode });
    }

    #[test]
    fn a_server_fault_after_the_prepare_is_unclear_with_its_code() {
        let body = r#"{"transfer":{"body":{"errorInformation":{"errorCode":"2001"}}}}"#;
        assert_eq!(read_send(200, body), (TransferAnswer::Unclear { why: Why::Code }, Code::new(2001)));
    }

    #[test]
    fn a_body_inside_a_string_is_opened() {
        let body = r#"{"transfer":{"body":"{\"transferState\":\"RESERVED\"}"}}"#;
        assert_eq!(read_send(200, body).0, TransferAnswer::Reserved);
    }

    #[test]
    fn a_fee_that_cannot_be_read_is_not_taken_for_no_fee() {
        let quote = |fee: &str| {
            format!(
                r#"{{"quotes":{{"body":{{"transferAmount":{{"currency":"KES","amount":1500.5}},"payeeFspFee":{fee},"ilpPacket":"QVlJ",
                "condition":"YzWe0tiPExAZQuF-BjMjHZBsUW_2UZj7Etjcm3ntGFU"}}}}}}"#
            )
        };
        let QuoteAnswer::Quoted(read) = read_quote(&id(), 200, &quote("null")).0 else { panic!("a number is an amount too") };
        assert_eq!(read.transfer_amount.wire, "1500.5");
        for fee in [r#"{"currency":"KES","amount":"7.123"}"#, r#"{"currency":"XXX","amount":"7"}"#, r#""7""#, r#"{"amount":"7"}"#] {
            assert_eq!(read_quote(&id(), 200, &quote(fee)).0, QuoteAnswer::Unclear { code: None, why: Why::NotTheShape }, "{fee}");
        }
    }

    #[test]
    fn an_answer_about_somebody_else_does_not_pass() {
        let body = |number: &str| format!(r#"{{"party":{{"body":{{"partyIdInfo":{{"partyIdentifier":"{number}","fspId":"kbzpay"}}}}}}}}"#);
        assert!(matches!(read_party(&phone(), 200, &body("+254711000123")).0, PartyAnswer::Found { .. }));
        assert_eq!(read_party(&phone(), 200, &body("254711000124")).0, PartyAnswer::Unclear { code: None, why: Why::AboutAnother });
    }

    #[test]
    fn an_sdk_that_tells_nothing_of_a_lookup_is_not_one_that_cannot_be_read() {
        let untold = r#"{"party":{"body":{},"headers":{"fspiop-source":"Hub"}},"currentState":"COMPLETED"}"#;
        assert_eq!(read_party(&phone(), 200, untold).0, PartyAnswer::Unclear { code: None, why: Why::Untold });
        for other in ["{}", r#"{"party":{}}"#, r#"{"party":{"body":[]}}"#, r#"{"party":{"body":{"name":"U Ba"}}}"#] {
            assert_eq!(read_party(&phone(), 200, other).0, PartyAnswer::Unclear { code: None, why: Why::NotTheShape }, "{other}");
        }
    }

    #[test]
    fn a_quote_with_the_packet_of_another_transaction_does_not_pass() {
        let packets = include_str!("../../tests/fixtures/sdk/packets.tsv");
        let another = TransferId::from("00000000-8a94-5fad-9c0a-ac80966ea5af");
        for (name, packet) in packets.lines().filter_map(|line| line.split_once('\t')) {
            let body = format!(
                r#"{{"quotes":{{"body":{{"transferAmount":{{"currency":"KES","amount":"1500.5"}},"ilpPacket":"{packet}",
                "condition":"YzWe0tiPExAZQuF-BjMjHZBsUW_2UZj7Etjcm3ntGFU"}}}}}}"#
            );
            assert!(matches!(read_quote(&id(), 200, &body).0, QuoteAnswer::Quoted(_)), "{name}");
            let swapped = read_quote(&another, 200, &body).0;
            // What nobody can read says nothing of a swap, and is opaque to us as ever.
            if name == "stub" {
                assert!(matches!(swapped, QuoteAnswer::Quoted(_)));
            } else {
                assert_eq!(swapped, QuoteAnswer::Unclear { code: None, why: Why::AboutAnother }, "{name}");
            }
        }
    }

    #[test]
    fn a_request_the_sdk_refuses_as_invalid_is_not_asked_for_ever() {
        let body = r#"{"message":"must NOT have additional properties","statusCode":400}"#;
        assert_eq!(read_quote(&id(), 400, body).0, QuoteAnswer::NotAsked(NotARequest::RefusedBySdk));
        assert_eq!(read_send(400, body).0, TransferAnswer::Unclear { why: Why::Invalid });
    }

    #[test]
    fn a_wrong_address_in_our_settings_does_not_fail_a_payment_for_good() {
        let unclear = QuoteAnswer::Unclear { code: None, why: Why::WithoutCode };
        assert_eq!(read_quote(&id(), 400, r#"{"message":"Couldn't match path /nope/quotes","statusCode":400}"#).0, unclear);
        assert_eq!(read_quote(&id(), 400, "<html>Bad Request</html>").0, unclear);
        assert_eq!(read_quote(&id(), 404, "Not Found").0, unclear);
    }

    /// JSON made of the words the SDK uses, in any arrangement.
    fn any_json() -> impl Strategy<Value = Value> {
        let words = prop::sample::select(vec!["COMMITTED", "ABORTED", "COMPLETED", "3208", "5104", "Timeout", "{", "{\"body\":{}}", "x"]);
        let leaf = prop_oneof![
            Just(Value::Null),
            words.prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from)
        ];
        let keys = prop::sample::select(vec![
            "transfer",
            "fulfil",
            "quotes",
            "party",
            "body",
            "transferState",
            "currentState",
            "errorInformation",
            "errorCode",
            "message",
            "statusCode",
            "transferId",
            "partyIdInfo",
            "fspId",
            "transferAmount",
            "amount",
            "currency",
            "lastError",
            "mojaloopError",
        ]);
        leaf.prop_recursive(6, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map(keys.clone().prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn committed(status: u16, body: &str) -> bool {
        let sent = matches!(read_send(status, body).0, TransferAnswer::Committed { .. });
        sent || matches!(get(status, body), TransferAnswer::Committed { .. })
    }

    fn honest(status: u16, body: &str) {
        let _ = (read_party(&phone(), status, body), read_quote(&id(), status, body));
        if committed(status, body) {
            let json: Value = serde_json::from_str(body).unwrap();
            let named = |pointer| json.pointer(pointer).and_then(Value::as_str) == Some("COMMITTED");
            assert!(status == 200 && (named("/transfer/body/transferState") || named("/fulfil/body/transferState")));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_or_passes_for_paid(status in 100_u16..600, body in ".{0,300}") {
            honest(status, &body);
        }

        #[test]
        fn no_arrangement_of_the_sdks_words_passes_for_paid_unless_transfer_state_says_so(
            status in prop::sample::select(vec![200_u16, 204, 400, 404, 500, 504]), body in any_json(),
        ) {
            honest(status, &body.to_string());
        }
    }
}
