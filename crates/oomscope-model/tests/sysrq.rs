//! sysrq-f: an OOM kill that somebody asks for, from 3.19 to 6.1.

mod play;

use oomscope_model::event::Event;
use oomscope_model::machine::{Machine, OOM_LOCK};
use oomscope_model::patches::{VERSIONS, Version};
use oomscope_model::state::{Run, StateFlags};

use play::Play;

const V319: Version = Version(3, 19);
const V42: Version = Version(4, 2);
const V45: Version = Version(4, 5);
const V49: Version = Version(4, 9);

/// A shell that may not be killed and presses the keys, and what the text adds.
fn machine(version: Version, presses: u8, more: &str) -> Machine {
    play::machine(&format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"{version}\"\n\
         [zone]\ntotal = \"128 pages\"\npage = \"4 MB\"\nfree = \"8 pages\"\n\
         min = \"8 pages\"\nlow = \"10 pages\"\nhigh = \"12 pages\"\n{more}\n\
         [[process]]\nname = \"sh\"\nrss = \"1 pages\"\noom_score_adj = -1000\n\
         program = \"\"\"\nrepeat {presses} {{\n  sysrq_f\n}}\n\"\"\"\n"
    ))
}

const BIG: &str = "[[process]]\nname = \"big\"\nrss = \"40 pages\"\n";

impl Play {
    fn has_panicked(&self) -> bool {
        self.state.flags.has(StateFlags::PANIC)
    }

    fn is_ignored(&self) -> bool {
        let ignored = |event: &Event| matches!(event, Event::SysrqIgnored { .. });
        self.events.iter().any(ignored)
    }
}

#[test]
fn it_kills_the_biggest_with_plenty_of_memory() {
    for &version in VERSIONS {
        let mut play = Play::new(machine(version, 1, BIG));
        play.run_at_most(5, "sh");
        play.run_at_most(9, "kworker");
        assert_eq!(play.kills(), 1, "{version}");
    }
}

#[test]
fn with_nobody_left_it_panics_up_to_4_2_and_is_ignored_since_4_3() {
    for &version in VERSIONS {
        let mut play = Play::new(machine(version, 1, ""));
        play.run_at_most(5, "sh");
        play.run_at_most(9, "kworker");
        assert_eq!(play.has_panicked(), version <= V42, "{version}");
        assert_eq!(play.is_ignored(), version > V42, "{version}");
    }
}

#[test]
fn it_obeys_panic_on_oom_up_to_4_2() {
    for version in [V319, V42, V45, V49] {
        let sysctl = format!("[sysctl]\npanic_on_oom = 1\n{BIG}");
        let mut play = Play::new(machine(version, 1, &sysctl));
        play.run_at_most(5, "sh");
        play.run_at_most(9, "kworker");
        assert_eq!(play.has_panicked(), version <= V42, "{version}");
    }
}

#[test]
fn no_victim_keeps_it_waiting_but_it_may_choose_the_same_again() {
    let stuck = "[[lock]]\nname = \"m\"\nkind = \"mutex\"\n\
                 [[process]]\nname = \"big\"\nrss = \"40 pages\"\n\
                 program = \"\"\"\nmutex_lock m\nmutex_unlock m\n\"\"\"\n\
                 [[process]]\nname = \"next\"\nrss = \"20 pages\"\n\
                 [[kthread]]\nname = \"owner\"\nprogram = \"\"\"\n\
                 mutex_lock m\nwait_for x\nmutex_unlock m\n\"\"\"\n\
                 [[kthread]]\nname = \"end\"\nprogram = \"\"\"\ncomplete x\n\"\"\"\n";
    let mut play = Play::new(machine(V45, 2, stuck));
    play.steps("owner*2 big sh kworker");
    play.run_at_most(9, "kworker");
    assert_eq!(play.kills(), 1);
    play.steps("sh kworker");
    play.run_at_most(9, "kworker");
    assert_eq!(play.kills(), 1, "big has its mm and is the biggest still");
}

#[test]
fn a_victim_without_an_mm_does_not_keep_it_waiting() {
    let aio = "[[process]]\nname = \"big\"\nrss = \"40 pages\"\naio = \"io\"\n\
               [[process]]\nname = \"next\"\nrss = \"20 pages\"\n\
               [[kthread]]\nname = \"end\"\nprogram = \"\"\"\ncomplete io\n\"\"\"\n";
    let mut play = Play::new(machine(V45, 2, aio));
    play.steps("sh kworker");
    play.run_at_most(9, "kworker");
    play.run_at_most(9, "big");
    assert_eq!(play.kills(), 1);
    play.steps("sh kworker");
    play.run_at_most(9, "kworker");
    assert_eq!(play.kills(), 2, "big waits in exit_aio, marked");
}

#[test]
fn it_waits_for_oom_lock_since_it_is_a_mutex() {
    let killer = format!(
        "{BIG}[[process]]\nname = \"f\"\nrss = \"1 pages\"\n\
         program = \"\"\"\nalloc_page GFP_KERNEL\n\"\"\"\n"
    );
    for version in [V319, V42, V45, V49] {
        let mut play = Play::new(machine(version, 1, &killer));
        play.steps("f*2");
        assert!(play.holds("f", "oom_lock").is_some(), "{version}: it naps");
        play.steps("sh kworker");
        let waits = matches!(play.run_of("kworker"), Run::Queued { on, .. } if on == OOM_LOCK);
        assert_eq!(waits, version > V42, "{version}");
    }
}

#[test]
fn what_drivers_free_is_enough_up_to_5_16() {
    let driver = format!("{BIG}[[oom_notifier]]\nname = \"i915\"\nfrees = \"4 pages\"\n");
    for (version, kills) in [(V45, 0), (Version(5, 16), 0), (Version(5, 17), 1)] {
        let mut play = Play::new(machine(version, 1, &driver));
        play.run_at_most(5, "sh");
        play.run_at_most(9, "kworker");
        assert_eq!(play.kills(), kills, "{version}");
        assert_eq!(play.run_of("kworker"), Run::Idle, "{version}");
        assert!(play.holds("kworker", "oom_lock").is_none(), "{version}");
    }
}
