//! What was done in a round, counted where it took effect.

use std::collections::BTreeMap;

use crate::support::database::Engine;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    DeathAtAPoint,
    Kill,
    NetworkKill,
    Stop,
    NetworkStop,
    Cut,
    ConnectionCut,
    SlowDown,
    PieceSlowed,
    DatabaseCut,
    DatabaseConnectionCut,
    DatabaseSlowDown,
    DatabasePieceSlowed,
    Fill,
    WriteRefused,
    /// A process that was started while its database was out of reach ended, and was started again.
    VainStart,
}

use Harm::{
    ConnectionCut, Cut, DatabaseConnectionCut, DatabaseCut, DatabasePieceSlowed, DatabaseSlowDown, DeathAtAPoint, Fill, Kill, NetworkKill,
    NetworkStop, PieceSlowed, SlowDown, Stop, VainStart, WriteRefused,
};

impl Harm {
    const ALL: &'static [(Self, &'static str)] = &[
        (DeathAtAPoint, "deaths at crash points"),
        (Kill, "kills of the portal"),
        (NetworkKill, "kills of the network"),
        (Stop, "stops of the portal"),
        (NetworkStop, "stops of the network"),
        (Cut, "cuts"),
        (ConnectionCut, "connections cut"),
        (SlowDown, "slow-downs"),
        (PieceSlowed, "pieces slowed"),
        (DatabaseCut, "cuts to the database"),
        (DatabaseConnectionCut, "of its connections cut"),
        (DatabaseSlowDown, "slow-downs of the database"),
        (DatabasePieceSlowed, "of its pieces slowed"),
        (Fill, "fills"),
        (WriteRefused, "writes refused as full"),
        (VainStart, "starts in vain"),
    ];

    /// Whether it must have happened in a run of several rounds.
    fn is_due(self) -> bool {
        let at_the_database = matches!(self, DatabaseCut | DatabaseConnectionCut | DatabaseSlowDown | DatabasePieceSlowed);
        self != VainStart && (!at_the_database || Engine::under_test() == Engine::Postgres)
    }
}

#[derive(Debug, Clone, Default)]
pub struct Tally(BTreeMap<Harm, u64>);

impl Tally {
    pub fn add(&mut self, harm: Harm, times: u64) {
        *self.0.entry(harm).or_default() += times;
    }

    pub fn join(&mut self, other: &Self) {
        for (harm, times) in &other.0 {
            self.add(*harm, *times);
        }
    }

    /// Nothing silently stopped being done.
    pub fn assert_all_done(&self) {
        let due = Harm::ALL.iter().filter(|(harm, _)| harm.is_due() && self.0.get(harm).is_none_or(|times| *times == 0));
        let missed: Vec<_> = due.map(|(_, words)| words).collect();
        assert!(missed.is_empty(), "never happened: {missed:?}; what did: {self}");
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let done = Harm::ALL.iter().filter_map(|(harm, words)| Some(format!("{} {words}", self.0.get(harm).filter(|times| **times > 0)?)));
        f.write_str(&done.collect::<Vec<_>>().join(", "))
    }
}
