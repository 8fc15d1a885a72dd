//! The hub: executes an id at most once, refuses other bytes under a known id, aborts what it handles after its expiry, by its own clock.
//! It alone knows where the money is.

use std::collections::BTreeMap;

use super::clock::Clock;
use super::network::{Id, Prepare, Said};
use super::people::CHAINS;
use crate::clock::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum HubState {
    Received,
    Reserved,
    Committed,
    Aborted,
    /// Committed, and in a settlement window that closed: the SDK cannot show it.
    Settled,
}

pub(super) const STATES: [HubState; 5] =
    [HubState::Received, HubState::Reserved, HubState::Committed, HubState::Aborted, HubState::Settled];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Transfer {
    pub prepare: Prepare,
    pub state: HubState,
}

#[derive(Debug, Clone)]
pub(super) struct Hub {
    pub clock: Clock,
    /// Taken, but not handled: a GET does not see them.
    pub queue: Vec<Prepare>,
    pub transfers: BTreeMap<Id, Transfer>,
    pub has_liquidity: bool,
}

impl Hub {
    pub fn new(clock: Clock) -> Self {
        Self { clock, queue: Vec::new(), transfers: BTreeMap::new(), has_liquidity: true }
    }

    /// Handles a prepare from the queue: duplicates first, then its expiry, then our money.
    pub fn handle(&mut self, index: usize, now: Instant, quickly: bool) -> Option<Said> {
        let prepare = self.queue.remove(index);
        if let Some(known) = self.transfers.get(&prepare.id) {
            return match known.state {
                _ if known.prepare != prepare => Some(Said::Error(3106)),
                HubState::Committed => Some(Said::Committed(known.prepare.number)),
                HubState::Received | HubState::Reserved | HubState::Aborted | HubState::Settled => None,
            };
        }
        let (state, said) = if self.clock.wall(now) > prepare.expires_at {
            (HubState::Aborted, Some(Said::Error(3100)))
        } else if !self.has_liquidity {
            (HubState::Aborted, Some(Said::Error(4001)))
        } else if quickly {
            (HubState::Reserved, None)
        } else {
            (HubState::Received, None)
        };
        self.transfers.insert(prepare.id, Transfer { prepare, state });
        said
    }

    /// The payee's provider answers, or the timeout job looks: what is late is aborted, whatever the provider says.
    pub fn end(&mut self, id: Id, refusal: Option<u16>, now: Instant) -> Option<Said> {
        let is_late = |prepare: &Prepare, clock: &Clock| clock.wall(now) > prepare.expires_at;
        let transfer = self.transfers.get_mut(&id)?;
        if !matches!(transfer.state, HubState::Received | HubState::Reserved) {
            return None;
        }
        if is_late(&transfer.prepare, &self.clock) {
            transfer.state = HubState::Aborted;
            return Some(Said::Error(3303));
        }
        if let Some(code) = refusal {
            transfer.state = HubState::Aborted;
            return Some(Said::Error(code));
        }
        transfer.state = HubState::Committed;
        Some(Said::Committed(transfer.prepare.number))
    }

    /// The window closes.
    pub fn settle(&mut self, id: Id) -> bool {
        match self.transfers.get_mut(&id) {
            Some(transfer) if transfer.state == HubState::Committed => {
                transfer.state = HubState::Settled;
                true
            }
            _ => false,
        }
    }

    /// GET. `None`: in a state that the SDK refuses to show.
    pub fn show(&self, id: Id) -> Option<Said> {
        match self.transfers.get(&id).map(|known| (known.state, known.prepare.number)) {
            None => Some(Said::Error(3208)),
            Some((HubState::Received | HubState::Reserved, _)) => Some(Said::InProgress),
            Some((HubState::Committed, number)) => Some(Said::Committed(number)),
            Some((HubState::Aborted, _)) => Some(Said::Aborted),
            Some((HubState::Settled, _)) => None,
        }
    }

    /// Everything that moved money.
    pub fn moved(&self) -> impl Iterator<Item = &Transfer> {
        self.transfers.values().filter(|transfer| matches!(transfer.state, HubState::Committed | HubState::Settled))
    }

    /// What moved money for one payment, its corrections included.
    pub fn paid(&self, chain: usize) -> impl Iterator<Item = &Transfer> {
        self.moved().filter(move |transfer| transfer.prepare.id.chain % CHAINS == chain % CHAINS)
    }

    pub fn has_aborted(&self, id: Id) -> bool {
        self.transfers.get(&id).is_some_and(|transfer| transfer.state == HubState::Aborted)
    }

    pub fn unfinished(&self) -> Vec<Id> {
        let open = |transfer: &&Transfer| matches!(transfer.state, HubState::Received | HubState::Reserved);
        self.transfers.values().filter(open).map(|transfer| transfer.prepare.id).collect()
    }
}
