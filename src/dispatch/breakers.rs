//! The breakers of one funding account: one for each payee's FSP, one for the connection. They live in the process that dispatches the
//! account; the database keeps those that are not closed, for the pages, and for whoever takes the account over.

use std::collections::{BTreeMap, BTreeSet};

pub use super::core::{Ailment, Shut};
use super::core::{Breaker, Gate, Sign};
use super::replies::Call;
use super::store;
use crate::clock::Instant;
use crate::db::{self, Conn, WriteTx};
use crate::ids::{FspId, FundingAccountId};
use crate::sdk::{Code, Why};

/// What one breaker is about. As text: the FSP's id, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whom {
    Connection,
    Fsp(FspId),
}

impl Whom {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Connection => "",
            Self::Fsp(fsp) => fsp.as_str(),
        }
    }

    pub(super) fn from_text(text: &str) -> Self {
        if text.is_empty() { Self::Connection } else { Self::Fsp(FspId::from(text)) }
    }
}

/// A breaker that is not closed, as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub account: FundingAccountId,
    pub whom: Whom,
    pub shut: Shut,
}

#[derive(Debug, Default)]
pub(super) struct Breakers {
    /// Those that ever heard something bad.
    known: BTreeMap<Whom, Breaker>,
    /// Those whose row in the database is not what they are.
    changed: BTreeSet<Whom>,
}

impl Breakers {
    /// As the database remembers them.
    pub fn remembered(waiting: Vec<Waiting>) -> Self {
        let known = waiting.into_iter().map(|one| (one.whom, Breaker::shut_before(one.shut))).collect();
        Self { known, changed: BTreeSet::new() }
    }

    /// Whether a call may go to it; a probe is out from then on.
    pub fn pass(&mut self, whom: &Whom, now: Instant) -> Gate {
        self.known.get_mut(whom).map_or(Gate::Go, |breaker| breaker.pass(now))
    }

    /// The FSPs that may not be asked freely now.
    pub fn shut_fsps(&self, now: Instant) -> Vec<(FspId, Gate)> {
        let shut = |(whom, breaker): (&Whom, &Breaker)| match (whom, breaker.gate(now)) {
            (Whom::Connection, _) | (_, Gate::Go) => None,
            (Whom::Fsp(fsp), gate) => Some((fsp.clone(), gate)),
        };
        self.known.iter().filter_map(shut).collect()
    }

    /// When the connection may be tried again, where nothing may go now.
    pub fn connection_waits_until(&self, now: Instant) -> Option<Instant> {
        match self.known.get(&Whom::Connection)?.gate(now) {
            Gate::Wait(until) => Some(until),
            Gate::Go | Gate::Probe => None,
        }
    }

    pub fn hear(&mut self, whom: &Whom, sign: Sign, now: Instant) {
        if matches!(sign, Sign::Nothing) || (sign == Sign::Well && !self.known.contains_key(whom)) {
            return;
        }
        let breaker = self.known.entry(whom.clone()).or_default();
        if !breaker.hear(sign, now) {
            return;
        }
        match breaker.shut() {
            Some(shut) => tracing::warn!(
                whom = whom.as_str(),
                ailment = shut.ailment.as_str(),
                times = shut.times,
                "dispatch.breaker: open, its payments wait"
            ),
            None => tracing::info!(whom = whom.as_str(), "dispatch.breaker: closed, its payments go on"),
        }
        self.changed.insert(whom.clone());
    }

    /// What the database should be told, once.
    pub fn take_changed(&mut self) -> Vec<(Whom, Option<Shut>)> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|whom| (whom.clone(), self.known.get(&whom).and_then(Breaker::shut))).collect()
    }

    /// What could not be told is told later.
    pub fn not_told(&mut self, changes: &[(Whom, Option<Shut>)]) {
        self.changed.extend(changes.iter().map(|(whom, _)| whom.clone()));
    }
}

pub(super) fn keep(tx: &mut WriteTx<'_>, account: &FundingAccountId, changes: &[(Whom, Option<Shut>)]) -> db::Result<()> {
    changes.iter().try_for_each(|(whom, shut)| store::keep_breaker(tx, account, whom, shut.as_ref()))
}

/// The breakers that are not closed, of all accounts: whose payments wait, and why.
///
/// # Errors
/// The database's.
pub fn waiting(conn: &mut Conn) -> db::Result<Vec<Waiting>> {
    store::breakers(conn)
}

/// The same of one account.
///
/// # Errors
/// The database's.
pub fn waiting_of(conn: &mut Conn, account: &FundingAccountId) -> db::Result<Vec<Waiting>> {
    store::breakers_of(conn, account)
}

/// What an answer tells of the payee's FSP that had to give it (CONTRACT 4). Only what ends a payment shows it well: an FSP that answers
/// lookups or quotes and no transfers is as good as gone.
pub(super) fn sign_of_fsp(call: Call, code: Option<Code>, unclear: Option<Why>) -> Sign {
    let well = match call {
        // The hub answers that by itself.
        Call::GetTransfer => return Sign::Nothing,
        Call::Parties => Sign::Nothing,
        Call::Quotes if code.is_none() => Sign::Nothing,
        Call::Quotes | Call::SimpleTransfers => Sign::Well,
    };
    if let Some(code) = code {
        return match code.number() {
            1_000..=2_001 | 2_003..=2_999 => Sign::Ill(Ailment::Faulty),
            3_300..=3_303 => Sign::Ill(Ailment::Silent),
            5_001 => Sign::Ill(Ailment::OutOfMoney),
            3_204 | 5_000..=5_999 => well,
            // Of us, of the network, or of the request.
            _ => Sign::Nothing,
        };
    }
    match unclear {
        None => well,
        Some(Why::Silent | Why::NoReply | Why::WithoutCode) => Sign::Ill(Ailment::Silent),
        // Terms for somebody else's payment: it mixes them up, or the SDK does, and asking on as before would help neither.
        Some(Why::AboutAnother) if call == Call::Quotes => Sign::Ill(Ailment::Faulty),
        Some(
            Why::NotReached | Why::BrokenOff | Why::TooLong | Why::Code | Why::Untold | Why::NotTheShape | Why::AboutAnother | Why::Invalid,
        ) => Sign::Nothing,
    }
}

/// What it tells of the connection to our own SDK: any answer is one.
pub(super) fn sign_of_connection(http_status: Option<u16>, unclear: Option<Why>) -> Sign {
    match (http_status, unclear) {
        (Some(_), _) => Sign::Well,
        (None, Some(Why::NotReached | Why::BrokenOff)) => Sign::Ill(Ailment::Unreachable),
        (None, _) => Sign::Nothing,
    }
}

/// Whether it is an answer of an SDK at all; `None` where it is none, or may be either.
pub(super) fn makes_sense(call: Call, http_status: Option<u16>, unclear: Option<Why>) -> Option<bool> {
    match (unclear, http_status?) {
        // Told by the packet, which the payee's FSP writes: one FSP must not stop the account.
        (Some(Why::AboutAnother), _) if call == Call::Quotes => None,
        (Some(Why::NotTheShape | Why::TooLong | Why::AboutAnother), _) => Some(false),
        // An error page of something in between, or an address that is not the SDK's.
        (Some(Why::WithoutCode), 0..=499) => Some(false),
        // An SDK of 18 says so of every number without a wallet: ten of those in a row must not stop the account.
        (Some(Why::Untold), _) => None,
        (Some(Why::WithoutCode | Why::Silent | Why::BrokenOff | Why::NoReply | Why::NotReached), _) => None,
        (None | Some(Why::Code | Why::Invalid), _) => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_payees_fsp_answers_for_is_not_what_we_or_the_network_did() {
        let of = |code: u16| sign_of_fsp(Call::Quotes, Code::new(code), None);
        for faulty in [1000, 1001, 2000, 2001, 2003, 2004, 2005, 2999] {
            assert_eq!(of(faulty), Sign::Ill(Ailment::Faulty), "{faulty}");
        }
        assert_eq!((of(5001), of(3303)), (Sign::Ill(Ailment::OutOfMoney), Sign::Ill(Ailment::Silent)));
        for well in [3204, 5000, 5101, 5104, 5200, 5400] {
            assert_eq!(of(well), Sign::Well, "{well}: it answered");
        }
        for nothing in [2002, 3002, 3100, 3106, 3201, 3203, 3208, 4001, 4200, 6000] {
            assert_eq!(of(nothing), Sign::Nothing, "{nothing}");
        }
        assert_eq!(sign_of_fsp(Call::Quotes, None, Some(Why::Silent)), Sign::Ill(Ailment::Silent));
        assert_eq!(sign_of_fsp(Call::SimpleTransfers, None, None), Sign::Well);
        assert_eq!(sign_of_fsp(Call::Quotes, None, None), Sign::Nothing, "whether it takes the transfer is another question");
        assert_eq!(sign_of_fsp(Call::Parties, Code::new(3204), None), Sign::Nothing);
        assert_eq!(sign_of_fsp(Call::Parties, None, Some(Why::Silent)), Sign::Ill(Ailment::Silent));
        assert_eq!(sign_of_fsp(Call::SimpleTransfers, None, Some(Why::NotReached)), Sign::Nothing, "that is our own SDK");
        assert_eq!(sign_of_fsp(Call::GetTransfer, Code::new(2003), Some(Why::Silent)), Sign::Nothing, "the hub answers questions");
    }

    #[test]
    fn any_answer_shows_that_the_connection_is_there() {
        assert_eq!(sign_of_connection(Some(500), Some(Why::Silent)), Sign::Well);
        assert_eq!(sign_of_connection(None, Some(Why::NotReached)), Sign::Ill(Ailment::Unreachable));
        assert_eq!(sign_of_connection(None, Some(Why::NoReply)), Sign::Nothing, "slow is not gone");
    }

    #[test]
    fn an_error_page_is_no_answer_of_an_sdk() {
        assert_eq!(makes_sense(Call::Parties, Some(404), Some(Why::WithoutCode)), Some(false));
        assert_eq!(makes_sense(Call::Parties, Some(200), Some(Why::NotTheShape)), Some(false));
        assert_eq!(makes_sense(Call::Parties, Some(200), Some(Why::Untold)), None, "18.0.2 says no more of a number without a wallet");
        assert_eq!(makes_sense(Call::Parties, Some(502), Some(Why::WithoutCode)), None, "a proxy whose SDK restarts says so too");
        assert_eq!(makes_sense(Call::Parties, Some(500), Some(Why::Code)), Some(true));
        assert_eq!(makes_sense(Call::Parties, None, Some(Why::NotReached)), None);
        assert_eq!(makes_sense(Call::Parties, Some(200), Some(Why::AboutAnother)), Some(false));
        assert_eq!(makes_sense(Call::Quotes, Some(200), Some(Why::AboutAnother)), None, "the payee's FSP wrote it");
        assert_eq!(sign_of_fsp(Call::Quotes, None, Some(Why::AboutAnother)), Sign::Ill(Ailment::Faulty));
    }
}
