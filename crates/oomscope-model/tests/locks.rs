//! The rules of rwsems, mutexes and signals: programs in, a table of events out. T1 and T2
//! are those of locks-and-allocation.md 7, *Regression outcomes*; B1 to B3 and L12 those of
//! 2.2 and 7.

mod play;

use expect_test::expect;
use oomscope_model::machine::Mode;
use oomscope_model::patches::Version;
use oomscope_model::state::{Run, StateFlags};

use play::Play;

/// One process a task, each with its program; `a` is an rwsem, `m` a mutex, `i` an inode
/// lock. 64 pages, 20 of them free.
fn play(version: Version, switches: &[(&str, bool)], generic: bool, cast: &[(&str, &str)]) -> Play {
    let config = if generic {
        "[config]\nrwsem = \"generic-spinlock\"\n"
    } else {
        ""
    };
    let processes: String = cast
        .iter()
        .map(|(name, program)| {
            format!(
                "[[process]]\nname = \"{name}\"\nrss = \"2 pages\"\nprogram = \"\"\"\n{program}\n\"\"\"\n"
            )
        })
        .collect();
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"4.5\"\n{config}\
         [zone]\ntotal = \"64 pages\"\npage = \"4 MB\"\nfree = \"20 pages\"\nmin = \"2 pages\"\n\
         low = \"3 pages\"\nhigh = \"4 pages\"\n{processes}\
         [[lock]]\nname = \"a\"\nkind = \"rwsem\"\n[[lock]]\nname = \"m\"\nkind = \"mutex\"\n\
         [[lock]]\nname = \"i\"\nkind = \"i_mutex\"\n"
    );
    Play::new(play::machine_of(version, switches, &text))
}

const READ: &str = "down_read a\nup_read a";
const WRITE: &str = "down_write a\nup_write a";
const KILLABLE: &str = "down_write_killable a\nup_write a";

const V45: Version = Version(4, 5);
const V49: Version = Version(4, 9);
const V54: Version = Version(5, 4);
const V515: Version = Version(5, 15);

/// Every rwsem there is: release, generic variant or not.
const ERAS: [(Version, bool); 6] = [
    (V45, false),
    (V45, true),
    (V49, true),
    (Version(4, 14), true),
    (V54, false),
    (V515, false),
];

#[test]
fn t1_a_queued_writer_makes_the_read_trylock_fail_in_every_era() {
    for (version, generic) in ERAS {
        let mut play = play(version, &[], generic, &[("r", READ), ("w", KILLABLE)]);
        play.steps("r");
        assert!(
            play.trylock("a", Mode::Read),
            "{version}: only a reader holds it"
        );
        play.steps("w");
        assert!(
            !play.trylock("a", Mode::Read),
            "{version}: a writer is queued"
        );
        play.kill("w").steps("w");
        assert!(
            play.trylock("a", Mode::Read),
            "{version}: the writer has left"
        );
    }
}

#[test]
fn t1_not_with_bug_b1_the_bias_stays_and_nobody_gets_the_lock_again() {
    let cast = [("r", READ), ("w", KILLABLE), ("r2", READ)];
    let mut play = play(V49, &[("rwsem-bug-b1", true)], false, &cast);
    play.steps("r w").kill("w").steps("w");
    assert!(!play.trylock("a", Mode::Read));
    play.steps("r r2 r2");
    assert!(play.state.queue_len(play.lock("a")) == 1, "{}", play.table);
    // With the mended code the lock is what it looks like.
    play.switch("rwsem-bug-b1", false);
    assert_eq!(play.holds("r2", "a"), Some(Mode::Read));
}

#[test]
fn t2_a_killed_writer_still_takes_a_lock_that_has_become_free() {
    for (version, generic) in ERAS {
        let mut play = play(version, &[], generic, &[("r", READ), ("w", KILLABLE)]);
        play.steps("r w r").kill("w").steps("w");
        assert_eq!(play.holds("w", "a"), Some(Mode::Write), "{version}");
    }
}

#[test]
fn b2_a_reader_behind_a_killed_writer_sleeps_for_ever_at_the_head_of_a_free_lock() {
    let cast = [("r", READ), ("w", KILLABLE), ("r2", READ), ("w2", WRITE)];
    let mut play = play(V49, &[], true, &cast);
    play.steps("r w r2").kill("w").steps("w r r2 r2");
    play.is(expect![[r#"
        r: LockTaken { task: r, lock: a, mode: Read }
        w: LockQueued { task: w, lock: a, mode: Write, rank: 1 }
        r2: LockQueued { task: r2, lock: a, mode: Read, rank: 2 }
        act: Signalled { task: w }
        act: WaiterWoken { task: w, lock: a }
        w: WaiterLeft { task: w, lock: a, rank: 1 }
        w: Unwound { task: w }
        w: ProgramEnded { task: w }
        r: LockReleased { task: r, lock: a, mode: Read }
        r: WaiterWoken { task: r2, lock: a }
        r: ProgramEnded { task: r }
        r2: WaiterSlept { task: r2, lock: a }
        r2: cannot move
    "#]]);
}

#[test]
fn b2_only_a_writer_that_comes_later_and_releases_frees_the_reader() {
    let cast = [("r", READ), ("w", KILLABLE), ("r2", READ), ("w2", WRITE)];
    let mut play = play(V49, &[], true, &cast);
    play.steps("r w r2").kill("w").steps("w r r2 w2 w2");
    assert_eq!(play.holds("r2", "a"), Some(Mode::Read), "{}", play.table);
}

#[test]
fn b2_is_mended_by_waking_who_is_behind() {
    for version in [Version(4, 14), V54] {
        let cast = [("r", READ), ("w", KILLABLE), ("r2", READ)];
        let mut play = play(version, &[], true, &cast);
        play.steps("r w r2").kill("w").steps("w");
        assert_eq!(play.holds("r2", "a"), Some(Mode::Read), "{version}");
    }
}

#[test]
fn b3_the_first_fix_lets_readers_in_beside_a_writer() {
    let cast = [("x", WRITE), ("w", KILLABLE), ("r2", READ)];
    for (second_fix, two) in [(false, true), (true, false)] {
        let switches = [
            ("generic-wakes-followers", true),
            ("generic-wakes-readers", second_fix),
        ];
        let mut play = play(V49, &switches, true, &cast);
        play.steps("x w r2").kill("w").steps("w");
        assert_eq!(play.holds("r2", "a") == Some(Mode::Read), two);
        assert_eq!(play.state.flags.has(StateFlags::CORRUPT), two);
    }
}

#[test]
fn the_rewritten_rwsem_grants_all_readers_past_the_writers_between_them() {
    let cast = [("x", WRITE), ("r1", READ), ("w", WRITE), ("r2", READ)];
    for (version, phase_fair) in [(V49, false), (V54, true)] {
        let mut play = play(version, &[], false, &cast);
        play.steps("x r1 w r2 x");
        assert_eq!(play.holds("r1", "a"), Some(Mode::Read), "{version}");
        assert_eq!(play.holds("r2", "a").is_some(), phase_fair, "{version}");
    }
}

#[test]
fn after_a_hand_off_nobody_steals() {
    // w is woken, x and then y steal; from 5.3 on y does not, because w has asked.
    let cast = [("r", READ), ("w", WRITE), ("x", WRITE), ("y", WRITE)];
    for (version, steals) in [(V49, true), (V54, false)] {
        let mut play = play(version, &[], false, &cast);
        play.steps("r w r x w x y");
        assert_eq!(play.holds("y", "a").is_some(), steals, "{}", play.table);
        play.steps("w");
        assert_eq!(play.holds("w", "a").is_some(), !steals, "{}", play.table);
    }
}

#[test]
fn from_5_11_on_a_reader_steals_a_free_lock_past_a_writer_but_never_joins_readers_past_one() {
    let cast = [("r", READ), ("w", WRITE), ("r2", READ), ("r3", READ)];
    for (version, steals) in [(V49, false), (V54, false), (V515, true)] {
        let mut play = play(version, &[], false, &cast);
        play.steps("r w r r2 r3");
        assert_eq!(play.holds("r2", "a").is_some(), steals, "{version}");
        assert_eq!(play.holds("r3", "a"), None, "{version}");
    }
}

#[test]
fn a_downgrade_lets_the_readers_at_the_head_in() {
    let cast = [
        ("x", "down_write a\ndowngrade_write a\nup_read a"),
        ("r1", READ),
        ("w", WRITE),
        ("r2", READ),
    ];
    for (version, generic) in ERAS {
        let mut play = play(version, &[], generic, &cast);
        play.steps("x r1 w r2 x");
        assert_eq!(play.holds("x", "a"), Some(Mode::Read), "{version}");
        assert_eq!(play.holds("r1", "a"), Some(Mode::Read), "{version}");
        let phase_fair = version >= V54;
        assert_eq!(play.holds("r2", "a").is_some(), phase_fair, "{version}");
    }
}

#[test]
fn a_signal_ends_an_interruptible_wait_and_no_other() {
    for (verb, leaves) in [
        ("down_write", false),
        ("down_write_killable", false),
        ("down_write_interruptible", true),
    ] {
        let program = format!("{verb} a\nup_write a");
        let cast = [("r", READ), ("w", program.as_str()), ("t", "signal w")];
        let mut play = play(V49, &[], false, &cast);
        play.steps("r w t w");
        assert_eq!(play.state.queue_len(play.lock("a")) == 0, leaves, "{verb}");
        assert!(!play.state.flags.has(StateFlags::WRONG_ERRNO), "{verb}");
    }
}

#[test]
fn mmap_returns_eintr_only_if_writers_are_interruptible() {
    let cast = [
        ("w", "mmap w"),
        ("r", "down_read w.mmap_sem\nup_read w.mmap_sem"),
        ("t", "signal w"),
    ];
    for (patch, wrong) in [
        ("killable-writers", false),
        ("interruptible-writers", true),
        ("restart-writers", false),
    ] {
        let mut play = play(V49, &[(patch, true)], false, &cast);
        play.steps("r w t w");
        assert_eq!(
            play.state.flags.has(StateFlags::WRONG_ERRNO),
            wrong,
            "{patch}: {}",
            play.table
        );
    }
}

#[test]
fn a_restarted_call_begins_again_and_a_killed_one_does_not() {
    let cast = [
        ("w", "mutex_lock m\nmmap w\nmutex_unlock m"),
        ("r", "down_read w.mmap_sem\nup_read w.mmap_sem"),
        ("t", "signal w"),
    ];
    let mut play = play(V49, &[("restart-writers", true)], false, &cast);
    play.steps("r w w t w w w w").kill("w").steps("w w w");
    play.is(expect![[r#"
        r: LockTaken { task: r, lock: w.mmap_sem, mode: Read }
        w: LockTaken { task: w, lock: m, mode: Write }
        w: LockQueued { task: w, lock: w.mmap_sem, mode: Write, rank: 1 }
        t: SignalSent { task: w }
        t: WaiterWoken { task: w, lock: w.mmap_sem }
        t: ProgramEnded { task: t }
        w: WaiterInterrupted { task: w, lock: w.mmap_sem, rank: 1 }
        w: LockReleased { task: w, lock: m, mode: Write }
        w: Restarted { task: w }
        w: LockTaken { task: w, lock: m, mode: Write }
        w: LockQueued { task: w, lock: w.mmap_sem, mode: Write, rank: 1 }
        act: Signalled { task: w }
        act: WaiterWoken { task: w, lock: w.mmap_sem }
        w: WaiterLeft { task: w, lock: w.mmap_sem, rank: 1 }
        w: LockReleased { task: w, lock: m, mode: Write }
        w: Unwound { task: w }
        w: ProgramEnded { task: w }
        w: Exiting { task: w }
        w: LockTaken { task: w, lock: w.mmap_sem, mode: Read }
    "#]]);
}

#[test]
fn a_signal_that_reaches_user_mode_leaves_nothing_behind() {
    let cast = [
        ("w", "down_write_interruptible a\nup_write a"),
        ("r", READ),
        ("t", "signal w"),
    ];
    let mut play = play(V49, &[], false, &cast);
    play.steps("r t w w");
    assert_eq!(play.state.queue_len(play.lock("a")), 1, "{}", play.table);
}

#[test]
fn lookups_share_the_inode_lock_from_4_7_on() {
    let lookup = "inode_lock_shared i\ninode_unlock_shared i";
    for (version, shared) in [(V45, false), (V49, true)] {
        let mut play = play(version, &[], false, &[("x", lookup), ("y", lookup)]);
        play.steps("x y");
        assert_eq!(play.holds("y", "i").is_some(), shared, "{version}");
    }
}

#[test]
fn khugepaged_and_userfaultfd_wait_unkillably_in_every_release() {
    let cast = [
        ("w", "uffd_register w"),
        ("r", "down_read w.mmap_sem\nup_read w.mmap_sem"),
    ];
    for version in [V45, V49, V515] {
        let mut play = play(version, &[], false, &cast);
        play.steps("r w").kill("w").steps("w");
        assert_eq!(play.state.queue_len(play.lock("w.mmap_sem")), 1);
    }
}

#[test]
fn a_reader_of_proc_is_killable_from_5_3_on_and_gives_its_reference_back() {
    let cast = [
        ("v", "down_write v.mmap_sem\nup_write v.mmap_sem"),
        ("r", "proc_read v"),
    ];
    for (version, killable) in [(V49, false), (V54, true)] {
        let mut play = play(version, &[], false, &cast);
        play.steps("v r");
        assert_eq!(play.state.mms[0].users, 2, "{version}");
        play.kill("r").steps("r r");
        assert_eq!(play.state.mms[0].users == 1, killable, "{version}");
    }
}

#[test]
fn the_last_reference_of_a_dead_process_may_be_a_readers() {
    let cast = [("v", "page_fault v"), ("r", "proc_read v")];
    let mut play = play(V49, &[], false, &cast);
    play.steps("r").kill("v").steps("v v v r r r r r r r r");
    play.is(expect![[r#"
        r: MmPinned { task: r, mm: MmId(0) }
        r: LockTaken { task: r, lock: v.mmap_sem, mode: Read }
        act: Signalled { task: v }
        v: Exiting { task: v }
        v: LockTaken { task: v, lock: v.mmap_sem, mode: Read }
        v: LockReleased { task: v, lock: v.mmap_sem, mode: Read }
        v: MmDropped { task: v, mm: MmId(0), users: 1 }
        v: Exited { task: v }
        v: cannot move
        r: PageTaken { task: r, right: Low }
        r: PageMapped { task: r, mm: MmId(0) }
        r: LockReleased { task: r, lock: v.mmap_sem, mode: Read }
        r: MmPut { task: r, mm: MmId(0) }
        r: ExitMmapStarts { task: r, mm: MmId(0) }
        r: Unmapped { task: r, mm: MmId(0), pages: 3 }
        r: SkipSet { mm: MmId(0) }
        r: MmGone { task: r, mm: MmId(0) }
        r: ProgramEnded { task: r }
        r: cannot move
        r: cannot move
        r: cannot move
    "#]]);
}

#[test]
fn munmap_lets_readers_in_before_it_unmaps_from_4_20_on() {
    let cast = [("v", "munmap v 2"), ("r", "proc_read v")];
    for (version, downgrades) in [(V49, false), (V54, true)] {
        let mut play = play(version, &[], false, &cast);
        play.steps("v r v");
        assert_eq!(play.holds("r", "v.mmap_sem").is_some(), downgrades);
        play.steps("v");
        assert_eq!(play.state.free_pages, 22, "{version}: {}", play.table);
    }
}

#[test]
fn a_killed_mapper_downgrades_while_it_waits_for_the_files_lock() {
    let cast = [
        ("v", "mmap_file v a"),
        ("f", "down_read a\nup_read a"),
        ("r", "proc_read v"),
    ];
    for (patch, opens) in [("i-mmap-killable", true), ("killable-writers", false)] {
        let mut play = play(V49, &[(patch, true)], false, &cast);
        play.steps("f v v").kill("v").steps("v v");
        assert_eq!(
            play.trylock("v.mmap_sem", Mode::Read),
            opens,
            "{}",
            play.table
        );
        let task = play.machine.task_named("v").expect("a task");
        assert!(matches!(
            play.state.task(task).run,
            Run::Queued { awake: false, .. }
        ));
        play.steps("f v v v v v v v v v");
        assert_eq!(play.state.task(task).run, Run::Exited, "{}", play.table);
    }
}
