//! A reply, before anybody knows what it means: finding a field, a text, a code in whatever shape came.

use serde_json::Value;

use crate::sdk::Code;

/// A body that may be JSON, JSON inside a JSON string, or just text.
pub(super) struct Reply<'a> {
    pub status: u16,
    text: &'a str,
    json: Option<Value>,
}

/// Where the SDK's versions put `errorInformation`, most specific first.
const ERRORS: &[&[&str]] =
    &[&["transfer", "body"], &["transfer"], &["quotes", "body"], &["quotes"], &["party", "body"], &["party"], &["fulfil", "body"], &[]];
/// Where an error reply repeats it. Not read in a reply with HTTP 200: there it is the *last* error, so a `GET` that says
/// COMMITTED may still carry the 3208 of the `GET` before (recorded: `own24_get_first_4_get`).
const LAST_ERRORS: &[&[&str]] = &[&["transferState", "lastError", "mojaloopError"], &["lastError", "mojaloopError"]];

impl<'a> Reply<'a> {
    pub fn new(status: u16, text: &'a str) -> Self {
        Self { status, text, json: serde_json::from_str(text).ok() }
    }

    /// The value at a path of keys; a string that holds an object is opened on the way (18.0.2 does that).
    pub fn at(&self, path: &[&str]) -> Option<Value> {
        dig(self.json.as_ref()?, path)
    }

    /// A text or a number at a path, as text.
    pub fn text_at(&self, path: &[&str]) -> Option<String> {
        plain(self.at(path)?)
    }

    /// The FSPIOP code, wherever this version put it. `statusCode` counts only where it has four digits: it is the HTTP status
    /// otherwise. Last comes the text of `message`, which is JSON in 24 and `util.inspect` output in 18.
    pub fn code(&self) -> Option<Code> {
        let inside = self.errors().find_map(|place| self.text_at(&path(place, &["errorInformation", "errorCode"]))?.parse().ok());
        inside
            .or_else(|| self.text_at(&["statusCode"])?.parse().ok())
            .or_else(|| code_in_text(&self.text_at(&["message"])?))
            .or_else(|| if matches!(self.json, None | Some(Value::String(_))) { code_in_text(self.text) } else { None })
    }

    /// Whether any place of a body holds an error, with a code we can read or without.
    pub fn has_error(&self) -> bool {
        self.errors().any(|place| self.at(&path(place, &["errorInformation"])).is_some_and(|error| !error.is_null()))
    }

    fn errors(&self) -> impl Iterator<Item = &'static [&'static str]> {
        let stale = if self.status == 200 { &[] } else { LAST_ERRORS };
        ERRORS.iter().chain(stale).copied()
    }

    /// The SDK's own validation refused the request. A path it does not know is refused the same way, but that is a wrong address
    /// in our settings and must not fail a payment for good; nor must a proxy's 400.
    pub fn is_invalid(&self) -> bool {
        let message = self.text_at(&["message"]).unwrap_or_default();
        let wrong_address = message.starts_with("Couldn't match path") || message.starts_with("Method ");
        self.status == 400 && self.text_at(&["statusCode"]).as_deref() == Some("400") && !wrong_address
    }

    /// The SDK's own timeout: it waited for the hub in vain.
    pub fn is_timeout(&self) -> bool {
        self.status == 504 || (self.status >= 500 && self.text_at(&["message"]).is_some_and(|message| message.starts_with("Timeout")))
    }
}

fn path(place: &[&'static str], rest: &[&'static str]) -> Vec<&'static str> {
    [place, rest].concat()
}

fn dig(value: &Value, path: &[&str]) -> Option<Value> {
    let Some((key, rest)) = path.split_first() else {
        return Some(value.clone());
    };
    match value {
        Value::String(text) if text.starts_with('{') => dig(serde_json::from_str::<Value>(text).ok()?.get(key)?, rest),
        other => dig(other.get(key)?, rest),
    }
}

fn plain(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `errorCode` followed by at most quotes, colon, spaces and four digits.
fn code_in_text(text: &str) -> Option<Code> {
    text.split("errorCode").skip(1).find_map(|after| {
        let digits: String = after
            .trim_start_matches(['\\', '"', '\'', ':', ' ', '=', '\n', '\t'])
            .chars()
            .take_while(char::is_ascii_digit)
            .take(5)
            .collect();
        digits.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<u16> {
        Reply::new(500, text).code().map(Code::number)
    }

    #[test]
    fn the_code_is_found_wherever_it_stands() {
        assert_eq!(code(r#"{"errorInformation":{"errorCode":"3204"}}"#), Some(3204));
        assert_eq!(code(r#"{"errorInformation":{"errorCode":3204}}"#), Some(3204));
        assert_eq!(code(r#"{"transfer":{"body":{"errorInformation":{"errorCode":"5104"}}}}"#), Some(5104));
        assert_eq!(code(r#"{"transfer":{"body":"{\"errorInformation\":{\"errorCode\":\"5104\"}}"}}"#), Some(5104));
        assert_eq!(code(r#"{"statusCode":"3208","message":"x"}"#), Some(3208));
        assert_eq!(code(r#"{"statusCode":"500","message":"Got: {\"errorInformation\":{\"errorCode\":\"3208\"}}"}"#), Some(3208));
        assert_eq!(code(r#"{"statusCode":"500","message":"Got: {\n  errorInformation: { errorCode: '3208' }\n}"}"#), Some(3208));
        assert_eq!(code(r#""{\"errorInformation\":{\"errorCode\":\"3208\"}}""#), Some(3208));
        assert_eq!(code("upstream said errorCode: 2003"), Some(2003));
    }

    #[test]
    fn an_extension_may_replace_the_status_code_but_not_the_networks_own() {
        let body = r#"{"statusCode":"9999","transferState":{"lastError":{"mojaloopError":{"errorInformation":{"errorCode":"4001"}}}}}"#;
        assert_eq!(code(body), Some(4001));
    }

    #[test]
    fn the_error_of_the_call_before_is_not_this_calls() {
        let body = r#"{"lastError":{"mojaloopError":{"errorInformation":{"errorCode":"3208"}}}}"#;
        assert_eq!(Reply::new(200, body).code(), None);
        assert!(!Reply::new(200, body).has_error());
        assert_eq!(code(body), Some(3208));
    }

    #[test]
    fn an_http_status_or_a_long_number_is_no_code() {
        assert_eq!(code(r#"{"statusCode":"500","message":"Timeout"}"#), None);
        assert_eq!(code(r#"{"statusCode":400}"#), None);
        assert_eq!(code(r#"{"message":"errorCode: 32081"}"#), None);
        assert_eq!(code(r#"{"message":"phone 3208"}"#), None);
        assert_eq!(code("Not Found"), None);
    }
}
