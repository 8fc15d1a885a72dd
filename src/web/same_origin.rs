//! Refuses what another site makes a browser send.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};

/// Whether a request that changes something comes from our own pages. Browsers say so in `Sec-Fetch-Site` (on https and
/// localhost) and in `Origin` (always); one that says neither is refused.
pub fn is_same_origin(request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let (Some(origin), Some(host)) = (header(ORIGIN.as_str()), header(HOST.as_str())) else { return false };
    origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn from(headers: &[(&'static str, &'static str)]) -> bool {
        let request = headers.iter().fold(TestRequest::post(), |request, header| request.insert_header(*header));
        is_same_origin(&request.to_http_request())
    }

    #[test]
    fn only_our_own_pages_may_post() {
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(!from(&[("sec-fetch-site", "cross-site"), ("origin", "http://mfi.test"), ("host", "mfi.test")]));
        assert!(!from(&[("sec-fetch-site", "same-site")]));
        assert!(from(&[("origin", "http://mfi.test:8080"), ("host", "mfi.test:8080")]));
        assert!(!from(&[("origin", "http://evil.test"), ("host", "mfi.test")]));
        assert!(!from(&[("origin", "null"), ("host", "mfi.test")]));
        assert!(!from(&[("host", "mfi.test")]));
    }
}
