//! Core dumps (oom.md 6.1 E5, S23): programs in, a table of events out.

mod play;

use expect_test::expect;
use oomscope_model::machine::{Machine, Mode};
use oomscope_model::patches::Version;
use oomscope_model::state::{Run, TaskFlags};

use play::Play;

/// `d` dumps core and `t` is another thread of the process `v`; `s` shares its memory. `x`
/// wants a page. 64 pages, two of them free: too few.
fn begin(version: Version, dump: &str, thread: &str) -> Play {
    Play::new(machine(version, dump, thread))
}

fn machine(version: Version, dump: &str, thread: &str) -> Machine {
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"{version}\"\n\
         [zone]\ntotal = \"64 pages\"\npage = \"4 MB\"\nfree = \"2 pages\"\nmin = \"2 pages\"\n\
         low = \"3 pages\"\nhigh = \"4 pages\"\n\
         [[process]]\nname = \"v\"\nrss = \"20 pages\"\n\
         [[process.thread]]\nname = \"d\"\nprogram = \"\"\"\ncore_dump\n{dump}\n\"\"\"\n\
         [[process.thread]]\nname = \"t\"\nprogram = \"\"\"\n{thread}\n\"\"\"\n\
         [[process]]\nname = \"s\"\nmm = \"v\"\n\
         [[process]]\nname = \"x\"\nrss = \"1 pages\"\nprogram = \"page_fault x\"\n\
         [[lock]]\nname = \"m\"\nkind = \"mutex\"\n"
    );
    play::machine(&text)
}

#[test]
fn up_to_5_15_everybody_with_the_mm_stands_still_inside_exit_mm() {
    let mut play = begin(Version(4, 5), "mutex_lock m\nmutex_unlock m", "pause");
    play.steps("d*2 t*2 d s*2 d t");
    play.is_next(expect![[r#"
        d: LockTaken { task: d, lock: v.mmap_sem, mode: Write }
        d: CoreDumpStarts { task: d }
        d: Signalled { task: t }
        d: Signalled { task: s }
        d: LockReleased { task: d, lock: v.mmap_sem, mode: Write }
        d: Waits { task: d, completion: CompletionId(0) }
        t: Exiting { task: t }
        t: LockTaken { task: t, lock: v.mmap_sem, mode: Read }
        t: LockReleased { task: t, lock: v.mmap_sem, mode: Read }
        t: Waits { task: t, completion: CompletionId(1) }
        d: cannot move
        s: Exiting { task: s }
        s: LockTaken { task: s, lock: v.mmap_sem, mode: Read }
        s: LockReleased { task: s, lock: v.mmap_sem, mode: Read }
        s: Waits { task: s, completion: CompletionId(1) }
        s: Completed { task: s, completion: CompletionId(0) }
        d: LockTaken { task: d, lock: m, mode: Write }
        t: cannot move
    "#]]);
    play.steps("d*2 t*2");
    play.is_next(expect![[r#"
        d: LockReleased { task: d, lock: m, mode: Write }
        d: ProgramEnded { task: d }
        d: Completed { task: d, completion: CompletionId(1) }
        d: Exiting { task: d }
        d: LockTaken { task: d, lock: v.mmap_sem, mode: Read }
        t: LockTaken { task: t, lock: v.mmap_sem, mode: Read }
        t: LockReleased { task: t, lock: v.mmap_sem, mode: Read }
        t: MmDropped { task: t, mm: MmId(0), users: 2 }
        t: Exited { task: t }
    "#]]);
    // A crash is no kill, although the threads got SIGKILL.
    assert!(
        !play
            .state
            .is_killed(&play.machine, oomscope_model::machine::ProcessId(0))
    );
}

#[test]
fn from_5_16_on_the_threads_stand_still_before_they_exit_and_sharers_go_on() {
    let mut play = begin(Version(5, 16), "mutex_lock m\nmutex_unlock m", "pause");
    play.steps("d d t d t");
    play.is_next(expect![[r#"
        d: CoreDumpStarts { task: d }
        d: Signalled { task: t }
        d: Waits { task: d, completion: CompletionId(0) }
        d: cannot move
        t: Waits { task: t, completion: CompletionId(1) }
        t: Completed { task: t, completion: CompletionId(0) }
        d: LockTaken { task: d, lock: m, mode: Write }
        t: cannot move
    "#]]);
    assert!(
        !play
            .state
            .task(play.task("t"))
            .flags
            .has(TaskFlags::EXITING)
    );
    assert_eq!(play.run_of("s"), Run::Idle);
}

#[test]
fn the_dump_is_not_worth_a_kill() {
    for version in [Version(4, 5), Version(4, 14), Version(6, 1)] {
        let mut play = begin(version, "alloc_page GFP_KERNEL", "pause");
        play.run("d").run("t").run("s").run("d");
        assert_eq!(play.kills(), 0, "{version}");
        assert!(play.table.contains("why: Vetoed"), "{}", play.table);
        assert!(play.table.contains("Exiting { task: d }"), "{}", play.table);
    }
}

#[test]
fn sigkill_ends_the_dump_between_two_pieces_and_not_inside_one() {
    let mut play = begin(Version(4, 9), "mutex_lock m\nmutex_unlock m", "pause");
    play.steps("d*2 t*2 s*2 d").kill("d");
    play.table.clear();
    play.steps("d*2");
    play.is_next(expect![[r#"
        d: LockReleased { task: d, lock: m, mode: Write }
        d: ProgramEnded { task: d }
        d: Completed { task: d, completion: CompletionId(1) }
        d: Exiting { task: d }
        d: LockTaken { task: d, lock: v.mmap_sem, mode: Read }
    "#]]);
}

#[test]
fn the_wait_for_mmap_sem_is_killable_from_4_7_on() {
    for (version, leaves) in [(Version(4, 6), false), (Version(4, 7), true)] {
        let mut play = begin(version, "mutex_lock m\nmutex_unlock m", "page_fault v");
        play.steps("t d").kill("d").steps("d");
        assert_eq!(play.holds("t", "v.mmap_sem"), Some(Mode::Read));
        assert_eq!(
            matches!(play.run_of("d"), Run::Queued { .. }),
            !leaves,
            "{version}"
        );
        assert!(!play.table.contains("CoreDumpStarts"), "{version}");
    }
}

/// Who dumps core is not exiting: neither does 4.5 end its scan at the threads that stand
/// still, nor does the killer take it for a victim that needs no SIGKILL.
#[test]
fn a_dump_is_no_exit_for_the_scan() {
    for version in [Version(3, 19), Version(4, 5), Version(4, 8), Version(5, 16)] {
        let mut play = begin(version, "mutex_lock m\nmutex_unlock m", "pause");
        play.run("d").run("t");
        if version < Version(5, 16) {
            play.run("s");
        }
        play.steps("d x*3");
        // Equals: from 5.3 on the one that stands later.
        let later = version >= Version(5, 16);
        let chosen = if later { "process: s" } else { "process: v" };
        let killed = play.table.contains(&format!("Killed {{ task: x, {chosen}"));
        // `s` is another process: SIGNAL_GROUP_EXIT is all that its signals say.
        assert_eq!(killed, version >= Version(4, 8), "{}", play.table);
    }
}
