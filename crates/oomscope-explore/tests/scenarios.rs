//! Every scenario file is its own test: each valid combination of its offered patches is
//! explored to the end, under every rule the file speaks of, and must come to exactly what
//! the file expects. State counts and witness lengths are pinned in `assets/scenarios/pins`:
//! `OOMSCOPE_BLESS=1` rewrites them, a person reads the diff.

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use oomscope_judge::{Limits, Verdict, cases, judge, machine, search, sibling_complaint};
use oomscope_model::patches::PATCHES;
use oomscope_model::state::State;
use oomscope_scenario::builtin::{BUILTIN, Builtin};
use oomscope_scenario::parse::parse;

/// States beyond which a scenario is not exhausted and must not claim to be.
const STATES_MAX: u32 = 4_000_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/scenarios")
}

#[test]
fn every_scenario_file_is_built_in_and_has_expectations() {
    let mut files: Vec<String> = fs::read_dir(folder())
        .expect("assets/scenarios is there")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    files.sort();
    let mut built_in: Vec<&str> = BUILTIN.iter().map(|builtin| builtin.id).collect();
    built_in.sort_unstable();
    assert_eq!(files, built_in);
    for builtin in BUILTIN {
        let parsed = parse(builtin.text);
        let notes: Vec<String> = parsed.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(notes, Vec::<String>::new(), "{}", builtin.id);
        let scenario = parsed.scenario.expect("parsed");
        assert!(
            !scenario.expects.is_empty(),
            "{} expects nothing",
            builtin.id
        );
    }
}

/// Patches that change no scenario's outcomes, and why.
const NO_WITNESS: &[(&str, &str)] = &[
    (
        "reader-steal",
        "no verdict can tell it from a writer that comes later: rwsem.rs",
    ),
    (
        "process-mrelease",
        "the way in; what can go wrong on it is offered in S30",
    ),
    (
        "exit-write-lock",
        "the self-reap before it already keeps the reaper away (6.4 e1b)",
    ),
    (
        "rwsem-wakes-next",
        "nobody who could have the lock is left asleep without it: rwsem_bail.rs",
    ),
    (
        "write-lock-2017",
        "offered to show that munlock is outside its lock (S07)",
    ),
];

/// Every patch of the table has a scenario that offers it and whose outcomes it changes.
/// Reads the pins, which the tests below hold against the explorer.
#[test]
fn every_patch_changes_an_outcome_somewhere() {
    let mut useful: Vec<&str> = Vec::new();
    for builtin in BUILTIN {
        let scenario = parse(builtin.text).scenario.expect("parsed");
        if scenario.bound.is_some() {
            continue;
        }
        let path = folder().join("pins").join(format!("{}.txt", builtin.id));
        let pins = fs::read_to_string(path).expect("pinned");
        let outcomes = |key: &str| {
            let (_, rest) = pins.lines().find_map(|line| line.split_once(key))?;
            let words: Vec<&str> = rest
                .split(", ")
                .skip(2)
                .filter_map(|it| it.split(' ').next())
                .collect();
            Some(words)
        };
        for &patch in &scenario.offered {
            let matters = scenario.combinations().into_iter().any(|on| {
                let [with, without] = [on.with(patch, true), on.with(patch, false)]
                    .map(|set| format!("long {}: ", scenario.combination_in_words(set)));
                outcomes(&without).is_some_and(|off| outcomes(&with).is_some_and(|on| on != off))
            });
            if matters {
                useful.push(patch.get().id)
            }
        }
    }
    let idle: Vec<&str> = PATCHES
        .iter()
        .map(|patch| patch.id)
        .filter(|id| !useful.contains(id))
        .collect();
    let excused: Vec<&str> = NO_WITNESS.iter().map(|(id, _)| *id).collect();
    assert_eq!(idle, excused);
}

#[test]
fn every_lead_can_be_played_to_its_end() {
    for builtin in BUILTIN {
        let scenario = parse(builtin.text).scenario.expect("parsed");
        let machine = &scenario.machine;
        let mut state = State::start(machine);
        let lead = scenario.lead.expect("a lead");
        for (at, &next) in lead.steps.iter().enumerate() {
            let mut enabled = oomscope_model::step::enabled(machine, &state);
            let name = &machine.actor(next.0).name;
            assert!(
                enabled.any(|other| other == next),
                "{}: step {at}, {name}",
                builtin.id
            );
            oomscope_model::step::step(machine, &mut state, next, &mut ());
        }
        let reached = scenario
            .markers
            .iter()
            .any(|marker| oomscope_scenario::condition::holds(&marker.when, machine, &state));
        assert!(
            reached,
            "{}: no marker stands at the end of the lead",
            builtin.id
        );
    }
}

/// One test a scenario file, so that a failing one is named.
macro_rules! scenarios {
    ($($name:ident = $id:literal,)*) => {
        $(#[test]
        fn $name() {
            meets_its_expectations($id);
        })*

        #[test]
        fn every_scenario_has_its_test() {
            let mut tested = vec![$($id),*];
            tested.sort_unstable();
            let mut built_in: Vec<&str> = BUILTIN.iter().map(|builtin| builtin.id).collect();
            built_in.sort_unstable();
            assert_eq!(tested, built_in);
        }
    };
}

scenarios! {
    writer_in_queue = "writer-in-queue",
    writer_in_queue_pinned = "writer-in-queue-pinned",
    imutex_livelock = "imutex-livelock",
    imutex_unreapable = "imutex-unreapable",
    munlock_oops = "munlock-oops",
    munlock_page_lock = "munlock-page-lock",
    nofs_only = "nofs-only",
    nofs_kswapd_blocked = "nofs-kswapd-blocked",
    too_many_isolated = "too-many-isolated",
    one_page_of_progress = "one-page-of-progress",
    nofail_kills = "nofail-kills",
    reserves_drained = "reserves-drained",
    nofs_dying = "nofs-dying",
    may_fail_under_lock = "may-fail-under-lock",
    writeback_chain = "writeback-chain",
    wait_for_oom_lock = "wait-for-oom-lock",
    write_lock_give_up = "write-lock-give-up",
    nap_under_oom_lock = "nap-under-oom-lock",
    dump_under_oom_lock = "dump-under-oom-lock",
    premature_second_kill = "premature-second-kill",
    kill_the_caller = "kill-the-caller",
    memcg_charge_under_lock = "memcg-charge-under-lock",
    memcg_nofs_charge = "memcg-nofs-charge",
    memcg_two_at_the_limit = "memcg-two-at-the-limit",
    memcg_nap = "memcg-nap",
    memcg_killed_thread = "memcg-killed-thread",
    memcg_nobody_to_kill = "memcg-nobody-to-kill",
    panic_on_oom = "panic-on-oom",
    oom_group_victim_lost = "oom-group-victim-lost",
    child_for_parent = "child-for-parent",
    all_worth_nothing = "all-worth-nothing",
    root_bonus = "root-bonus",
    oom_notifier_blocks = "oom-notifier-blocks",
    oom_notifier_trylocks = "oom-notifier-trylocks",
    fault_storm_2 = "fault-storm-2",
    fault_storm_4 = "fault-storm-4",
    fault_storm_8 = "fault-storm-8",
    fault_storm_16 = "fault-storm-16",
    exit_aio = "exit-aio",
    reaper_hostage = "reaper-hostage",
    ksm_exit = "ksm-exit",
    unlink_file_vma = "unlink-file-vma",
    zeroes_to_disk = "zeroes-to-disk",
    vhost_reads_zeroes = "vhost-reads-zeroes",
    vhost_shares_mm = "vhost-shares-mm",
    robust_futex = "robust-futex",
    last_mmput_stranger = "last-mmput-stranger",
    hand_off_over_kill = "hand-off-over-kill",
    self_reap_over_kill = "self-reap-over-kill",
    second_victim_lost = "second-victim-lost",
    self_reap_mlocked = "self-reap-mlocked",
    interruptible_mmap = "interruptible-mmap",
    leaked_bias = "leaked-bias",
    generic_rwsem_reader = "generic-rwsem-reader",
    xfs_ilock = "xfs-ilock",
    xfs_memdie_loop = "xfs-memdie-loop",
    xfs_nofail_kills = "xfs-nofail-kills",
    xfs_rollback = "xfs-rollback",
    imutex_reserve = "imutex-reserve",
    xfs_reserve_under = "xfs-reserve-under",
    xfs_reserve_over = "xfs-reserve-over",
    unkillable_writer = "unkillable-writer",
    remote_reader = "remote-reader",
    mapper_holds_mmap_sem = "mapper-holds-mmap-sem",
    unmapper_holds_mmap_sem = "unmapper-holds-mmap-sem",
    proc_reader_killed = "proc-reader-killed",
    notifier_eras = "notifier-eras",
    guest_reaped = "guest-reaped",
    hmm_range_end = "hmm-range-end",
    odp_range_end = "odp-range-end",
    unpaired_start = "unpaired-start",
    kvm_count_leak = "kvm-count-leak",
    out_of_tree_notifier = "out-of-tree-notifier",
    shared_lookup = "shared-lookup",
    mrelease_dead_vmas = "mrelease-dead-vmas",
    own_writer_in_queue = "own-writer-in-queue",
    own_writer_nofail = "own-writer-nofail",
    own_writer_group_reserve = "own-writer-group-reserve",
    memalloc_nofail = "memalloc-nofail",
    sysrq_f = "sysrq-f",
    notified_sysrq_f = "notified-sysrq-f",
    exiting_aborts = "exiting-aborts",
    mark_without_mm = "mark-without-mm",
    shared_mm_protected = "shared-mm-protected",
    shared_mm_init = "shared-mm-init",
    shared_mm_unseen = "shared-mm-unseen",
    nothing_killable = "nothing-killable",
    core_dump_stuck = "core-dump-stuck",
    core_dump_marked = "core-dump-marked",
    core_dump_mrelease = "core-dump-mrelease",
    vfork_launcher = "vfork-launcher",
    favored_kthread = "favored-kthread",
    srcu_stranger = "srcu-stranger",
}

#[track_caller]
fn meets_its_expectations(id: &str) {
    let builtin = Builtin::named(id).expect("built in");
    let scenario = parse(builtin.text).scenario.expect("parsed");
    let states_max = match &scenario.bound {
        Some(bound) => bound.states,
        None => STATES_MAX,
    };
    let mut table = String::new();
    let mut wrong = String::new();
    for case in cases(&scenario) {
        let machine = machine(&scenario, case.patches, case.rules);
        let found = search(&machine, Limits::states(states_max), |_| {
            ControlFlow::Continue(())
        });
        let words = case.words(&scenario);
        writeln!(table, "{words}: {}", found.summary()).expect("string");
        let complaint = match judge(&scenario, case, &found) {
            Verdict::Met | Verdict::Bounded => continue,
            Verdict::Unknown => String::from("too large to be searched to the end"),
            Verdict::Missed { line, sentence } => {
                format!("line {}: {sentence}", line.unwrap_or_default())
            }
        };
        writeln!(wrong, "{words}: {complaint}").expect("string");
    }
    assert!(wrong.is_empty(), "{id}:\n{wrong}\nAll of it:\n{table}");
    match &scenario.bound {
        None => compare_pins(id, &table),
        Some(_) => assert_eq!(sibling_complaint(&scenario), None, "{id}"),
    }
}

fn compare_pins(id: &str, table: &str) {
    let path = folder().join("pins").join(format!("{id}.txt"));
    if std::env::var_os("OOMSCOPE_BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("pins can be made");
        fs::write(&path, table).expect("pins can be written");
        return;
    }
    let pinned = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        pinned, table,
        "{id}: numbers moved; OOMSCOPE_BLESS=1 rewrites the pins"
    );
}
