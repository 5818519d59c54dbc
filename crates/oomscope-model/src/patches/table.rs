//! The table itself: merged patches in merge order, then proposals, then hypothetical ones.
//! A file an era; the order within each file and of the files is the order of the table.

use super::Patch;

mod proposed;
mod to_4_17;
mod to_4_8;
mod to_6_1;

const ERAS: [&[Patch]; 4] = [
    to_4_8::PATCHES,
    to_4_17::PATCHES,
    to_6_1::PATCHES,
    proposed::PATCHES,
];

/// All patches: merged ones in merge order, then proposals, then hypothetical ones.
pub const PATCHES: &[Patch] = &all();

const fn all() -> [Patch; count()] {
    let mut all = [ERAS[0][0]; count()];
    let (mut era, mut next) = (0, 0);
    while era < ERAS.len() {
        let mut at = 0;
        while at < ERAS[era].len() {
            all[next] = ERAS[era][at];
            next += 1;
            at += 1;
        }
        era += 1;
    }
    all
}

const fn count() -> usize {
    let (mut count, mut era) = (0, 0);
    while era < ERAS.len() {
        count += ERAS[era].len();
        era += 1;
    }
    count
}
