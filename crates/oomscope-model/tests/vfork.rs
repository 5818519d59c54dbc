//! `vfork` (oom.md 1.1, 6.1 E3): programs in, a table of events out.

mod play;

use expect_test::expect;
use oomscope_model::kernel::oom_kill;
use oomscope_model::machine::ProcessId;
use oomscope_model::patches::Version;
use oomscope_model::state::Run;
use oomscope_scenario::parse::parse;

use play::Play;

/// `p` waits in vfork for `c`, which runs in its memory; `m` is a mutex.
fn text(parent: &str) -> String {
    format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"4.5\"\n\
         [zone]\ntotal = \"64 pages\"\npage = \"4 MB\"\nfree = \"2 pages\"\nmin = \"2 pages\"\n\
         low = \"3 pages\"\nhigh = \"4 pages\"\n\
         [[process]]\nname = \"p\"\nrss = \"20 pages\"\nprogram = \"\"\"\n{parent}\n\"\"\"\n\
         [[process]]\nname = \"c\"\nmm = \"p\"\nin_vfork = true\n\
         program = \"\"\"\nmutex_lock m\nmutex_unlock m\nexit\n\"\"\"\n\
         [[lock]]\nname = \"m\"\nkind = \"mutex\"\n"
    )
}

fn begin(version: Version, switches: &[(&str, bool)]) -> Play {
    Play::new(play::machine_of(
        version,
        switches,
        &text("vfork c\nmutex_lock m\nmutex_unlock m"),
    ))
}

#[test]
fn the_child_wakes_its_parent_before_it_lets_go_of_the_mm() {
    let mut play = begin(Version(4, 5), &[]);
    play.steps("p c*3 p");
    play.is(expect![[r#"
        p: cannot move
        c: LockTaken { task: c, lock: m, mode: Write }
        c: LockReleased { task: c, lock: m, mode: Write }
        c: Exiting { task: c }
        c: Completed { task: c, completion: CompletionId(0) }
        c: LockTaken { task: c, lock: p.mmap_sem, mode: Read }
        p: LockTaken { task: p, lock: m, mode: Write }
    "#]]);
}

#[test]
fn sigkill_ends_the_wait_unless_it_is_the_old_one() {
    for (switches, leaves) in [(&[][..], true), (&[("unkillable-vfork", true)][..], false)] {
        let mut play = begin(Version(4, 5), switches);
        play.kill("p");
        assert_eq!(matches!(play.run_of("p"), Run::Waits { .. }), !leaves);
        play.run("c").run("p");
        assert_eq!(play.run_of("p"), Run::Exited, "{}", play.table);
    }
}

#[test]
fn a_child_whose_parent_has_left_is_vforked_no_longer() {
    let mut play = begin(Version(4, 8), &[]);
    let badness =
        |play: &Play| oom_kill::oom_badness(&play.machine, &play.state, ProcessId(1), None);
    assert_eq!(badness(&play), None);
    play.kill("p");
    assert_eq!(badness(&play), Some(20));
}

#[test]
fn vfork_stands_first_and_names_a_child() {
    let complaint = |program: &str| {
        let found = parse(&text(program)).diagnostics;
        let words: Vec<_> = found.iter().map(ToString::to_string).collect();
        words.join("\n")
    };
    expect!["line 18: p is not at its beginning here; vfork is the first line, its child has in_vfork and mm"].assert_eq(&complaint("page_fault p\nvfork c"));
    expect!["line 17: p is no vforked child of p; vfork is the first line, its child has in_vfork and mm"].assert_eq(&complaint("vfork p"));
}
