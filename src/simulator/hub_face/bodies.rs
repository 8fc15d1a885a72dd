//! FSPIOP bodies of the hub's answers.

use serde_json::{Value, json};

use crate::clock::Instant;
use crate::simulator::Entry;
use crate::simulator::replies::description;

pub(super) fn error(code: u16, why: Option<&str>) -> Value {
    json!({"errorInformation": {"errorCode": code.to_string(), "errorDescription": why.unwrap_or_else(|| description(code))}})
}

pub(super) fn party(id_type: &str, id_value: &str, sub_id: Option<&str>, entry: &Entry) -> Value {
    let mut info = json!({"partyIdType": id_type, "partyIdentifier": id_value, "fspId": entry.fsp});
    if let (Some(sub_id), Some(info)) = (sub_id, info.as_object_mut()) {
        info.insert("partySubIdOrType".to_owned(), sub_id.into());
    }
    let (first, last) = entry.name.split_once(' ').unwrap_or((&entry.name, ""));
    json!({"party": {"partyIdInfo": info, "name": entry.name, "personalInfo": {"complexName": {"firstName": first, "lastName": last}}}})
}

/// Where a transfer stands; only a committed one has a proof.
pub(super) fn transfer(state: &str, fulfilment: Option<&str>, at: Instant) -> Value {
    let mut body = json!({"transferState": state, "completedTimestamp": at.fspiop()});
    if let (Some(fulfilment), Some(body)) = (fulfilment, body.as_object_mut()) {
        body.insert("fulfilment".to_owned(), fulfilment.into());
    }
    body
}
