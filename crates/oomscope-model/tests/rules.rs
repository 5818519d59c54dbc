//! The rules of each modelled kernel file: programs in, a table of events out. The names
//! T1 to T5 are those of locks-and-allocation.md 7, *Regression outcomes*.

mod play;

use expect_test::expect;
use oomscope_model::kernel::{Kernel, page_alloc};
use oomscope_model::machine::{Machine, Mode, Timing};
use oomscope_model::patches::{PatchId, Version};
use oomscope_model::state::Run;
use oomscope_model::step::enabled;
use oomscope_model::transition::Act;

use play::Play;

/// A machine with one process `v` of these threads, a big process `x`, and what else the
/// text adds. 64 pages; min 2, low 3, high 4.
fn machine(version: Version, free: u16, threads: &[(&str, &str)], more: &str) -> Machine {
    let threads: String = threads
        .iter()
        .map(|(name, program)| {
            format!("[[process.thread]]\nname = \"{name}\"\nprogram = \"\"\"\n{program}\n\"\"\"\n")
        })
        .collect();
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"4.5\"\n\
         [zone]\ntotal = \"64 pages\"\npage = \"4 MB\"\nfree = \"{free} pages\"\nmin = \"2 pages\"\n\
         low = \"3 pages\"\nhigh = \"4 pages\"\n\
         [[process]]\nname = \"v\"\nrss = \"20 pages\"\n{threads}\n{more}\n\
         [[lock]]\nname = \"a\"\nkind = \"rwsem\"\n[[lock]]\nname = \"m\"\nkind = \"mutex\"\n"
    );
    play::machine_of(version, &[], &text)
}

const V45: Version = Version(4, 5);
const V46: Version = Version(4, 6);
const V47: Version = Version(4, 7);
const V49: Version = Version(4, 9);
const V414: Version = Version(4, 14);

#[test]
fn t1_a_queued_writer_makes_the_read_trylock_fail_until_it_has_left() {
    let threads = [
        ("r", "down_read a\nup_read a"),
        ("w", "down_write_killable a\nup_write a"),
    ];
    let mut play = Play::new(machine(V45, 20, &threads, ""));
    play.steps("r");
    assert!(play.trylock("a", Mode::Read), "only a reader holds it");
    play.steps("w");
    assert!(!play.trylock("a", Mode::Read), "a writer is queued");
    play.kill("w").steps("w");
    assert!(play.trylock("a", Mode::Read), "the writer has left");
    play.is(expect![[r#"
        r: LockTaken { task: r, lock: a, mode: Read }
        w: LockQueued { task: w, lock: a, mode: Write, rank: 1 }
        act: Signalled { task: r }
        act: Signalled { task: w }
        act: WaiterWoken { task: w, lock: a }
        w: WaiterLeft { task: w, lock: a, rank: 1 }
        w: Unwound { task: w }
        w: ProgramEnded { task: w }
    "#]]);
}

#[test]
fn t2_a_killed_writer_still_takes_a_lock_that_has_become_free() {
    let threads = [
        ("r", "down_read a\nup_read a"),
        ("w", "down_write_killable a\nup_write a"),
    ];
    let mut play = Play::new(machine(V45, 20, &threads, ""));
    play.steps("r w r").kill("w").steps("w");
    play.is(expect![[r#"
        r: LockTaken { task: r, lock: a, mode: Read }
        w: LockQueued { task: w, lock: a, mode: Write, rank: 1 }
        r: LockReleased { task: r, lock: a, mode: Read }
        r: WaiterWoken { task: w, lock: a }
        r: ProgramEnded { task: r }
        act: Signalled { task: r }
        act: Signalled { task: w }
        w: LockGranted { task: w, lock: a, mode: Write }
    "#]]);
}

#[test]
fn k3_readers_behind_a_writer_that_leaves_are_granted_together() {
    let threads = [
        ("r", "down_read a\nup_read a"),
        ("w", "down_write_killable a\nup_write a"),
        ("r2", "down_read a\nup_read a"),
        ("r3", "down_read a\nup_read a"),
    ];
    let mut play = Play::new(machine(V45, 20, &threads, ""));
    play.steps("r w r2 r3 r2").kill("w").steps("w");
    play.is(expect![[r#"
        r: LockTaken { task: r, lock: a, mode: Read }
        w: LockQueued { task: w, lock: a, mode: Write, rank: 1 }
        r2: LockQueued { task: r2, lock: a, mode: Read, rank: 2 }
        r3: LockQueued { task: r3, lock: a, mode: Read, rank: 3 }
        r2: cannot move
        act: Signalled { task: r }
        act: Signalled { task: w }
        act: WaiterWoken { task: w, lock: a }
        act: Signalled { task: r2 }
        act: Signalled { task: r3 }
        w: WaiterLeft { task: w, lock: a, rank: 1 }
        w: LockGranted { task: r2, lock: a, mode: Read }
        w: LockGranted { task: r3, lock: a, mode: Read }
        w: Unwound { task: w }
        w: ProgramEnded { task: w }
    "#]]);
}

#[test]
fn an_uninterruptible_waiter_keeps_its_place_when_it_is_killed() {
    let threads = [
        ("r", "down_read a\nup_read a"),
        ("w", "down_write a\nup_write a"),
    ];
    let mut play = Play::new(machine(V45, 20, &threads, ""));
    play.steps("r w").kill("w").steps("w");
    assert!(!play.trylock("a", Mode::Read), "SIGKILL does not wake it");
}

#[test]
fn mmap_is_killable_from_4_7_on_and_a_switch_wakes_who_sleeps() {
    let threads = [("f", "page_fault v"), ("w", "mmap v")];
    let killable = PatchId::named("killable-writers").expect("in the table");
    for (version, pops) in [(V46, false), (V47, true)] {
        let mut play = Play::new(machine(version, 20, &threads, ""));
        play.steps("f w").kill("w");
        assert_eq!(
            play.state.queue_len(play.machine.locks_of_v()),
            1,
            "{version}"
        );
        play.steps("w");
        assert_eq!(
            play.state.queue_len(play.machine.locks_of_v()) == 0,
            pops,
            "{version}"
        );
        if !pops {
            play.act(Act::Switch {
                patch: killable,
                on: true,
            })
            .steps("w");
            assert_eq!(
                play.state.queue_len(play.machine.locks_of_v()),
                0,
                "after the switch"
            );
        }
    }
}

trait LocksOfV {
    fn locks_of_v(&self) -> oomscope_model::machine::LockId;
}

impl LocksOfV for Machine {
    fn locks_of_v(&self) -> oomscope_model::machine::LockId {
        self.mmap_sem(oomscope_model::machine::MmId(0))
    }
}

#[test]
fn a_mutex_wakes_its_first_waiter_but_hands_nothing_over() {
    let program = "mutex_lock m\nmutex_unlock m";
    let threads = [("a1", program), ("b1", program), ("c1", program)];
    let mut play = Play::new(machine(V45, 20, &threads, ""));
    play.steps("a1 b1 a1 c1 b1 c1 b1");
    play.is(expect![[r#"
        a1: LockTaken { task: a1, lock: m, mode: Write }
        b1: LockQueued { task: b1, lock: m, mode: Write, rank: 1 }
        a1: LockReleased { task: a1, lock: m, mode: Write }
        a1: WaiterWoken { task: b1, lock: m }
        a1: ProgramEnded { task: a1 }
        c1: LockTaken { task: c1, lock: m, mode: Write }
        b1: WaiterSlept { task: b1, lock: m }
        c1: LockReleased { task: c1, lock: m, mode: Write }
        c1: WaiterWoken { task: b1, lock: m }
        c1: ProgramEnded { task: c1 }
        b1: LockGranted { task: b1, lock: m, mode: Write }
    "#]]);
}

#[test]
fn watermark_tests_are_strict() {
    let threads = [("f", "page_fault v 3")];
    let mut play = Play::new(machine(V45, 4, &threads, ""));
    // 4 > low, 3 > min, and 2 is not above min.
    play.steps("f f f f");
    play.is(expect![[r#"
        f: LockTaken { task: f, lock: v.mmap_sem, mode: Read }
        f: PageTaken { task: f, right: Low }
        f: PageMapped { task: f, mm: MmId(0) }
        f: PageTaken { task: f, right: Min }
        f: PageMapped { task: f, mm: MmId(0) }
        f: NoPage { task: f }
    "#]]);
}

#[test]
fn t3_a_nofs_request_loops_and_kills_nobody() {
    for version in [V45, V47, V414] {
        let threads = [("f", "alloc_page GFP_NOFS")];
        let mut play = Play::new(machine(version, 2, &threads, ""));
        play.steps("f f f");
        assert_eq!(play.state.kills(&play.machine), 0, "{version}");
        let task = play.machine.task_named("f").expect("a task");
        assert!(
            matches!(play.state.task(task).run, Run::Parked(_)),
            "{version}: {}",
            play.table
        );
    }
}

#[test]
fn t4_a_marked_thread_takes_the_last_page_and_from_4_14_on_stops_at_half_of_min() {
    // f is killed while it wants a page; the short cut marks it (B3).
    for (version, mark) in [(V49, 0), (V414, 1)] {
        let threads = [("f", "page_fault v 3")];
        let mut play = Play::new(machine(version, 2, &threads, ""));
        play.steps("f").kill("f").steps("f f");
        let task = play.machine.task_named("f").expect("a task");
        let reserve = page_alloc::reserve_mark(&play.machine, &play.state, task);
        assert_eq!(reserve, Some(mark), "{version}: {}", play.table);
        play.steps("f f f f");
        assert_eq!(play.state.free_pages, mark, "{version}: {}", play.table);
        assert!(
            play.table.contains("AllocFailed"),
            "{version}: {}",
            play.table
        );
    }
}

#[test]
fn an_exiting_task_ends_the_scan_up_to_4_5() {
    // r holds mmap_sem for writing, so the exit of l waits for it with PF_EXITING set and
    // its mm still there. A person killed them: no mark is involved.
    let threads = [
        ("l", ""),
        ("r", "down_write v.mmap_sem\nup_write v.mmap_sem"),
    ];
    let more =
        "[[process]]\nname = \"x\"\nrss = \"8 pages\"\nprogram = \"\"\"\npage_fault x\n\"\"\"\n";
    for (version, aborts) in [(V45, true), (V46, false)] {
        let mut play = Play::new(machine(version, 2, &threads, more));
        play.steps("x x r").kill("r").steps("l x");
        assert!(
            play.table.contains("Exiting { task: l }"),
            "{version}: {}",
            play.table
        );
        assert_eq!(
            play.table.contains("ScanAborted"),
            aborts,
            "{version}: {}",
            play.table
        );
    }
}

#[test]
fn the_reaper_tries_ten_times_and_each_kernel_draws_its_own_conclusion() {
    let threads = [("v", "wait_for done"), ("w", "mmap v")];
    let more = "[[process]]\nname = \"x\"\nrss = \"8 pages\"\nprogram = \"\"\"\npage_fault x\n\"\"\"\n\
                [[process]]\nname = \"r\"\nrss = \"1 pages\"\nprogram = \"\"\"\ndown_read v.mmap_sem\nalloc_page GFP_NOFS\nup_read v.mmap_sem\ncomplete done\n\"\"\"\n";
    for (version, after) in [(V46, "MEMDIE"), (V47, "MarkCleared"), (V49, "SkipSet")] {
        let mut machine = machine(version, 2, &threads, more);
        let killable = PatchId::named("killable-writers").expect("in the table");
        machine.patches = machine.patches.with(killable, false);
        machine.kernel = Kernel::of(machine.patches);
        machine.rules.timing = Timing::SleepsAreLong;
        let mut play = Play::new(machine);
        play.steps("r w x x x x x");
        let mut steps = 0;
        while !play.table.contains("UnableToReap") && steps < 200 {
            let next = enabled(&play.machine, &play.state)
                .last()
                .expect("something moves");
            let name = play.machine.actor(next.0).name.clone();
            play.steps(&name);
            steps += 1;
        }
        let tries = play.table.matches("TrylockFailed").count();
        assert_eq!(tries, 10, "{version}: {}", play.table);
        let (_, end) = play.table.split_once("UnableToReap").expect("it gave up");
        if after == "MEMDIE" {
            assert!(
                !end.contains("MarkCleared") && !end.contains("SkipSet"),
                "{version}: {end}"
            );
        } else {
            assert!(end.contains(after), "{version}: {end}");
        }
    }
}
