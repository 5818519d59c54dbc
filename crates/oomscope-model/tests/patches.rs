//! The patch table is data; these are its laws.

use oomscope_model::kernel::Kernel;
use oomscope_model::patches::{InvalidMix, PATCHES, PatchId, PatchKind, PatchSet, VERSIONS};

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

#[test]
fn every_preset_is_a_valid_mix_and_differs_from_the_one_before() {
    let mut before = None;
    for &version in VERSIONS {
        let set = PatchSet::of_version(version);
        assert_eq!(set.check(), Ok(()), "{version}");
        let kernel = Kernel::of(set);
        assert_ne!(before, Some(kernel), "{version}");
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
