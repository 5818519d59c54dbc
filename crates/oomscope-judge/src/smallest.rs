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

/// Whether a mix is good, as far as it was searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Good {
    /// It was searched to its end, and nothing bad was found.
    Yes,
    /// Something bad was found.
    No,
    /// Nothing bad was found, but not everything was searched, or nothing at all.
    Unknown,
}

impl Good {
    /// What a search says about its mix: no as soon as it finds something bad, yes only at
    /// its end.
    pub fn of(
        outcomes: impl IntoIterator<Item = Outcome>,
        whole: bool,
        may_be: impl Fn(Outcome) -> bool,
    ) -> Good {
        match (outcomes.into_iter().all(may_be), whole) {
            (false, _) => Good::No,
            (true, true) => Good::Yes,
            (true, false) => Good::Unknown,
        }
    }

    /// What all of them come to: one that is not good decides.
    pub fn all(of: impl IntoIterator<Item = Good>) -> Good {
        of.into_iter().fold(Good::Yes, |all, one| match (all, one) {
            (Good::No, _) | (_, Good::No) => Good::No,
            (Good::Unknown, _) | (_, Good::Unknown) => Good::Unknown,
            (Good::Yes, Good::Yes) => Good::Yes,
        })
    }

    /// Yes or no, if it is known.
    pub fn known(self) -> Option<bool> {
        match self {
            Good::Yes => Some(true),
            Good::No => Some(false),
            Good::Unknown => None,
        }
    }
}

/// The smallest sets of offered patches whose mixes are good.
///
/// A set holds the offered patches that are on; none of the sets is part of another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Smallest {
    /// No smaller mix is good.
    pub sets: Vec<PatchSet>,
    /// No smaller mix is known to be good, but of some it is not known.
    pub perhaps: Vec<PatchSet>,
    /// Whether every larger mix is good as well.
    pub larger_too: Good,
    /// Of so many mixes it is not known whether they are good.
    pub unknown: usize,
    /// So many mixes there are.
    pub of: usize,
}

impl Smallest {
    /// All of the sets, those that may not be the smallest at the end.
    pub fn all(&self) -> impl Iterator<Item = PatchSet> {
        self.sets.iter().chain(&self.perhaps).copied()
    }

    /// Whether no mix is known to be good.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }
}

/// The smallest of the good mixes, and whether all that contain one of them are good too.
/// `mixes` are all there are, searched or not.
pub fn smallest(offered: &[PatchId], mixes: &[(PatchSet, Good)]) -> Smallest {
    let mask = offered
        .iter()
        .fold(PatchSet(0), |set, &patch| set.with(patch, true));
    let mixes: Vec<(u128, Good)> = (mixes.iter())
        .map(|&(patches, good)| (patches.0 & mask.0, good))
        .collect();
    let within = |small: u128, large: u128| small & large == small;
    let smaller = |than: u128, wanted: Good| {
        let mut mixes = mixes.iter();
        mixes.any(|&(set, good)| good == wanted && set != than && within(set, than))
    };
    let least: Vec<u128> = (mixes.iter())
        .filter(|&&(set, good)| good == Good::Yes && !smaller(set, Good::Yes))
        .map(|&(set, _)| set)
        .collect();
    let larger = mixes
        .iter()
        .filter(|(mix, _)| least.iter().any(|&set| within(set, *mix)));
    let larger_too = Good::all(larger.map(|&(_, good)| good));
    let (perhaps, sets): (Vec<PatchSet>, Vec<PatchSet>) = (least.into_iter())
        .map(PatchSet)
        .partition(|set| smaller(set.0, Good::Unknown));
    Smallest {
        sets,
        perhaps,
        larger_too,
        unknown: (mixes.iter())
            .filter(|(_, good)| *good == Good::Unknown)
            .count(),
        of: mixes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three offered patches, and mixes of them by the bits of their numbers.
    fn asked(mixes: &[(u128, Good)]) -> Smallest {
        let offered: Vec<PatchId> = PatchSet(0b111).iter().collect();
        let mixes: Vec<(PatchSet, Good)> = (mixes.iter())
            // A patch that is not offered is on in all of them.
            .map(|&(bits, good)| (PatchSet(bits | 0b1000), good))
            .collect();
        smallest(&offered, &mixes)
    }

    fn sets(bits: &[u128]) -> Vec<PatchSet> {
        bits.iter().copied().map(PatchSet).collect()
    }

    #[test]
    fn where_everything_is_known_the_smallest_are_named() {
        let found = asked(&[
            (0b000, Good::No),
            (0b001, Good::Yes),
            (0b010, Good::No),
            (0b011, Good::No),
            (0b110, Good::Yes),
            (0b111, Good::Yes),
        ]);
        assert_eq!(found.sets, sets(&[0b001, 0b110]));
        assert_eq!(found.perhaps, sets(&[]));
        assert_eq!(found.larger_too, Good::No);
        assert_eq!((found.unknown, found.of), (0, 6));
    }

    #[test]
    fn a_larger_mix_that_is_unknown_is_not_bad() {
        let found = asked(&[
            (0b000, Good::No),
            (0b001, Good::Yes),
            (0b011, Good::Unknown),
        ]);
        assert_eq!(found.sets, sets(&[0b001]));
        assert_eq!(found.larger_too, Good::Unknown);
        let found = asked(&[
            (0b001, Good::Yes),
            (0b011, Good::Unknown),
            (0b101, Good::No),
        ]);
        assert_eq!(found.larger_too, Good::No, "one that is bad decides");
        let found = asked(&[(0b001, Good::Yes), (0b110, Good::Unknown)]);
        assert_eq!(found.larger_too, Good::Yes, "that one is not larger");
    }

    #[test]
    fn a_smaller_mix_that_is_unknown_leaves_open_which_is_the_smallest() {
        let found = asked(&[
            (0b000, Good::No),
            (0b001, Good::Unknown),
            (0b100, Good::Yes),
            (0b011, Good::Yes),
            (0b111, Good::Yes),
        ]);
        assert_eq!(found.sets, sets(&[0b100]));
        assert_eq!(found.perhaps, sets(&[0b011]));
        assert_eq!(found.larger_too, Good::Yes);
        assert_eq!(found.unknown, 1);
    }

    #[test]
    fn none_is_good_only_if_all_are_known() {
        let bad = asked(&[(0b000, Good::No), (0b001, Good::No)]);
        assert!(bad.is_empty());
        assert_eq!((bad.unknown, bad.of), (0, 2));
        let open = asked(&[(0b000, Good::No), (0b001, Good::Unknown)]);
        assert!(open.is_empty());
        assert_eq!((open.unknown, open.of), (1, 2));
    }

    #[test]
    fn what_is_bad_is_bad_before_the_end_of_a_search() {
        let may_be = |outcome| harm(outcome) < Harm::Bad;
        let of = |outcomes: &[Outcome], whole| Good::of(outcomes.to_vec(), whole, may_be);
        assert_eq!(of(&[Outcome::Ok, Outcome::Oops], false), Good::No);
        assert_eq!(of(&[Outcome::Ok, Outcome::Oops], true), Good::No);
        assert_eq!(of(&[Outcome::Ok, Outcome::Stall], false), Good::Unknown);
        assert_eq!(of(&[], false), Good::Unknown);
        assert_eq!(of(&[Outcome::Ok, Outcome::Stall], true), Good::Yes);
    }
}
