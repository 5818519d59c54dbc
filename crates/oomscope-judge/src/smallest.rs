//! Which mixes are good, and which are the smallest of them.

use oomscope_explore::Outcome;
use oomscope_model::patches::{PatchId, PatchSet};

/// How much an outcome hurts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Harm {
    /// It ends as it should.
    None,
    /// It ends, but somebody else died, waited long, or got an error nobody expects.
    Cost,
    /// It locks up or breaks.
    Bad,
}

/// How much this outcome hurts.
pub fn harm(outcome: Outcome) -> Harm {
    match outcome {
        Outcome::Ok => Harm::None,
        Outcome::ExtraKill | Outcome::Stall | Outcome::WrongErrno => Harm::Cost,
        Outcome::Lockup | Outcome::Oops | Outcome::Corrupt | Outcome::Hang | Outcome::Panic => {
            Harm::Bad
        }
    }
}

/// What one wants to know about first.
pub const WORST_FIRST: [Outcome; 8] = [
    Outcome::Lockup,
    Outcome::Hang,
    Outcome::Corrupt,
    Outcome::Oops,
    Outcome::Panic,
    Outcome::Stall,
    Outcome::WrongErrno,
    Outcome::ExtraKill,
];

/// The smallest sets of offered patches whose mixes are good.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Smallest {
    /// The offered patches that are on; none of the sets is part of another.
    pub sets: Vec<PatchSet>,
    /// Whether every larger mix is good as well.
    pub larger_too: bool,
}

/// The smallest of the good mixes, and whether all that contain one of them are good too.
pub fn smallest(offered: &[PatchId], mixes: &[(PatchSet, bool)]) -> Smallest {
    let mask = offered
        .iter()
        .fold(PatchSet(0), |set, &patch| set.with(patch, true));
    let part = |&(patches, _): &(PatchSet, bool)| patches.0 & mask.0;
    let within = |small: u128, large: u128| small & large == small;
    let good: Vec<u128> = mixes.iter().filter(|mix| mix.1).map(part).collect();
    let is_smallest = |set: &&u128| {
        let mut others = good.iter();
        !others.any(|&other| other != **set && within(other, **set))
    };
    let sets: Vec<u128> = good.iter().filter(is_smallest).copied().collect();
    let larger_too = mixes
        .iter()
        .all(|mix| mix.1 || !sets.iter().any(|&set| within(set, part(mix))));
    Smallest {
        sets: sets.into_iter().map(PatchSet).collect(),
        larger_too,
    }
}
