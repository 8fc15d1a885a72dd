//! Every number of dispatch, with its unit and its reason.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// How long a lookup is good for: an account seldom moves within a day, and the quote asks its FSP again.
pub const LOOKUP_GOOD_FOR: Duration = DAY;

/// How long the hub may execute a prepare after it was recorded.
pub const PREPARE_GOOD_FOR: Duration = Duration::from_secs(30);

/// After the expiry, how long until an unknown id is agreed on again: the hub's own timeout job runs every 15 s.
/// Being wrong here costs a 3106, not money.
pub const AGREE_AGAIN_AFTER: Duration = Duration::from_secs(15);

/// Default of `settle_margin`: more than clock skew plus the hub's handling time. Being wrong here would call a payment unpaid.
pub const SETTLE_MARGIN: Duration = Duration::from_secs(600);

/// How long the hub remembers ids; about older rows its "unknown" proves nothing.
pub const ID_MEMORY: Duration = Duration::from_secs(30 * 86_400);

/// The first question about a transfer in doubt, then doubling.
pub const FIRST_ASK_AFTER: Duration = Duration::from_secs(1);
/// The longest wait between two questions about a transfer in doubt.
pub const ASK_WAIT_MAX: Duration = Duration::from_secs(900);
/// How often a transfer that needs attention is still asked about.
pub const ATTENTION_ASK_EVERY: Duration = HOUR;
/// Questions about one transfer in one claim: id after id while each is ABORTED.
pub const ASKS_PER_CLAIM_MAX: i32 = 8;

/// How long after the approval people may try failed rows again: the approval is fresh, and the hub remembers every id for far longer.
pub const RETRY_WITHIN: Duration = Duration::from_secs(7 * 86_400);
/// A person may have the network asked about one transfer so often.
pub const ASK_AGAIN_EVERY: Duration = MINUTE;
/// How long what people closed is asked about, hourly: as long as the hub remembers ids.
pub const CLOSED_ASK_FOR: Duration = ID_MEMORY;
/// The first question about what people closed.
pub const CLOSED_FIRST_ASK_AFTER: Duration = MINUTE;

/// The first retry of a failed agreement, then doubling.
pub const FIRST_RETRY_AFTER: Duration = Duration::from_secs(2);
/// The longest wait between two tries to agree.
pub const RETRY_WAIT_MAX: Duration = Duration::from_secs(600);
/// Failures of a kind that passes (no answer, busy, expired) before the row fails: about 25 minutes of trying.
pub const RETRIES_MAX: i32 = 10;
/// Failures of a kind that seldom passes, or that nobody explained, before the row fails; counted apart from the others.
pub const RETRIES_LIMITED_MAX: i32 = 3;

/// So often, over so long, an id must look known-but-unshown before we say "probably paid".
pub const UNSHOWN_TIMES: i32 = 3;
pub const UNSHOWN_FOR: Duration = Duration::from_secs(600);

/// How long a transfer may be in doubt before a person is told; asking goes on.
pub const DOUBT_MAX: Duration = DAY;
/// The same after 3106 (other bytes under our id: the answer exists, so an hour is long) and 3000 (we may not ask: configuration).
pub const DOUBT_MAX_CODED: Duration = HOUR;

/// The batch's first wait for liquidity, then doubling.
pub const LIQUIDITY_FIRST_WAIT: Duration = MINUTE;
pub const LIQUIDITY_WAIT_MAX: Duration = HOUR;

/// Waits are spread by so much of themselves, so that a thousand rows do not ask in the same second.
pub const JITTER_PERCENT: u32 = 25;

/// Bad answers in a row that open a breaker: more than a handful of payees with bad luck.
pub const BREAKER_OPENS_AFTER: u32 = 10;
/// How long a breaker stays open before one call goes to see, then doubling.
pub const BREAKER_FIRST_WAIT: Duration = Duration::from_secs(30);
pub const BREAKER_WAIT_MAX: Duration = Duration::from_secs(600);
/// How long the others wait for a probe's answer before they look again.
pub const PROBE_WAIT: Duration = Duration::from_secs(15);
/// A probe that was not heard of for so long is lost: longer than any call may take, unless an operator allows more.
pub const PROBE_LIVES: Duration = Duration::from_secs(120);

/// Answers without sense, in a row, that stop an account.
pub const NO_SENSE_MAX: u32 = 10;
/// Clocks may differ by half of what a prepare lives, but never by less than this: whole seconds on their way prove nothing finer.
pub const SKEW_LEAST: Duration = Duration::from_secs(5);
/// Answers in a row that bear a date too far from ours.
pub const SKEWED_MAX: u32 = 5;
/// Prepares in a row that the network calls expired while by our clock they are not.
pub const EARLY_EXPIRIES_MAX: u32 = 10;
