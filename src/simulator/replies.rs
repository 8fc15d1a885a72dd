//! Bodies shaped like the recorded ones, for both versions of the SDK.

use serde_json::{Value, json};

use crate::clock::Instant;
use crate::simulator::SdkVersion;
use crate::simulator::ledger::{LedgerRow, LedgerState};

/// A status and a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub status: u16,
    pub body: Value,
}

fn ok(body: Value) -> Reply {
    Reply { status: 200, body }
}

pub(super) fn description(code: u16) -> &'static str {
    match code {
        3100 => "Generic validation error - Expiration date is already in the past",
        3106 => "Modified request",
        3204 => "Party not found",
        3208 => "Transfer ID not found",
        3303 => "Transfer expired",
        4001 => "Payer FSP insufficient liquidity",
        5104 => "Payee rejected transaction",
        5105 => "Payee FSP rejected transaction",
        5200 => "Generic limit error: payee wallet limit exceeded",
        _ => "Generic error",
    }
}

fn error(code: u16) -> Value {
    json!({"errorCode": code.to_string(), "errorDescription": description(code)})
}

fn headers(version: SdkVersion, resource: &str, from: &str) -> Value {
    let number = match version {
        SdkVersion::V18 => "1.1",
        SdkVersion::V24 => "2.0",
    };
    json!({"content-type": format!("application/vnd.interoperability.{resource}+json;version={number}"), "fspiop-source": from})
}

pub(super) fn invalid(message: &str) -> Reply {
    Reply { status: 400, body: json!({"message": message, "statusCode": 400}) }
}

/// The SDK waited for a callback in vain; `state` is the name it gives to what it was waiting for.
pub(super) fn timeout(state: &str) -> Reply {
    Reply { status: 500, body: json!({"message": "Timeout", state: {}, "statusCode": "500"}) }
}

/// Something inside the SDK failed.
pub(super) fn fault(message: &str) -> Reply {
    Reply { status: 500, body: json!({"message": message, "requestSimpleTransfersInformationState": {}, "statusCode": "500"}) }
}

pub(super) fn party(version: SdkVersion, id_type: &str, id_value: &str, sub_id: Option<&str>, fsp: &str, name: &str) -> Reply {
    let mut info = json!({"partyIdType": id_type, "partyIdentifier": id_value, "fspId": fsp});
    if let (Some(sub_id), Some(info)) = (sub_id, info.as_object_mut()) {
        info.insert("partySubIdOrType".to_owned(), sub_id.into());
    }
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    let body = json!({"partyIdInfo": info, "name": name, "personalInfo": {"complexName": {"firstName": first, "lastName": last}}});
    ok(json!({"party": {"body": body, "headers": headers(version, "parties", fsp)}, "currentState": "COMPLETED"}))
}

pub(super) fn no_party(code: u16) -> Reply {
    Reply { status: 404, body: json!({"errorInformation": error(code), "currentState": "COMPLETED"}) }
}

pub(super) fn quote(version: SdkVersion, fsp: &str, body: Value) -> Reply {
    ok(json!({"quotes": {"body": body, "headers": headers(version, "quotes", fsp)}, "currentState": "COMPLETED"}))
}

pub(super) fn no_quote(code: u16) -> Reply {
    ok(json!({"quotes": {"errorInformation": error(code)}, "currentState": "COMPLETED"}))
}

/// A callback of the transfer: COMMITTED or RESERVED.
pub(super) fn transfer(version: SdkVersion, fsp: &str, state: &str, fulfilment: &str, now: Instant) -> Reply {
    let body = json!({"fulfilment": fulfilment, "completedTimestamp": now.fspiop(), "transferState": state});
    ok(json!({"transfer": {"body": body, "headers": headers(version, "transfers", fsp)}, "currentState": "COMPLETED"}))
}

pub(super) fn no_transfer(version: SdkVersion, fsp: &str, code: u16) -> Reply {
    let body = json!({"errorInformation": error(code)});
    ok(json!({"transfer": {"body": body, "headers": headers(version, "transfers", fsp)}, "currentState": "COMPLETED"}))
}

/// `GET /transfers/{id}` of a transfer the hub shows.
pub(super) fn state(version: SdkVersion, row: &LedgerRow, now: Instant) -> Reply {
    let body = match row.state {
        LedgerState::Committed => {
            json!({"fulfilment": row.fulfilment, "completedTimestamp": row.due_at.fspiop(), "transferState": row.state.as_str()})
        }
        state => json!({"transferState": state.as_str()}),
    };
    ok(json!({
        "transferId": row.transfer_id, "currentState": "COMPLETED", "initiatedTimestamp": now.fspiop(), "direction": "OUTBOUND",
        "fulfil": {"body": body, "headers": headers(version, "transfers", &row.payee_fsp)},
    }))
}

/// 3208: the message is JSON in 24 and `util.inspect` output in 18.
pub(super) fn unknown_transfer(version: SdkVersion, id: &str, now: Instant) -> Reply {
    let message = match version {
        SdkVersion::V24 => r#"{"errorInformation":{"errorCode":"3208","errorDescription":"Transfer ID not found"}}"#,
        SdkVersion::V18 => "{\n  errorInformation: { errorCode: '3208', errorDescription: 'Transfer ID not found' }\n}",
    };
    let last_error = json!({"httpStatusCode": 500, "mojaloopError": {"errorInformation": error(3208)}});
    let body = json!({
        "message": format!("Got an error response retrieving transfer: {message}"),
        "transferState": failed(id, now, last_error),
        "statusCode": "3208",
    });
    Reply { status: 500, body }
}

/// 504: the hub's answer cannot be shown, or none came.
pub(super) fn unanswered_get(id: &str, now: Instant) -> Reply {
    let state = failed(id, now, json!({"httpStatusCode": 504}));
    Reply { status: 504, body: json!({"message": format!("Timeout getting transfer {id}"), "transferState": state, "statusCode": "504"}) }
}

fn failed(id: &str, now: Instant, last_error: Value) -> Value {
    json!({
        "transferId": id, "currentState": "ERROR_OCCURRED", "initiatedTimestamp": now.fspiop(), "direction": "OUTBOUND", "lastError": last_error,
    })
}
