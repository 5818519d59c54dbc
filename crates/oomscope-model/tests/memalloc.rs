//! `PF_MEMALLOC` as a state of a task: `memalloc_noreclaim_save` and `_restore`.

mod play;

use oomscope_model::event::{Event, Null, Right};
use oomscope_model::kernel::page_alloc;
use oomscope_model::machine::Machine;
use oomscope_model::patches::{VERSIONS, Version};
use oomscope_model::state::Run;

use play::Play;

/// A process that runs this program, and a big idle one; eight pages are free, and the min
/// mark is there too. The text adds to the cast, the keys to the process.
fn machine(version: Version, program: &str, more: &str, keys: &str) -> Machine {
    play::machine(&format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"{version}\"\n\
         [zone]\ntotal = \"128 pages\"\npage = \"4 MB\"\nfree = \"8 pages\"\n\
         min = \"8 pages\"\nlow = \"10 pages\"\nhigh = \"12 pages\"\n\
         [[lock]]\nname = \"m\"\nkind = \"mutex\"\n{more}\n\
         [[process]]\nname = \"f\"\nrss = \"1 pages\"\n{keys}\nprogram = \"\"\"\n{program}\n\"\"\"\n\
         [[process]]\nname = \"big\"\nrss = \"40 pages\"\n"
    ))
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

    fn is_memalloc(&self) -> bool {
        page_alloc::is_memalloc(&self.state, self.task("f"))
    }
}

#[test]
fn it_takes_the_last_page_and_then_fails_without_reclaim_or_a_kill() {
    for &version in VERSIONS {
        let program = "mutex_lock m\nmemalloc_noreclaim_save\nalloc_page GFP_KERNEL 9\n\
                       memalloc_noreclaim_restore\nmutex_unlock m";
        let mut play = Play::new(machine(version, program, "", ""));
        play.run_at_most(40, "f");
        assert_eq!(play.rights(), [Right::Memalloc; 8], "{version}");
        assert_eq!(play.nulls(), [Null::Memalloc], "{version}");
        assert_eq!(play.kills(), 0, "{version}");
        assert_eq!(play.run_of("f"), Run::Idle, "{version}");
        assert!(play.holds("f", "m").is_none(), "{version}");
        assert!(!play.is_memalloc(), "{version}: the error path restores it");
    }
}

#[test]
fn what_may_not_fail_goes_round_for_ever_and_asks_nobody() {
    for &version in VERSIONS {
        let program = "memalloc_noreclaim_save\nalloc_page GFP_KERNEL|__GFP_NOFAIL 9\n\
                       memalloc_noreclaim_restore";
        let mut play = Play::new(machine(version, program, "", ""));
        play.run_at_most(40, "f");
        assert!(matches!(play.run_of("f"), Run::Parked(_)), "{version}");
        assert_eq!(play.kills(), 0, "{version}");
        assert!(play.is_memalloc(), "{version}");
    }
}

#[test]
fn the_right_ends_with_the_flag() {
    let program = "memalloc_noreclaim_save\nalloc_page GFP_KERNEL\n\
                   memalloc_noreclaim_restore\nalloc_page GFP_KERNEL";
    let mut play = Play::new(machine(Version(4, 9), program, "", ""));
    play.run_at_most(5, "f");
    assert_eq!(play.rights(), [Right::Memalloc]);
    assert_eq!(play.kills(), 1, "the second request is like any other");
}

#[test]
fn who_was_killed_restores_it_before_it_exits() {
    let program = "memalloc_noreclaim_save\nalloc_page GFP_KERNEL\nmemalloc_noreclaim_restore\n\
                   alloc_page GFP_KERNEL";
    let mut play = Play::new(machine(Version(4, 9), program, "", ""));
    play.steps("f");
    assert!(play.is_memalloc());
    play.kill("f");
    play.run_at_most(20, "f");
    assert_eq!(play.rights(), [Right::Memalloc]);
    assert_eq!(play.run_of("f"), Run::Exited);
    assert!(!play.is_memalloc());
}

#[test]
fn no_memory_cgroup_stops_it() {
    for version in [Version(4, 5), Version(5, 4), Version(6, 1)] {
        let box_of_one = "[[memcg]]\nname = \"box\"\nlimit = \"1 pages\"";
        let program = "memalloc_noreclaim_save\nalloc_page GFP_KERNEL|__GFP_ACCOUNT\n\
                       memalloc_noreclaim_restore";
        let machine = machine(version, program, box_of_one, "memcg = \"box\"");
        let mut play = Play::new(machine);
        play.run_at_most(20, "f");
        assert_eq!(play.rights(), [Right::Memalloc], "{version}");
        assert_eq!(play.kills(), 0, "{version}");
    }
}
