//! Whether an SDK's outbound API is there, and a hub behind it: what came of asking for a transfer that nobody ever made.

use std::time::Duration;

use super::remark::Remark;
use super::seconds;
use crate::sdk::reply::Reply;
use crate::sdk::{Exchange, SdkSettings, TransferAnswer, Why};

/// What the question showed.
pub(super) struct Reached {
    pub remark: Remark,
    pub is_an_sdk: bool,
    /// Whether a lookup has a chance.
    pub goes_on: bool,
    /// After how long the SDK stopped waiting for the hub.
    pub silent_after: Option<Duration>,
}

/// Nothing answered at all.
pub(super) fn nobody(settings: &SdkSettings, why: Why) -> Remark {
    let url = &settings.url;
    Remark::wrong(match why {
        Why::NotReached => format!("{url} could not be reached: is the SDK running, is the address right, is a firewall between?"),
        Why::NoReply => format!("{url} takes connections and does not answer: that is not an SDK's outbound API, or its machine hangs"),
        _ => format!("{url} broke the connection: what listens there does not speak HTTP as an SDK does"),
    })
}

pub(super) fn judge(settings: &SdkSettings, asked: &Exchange<TransferAnswer>) -> Reached {
    let (url, took) = (&settings.url, seconds(asked.took));
    let reply = Reply::new(asked.http_status.unwrap_or(0), &asked.body);
    let stop = |said: String| Reached { remark: Remark::wrong(said), is_an_sdk: false, goes_on: false, silent_after: None };
    let sdk = |remark: Remark, goes_on: bool| Reached { remark, is_an_sdk: true, goes_on, silent_after: None };
    if let Some(not_an_sdk) = not_the_outbound_api(settings, &reply) {
        return stop(not_an_sdk);
    }
    match &asked.answer {
        TransferAnswer::NotFound => sdk(Remark::fine(format!("The SDK at {url} and the hub behind it answer (in {took})")), true),
        TransferAnswer::Silent => Reached {
            silent_after: Some(asked.took),
            ..sdk(
                Remark::wrong(format!(
                    "The SDK at {url} answers, and waited {took} for the hub in vain: look at its PEER_ENDPOINT, at the hub, and whether the \
                     hub reaches the SDK's inbound API"
                )),
                false,
            )
        },
        TransferAnswer::Unclear { why: Why::NotReached | Why::BrokenOff } => stop(nobody(settings, Why::BrokenOff).said),
        TransferAnswer::Unclear { why: Why::NoReply } => sdk(
            Remark::wrong(format!(
                "GET /transfers was not answered within get_timeout ({}): it must be longer than the SDK waits, or its Redis is down",
                seconds(settings.get_timeout)
            )),
            false,
        ),
        TransferAnswer::Refused { code } => sdk(
            Remark::wrong(format!("The hub refuses the SDK's questions with {code}: {}", code.reason().english())),
            !code.is_for_the_operator(),
        ),
        TransferAnswer::Unclear { why: Why::Code | Why::WithoutCode } if is_an_sdks(&reply) => {
            sdk(Remark::wrong(format!("The SDK at {url} answers, and could not ask the hub: {}", told(&reply))), false)
        }
        TransferAnswer::Committed { .. } | TransferAnswer::Aborted { .. } | TransferAnswer::Reserved | TransferAnswer::Received => {
            stop(format!("{url} tells of a transfer that nobody ever made: do not pay through it"))
        }
        TransferAnswer::Modified | TransferAnswer::Unclear { .. } => stop(foreign(settings, &reply)),
    }
}

/// Another of an SDK's servers, another path, or something else.
fn not_the_outbound_api(settings: &SdkSettings, reply: &Reply<'_>) -> Option<String> {
    let url = &settings.url;
    let message = reply.text_at(&["message"]).unwrap_or_default();
    if message.starts_with("Couldn't match path") || message.starts_with("Method ") {
        return Some(format!(
            "{url} is an SDK, but not under this path: where MULTI_DFSP=true the address ends with /DFSP_ID, and only there"
        ));
    }
    // Only a hub's side of the API asks for FSPIOP's headers.
    let at_once = reply.status == 400 || reply.status == 406;
    if at_once && reply.at(&["errorInformation"]).is_some() && message.is_empty() {
        return Some(format!("{url} is an SDK's inbound API, for the hub: give the outbound one (OUTBOUND_LISTEN_PORT, usually 4001)"));
    }
    None
}

fn is_an_sdks(reply: &Reply<'_>) -> bool {
    reply.status >= 500 && (reply.at(&["transferState"]).is_some() || reply.at(&["message"]).is_some())
}

fn told(reply: &Reply<'_>) -> String {
    reply.text_at(&["message"]).unwrap_or_default().chars().take(200).collect()
}

fn foreign(settings: &SdkSettings, reply: &Reply<'_>) -> String {
    format!("{} answers with HTTP {} and nothing an SDK says: is it another program, or a proxy?", settings.url, reply.status)
}

#[cfg(test)]
mod tests {
    use super::super::{Grade, usual};
    use super::*;
    use crate::ids::TransferId;
    use crate::sdk::read_get;

    fn judged(status: u16, body: &str) -> Reached {
        let (answer, code) = read_get(&TransferId::from("9465ed4d-8a94-4fad-9c0a-ac80966ea5af"), status, body);
        let exchange =
            Exchange { answer, http_status: Some(status), code, body: body.to_owned(), took: Duration::from_millis(12), date: None };
        judge(&usual(), &exchange)
    }

    #[test]
    fn an_unknown_transfer_is_what_a_good_sdk_says() {
        let body = r#"{"message":"Got an error response retrieving transfer: {}","transferState":{},"statusCode":"3208"}"#;
        let reached = judged(500, body);
        assert!(reached.is_an_sdk && reached.goes_on && reached.remark.grade == Grade::Fine, "{}", reached.remark);
        assert!(reached.remark.said.ends_with("answer (in 0.01 s)"), "{}", reached.remark);
    }

    #[test]
    fn what_is_not_the_outbound_api_is_named() {
        for (status, body, words) in [
            (400, r#"{"message":"Couldn't match path /x/transfers/1","statusCode":400}"#, "MULTI_DFSP"),
            (400, r#"{"errorInformation":{"errorCode":"3102","errorDescription":"Accept is required"}}"#, "inbound API"),
            (404, "<html>Not here</html>", "HTTP 404"),
            (200, "{}", "nothing an SDK says"),
            (200, r#"{"fulfil":{"body":{"transferState":"COMMITTED"}}}"#, "do not pay through it"),
        ] {
            let reached = judged(status, body);
            assert!(!reached.is_an_sdk && !reached.goes_on && reached.remark.said.contains(words), "{body}: {}", reached.remark);
        }
    }

    #[test]
    fn a_hub_that_does_not_answer_is_told_from_an_sdk_that_does_not() {
        let silent = judged(504, r#"{"message":"Timeout getting transfer 1","transferState":{},"statusCode":"504"}"#);
        assert!(silent.is_an_sdk && !silent.goes_on && silent.remark.said.contains("PEER_ENDPOINT"), "{}", silent.remark);
        assert_eq!(silent.silent_after, Some(Duration::from_millis(12)));
        let refused = judged(500, r#"{"message":"connect ECONNREFUSED 127.0.0.1:4010","transferState":{},"statusCode":"500"}"#);
        assert!(refused.is_an_sdk && refused.remark.said.contains("ECONNREFUSED"), "{}", refused.remark);
        assert!(nobody(&usual(), Why::NotReached).said.contains("firewall"));
        assert!(nobody(&usual(), Why::NoReply).said.contains("does not answer"));
    }
}
