//! What an authenticator app and we compute from a secret (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds).

use totp_rs::{Builder, Secret, Totp};

use crate::clock::Instant;
use crate::payees::ascii_digits;

/// Seconds of a step: as long as a code is shown.
const STEP_SECONDS: u64 = 30;
/// Steps before and after the present one whose codes are taken: clocks of phones differ.
const STEPS_AROUND: u16 = 1;
/// Digits of a code.
const DIGITS: u8 = 6;
/// Characters of a typed secret's groups.
const GROUP: usize = 4;

/// A secret as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What the QR code says.
    pub url: String,
    /// The secret in groups of four, to be typed.
    pub groups: Vec<String>,
}

fn app(secret: &Secret) -> Builder {
    Builder::new().with_secret(secret.clone()).with_digits(DIGITS).with_step_duration(STEP_SECONDS).with_skew(STEPS_AROUND)
}

/// How a page shows the secret. `issuer`: the institution's name; `account`: the user name.
pub(super) fn shown(secret: &Secret, issuer: &str, account: &str) -> Shown {
    // A colon separates the two in the URL.
    let (issuer, account) = (issuer.replace(':', " "), account.replace(':', " "));
    let url = app(secret).with_issuer(Some(issuer)).with_account_name(account).build_noncompliant().to_url().unwrap_or_default();
    let letters: Vec<char> = secret.to_base32().chars().collect();
    Shown { url, groups: letters.chunks(GROUP).map(|group| group.iter().collect()).collect() }
}

/// The 30-second step whose code this is, near `now`; `None` for a wrong code. Spaces do not matter, nor in which digits it is written.
pub(super) fn step_of(secret: &Secret, typed: &str, now: Instant) -> Option<i64> {
    let code: String = ascii_digits(typed).chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let totp: Totp = app(secret).build_noncompliant();
    let seconds = u64::try_from(now.micros() / 1_000_000).ok()?;
    i64::try_from(totp.check(&code, seconds)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 6238, SHA-1: the last six of the eight digits it prints.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = Secret::from(*b"12345678901234567890");
        let vectors =
            [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037")];
        for (seconds, code) in vectors {
            let now = Instant::from_micros(seconds * 1_000_000);
            assert_eq!(step_of(&secret, code, now), Some(seconds / 30), "{code}");
            assert_eq!(step_of(&secret, "000000", now), None);
        }
        let late = Instant::from_micros(20_000_000_000 * 1_000_000);
        assert_eq!(step_of(&secret, "353130", late), Some(666_666_666));
    }

    #[test]
    fn a_code_may_be_typed_as_the_app_shows_it() {
        let secret = Secret::from(*b"12345678901234567890");
        let now = Instant::from_micros(59_000_000);
        for typed in ["287 082", " 287082 ", "၂၈၇၀၈၂", "287-082"] {
            assert_eq!(step_of(&secret, typed, now), Some(1), "{typed}");
        }
        for typed in ["28708", "2870822", "+87082", ""] {
            assert_eq!(step_of(&secret, typed, now), None, "{typed}");
        }
    }

    #[test]
    fn clocks_may_differ_by_one_step_and_no_more() {
        let secret = Secret::from(*b"12345678901234567890");
        let at = |seconds: i64| step_of(&secret, "287082", Instant::from_micros(seconds * 1_000_000));
        assert_eq!([at(0), at(30), at(59), at(60), at(89)], [Some(1); 5]);
        assert_eq!(at(90), None);
    }
}
