//! Seeds and mutants.

use super::fate::run;
use super::mutants::Mutant;
use super::story::Trouble;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

#[test]
fn seeds() {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(2_000),
    };
    let (mut sums, count) = (vec![0; Trouble::ALL.len()], seeds.end - seeds.start);
    for seed in seeds {
        let outcome = run(seed, None, false);
        outcome.story.add_to(&mut sums);
        if let Some(broken) = outcome.broken {
            let told = run(seed, None, true);
            panic!("{}\nSEED={seed} breaks {:?}: {}", told.story.text(), broken.invariant, broken.what);
        }
        if number("SEED").is_some() {
            println!("{}", run(seed, None, true).story.text());
        }
    }
    println!("{count} seeds, nothing broken");
    for (sum, trouble) in sums.iter().zip(Trouble::ALL) {
        println!("{sum:>12}  {}", trouble.words());
        assert!(*sum > 0 || count < 1_000, "«{}» never happened, so nothing was shown about it", trouble.words());
    }
}

/// A mutant that shows in fewer seeds than one of so many is not noticed.
const MUTANT_SEEDS_MAX: u64 = 4_000;
/// So often is noticed often enough.
const NOTICED_ENOUGH: u32 = 2;

#[test]
fn every_mutant_is_noticed() {
    let mut unnoticed = Vec::new();
    for mutant in Mutant::ALL {
        let mut broke = std::collections::BTreeMap::new();
        let mut seeds = 0;
        while seeds < MUTANT_SEEDS_MAX && broke.values().sum::<u32>() < NOTICED_ENOUGH {
            let seed = seeds;
            seeds += 1;
            if let Some(broken) = run(seed, Some(mutant), false).broken {
                *broke.entry(broken.invariant).or_insert(0) += 1;
            }
        }
        println!("{mutant:?}: of {seeds} seeds {broke:?}");
        // Chance seldom meets it; `told` has its story.
        if broke.is_empty() && mutant != Mutant::MarginJudgedAtReading {
            unnoticed.push(mutant);
        }
    }
    assert!(unnoticed.is_empty(), "nobody notices {unnoticed:?}");
}
