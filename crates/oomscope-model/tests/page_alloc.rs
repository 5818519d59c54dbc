//! The allocator and reclaim: programs in, what came of the requests out. The names T3 to
//! T7 are those of locks-and-allocation.md 7, *Regression outcomes*.

mod play;

use oomscope_model::event::{Event, Null, Right};
use oomscope_model::kernel::{Kernel, page_alloc, vmscan};
use oomscope_model::machine::{KillerWindow, Machine, OOM_LOCK, Parking, Timing};
use oomscope_model::patches::{PatchSet, VERSIONS, Version};
use oomscope_model::state::{Run, State};
use oomscope_model::step::is_starved;
use oomscope_model::transition::Transition;

use play::Play;

const V319: Version = Version(3, 19);
const V40: Version = Version(4, 0);
const V45: Version = Version(4, 5);
const V47: Version = Version(4, 7);
const V49: Version = Version(4, 9);
const V412: Version = Version(4, 12);
const V413: Version = Version(4, 13);
const V414: Version = Version(4, 14);

/// One process `f` that runs this program, a big idle one, and what the text adds. min 8,
/// low 10, high 12 of 128 pages.
fn machine(version: Version, free: u16, program: &str, more: &str) -> Machine {
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"{version}\"\n\
         [zone]\ntotal = \"128 pages\"\npage = \"4 MB\"\nfree = \"{free} pages\"\n\
         min = \"8 pages\"\nlow = \"10 pages\"\nhigh = \"12 pages\"\n\
         [[lock]]\nname = \"m\"\nkind = \"mutex\"\n\
         [[process]]\nname = \"f\"\nrss = \"1 pages\"\nprogram = \"\"\"\n{program}\n\"\"\"\n\
         [[process]]\nname = \"big\"\nrss = \"40 pages\"\n{more}\n"
    );
    play::machine(&text)
}

impl Play {
    fn nulls(&self) -> Vec<Null> {
        let why = |event: &Event| match event {
            Event::AllocFailed { why, .. } => Some(*why),
            _ => None,
        };
        self.events.iter().filter_map(why).collect()
    }

    fn rights(&self) -> Vec<Right> {
        let right = |event: &Event| match event {
            Event::PageTaken { right, .. } => Some(*right),
            _ => None,
        };
        self.events.iter().filter_map(right).collect()
    }

    fn is_parked(&self, name: &str) -> bool {
        let task = self.machine.task_named(name).expect("a task");
        matches!(self.state.task(task).run, Run::Parked(_))
    }
}

#[test]
fn t3_nofs_without_memory_fails_in_3_19_and_loops_ever_after() {
    for &version in VERSIONS {
        for gfp in ["GFP_NOFS", "GFP_NOIO"] {
            let mut play = Play::new(machine(version, 8, &format!("alloc_page {gfp}"), ""));
            play.run_at_most(50, "f");
            assert_eq!(play.kills(), 0, "{version} {gfp}");
            if version == V319 {
                assert_eq!(play.nulls(), [Null::Vetoed], "{gfp}");
            } else {
                assert_eq!(play.nulls(), [], "{version} {gfp}");
                assert!(play.is_parked("f"), "{version} {gfp}");
            }
        }
    }
}

#[test]
fn t4_a_victim_takes_the_last_page_up_to_4_13_and_stops_at_half_of_min_from_4_14() {
    for (version, left) in [(V45, 0), (V49, 0), (V413, 0), (V414, 4)] {
        let mut play = Play::new(machine(version, 8, "alloc_page GFP_KERNEL 12", ""));
        let f = play.machine.task_named("f").expect("f");
        play.steps("f");
        let act = oomscope_model::transition::Act::Kill { task: f };
        oomscope_model::step::act(&mut play.machine, &mut play.state, act, &mut ())
            .expect("killable");
        play.run_at_most(60, "f");
        assert_eq!(play.nulls(), [Null::Victim], "{version}");
        assert!(play.rights().iter().all(|&right| right == Right::Reserve));
        assert_eq!(play.rights().len(), 8 - left, "{version}");
    }
}

#[test]
fn t5_nofs_nofail_kills_up_to_4_11_and_never_from_4_12() {
    for &version in VERSIONS {
        let program = "alloc_page GFP_NOFS|__GFP_NOFAIL";
        let mut play = Play::new(machine(version, 8, program, ""));
        play.run_at_most(20, "f");
        assert_eq!(play.kills() > 0, version < V412, "{version}");
        assert_eq!(play.nulls(), [], "{version}: it must not fail");
        // From 4.5 on it has its page, from below the mark.
        let reserve = play.rights() == [Right::Nofail];
        assert_eq!(reserve, version >= V45, "{version}: {:?}", play.rights());
    }
}

#[test]
fn t6_a_costly_request_fails_after_bounded_work_and_kills_nobody() {
    for &version in VERSIONS {
        for lists in [
            "",
            "[[lru]]\nname = \"text\"\nkind = \"hot\"\nsize = \"40 pages\"\n",
        ] {
            let mut play = Play::new(machine(version, 20, "alloc_pages GFP_KERNEL 4", lists));
            let steps = play.run_at_most(50, "f");
            assert!(steps < 10, "{version}");
            assert_eq!(play.nulls(), [Null::Vetoed], "{version}");
            assert_eq!(play.kills(), 0, "{version}");
        }
        // One order less does not fail, and kills.
        let mut play = Play::new(machine(version, 14, "alloc_pages GFP_KERNEL 3", ""));
        play.run_at_most(20, "f");
        assert_eq!((play.nulls(), play.kills()), (vec![], 1), "{version}");
    }
}

/// Pages that only kswapd could write, and no kswapd: `available` satisfies the mark, and
/// nothing is ever freed.
const DIRTY: &str = "[[lru]]\nname = \"dirty\"\nkind = \"dirty\"\nsize = \"20 pages\"\n";

#[test]
fn t7_exactly_seventeen_rounds_without_progress_from_4_7_on() {
    for &version in VERSIONS.iter().filter(|&&version| version >= V47) {
        for parking in [Parking::Off, Parking::On] {
            let mut machine = machine(version, 8, "alloc_page GFP_KERNEL", DIRTY);
            machine.rules.parking = parking;
            machine.rules.timing = Timing::Adversarial;
            let mut play = Play::new(machine);
            while play.kills() == 0 {
                assert_ne!(play.run_at_most(1, "f"), 0, "{version}");
            }
            let exhausted = play.events.iter().find_map(|event| match event {
                Event::RetriesExhausted { rounds, .. } => Some(*rounds),
                _ => None,
            });
            assert_eq!(exhausted, Some(17), "{version} {parking:?}");
            if parking == Parking::Off {
                let rounds = play
                    .events
                    .iter()
                    .filter(|event| matches!(event, Event::NoPage { .. }))
                    .count();
                assert_eq!(rounds, 17, "{version}");
            }
        }
    }
}

#[test]
fn without_enough_to_reclaim_the_killer_is_asked_at_once() {
    for (version, more) in [(V45, DIRTY), (V47, "")] {
        let mut play = Play::new(machine(version, 8, "alloc_page GFP_KERNEL", more));
        assert!(play.run_at_most(3, "f") <= 3);
        assert_eq!(play.kills(), 1, "{version}");
    }
}

#[test]
fn a_page_of_progress_is_enough_up_to_4_6_and_a_question_from_4_7_on() {
    // Free and hot together must pass the mark: 8 + 2 does, 6 + 2 does not.
    for (version, free, loops) in [(V45, 6, true), (V47, 6, false), (V47, 8, true)] {
        let hot = "[[lru]]\nname = \"text\"\nkind = \"hot\"\nsize = \"2 pages\"\n";
        let mut play = Play::new(machine(version, free, "alloc_page GFP_KERNEL", hot));
        play.run_at_most(10, "f");
        assert_eq!(play.kills() == 0, loops, "{version} {free}");
        assert!(!loops || play.is_parked("f"), "{version} {free}");
    }
}

/// Who may go how far below min (4.2). min is 8.
#[test]
fn the_watermark_table() {
    let table = [
        ("GFP_KERNEL", None),
        ("GFP_NOFS", None),
        ("GFP_KERNEL|__GFP_HIGH", Some((4, Right::Atomic))),
        ("GFP_ATOMIC", Some((3, Right::Atomic))),
        ("GFP_NOIO|__GFP_MEMALLOC", Some((0, Right::Memalloc))),
    ];
    for (gfp, reserve) in table {
        let machine = machine(V414, 8, &format!("alloc_page {gfp}"), "");
        let state = State::start(&machine);
        let f = machine.task_named("f").expect("f");
        assert_eq!(page_alloc::reserve(&machine, &state, f), reserve, "{gfp}");
    }
}

#[test]
fn who_gets_null_and_why() {
    let table = [
        (V45, "GFP_ATOMIC", vec![Null::NoReclaim], 0),
        (V45, "GFP_KERNEL|__GFP_NORETRY", vec![Null::NoRetry], 0),
        (V412, "GFP_KERNEL|__GFP_RETRY_MAYFAIL", vec![], 1),
        (
            V413,
            "GFP_KERNEL|__GFP_RETRY_MAYFAIL",
            vec![Null::Vetoed],
            0,
        ),
        (V40, "GFP_NOFS|__GFP_NORETRY", vec![Null::NoRetry], 0),
    ];
    for (version, gfp, nulls, kills) in table {
        // Five pages: below every mark that GFP_ATOMIC could use after two more.
        let mut play = Play::new(machine(version, 8, &format!("alloc_page {gfp} 6"), ""));
        play.run_at_most(14, "f");
        assert_eq!(play.nulls(), nulls, "{version} {gfp}");
        assert_eq!(play.kills(), kills, "{version} {gfp}");
    }
}

#[test]
fn kswapd_reclaims_up_to_the_high_mark_and_sleeps() {
    let more = "[kswapd]\n[[lru]]\nname = \"cache\"\nsize = \"30 pages\"\n";
    let mut play = Play::new(machine(V45, 8, "alloc_page GFP_NOFS", more));
    assert!(!play.can("kswapd0"));
    play.steps("f");
    assert!(play.can("kswapd0"));
    play.run_at_most(5, "kswapd0");
    assert!(play.state.free_pages > 12);
    assert!(!play.can("kswapd0"));
}

const BEHIND_A_LOCK: &str = "[[lru]]\nname = \"inodes\"\nkind = \"slab\"\nsize = \"4 pages\"\nlock = \"m\"\n\
     [[process]]\nname = \"h\"\nrss = \"1 pages\"\nprogram = \"\"\"\nmutex_lock m\nwait_for x\nmutex_unlock m\n\"\"\"\n\
     [[process]]\nname = \"c\"\nrss = \"1 pages\"\nprogram = \"\"\"\nwait_for never\ncomplete x\ncomplete never\n\"\"\"\n";

#[test]
fn a_shrinker_waits_for_its_lock_and_leaves_nofs_callers_alone() {
    for (gfp, waits) in [("GFP_KERNEL", true), ("GFP_NOFS", false)] {
        let program = format!("alloc_page {gfp}");
        let mut play = Play::new(machine(V45, 8, &program, BEHIND_A_LOCK));
        play.steps("h h").run_at_most(10, "f");
        let f = play.machine.task_named("f").expect("f");
        let queued = matches!(play.state.task(f).run, Run::Queued { .. });
        assert_eq!(queued, waits, "{gfp}");
        assert!(page_alloc::wants_page(&play.state, f), "{gfp}");
        assert!(!page_alloc::is_busy(&play.state, f) || !waits, "{gfp}");
    }
}

#[test]
fn nobody_tests_for_isolated_pages_again_from_4_14_on() {
    for (version, kills) in [(V413, 0), (V414, 1)] {
        let more = "[kswapd]\n[[lru]]\nname = \"dirty\"\nkind = \"dirty\"\nsize = \"1 pages\"\nlock = \"m\"\n\
            [[process]]\nname = \"h\"\nrss = \"1 pages\"\nprogram = \"\"\"\nmutex_lock m\nwait_for x\nmutex_unlock m\n\"\"\"\n\
            [[process]]\nname = \"c\"\nrss = \"1 pages\"\nprogram = \"\"\"\nwait_for never\ncomplete x\ncomplete never\n\"\"\"\n";
        let mut play = Play::new(machine(version, 9, "alloc_page GFP_KERNEL 2", more));
        play.steps("h h f kswapd0");
        assert!(
            vmscan::too_many_isolated(&play.machine, &play.state),
            "{version}"
        );
        for _ in 0..100 {
            play.steps("f");
        }
        assert_eq!(play.kills(), kills, "{version}");
        assert_eq!(play.is_parked("f"), kills == 0, "{version}");
    }
}

#[test]
fn a_killed_task_leaves_the_wait_for_isolated_pages() {
    let more = "[kswapd]\n[[lru]]\nname = \"dirty\"\nkind = \"dirty\"\nsize = \"1 pages\"\nlock = \"m\"\n\
        [[process]]\nname = \"h\"\nrss = \"1 pages\"\nprogram = \"\"\"\nmutex_lock m\nwait_for x\nmutex_unlock m\n\"\"\"\n\
        [[process]]\nname = \"c\"\nrss = \"1 pages\"\nprogram = \"\"\"\nwait_for never\ncomplete x\ncomplete never\n\"\"\"\n";
    let mut play = Play::new(machine(V45, 9, "alloc_page GFP_KERNEL 2", more));
    play.steps("h h f kswapd0").run_at_most(10, "f");
    assert!(play.is_parked("f"));
    assert!(!play.can("f"));
    let f = play.machine.task_named("f").expect("f");
    let act = oomscope_model::transition::Act::Kill { task: f };
    oomscope_model::step::act(&mut play.machine, &mut play.state, act, &mut ()).expect("killable");
    // It returns as if it had reclaimed something, so it retries and never asks the killer.
    play.run_at_most(20, "f");
    assert!(play.is_parked("f"));
    assert_eq!(play.kills(), 1, "itself");
    assert_eq!(play.nulls(), []);
}

#[test]
fn proposal_a_kills_from_kswapd_alone() {
    let mut machine = machine(V45, 8, "alloc_page GFP_NOFS", "[kswapd]\n");
    let patch = oomscope_model::patches::PatchId::named("oom-in-kswapd").expect("in the table");
    machine.patches = PatchSet::of_version(V45).with(patch, true);
    machine.kernel = Kernel::of(machine.patches);
    let mut play = Play::new(machine);
    play.run_at_most(10, "f");
    assert_eq!(play.kills(), 0);
    assert!(play.is_parked("f"));
    play.run_at_most(3, "kswapd0");
    assert_eq!(play.kills(), 1);
}

#[test]
fn a_marked_task_that_may_not_fail_goes_round_and_lets_long_sleeps_end() {
    for version in [V45, V47, V49, V412] {
        let mut play = Play::new(machine(
            version,
            8,
            "mutex_lock m\nalloc_page GFP_KERNEL|__GFP_NOFAIL 12\nmutex_unlock m",
            "",
        ));
        play.run_at_most(4, "f");
        play.kill("f");
        play.run_at_most(60, "f");
        let marked = |event: &Event| matches!(event, Event::MarkedItself { .. });
        assert!(play.events.iter().any(marked), "{version}");
        assert!(play.is_parked("f"), "{version}");
        assert_eq!(play.state.free_pages, 0, "{version}");
    }
}

#[test]
fn a_victim_fails_although_somebody_else_sits_on_oom_lock() {
    // The victim is inside a system call; the killer calls a driver that waits for its lock.
    let more = "[[oom_notifier]]\nname = \"driver\"\nfrees = \"1 pages\"\nlock = \"m\"\n\
        [[process]]\nname = \"v\"\nrss = \"44 pages\"\nprogram = \"\"\"\n\
        mutex_lock held\nmutex_lock m\nalloc_page GFP_KERNEL 15\nmutex_unlock m\nmutex_unlock held\n\"\"\"\n\
        [[lock]]\nname = \"held\"\nkind = \"mutex\"\n";
    for version in [V49, V412, V414] {
        // The first page is the driver's.
        let mut play = Play::new(machine(version, 8, "alloc_page GFP_KERNEL 2", more));
        play.step("v");
        while play.kills() == 0 {
            play.step("f");
        }
        play.step("v");
        play.run_at_most(12, "f");
        let f = play.task("f");
        assert!(
            play.state.task(f).held.mode(OOM_LOCK).is_some(),
            "{version}"
        );
        assert!(!play.can("f"), "{version}: waits for m");
        play.run_at_most(40, "v");
        assert_eq!(play.nulls(), [Null::Victim], "{version}");
        assert!(play.can("f"), "{version}: m is free");
    }
}

#[test]
fn a_killed_allocator_never_sleeps_in_the_queue_for_oom_lock() {
    let more = "[cpu]\ncount = 1\n\
        [[process]]\nname = \"k\"\nrss = \"1 pages\"\nprogram = \"alloc_page GFP_KERNEL\"\n";
    let program = "mutex_lock m\nalloc_page GFP_KERNEL\nmutex_unlock m";
    for (killed, starves) in [(false, false), (true, true)] {
        let mut machine = machine(V414, 8, program, more);
        machine.rules.killer_window = KillerWindow::Split;
        machine.rules.parking = Parking::Off;
        let mut play = Play::new(machine);
        play.switch("oom-lock-blocking", true);
        play.steps("f k*2");
        if killed {
            play.kill("f");
        }
        let k = play.task("k");
        assert!(play.state.task(k).held.mode(OOM_LOCK).is_some());
        play.run_at_most(2, "f");
        // At whatever place of its rounds it is.
        for _ in 0..12 {
            let starved = is_starved(&play.machine, &play.state, Transition(k));
            assert_eq!(starved, starves, "{}", play.table);
            play.run_at_most(1, "f");
        }
    }
}

#[test]
fn who_is_told_to_kill_itself_again_and_again_lets_long_sleeps_end_too() {
    let sysctl = "[sysctl]\noom_kill_allocating_task = true";
    let program = "mutex_lock m\nalloc_page GFP_KERNEL|__GFP_NOFAIL 12\nmutex_unlock m";
    for version in [V49, V412, V414] {
        let mut play = Play::new(machine(version, 8, program, sysctl));
        for _ in 0..20 {
            play.run_at_most(20, "f");
            play.run_at_most(20, "oom_reaper");
        }
        assert_eq!(
            play.kills(),
            1,
            "{version}: only itself, and its mm is hidden"
        );
        assert!(play.is_parked("f"), "{version}");
    }
}

#[test]
fn who_would_sleep_for_oom_lock_leaves_the_cpu_to_its_holder() {
    let more = "[cpu]\ncount = 1\n\
        [[process]]\nname = \"k\"\nrss = \"1 pages\"\nprogram = \"alloc_page GFP_KERNEL\"\n";
    for blocking in [false, true] {
        let mut machine = machine(V414, 8, "alloc_page GFP_KERNEL", more);
        machine.rules.killer_window = KillerWindow::Split;
        let mut play = Play::new(machine);
        play.switch("oom-lock-blocking", blocking);
        // It kills somebody, waits for the victim, and parks.
        play.run_at_most(20, "f");
        assert!(play.is_parked("f"));
        play.steps("k*2");
        let k = play.task("k");
        assert!(play.state.task(k).held.mode(OOM_LOCK).is_some());
        let starved = is_starved(&play.machine, &play.state, Transition(k));
        assert_eq!(starved, !blocking);
    }
}
