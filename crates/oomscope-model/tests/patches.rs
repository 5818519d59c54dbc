//! The patch table is data; these are its laws.

use oomscope_model::kernel::Kernel;
use oomscope_model::patches::{
    InvalidMix, PATCHES, PatchId, PatchKind, PatchSet, VERSIONS, Version,
};

#[test]
fn ids_are_unique_and_what_the_table_refers_to_exists() {
    for (index, patch) in PATCHES.iter().enumerate() {
        let same = PATCHES.iter().filter(|other| other.id == patch.id).count();
        assert_eq!(same, 1, "{}", patch.id);
        assert_eq!(PatchId::named(patch.id), Some(PatchId(index as u8)));
        for id in patch.requires.iter().chain(patch.excludes) {
            assert!(PatchId::named(id).is_some(), "{} refers to {id}", patch.id);
        }
    }
}

#[test]
fn merged_patches_stand_in_merge_order_before_proposals() {
    let rank = |kind: PatchKind| match kind {
        PatchKind::Merged(version) => (0, Some(version)),
        PatchKind::Proposed => (1, None),
        PatchKind::Hypothetical => (2, None),
    };
    assert!(PATCHES.is_sorted_by_key(|patch| rank(patch.kind)));
}

/// 4.2 made one mutex of the zones' OOM bits: a trylock either way (K06).
const LIKE_THE_ONE_BEFORE: &[Version] = &[Version(4, 2)];

#[test]
fn every_preset_is_a_valid_mix_and_differs_from_the_one_before() {
    let mut before = None;
    for &version in VERSIONS {
        let set = PatchSet::of_version(version);
        assert_eq!(set.check(), Ok(()), "{version}");
        let kernel = Kernel::of(set);
        let same = LIKE_THE_ONE_BEFORE.contains(&version);
        assert_eq!(before == Some(kernel), same, "{version}");
        before = Some(kernel);
    }
}

/// Every patch decides something: over the smallest valid mix that has it, switching it
/// off alone (or with what hangs on it) gives another kernel.
#[test]
fn every_patch_changes_the_kernel() {
    for patch in PatchId::all() {
        let on = settle(PatchSet(0), patch, true);
        let without = on.with(patch, false);
        assert_ne!(Kernel::of(on), Kernel::of(without), "{}", patch.get().id);
    }
}

/// Whatever is on, a switch leads to a valid mix through valid mixes only, and does what
/// it says.
#[test]
fn a_switch_never_passes_through_an_invalid_mix() {
    for &version in VERSIONS {
        for first in PatchId::all() {
            for second in PatchId::all() {
                let mut set = PatchSet::of_version(version);
                for patch in [first, second] {
                    let to = !set.has(patch);
                    for (moved, on) in set.switch(patch, to) {
                        set = set.with(moved, on);
                        assert_eq!(set.check(), Ok(()), "{version}: {}", patch.get().id);
                    }
                    assert_eq!(set.has(patch), to, "{version}: {}", patch.get().id);
                }
            }
        }
    }
}

#[test]
fn an_invalid_mix_is_named() {
    let named = |id: &str| PatchId::named(id).expect("in the table");
    let lonely = PatchSet(0).with(named("reap-twice"), true);
    assert_eq!(
        lonely.check(),
        Err(InvalidMix::Missing(
            named("reap-twice"),
            named("clear-mark")
        ))
    );
    assert_eq!(
        lonely.check().map_err(|mix| mix.to_string()),
        Err("reap-twice needs clear-mark, which is off".to_owned())
    );
}

fn settle(mut set: PatchSet, patch: PatchId, on: bool) -> PatchSet {
    for (moved, to) in set.switch(patch, on) {
        set = set.with(moved, to);
    }
    set
}

/// Every row of the two fact sheets' patch tables (oom.md 3, locks-and-allocation.md 6).
const ROWS: &str = "K01 K02 K03 K04 K05 K06 K07 K08 K09 K10 K11 K12 K13 K14 K15 K16 K17 K18 \
    V01 V02 V03 V04 V05 V06 V07 V08 V09 V10 V11 V12 V13 V14 V15 V16 \
    R01 R02 R03 R04 R05 R06 R07 R08 R09 R10 R11 R12 R13 R14 R15 R16 R17 R18 R19 \
    X01 X02 X03 N01 N02 N03 N04 N05 P01 P02 P03 P04 \
    OOMSER0 NOFAILOOM EMBED NOFSLOOP OOMLOCK NOFAILRES KWBASIS KW KWFIX KWFIX-G KWFIX-G2 KMMAP \
    NOFSMOVE DETECT STALLWARN NOFAILSEM NOFSSCOPE MAYFAIL ISOLATED ALLOCOOM RECLAIMLOCK NOSTALL \
    DRK NOSLEEP NOREAPLOCK RWSEM2 PROCKILL TP-MMAP TP-LOCK RETRYWAIT KMEMGONE";

/// Rows without an entry, and why.
const NOT_A_SWITCH: &[(&str, &str)] = &[
    (
        "K04",
        "the same mark under task_lock: the whole scan is one step here",
    ),
    ("K05", "a helper function"),
    (
        "K07",
        "mark and signal are given in one step under oom_lock",
    ),
    ("K11", "node reclaim is not modelled"),
    ("R07", "tracepoints, by version"),
    ("R10", "TLB flushing is not modelled"),
    ("N04", "a debugging check"),
    ("OOMSER0", "older than 3.19"),
    ("NOFAILOOM", "older than 3.19"),
    (
        "OOMLOCK",
        "as K06: a trylock either way, except for sysrq-f",
    ),
    ("STALLWARN", "log lines, by version"),
    (
        "NOFSSCOPE",
        "the flags of a request are written in the program line",
    ),
    ("RECLAIMLOCK", "see K11"),
    ("NOSTALL", "log lines, by version"),
    ("TP-MMAP", "tracepoints"),
    ("TP-LOCK", "tracepoints"),
    ("RETRYWAIT", "the length of a sleep that parks anyway"),
    ("KMEMGONE", "6.9, newer than the newest preset"),
];

/// A row is a switch (its id stands in the `source` of an entry), or it says here why not.
#[test]
fn every_row_of_the_fact_sheets_is_accounted_for() {
    let named = |row: &str| {
        let in_source = |source: &str| {
            source
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
                .any(|word| word == row)
        };
        PATCHES.iter().any(|patch| in_source(patch.source))
    };
    let excused = |row: &str| NOT_A_SWITCH.iter().any(|(known, _)| *known == row);
    let missing: Vec<&str> = ROWS
        .split_whitespace()
        .filter(|row| !named(row) && !excused(row))
        .collect();
    assert_eq!(missing, [""; 0], "neither a switch nor excused");
    let both: Vec<&str> = ROWS
        .split_whitespace()
        .filter(|row| named(row) && excused(row))
        .collect();
    assert_eq!(both, [""; 0], "a switch needs no excuse");
}
