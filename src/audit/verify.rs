//! Walks the chain and tells what does not fit.

use super::chain::START;
use super::{ChainKey, store};
use crate::clock::Instant;
use crate::db::{Conn, Result};
use crate::ids::EventId;

/// Links read at once.
pub(super) const PAGE: i64 = 1_000;
/// So many troubles are listed; more are only counted by the places where they stand.
const TROUBLES_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The event was changed, moved, or its link was made with another key.
    Altered { sequence: i64, event: EventId },
    /// The link names an event that is gone.
    Missing { sequence: i64, event: EventId },
    /// A place in the chain is empty.
    Gap { after: i64 },
    /// Events that no link holds and the sealer does not wait for.
    LeftOut { events: i64 },
    /// The chain does not contain the head it was compared with: its end was cut off or rewritten.
    HeadNotFound,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Altered { sequence, event } => write!(f, "event {event} at place {sequence} was altered or moved"),
            Self::Missing { sequence, event } => write!(f, "event {event} at place {sequence} is missing"),
            Self::Gap { after } => write!(f, "the place after {after} is empty"),
            Self::LeftOut { events } => write!(f, "{events} events were never sealed"),
            Self::HeadNotFound => write!(f, "the given head does not stand in the chain: its end was cut off or rewritten"),
        }
    }
}

/// What a walk over the whole chain found.
#[derive(Debug)]
pub struct Report {
    pub sealed: i64,
    pub waiting: i64,
    /// The last link: note it outside this machine.
    pub head: String,
    pub troubles: Vec<Trouble>,
}

/// Where a walk along the chain stands.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// The last link it went over, and its digest.
    pub place: i64,
    pub head: String,
    /// When that link's event was.
    pub event_at: Option<Instant>,
    key_in_use: usize,
}

impl Default for Walk {
    fn default() -> Self {
        Self { place: 0, head: START.to_owned(), event_at: None, key_in_use: 0 }
    }
}

impl Walk {
    /// Goes over the next link, and says what does not fit.
    pub(super) fn over(&mut self, key: &ChainKey, (sequence, digest, id, event): store::Link) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        if sequence != self.place + 1 {
            troubles.push(Trouble::Gap { after: self.place });
        }
        match event {
            None => troubles.push(Trouble::Missing { sequence, event: id }),
            Some(event) => {
                self.event_at = Some(event.at);
                match key.made(self.key_in_use, &digest, &self.head, sequence, &event) {
                    Some(number) => self.key_in_use = number,
                    None => troubles.push(Trouble::Altered { sequence, event: id }),
                }
            }
        }
        self.head = digest;
        self.place = sequence;
        troubles
    }
}

/// Checks every link; with `noted`, also that a head noted earlier still stands in the chain.
///
/// # Errors
/// The database's.
pub fn verify(conn: &mut Conn, key: &ChainKey, noted: Option<&str>) -> Result<Report> {
    let mut report = Report { sealed: 0, waiting: store::waiting(conn)?, head: START.to_owned(), troubles: Vec::new() };
    let mut noted_found = noted.is_none_or(|noted| noted == START);
    let mut walk = Walk::default();
    loop {
        let links = store::links_after(conn, walk.place, PAGE)?;
        if links.is_empty() {
            break;
        }
        for link in links {
            noted_found |= noted == Some(link.1.as_str());
            report.troubles.extend(walk.over(key, link));
            report.sealed += 1;
            report.head.clone_from(&walk.head);
            if report.troubles.len() >= TROUBLES_MAX {
                return Ok(report);
            }
        }
    }
    let left_out = store::left_out(conn)?;
    if left_out > 0 {
        report.troubles.push(Trouble::LeftOut { events: left_out });
    }
    if !noted_found {
        report.troubles.push(Trouble::HeadNotFound);
    }
    Ok(report)
}
