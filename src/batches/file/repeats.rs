//! Which payees, payments and references a file has more than once, remembered as keyed 64-bit hashes: at a million rows some
//! 65 bytes a row. Two things with one hash (one file in tens of millions) give a warning too much, never a payment more or less.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use crate::money::Minor;
use crate::payees::PartyId;

#[derive(Default)]
pub struct Repeats {
    hasher: RandomState,
    /// The first row of each payment (payee and amount). The hash in halves, so that an entry takes 12 bytes and not 16.
    payments: HashMap<[u32; 2], u32>,
    payees: HashSet<u64>,
    references: HashSet<u64>,
}

/// What a row has in common with an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Payee and amount, first in this line.
    Payment(i64),
    /// The payee only.
    Payee,
}

impl Repeats {
    pub fn payment(&mut self, line: i64, party: &PartyId, amount: Minor) -> Option<Repeat> {
        let known_payee = !self.payees.insert(self.hasher.hash_one(party));
        let key = halves(self.hasher.hash_one((party, amount)));
        let first = *self.payments.entry(key).or_insert(u32::try_from(line).unwrap_or(u32::MAX));
        let first = i64::from(first);
        if first != line {
            return Some(Repeat::Payment(first));
        }
        known_payee.then_some(Repeat::Payee)
    }

    /// Whether an earlier row had it.
    pub fn reference(&mut self, reference: &str) -> bool {
        !reference.is_empty() && !self.references.insert(self.hasher.hash_one(reference))
    }
}

fn halves(hash: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = hash.to_ne_bytes();
    [u32::from_ne_bytes([a, b, c, d]), u32::from_ne_bytes([e, f, g, h])]
}
