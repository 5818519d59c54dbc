//! The OOM killer's rules over the versions: who is eligible, who dies with whom, what is
//! left for the reaper. Programs in, a table of events out.

mod play;

use expect_test::{Expect, expect};
use oomscope_model::kernel::oom_kill;
use oomscope_model::machine::{Machine, ProcessId, TaskId};
use oomscope_model::patches::Version;
use oomscope_model::state::{State, StateFlags};

use play::Play;

/// `a` needs pages and has none; 100 pages; min 2, low 3, high 4.
fn machine(version: Version, head: &str, cast: &str) -> Machine {
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"4.5\"\n{head}\n\
         [zone]\ntotal = \"100 pages\"\npage = \"4 MB\"\nfree = \"2 pages\"\nmin = \"2 pages\"\n\
         low = \"3 pages\"\nhigh = \"4 pages\"\n\
         [[lock]]\nname = \"m\"\nkind = \"mutex\"\n\
         [[process]]\nname = \"a\"\npid = 10\nrss = \"2 pages\"\nprogram = \"mutex_lock m\\nalloc_page GFP_KERNEL\\nmutex_unlock m\"\n{cast}\n"
    );
    play::machine_of(version, &[], &text)
}

/// Steps of the named tasks, and what the last of them did.
fn play(machine: &Machine, names: &str) -> (State, String) {
    let mut play = Play::new(machine.clone());
    for name in names.split_whitespace() {
        play.table.clear();
        play.step(name);
    }
    let lines = play.table.lines().filter_map(|line| line.split_once(": "));
    let table = lines.map(|(_, event)| format!("{event}\n")).collect();
    (play.state, table)
}

/// Whom `a` kills in its third step, in the words of the events.
#[track_caller]
fn kill(machine: &Machine, expected: Expect) -> State {
    let (state, table) = play(machine, "a a a");
    let telling = [
        "Killed",
        "MmHidden",
        "SkipSet",
        "ReaperQueued",
        "Signalled",
        "Panicked",
    ];
    let lines = table
        .lines()
        .filter(|line| telling.iter().any(|word| line.contains(word)));
    expected.assert_eq(&lines.map(|line| format!("{line}\n")).collect::<String>());
    state
}

const SHARED: &str = "[[process]]\nname = \"v\"\npid = 20\nrss = \"40 pages\"\n\
     [[process]]\nname = \"s\"\npid = 30\nmm = \"v\"\n\
     [[process]]\nname = \"p\"\npid = 40\nmm = \"v\"\noom_score_adj = -1000\n";

#[test]
fn who_shares_the_mm_dies_too_and_minus_1000_protects_until_4_7() {
    for version in [Version(3, 19), Version(4, 5)] {
        let state = kill(
            &machine(version, "", SHARED),
            expect![[r#"
                Killed { task: a, process: v, thread: v, points: 40, memcg: None }
                Signalled { task: v }
                SharerKilled { victim: v, process: s }
                Signalled { task: s }
            "#]],
        );
        let machine = machine(version, "", SHARED);
        assert_eq!(state.kills(&machine), 1, "one address space");
    }
    // Somebody goes on using the memory: the reaper is not woken.
    kill(
        &machine(Version(4, 7), "", SHARED),
        expect![[r#"
            Killed { task: a, process: v, thread: v, points: 40, memcg: None }
            Signalled { task: v }
            SharerKilled { victim: v, process: s }
            Signalled { task: s }
        "#]],
    );
    kill(
        &machine(Version(4, 8), "", SHARED),
        expect![[r#"
            Killed { task: a, process: v, thread: v, points: 40, memcg: None }
            Signalled { task: v }
            SharerKilled { victim: v, process: s }
            Signalled { task: s }
            SharerKilled { victim: v, process: p }
            Signalled { task: p }
            ReaperQueued { victim: v }
        "#]],
    );
}

const INIT: &str = "[[process]]\nname = \"i\"\npid = 1\nrss = \"40 pages\"\ninit = true\n\
     [[process]]\nname = \"v\"\npid = 20\nmm = \"i\"\n";

#[test]
fn init_dies_with_its_child_up_to_4_3_and_its_memory_is_hidden_from_4_8_on() {
    let old = machine(Version(4, 0), "", INIT);
    kill(
        &old,
        expect![[r#"
            Killed { task: a, process: v, thread: v, points: 40, memcg: None }
            Signalled { task: v }
            SharerKilled { victim: v, process: i }
            Signalled { task: i }
        "#]],
    );
    let (state, _) = play(&old, "a a a i i");
    assert!(state.flags.has(StateFlags::PANIC), "init is dead");
    kill(
        &machine(Version(4, 6), "", INIT),
        expect![[r#"
            Killed { task: a, process: v, thread: v, points: 40, memcg: None }
            Signalled { task: v }
        "#]],
    );
    kill(
        &machine(Version(4, 19), "", INIT),
        expect![[r#"
            Killed { task: a, process: v, thread: v, points: 40, memcg: None }
            Signalled { task: v }
            MmHidden { victim: v, by: i }
            SkipSet { mm: MmId(1) }
        "#]],
    );
}

#[test]
fn a_vforked_child_is_a_candidate_up_to_4_7() {
    let cast = format!("{INIT}in_vfork = true\n");
    for (version, points) in [(Version(4, 7), Some(40)), (Version(4, 8), None)] {
        let machine = machine(version, "", &cast);
        let state = State::start(&machine);
        assert_eq!(
            oom_kill::oom_badness(&machine, &state, ProcessId(2), None),
            points
        );
    }
}

#[test]
fn root_is_worth_three_percent_up_to_4_16() {
    let cast = "[[process]]\nname = \"v\"\nrss = \"70 pages\"\ncap_sys_admin = true\n";
    for (version, points) in [(Version(4, 15), 68), (Version(4, 17), 70)] {
        let machine = machine(version, "", cast);
        let state = State::start(&machine);
        let found = oom_kill::oom_badness(&machine, &state, ProcessId(1), None);
        assert_eq!(found, Some(points));
    }
}

#[test]
fn the_allocating_task_dies_although_a_victim_is_on_its_way_out() {
    let head = "[sysctl]\noom_kill_allocating_task = true\n";
    let cast = "[[process]]\nname = \"v\"\nrss = \"40 pages\"\nprogram = \"mutex_lock m\\nmutex_unlock m\"\n";
    kill(
        &machine(Version(4, 5), head, cast),
        expect![[r#"
            Killed { task: a, process: a, thread: a, points: 0, memcg: None }
            Signalled { task: a }
        "#]],
    );
}

#[test]
fn panic_on_oom_kills_nobody() {
    let cast = "[[process]]\nname = \"v\"\nrss = \"40 pages\"\n";
    for setting in [1, 2] {
        let head = format!("[sysctl]\npanic_on_oom = {setting}\n");
        let state = kill(
            &machine(Version(4, 5), &head, cast),
            expect![[r#"
                PanickedOnOom { task: a }
            "#]],
        );
        assert!(state.flags.has(StateFlags::PANIC));
        assert!(!state.is_killed(&machine(Version(4, 5), &head, cast), ProcessId(1)));
    }
}

#[test]
fn a_dying_caller_without_an_mm_is_marked_in_3_19_only() {
    let cast = "[[process]]\nname = \"v\"\nrss = \"1 pages\"\nprogram = \"exit\\nalloc_page GFP_KERNEL\"\n";
    // v tears its memory down, a eats it, v asks for a page.
    let names = "v v v v v a a v v";
    let (_, table) = play(&machine(Version(3, 19), "", cast), names);
    assert_eq!(table, "MarkedItself { task: v }\n");
    let (state, table) = play(&machine(Version(4, 0), "", cast), names);
    assert!(table.starts_with("Killed { task: v, process: a"), "{table}");
    assert!(
        !state.task(TaskId(0)).held.is_empty(),
        "a still has the mutex"
    );
}
