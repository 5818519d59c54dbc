//! The way out, step by step: what the last user of an address space waits for, the order of
//! each exit protocol, and who may be inside at the same time (oom.md 5 and 6).

mod play;

use expect_test::{Expect, expect};
use oomscope_model::machine::Machine;
use oomscope_model::patches::Version;
use oomscope_model::state::{Run, StateFlags};

use play::Play;

/// A machine with 64 pages, of which too few are free, a process `v` with these keys, and a
/// small process `x` that wants a page and starts the killer.
fn machine(version: Version, changes: &str, v: &str, more: &str) -> Machine {
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"{version}\"\n\
         patches = \"{changes}\"\n\
         [zone]\ntotal = \"64 pages\"\npage = \"4 MB\"\nfree = \"2 pages\"\nmin = \"2 pages\"\n\
         low = \"3 pages\"\nhigh = \"4 pages\"\n\
         [[process]]\nname = \"v\"\n{v}\n\
         [[process]]\nname = \"x\"\nrss = \"1 pages\"\nprogram = \"\"\"\npage_fault x\n\"\"\"\n\
         {more}\n\
         [[lock]]\nname = \"file\"\nkind = \"rwsem\"\n"
    );
    play::machine(&text)
}

impl Play {
    fn waits(&self, name: &str) -> bool {
        let task = self.machine.task_named(name).expect("a task");
        matches!(self.state.task(task).run, Run::Waits { .. })
    }

    fn is_corrupt(&self) -> bool {
        self.state.flags.has(StateFlags::CORRUPT)
    }
}

const ANON: &str = "rss = \"20 pages\"";
const AIO: &str = "rss = \"20 pages\"\naio = \"io\"";
const DRIVER: &str =
    "[[kthread]]\nname = \"kio\"\nprogram = \"\"\"\nfree_page\ncomplete io\n\"\"\"\n";

#[test]
fn whoever_drops_the_last_reference_waits_for_aio() {
    // The reaper pins mm_users, v leaves, and the reaper's own mmput is the last.
    for (version, waiter) in [(Version(4, 6), "oom_reaper"), (Version(4, 7), "kworker")] {
        let mut play = Play::new(machine(version, "", AIO, DRIVER));
        // x naps with oom_lock and gives it back before the reaper can take it.
        play.run("x");
        while !play.table.contains("oom_reaper: LockTaken") || !play.table.contains("v.mmap_sem") {
            play.step("oom_reaper");
        }
        play.run("v").run("oom_reaper").run("kworker");
        for name in ["v", "oom_reaper", "kworker"] {
            assert_eq!(play.waits(name), name == waiter, "{version}, {name}");
        }
        play.run("kio").run(waiter);
        assert!(play.table.contains("MmGone"), "{version}: {}", play.table);
        assert!(
            !play.table.contains(&format!("Exited {{ task: {waiter}")),
            "{version}: a kernel thread does not exit"
        );
    }
}

#[test]
fn ksm_exit_waits_until_ksmd_is_out() {
    let ksmd = "[[kthread]]\nname = \"ksmd\"\nprogram = \"\"\"\ndown_read v.mmap_sem\nup_read v.mmap_sem\n\"\"\"\n";
    let ksm = "rss = \"20 pages\"\nksm = true";
    let mut play = Play::new(machine(Version(4, 14), "", ksm, ksmd));
    play.steps("ksmd").kill("v").run("v");
    assert!(!play.table.contains("ExitMmapStarts"), "{}", play.table);
    play.run("ksmd").run("v");
    assert!(play.table.contains("MmGone"), "{}", play.table);
}

/// What each protocol does to the mm of a victim when nobody is in its way: locks, flags and
/// frees of `v` in their order (oom.md 6.3).
#[test]
fn each_protocol_keeps_its_order() {
    let mut orders = String::new();
    let protocols = [
        (Version(4, 6), "", "a"),
        (Version(4, 9), "", "a'"),
        (Version(4, 14), "", "b"),
        (Version(4, 15), "", "b'"),
        (Version(4, 15), "unstable-v1", "c1"),
        (Version(4, 15), "unstable-v2", "c2"),
        (Version(4, 15), "write-lock-2017", "c3"),
        (Version(4, 15), "write-lock-2018", "c4"),
        (Version(4, 17), "", "d"),
        (Version(4, 19), "", "d'"),
        (Version(5, 17), "", "e1"),
        (Version(5, 18), "", "e2"),
        (Version(6, 1), "", "e3"),
    ];
    for (version, changes, name) in protocols {
        let vmas = "[[process.vma]]\nsize = \"4 pages\"\n\
                    [[process.vma]]\nsize = \"3 pages\"\nmlocked = true\n\
                    [[process.vma]]\nsize = \"2 pages\"\nkind = \"shared\"\ni_mmap = \"file\"";
        let mut play = Play::new(machine(version, changes, vmas, ""));
        play.run("x").table.clear();
        play.run("v");
        let order: Vec<String> = play.table.lines().filter_map(word).collect();
        orders.push_str(&format!("{name}: {}\n", order.join(", ")));
    }
    is(
        &orders,
        expect![[r#"
        a: +v.mmap_sem:r, -v.mmap_sem:r, munlock, unmap, +file:w, -file:w, gone
        a': +v.mmap_sem:r, -v.mmap_sem:r, munlock, unmap, +file:w, -file:w, SKIP, gone
        b: +v.mmap_sem:r, -v.mmap_sem:r, munlock, unmap, SKIP, +v.mmap_sem:w, -v.mmap_sem:w, +file:w, -file:w, gone
        b': +v.mmap_sem:r, -v.mmap_sem:r, munlock, unmap, SKIP, +v.mmap_sem:w, -v.mmap_sem:w, +file:w, -file:w, gone
        c1: +v.mmap_sem:r, -v.mmap_sem:r, UNSTABLE, +v.mmap_sem:w, -v.mmap_sem:w, munlock, unmap, +file:w, -file:w, SKIP, gone
        c2: +v.mmap_sem:r, -v.mmap_sem:r, UNSTABLE, +v.mmap_sem:w, -v.mmap_sem:w, munlock, unmap, +file:w, -file:w, SKIP, gone
        c3: +v.mmap_sem:r, -v.mmap_sem:r, munlock, unmap, +v.mmap_sem:w, +file:w, -file:w, -v.mmap_sem:w, SKIP, gone
        c4: +v.mmap_sem:r, -v.mmap_sem:r, +v.mmap_sem:w, munlock, unmap, +file:w, -file:w, -v.mmap_sem:w, SKIP, gone
        d: +v.mmap_sem:r, -v.mmap_sem:r, +oom_lock:w, zap, -oom_lock:w, SKIP, +v.mmap_sem:w, -v.mmap_sem:w, munlock, unmap, +file:w, -file:w, gone
        d': +v.mmap_sem:r, -v.mmap_sem:r, zap, SKIP, +v.mmap_sem:w, -v.mmap_sem:w, munlock, unmap, +file:w, -file:w, gone
        e1: +v.mmap_sem:r, -v.mmap_sem:r, zap, SKIP, +v.mmap_sem:w, munlock, unmap, +file:w, -file:w, -v.mmap_sem:w, gone
        e2: +v.mmap_sem:r, -v.mmap_sem:r, zap, zap, SKIP, +v.mmap_sem:w, unmap, +file:w, -file:w, -v.mmap_sem:w, gone
        e3: +v.mmap_sem:r, -v.mmap_sem:r, +v.mmap_sem:r, unmap, -v.mmap_sem:r, SKIP, +v.mmap_sem:w, +file:w, -file:w, -v.mmap_sem:w, gone
    "#]],
    );
}

fn is(text: &str, expected: Expect) {
    expected.assert_eq(text);
}

/// One event of the exit in a word or two.
fn word(line: &str) -> Option<String> {
    let lock = |verb: &str| {
        let (_, rest) = line.split_once("lock: ")?;
        let name = rest.split([',', ' ']).next()?;
        let mode = if line.contains("mode: Read") {
            "r"
        } else {
            "w"
        };
        Some(format!("{verb}{name}:{mode}"))
    };
    let event = line.strip_prefix("v: ")?.split(' ').next()?;
    match event {
        "LockTaken" => lock("+"),
        "LockReleased" => lock("-"),
        "VmaZapped" => Some("zap".into()),
        "Munlocking" => Some("munlock".into()),
        "Unmapped" => Some("unmap".into()),
        "SkipSet" => Some("SKIP".into()),
        "UnstableSet" => Some("UNSTABLE".into()),
        "MmGone" => Some("gone".into()),
        _ => None,
    }
}

#[test]
fn the_robust_list_is_read_before_or_lost_after_the_reaper() {
    let v = "rss = \"20 pages\"\nrobust_list = \"futex\"";
    let waiter =
        "[[process]]\nname = \"w\"\nrss = \"1 pages\"\nprogram = \"\"\"\nwait_for futex\n\"\"\"\n";
    for version in [Version(4, 9), Version(5, 17)] {
        let mut late = Play::new(machine(version, "", v, waiter));
        late.run("x").run("oom_reaper").run("v");
        assert!(late.waits("w"), "{version}: {}", late.table);
        let mut early = Play::new(machine(version, "", v, waiter));
        early.run("x").run("v");
        assert!(!early.waits("w"), "{version}: {}", early.table);
    }
}

#[test]
fn from_5_18_on_a_victim_that_is_done_in_time_is_not_reaped() {
    let mut play = Play::new(machine(Version(5, 18), "", ANON, ""));
    play.run("x")
        .steps("oom_reaper")
        .run("v")
        .run("x")
        .run("oom_reaper");
    assert!(play.table.contains("ReapNotNeeded"), "{}", play.table);
    assert!(!play.table.contains("ReaperStarts"), "{}", play.table);
}

const MRELEASE: &str = "[[process]]\nname = \"lmkd\"\nrss = \"1 pages\"\nprogram = \"\"\"\nprocess_mrelease v\n\"\"\"\n";

#[test]
fn process_mrelease_is_refused_without_a_dying_process() {
    let mut alive = Play::new(machine(Version(5, 17), "", ANON, MRELEASE));
    alive.run("lmkd");
    assert!(alive.table.contains("MreleaseRefused"), "EINVAL");
    let mut absent = Play::new(machine(Version(4, 19), "", ANON, MRELEASE));
    absent.kill("v").run("lmkd");
    assert!(absent.table.contains("MreleaseRefused"), "ENOSYS");
    let mut gone = Play::new(machine(Version(5, 17), "", ANON, MRELEASE));
    gone.kill("v").run("v").run("lmkd");
    assert!(gone.table.contains("MreleaseRefused"), "ESRCH");
}

/// v is no OOM victim. lmkd has checked it; then v exits completely; then lmkd goes on.
#[test]
fn process_mrelease_after_exit_mmap() {
    let eras = [
        (Version(5, 15), "", true),
        (Version(5, 16), "", false),
        (Version(5, 17), "-clear-mm-mmap", true),
        (Version(5, 17), "", false),
        (Version(6, 1), "", false),
    ];
    for (version, changes, corrupt) in eras {
        let mut play = Play::new(machine(version, changes, ANON, MRELEASE));
        play.kill("v").steps("lmkd").run("v").run("lmkd");
        assert_eq!(
            play.is_corrupt(),
            corrupt,
            "{version} {changes}: {}",
            play.table
        );
        assert!(play.table.contains("MmGone"), "{version}: {}", play.table);
        assert!(play.table.contains("ProgramEnded { task: lmkd }"));
        // Only where lmkd holds a reference can it be the one who tears the mm down.
        let by_lmkd = play.table.contains("lmkd: MmGone");
        assert_eq!(by_lmkd, version == Version(5, 16), "{version}");
    }
}

/// lmkd is inside when v comes to its page tables: nothing waits for it in 5.15, where v is
/// no OOM victim.
#[test]
fn process_mrelease_beside_exit_mmap() {
    let two = "[[process.vma]]\nsize = \"9 pages\"\n[[process.vma]]\nsize = \"9 pages\"";
    let eras = [
        (Version(5, 15), true),
        (Version(5, 16), false),
        (Version(5, 17), false),
        (Version(6, 1), false),
    ];
    for (version, corrupt) in eras {
        let mut play = Play::new(machine(version, "", two, MRELEASE));
        play.kill("v").steps("lmkd*3").run("v").run("lmkd").run("v");
        assert_eq!(play.is_corrupt(), corrupt, "{version}: {}", play.table);
    }
}

/// S27: `w` is killed while the reaper sleeps between two tries on `v`, which is gone by then.
#[test]
fn a_single_slot_loses_the_second_victim_and_the_list_does_not() {
    let v = "rss = \"1 pages\"\noom_score_adj = 900\nprogram = \"\"\"\n\
             down_write v.mmap_sem\nalloc_page GFP_KERNEL\nup_write v.mmap_sem\n\"\"\"";
    let w = "[[process]]\nname = \"w\"\nrss = \"20 pages\"\nprogram = \"wait_for reply\"\n";
    for (changes, lost) in [("single-slot-reaper", true), ("", false)] {
        let mut play = Play::new(machine(Version(4, 6), changes, v, w));
        play.steps("v").run("x").steps("oom_reaper*2");
        play.run("v").run("x").run("oom_reaper");
        let has = |event: &str| play.table.contains(event);
        assert!(has("ReaperQueued { victim: v }"), "{}", play.table);
        assert_eq!(has("ReaperBusy { victim: w }"), lost, "{}", play.table);
        assert_eq!(has("ReaperStarts { victim: w }"), !lost, "{}", play.table);
    }
}
