//! The rules of `kernel/xfs.rs`: programs in, a table of events out. Steps X1 to X6 and B1
//! to B6 are those of locks-and-allocation.md 5.

mod play;

use expect_test::expect;
use oomscope_model::kernel::{page_alloc, xfs};
use oomscope_model::machine::Timing;
use oomscope_model::patches::{PatchId, Version};
use oomscope_model::transition::Act;

use play::Play;

const V319: Version = Version(3, 19);
const V40: Version = Version(4, 0);
const V45: Version = Version(4, 5);
const V414: Version = Version(4, 14);

/// A file system task `fs` of a small process, a big process `big` that asks for pages, and
/// what a version and some more patches make of it. 64 pages; min 2, low 3, high 4.
fn begin(version: Version, more: &[&str], free: u16, fs: &str) -> Play {
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"4.5\"\n\
         [zone]\ntotal = \"64 pages\"\npage = \"4 MB\"\nfree = \"{free} pages\"\n\
         min = \"2 pages\"\nlow = \"3 pages\"\nhigh = \"4 pages\"\n\
         [[process]]\nname = \"fs\"\nrss = \"4 pages\"\nprogram = \"\"\"\n{fs}\n\"\"\"\n\
         [[process]]\nname = \"big\"\nrss = \"20 pages\"\nprogram = \"\"\"\npage_fault big 9\n\"\"\"\n\
         [[lock]]\nname = \"ilock\"\nkind = \"rwsem\"\n"
    );
    let more: Vec<_> = more.iter().map(|id| (*id, true)).collect();
    Play::new(play::machine_of(version, &more, &text))
}

fn wants(play: &Play, name: &str) -> bool {
    page_alloc::wants_page(&play.state, play.task(name))
}

const WRITE: &str =
    "trans_start 2\ndown_write ilock\nkmem_alloc GFP_NOFS 2\ntrans_commit\nup_write ilock";

#[test]
fn x2_to_x6_in_3_19_null_is_counted_slept_on_and_warned_about() {
    let mut play = begin(V319, &[], 2, "kmem_alloc GFP_NOFS");
    play.machine.rules.timing = Timing::Adversarial;
    // A lap of a hundred tries, one warning, and no end: only somebody else can help.
    play.steps("fs fs fs fs fs");
    play.is_next(expect![[r#"
        fs: NoPage { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1030), order: 0, why: Vetoed }
        fs: KmemNull { task: fs }
        fs: Slept { task: fs, nap: Hz2 }
        fs: Woke { task: fs, nap: Hz2 }
        fs: KmemWarns { task: fs }
        fs: Parked { task: fs }
        fs: cannot move
    "#]]);
    assert!(wants(&play, "fs"));
    play.act(Act::AddPages { pages: 1 });
    play.steps("fs");
    play.is_next(expect![[r#"
        fs: PageTaken { task: fs, right: Min }
        fs: ProgramEnded { task: fs }
    "#]]);
}

#[test]
fn a_lap_takes_two_seconds_and_waits_for_whoever_can_move() {
    let mut play = begin(V319, &[], 2, "kmem_alloc GFP_NOFS");
    play.steps("fs fs fs");
    play.is_next(expect![[r#"
        fs: NoPage { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1030), order: 0, why: Vetoed }
        fs: KmemNull { task: fs }
        fs: Slept { task: fs, nap: Hz2 }
        fs: cannot move
    "#]]);
}

#[test]
fn a_change_ends_the_lap_and_no_warning_is_due() {
    let mut play = begin(V319, &[], 2, "kmem_alloc GFP_NOFS");
    play.steps("fs fs");
    play.act(Act::AddPages { pages: 3 });
    play.steps("fs");
    play.is_next(expect![[r#"
        fs: NoPage { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1030), order: 0, why: Vetoed }
        fs: KmemNull { task: fs }
        fs: Slept { task: fs, nap: Hz2 }
        fs: PageTaken { task: fs, right: Low }
        fs: ProgramEnded { task: fs }
    "#]]);
}

#[test]
fn a_change_in_the_middle_of_a_round_makes_it_ask_again_after_20_ms() {
    let mut play = begin(V319, &[], 2, "kmem_alloc GFP_NOFS");
    play.steps("fs");
    play.act(Act::AddPages { pages: 1 });
    play.steps("fs fs fs");
    play.is_next(expect![[r#"
        fs: NoPage { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1030), order: 0, why: Vetoed }
        fs: KmemNull { task: fs }
        fs: Slept { task: fs, nap: Hz50 }
        fs: Woke { task: fs, nap: Hz50 }
        fs: PageTaken { task: fs, right: Min }
        fs: ProgramEnded { task: fs }
    "#]]);
}

#[test]
fn in_4_0_the_allocator_itself_never_comes_back_and_xfs_has_nothing_to_say() {
    let mut play = begin(V40, &[], 2, "kmem_alloc GFP_NOFS");
    play.steps("fs fs fs");
    play.is_next(expect![[r#"
        fs: NoPage { task: fs }
        fs: KillerVetoed { task: fs }
        fs: Parked { task: fs }
        fs: cannot move
    "#]]);
}

#[test]
fn l3b_a_marked_thread_empties_the_reserve_and_asks_for_ever() {
    let program = "trans_start 9\nkmem_alloc GFP_KERNEL 9\ntrans_commit";
    let mut play = begin(V40, &[], 3, program);
    play.machine.rules.timing = Timing::Adversarial;
    play.steps("fs fs fs")
        .kill("fs")
        .steps("fs fs fs fs fs fs fs");
    play.is_next(expect![[r#"
        fs: TransStarted { task: fs, reserve: 0 }
        fs: PageTaken { task: fs, right: Min }
        fs: NoPage { task: fs }
        act: Signalled { task: fs }
        fs: MarkedItself { task: fs }
        fs: PageTaken { task: fs, right: Reserve }
        fs: PageTaken { task: fs, right: Reserve }
        fs: NoPage { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1031), order: 0, why: Victim }
        fs: KmemNull { task: fs }
        fs: Slept { task: fs, nap: Hz2 }
        fs: Woke { task: fs, nap: Hz2 }
        fs: KmemWarns { task: fs }
        fs: Parked { task: fs }
        fs: cannot move
    "#]]);
    // It keeps the victim's mark, so the killer does nothing for others.
    play.steps("big big big");
    play.is_next(expect![[r#"
        big: LockTaken { task: big, lock: big.mmap_sem, mode: Read }
        big: NoPage { task: big }
        big: ScanAborted { task: big, victim: fs }
        big: Parked { task: big }
    "#]]);
}

#[test]
fn p11_from_4_12_on_a_victim_asks_the_killer_once_more_in_every_try() {
    let program = "trans_start 9\nkmem_alloc GFP_KERNEL 9\ntrans_commit";
    let mut play = begin(V414, &[], 3, program);
    play.machine.rules.timing = Timing::Adversarial;
    play.steps("fs fs fs")
        .kill("fs")
        .steps("fs fs fs fs fs fs fs");
    play.is_next(expect![[r#"
        fs: TransStarted { task: fs, reserve: 0 }
        fs: PageTaken { task: fs, right: Min }
        fs: NoPage { task: fs }
        act: Signalled { task: fs }
        fs: MarkedItself { task: fs }
        fs: ReaperQueued { victim: fs }
        fs: PageTaken { task: fs, right: Reserve }
        fs: NoPage { task: fs }
        fs: MarkedItself { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1031), order: 0, why: Victim }
        fs: KmemNull { task: fs }
        fs: Slept { task: fs, nap: Hz2 }
        fs: Woke { task: fs, nap: Hz2 }
        fs: KmemWarns { task: fs }
        fs: Parked { task: fs }
        fs: cannot move
    "#]]);
}

#[test]
fn km_mayfail_takes_null_for_an_answer() {
    let mut play = begin(
        V319,
        &[],
        2,
        "down_write ilock\nkmem_alloc_mayfail GFP_NOFS\nup_write ilock",
    );
    play.steps("fs fs fs fs fs");
    play.is_next(expect![[r#"
        fs: LockTaken { task: fs, lock: ilock, mode: Write }
        fs: NoPage { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1030), order: 0, why: Vetoed }
        fs: LockReleased { task: fs, lock: ilock, mode: Write }
        fs: Unwound { task: fs }
        fs: ProgramEnded { task: fs }
        fs: cannot move
    "#]]);
    // From 4.13 on the allocator knows and kills nobody, whatever the flags.
    let mut play = begin(V414, &[], 2, "kmem_alloc_mayfail GFP_KERNEL");
    play.steps("fs fs fs");
    play.is_next(expect![[r#"
        fs: NoPage { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1159), order: 0, why: Vetoed }
        fs: Unwound { task: fs }
        fs: ProgramEnded { task: fs }
        fs: cannot move
    "#]]);
}

#[test]
fn kmem_nofail_calls_the_killer_out_of_a_nofs_context_and_takes_any_page_from_4_5_on() {
    let mut play = begin(V319, &["kmem-nofail"], 2, "kmem_alloc GFP_NOFS");
    play.steps("fs fs fs");
    play.is_next(expect![[r#"
        fs: NoPage { task: fs }
        fs: Killed { task: fs, process: big, thread: big, points: 20, memcg: None }
        fs: Signalled { task: big }
        fs: LockTaken { task: fs, lock: oom_lock, mode: Write }
        fs: Slept { task: fs, nap: Jiffy }
        fs: Woke { task: fs, nap: Jiffy }
    "#]]);
    let mut play = begin(V45, &["kmem-nofail"], 2, "kmem_alloc GFP_NOFS");
    play.steps("fs fs fs fs");
    play.is_next(expect![[r#"
        fs: NoPage { task: fs }
        fs: Killed { task: fs, process: big, thread: big, points: 20, memcg: None }
        fs: Signalled { task: big }
        fs: LockTaken { task: fs, lock: oom_lock, mode: Write }
        fs: Slept { task: fs, nap: Jiffy }
        fs: Woke { task: fs, nap: Jiffy }
        fs: LockReleased { task: fs, lock: oom_lock, mode: Write }
        fs: PageTaken { task: fs, right: Nofail }
        fs: ProgramEnded { task: fs }
    "#]]);
}

#[test]
fn just_fail_is_easy_while_clean_and_needs_as_much_again_when_dirty() {
    let mut play = begin(V45, &["kmem-rollback"], 2, WRITE);
    play.steps("fs fs fs fs");
    play.is_next(expect![[r#"
        fs: TransStarted { task: fs, reserve: 0 }
        fs: LockTaken { task: fs, lock: ilock, mode: Write }
        fs: NoPage { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1094), order: 0, why: NoRetry }
        fs: TransCancelled { task: fs, reserve: 0, dirty: 0 }
        fs: LockReleased { task: fs, lock: ilock, mode: Write }
        fs: Unwound { task: fs }
        fs: ProgramEnded { task: fs }
    "#]]);
    let mut play = begin(V45, &["kmem-rollback"], 3, WRITE);
    play.steps("fs fs fs fs fs fs fs");
    play.is_next(expect![[r#"
        fs: TransStarted { task: fs, reserve: 0 }
        fs: LockTaken { task: fs, lock: ilock, mode: Write }
        fs: PageTaken { task: fs, right: Min }
        fs: NoPage { task: fs }
        fs: AllocFailed { task: fs, gfp: Gfp(1094), order: 0, why: NoRetry }
        fs: RollbackStarts { task: fs, pages: 1 }
        fs: NoPage { task: fs }
        fs: KillerVetoed { task: fs }
        fs: Parked { task: fs }
        fs: cannot move
    "#]]);
    play.act(Act::AddPages { pages: 1 });
    play.steps("fs fs fs");
    play.is_next(expect![[r#"
        fs: PageTaken { task: fs, right: Min }
        fs: RolledBack { task: fs, pages: 2 }
        fs: TransCancelled { task: fs, reserve: 0, dirty: 0 }
        fs: LockReleased { task: fs, lock: ilock, mode: Write }
        fs: Unwound { task: fs }
        fs: ProgramEnded { task: fs }
        fs: cannot move
    "#]]);
    assert_eq!(play.state.free_pages, 4, "both copies came back");
}

#[test]
fn b1_to_b6_a_reservation_raises_the_marks_for_others_and_serves_its_own() {
    let mut play = begin(V45, &["trans-reserve"], 5, WRITE);
    play.steps("fs");
    assert_eq!(xfs::reserved(&play.state), 2);
    play.steps("big big");
    assert_eq!(
        play.state.free_pages, 4,
        "min and two pages are not for others"
    );
    play.steps("fs fs fs fs fs");
    assert_eq!(xfs::reserved(&play.state), 0);
    assert_eq!(play.state.free_pages, 2);
    play.steps("fs fs");
    play.is_next(expect![[r#"
        fs: TransReserving { task: fs, pages: 2 }
        fs: TransStarted { task: fs, reserve: 2 }
        big: LockTaken { task: big, lock: big.mmap_sem, mode: Read }
        big: PageTaken { task: big, right: Min }
        big: PageMapped { task: big, mm: MmId(1) }
        fs: LockTaken { task: fs, lock: ilock, mode: Write }
        fs: NoPage { task: fs }
        fs: PageTaken { task: fs, right: Transaction }
        fs: NoPage { task: fs }
        fs: PageTaken { task: fs, right: Transaction }
        fs: TransCommitted { task: fs, reserve: 0 }
        fs: LockReleased { task: fs, lock: ilock, mode: Write }
        fs: ProgramEnded { task: fs }
    "#]]);
}

#[test]
fn b6_what_an_overestimate_kept_back_comes_back_with_the_commit() {
    let program = "trans_start 4\nkmem_alloc GFP_NOFS\ntrans_commit";
    let mut play = begin(V45, &["trans-reserve"], 7, program);
    play.steps("fs big big fs fs fs big");
    play.is_next(expect![[r#"
        fs: TransReserving { task: fs, pages: 4 }
        fs: TransStarted { task: fs, reserve: 4 }
        big: LockTaken { task: big, lock: big.mmap_sem, mode: Read }
        big: PageTaken { task: big, right: Min }
        big: PageMapped { task: big, mm: MmId(1) }
        fs: NoPage { task: fs }
        fs: PageTaken { task: fs, right: Transaction }
        fs: TransCommitted { task: fs, reserve: 3 }
        fs: ProgramEnded { task: fs }
        big: PageTaken { task: big, right: Low }
        big: PageMapped { task: big, mm: MmId(1) }
    "#]]);
}

#[test]
fn b4_an_underestimate_ends_in_the_old_loop() {
    let program = "trans_start\nkmem_alloc GFP_NOFS 3\ntrans_commit";
    let mut play = begin(V45, &["trans-reserve"], 4, program);
    play.steps("fs fs fs fs fs fs");
    play.is_next(expect![[r#"
        fs: TransReserving { task: fs, pages: 1 }
        fs: TransStarted { task: fs, reserve: 1 }
        fs: PageTaken { task: fs, right: Min }
        fs: NoPage { task: fs }
        fs: PageTaken { task: fs, right: Transaction }
        fs: NoPage { task: fs }
        fs: KillerVetoed { task: fs }
        fs: Parked { task: fs }
    "#]]);
}

#[test]
fn b2_who_waits_for_a_reservation_may_kill_and_leaves_when_killed() {
    let mut play = begin(V45, &["trans-reserve"], 4, WRITE);
    play.steps("fs fs fs fs");
    play.is_next(expect![[r#"
        fs: TransReserving { task: fs, pages: 2 }
        fs: TransWaits { task: fs }
        fs: Killed { task: fs, process: big, thread: big, points: 20, memcg: None }
        fs: Signalled { task: big }
        fs: LockTaken { task: fs, lock: oom_lock, mode: Write }
        fs: Slept { task: fs, nap: Jiffy }
        fs: Woke { task: fs, nap: Jiffy }
        fs: LockReleased { task: fs, lock: oom_lock, mode: Write }
    "#]]);
    play.kill("fs");
    play.steps("fs fs");
    play.is_next(expect![[r#"
        act: Signalled { task: fs }
        fs: TransCancelled { task: fs, reserve: 2, dirty: 0 }
        fs: Unwound { task: fs }
        fs: ProgramEnded { task: fs }
        fs: Exiting { task: fs }
        fs: LockTaken { task: fs, lock: fs.mmap_sem, mode: Read }
    "#]]);
    assert_eq!(xfs::reserved(&play.state), 0);
}

#[test]
fn switching_the_reserves_off_frees_them_and_lets_waiters_start() {
    let mut play = begin(V45, &["trans-reserve"], 3, WRITE);
    play.steps("fs");
    let patch = PatchId::named("trans-reserve").expect("known");
    play.act(Act::Switch { patch, on: false });
    play.steps("fs");
    play.is_next(expect![[r#"
        fs: TransReserving { task: fs, pages: 2 }
        fs: TransWaits { task: fs }
        act: Switched { patch: trans-reserve, on: false }
        fs: TransStarted { task: fs, reserve: 0 }
    "#]]);
    assert_eq!(xfs::reserved(&play.state), 0);
}

#[test]
fn a_killed_task_leaves_its_transaction_only_through_the_commit() {
    let program = "trans_start\nkmem_alloc GFP_NOFS\ntrans_commit";
    let mut play = begin(V45, &[], 9, program);
    play.steps("fs").kill("fs").steps("fs fs fs");
    play.is_next(expect![[r#"
        fs: TransStarted { task: fs, reserve: 0 }
        act: Signalled { task: fs }
        fs: PageTaken { task: fs, right: Low }
        fs: TransCommitted { task: fs, reserve: 0 }
        fs: ProgramEnded { task: fs }
        fs: Exiting { task: fs }
        fs: LockTaken { task: fs, lock: fs.mmap_sem, mode: Read }
    "#]]);
}

#[test]
fn a_transaction_that_is_not_well_formed_is_refused() {
    let complaint = |program: &str| {
        let text = format!(
            "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"4.5\"\n\
             [zone]\ntotal = \"64 pages\"\npage = \"4 MB\"\nfree = \"9 pages\"\nmin = \"2 pages\"\n\
             low = \"3 pages\"\nhigh = \"4 pages\"\n\
             [[process]]\nname = \"fs\"\nrss = \"4 pages\"\nprogram = \"\"\"\n{program}\n\"\"\"\n"
        );
        oomscope_scenario::parse::parse(&text)
            .diagnostics
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    expect!["line 18: fs is already in a transaction here; end it with trans_commit"]
        .assert_eq(&complaint("trans_start\ntrans_start\ntrans_commit"));
    expect!["line 17: fs is in no transaction here; trans_start begins one"]
        .assert_eq(&complaint("trans_commit"));
    expect!["line 17: fs is still in its transaction at its end; add trans_commit"]
        .assert_eq(&complaint("trans_start 3"));
    expect!["line 19: a transaction takes at most 15 pages; commit it and start another"]
        .assert_eq(&complaint(
            "trans_start\nrepeat 2 {\nkmem_alloc GFP_NOFS 8\n}\ntrans_commit",
        ));
}
