//! Whether we wait longer than the SDK does: an answer that comes after we hung up is lost, and the payment in doubt.

use std::time::Duration;

use super::remark::Remark;
use super::seconds;
use crate::sdk::SdkSettings;

/// What a call takes beside the SDK's own waiting.
const ON_THE_WAY: Duration = Duration::from_secs(2);

/// `said`: what the operator says the SDK waits, or its default. `seen`: how long it really waited for a hub that was silent.
pub(super) fn judge(settings: &SdkSettings, said: Duration, seen: Option<Duration>) -> Vec<Remark> {
    let waits = seen.unwrap_or(said);
    let how = if seen.is_some() { "as was just seen" } else { "REQUEST_PROCESSING_TIMEOUT_SECONDS; name another with --sdk-waits" };
    let calls = [
        ("parties_timeout", settings.parties_timeout),
        ("quotes_timeout", settings.quotes_timeout),
        ("send_timeout", settings.send_timeout),
        ("get_timeout", settings.get_timeout),
    ];
    let short: Vec<String> = calls
        .into_iter()
        .filter(|(_, ours)| *ours < waits.saturating_add(ON_THE_WAY))
        .map(|(name, ours)| format!("{name} is {}", seconds(ours)))
        .collect();
    if short.is_empty() {
        return vec![Remark::fine(format!("Our timeouts are longer than the SDK's ({}, {how})", seconds(waits)))];
    }
    vec![Remark::wrong(format!(
        "{}: too short, since the SDK itself waits {} ({how}). Each must be {} or more, or answers are lost",
        short.join(", "),
        seconds(waits),
        seconds(waits.saturating_add(ON_THE_WAY))
    ))]
}

#[cfg(test)]
mod tests {
    use super::super::{Grade, usual};
    use super::*;

    #[test]
    fn the_defaults_fit_each_other() {
        assert_eq!(judge(&usual(), Duration::from_secs(30), None)[0].grade, Grade::Fine);
    }

    #[test]
    fn each_timeout_that_is_too_short_is_named() {
        let mut settings = usual();
        settings.send_timeout = Duration::from_secs(30);
        let [remark] = &judge(&settings, Duration::from_secs(30), None)[..] else { panic!() };
        assert!(remark.grade == Grade::Wrong && remark.said.contains("send_timeout is 30.0 s: too short"), "{remark}");
        let [remark] = &judge(&usual(), Duration::from_secs(30), Some(Duration::from_secs(60)))[..] else { panic!() };
        assert!(remark.said.starts_with("parties_timeout is 40.0 s, quotes_timeout is 40.0 s, send_timeout is 45.0 s"), "{remark}");
        assert!(remark.said.contains("as was just seen"), "{remark}");
    }
}
