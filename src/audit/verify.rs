//! Walks the chain and tells what does not fit.

use super::chain::START;
use super::{ChainKey, store};
use crate::db::{Conn, Result};
use crate::ids::EventId;

/// Links read at once.
const PAGE: i64 = 1_000;
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

/// Checks every link; with `noted`, also that a head noted earlier still stands in the chain.
///
/// # Errors
/// The database's.
pub fn verify(conn: &mut Conn, key: &ChainKey, noted: Option<&str>) -> Result<Report> {
    let mut report = Report { sealed: 0, waiting: store::waiting(conn)?, head: START.to_owned(), troubles: Vec::new() };
    let mut noted_found = noted.is_none_or(|noted| noted == START);
    let (mut place, mut key_in_use) = (0, 0);
    loop {
        let links = store::links_after(conn, place, PAGE)?;
        if links.is_empty() {
            break;
        }
        for (sequence, digest, id, event) in links {
            if sequence != place + 1 {
                report.troubles.push(Trouble::Gap { after: place });
            }
            match event {
                None => report.troubles.push(Trouble::Missing { sequence, event: id }),
                Some(event) => match key.made(key_in_use, &digest, &report.head, sequence, &event) {
                    Some(number) => key_in_use = number,
                    None => report.troubles.push(Trouble::Altered { sequence, event: id }),
                },
            }
            noted_found |= noted == Some(digest.as_str());
            report.sealed += 1;
            report.head = digest;
            place = sequence;
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
