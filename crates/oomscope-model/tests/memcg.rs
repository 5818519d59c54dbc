//! Memory cgroups: who pays, who kills at the limit, and where. Programs in, a table of
//! events out.

use expect_test::{Expect, expect};
use oomscope_model::event::Event;
use oomscope_model::kernel::{Kernel, memcontrol, page_alloc};
use oomscope_model::machine::{KillerWindow, Machine, MemcgId};
use oomscope_model::patches::{PatchSet, Version};
use oomscope_model::state::{Memcg, Pc, Run, State};
use oomscope_model::step::{enabled, step};
use oomscope_model::transition::Transition;
use oomscope_scenario::parse::parse;

/// A cgroup `box` of 20 pages on a machine of 100, 40 of them free.
fn machine(version: Version, cast: &str) -> Machine {
    let text = format!(
        "format = 1\nid = \"t\"\ntitle = \"t\"\nstory = \"t\"\nkernel = \"4.5\"\n\
         [zone]\ntotal = \"100 pages\"\npage = \"4 MB\"\nfree = \"40 pages\"\nmin = \"2 pages\"\n\
         low = \"3 pages\"\nhigh = \"4 pages\"\n\
         [[memcg]]\nname = \"box\"\nlimit = \"20 pages\"\n\
         [[lock]]\nname = \"m\"\nkind = \"mutex\"\n{cast}\n"
    );
    let parsed = parse(&text);
    let Some(scenario) = parsed.scenario else {
        panic!("{text}\n{:?}", parsed.diagnostics);
    };
    let mut machine = scenario.machine;
    machine.patches = PatchSet::of_version(version);
    machine.kernel = Kernel::of(machine.patches);
    machine
}

/// Steps of the named tasks, and what all of them did.
fn play(machine: &Machine, names: &str) -> (State, String) {
    let mut state = State::start(machine);
    let mut table = String::new();
    for name in names.split_whitespace() {
        let task = machine.task_named(name).expect("a task");
        assert!(
            enabled(machine, &state).any(|next| next == Transition(task)),
            "{name} cannot move\n{table}"
        );
        let mut events = Vec::new();
        step(machine, &mut state, Transition(task), &mut events);
        for event in events {
            let hidden = matches!(
                event,
                Event::LockTaken { .. } | Event::LockReleased { .. } | Event::PageMapped { .. }
            );
            if !hidden {
                table += &tell(machine, event);
            }
        }
    }
    (state, table)
}

fn tell(machine: &Machine, event: Event) -> String {
    let mut text = format!("{event:?}\n");
    for id in machine.task_ids() {
        text = text.replace(&format!("TaskId({})", id.0), &machine.actor(id).name);
    }
    for (index, process) in machine.processes.iter().enumerate() {
        text = text.replace(&format!("ProcessId({index})"), &process.name);
    }
    text
}

#[track_caller]
fn check(machine: &Machine, names: &str, expected: Expect) -> State {
    let (state, table) = play(machine, names);
    expected.assert_eq(&table);
    state
}

const FAULT: &str = "[[process]]\nname = \"a\"\nrss = \"8 pages\"\nmemcg = \"box\"\nprogram = \"page_fault a 2\"\n\
     [[process]]\nname = \"v\"\nrss = \"11 pages\"\nmemcg = \"box\"\n\
     [[process]]\nname = \"big\"\nrss = \"30 pages\"\n";

#[test]
fn a_fault_at_the_limit_kills_in_its_cgroup_at_its_end_or_in_the_charge() {
    // One page fits, the second does not. mmap_sem is given back before the kill.
    let old = machine(Version(4, 14), FAULT);
    let state = check(
        &old,
        "a a a a",
        expect![[r#"
            PageTaken { task: a, right: Low }
            OverLimit { task: a, memcg: MemcgId(0) }
            Killed { task: a, process: v, thread: v, points: 11, memcg: Some(MemcgId(0)) }
            Signalled { task: v }
            ReaperQueued { victim: v }
            Slept { task: a, nap: Jiffy }
        "#]],
    );
    assert_eq!(memcontrol::level(&old, &state, MemcgId(0)), 20);
    check(
        &machine(Version(4, 19), FAULT),
        "a a a a",
        expect![[r#"
        PageTaken { task: a, right: Low }
        OverLimit { task: a, memcg: MemcgId(0) }
        Killed { task: a, process: v, thread: v, points: 11, memcg: Some(MemcgId(0)) }
        Signalled { task: v }
        ReaperQueued { victim: v }
    "#]],
    );
}

const KERNEL: &str = "[[process]]\nname = \"a\"\nrss = \"8 pages\"\nmemcg = \"box\"\nprogram = \"mutex_lock m\\nalloc_page GFP_KERNEL|__GFP_ACCOUNT 2\\nmutex_unlock m\\nfree_page 1\"\n\
     [[process]]\nname = \"v\"\nrss = \"11 pages\"\nmemcg = \"box\"\n";

#[test]
fn what_the_kernel_asks_for_fails_or_kills() {
    check(
        &machine(Version(4, 14), KERNEL),
        "a a a",
        expect![[r#"
        PageTaken { task: a, right: Low }
        OverLimit { task: a, memcg: MemcgId(0) }
        AllocFailed { task: a, gfp: Gfp(2055), order: 0, why: Limit }
    "#]],
    );
    check(
        &machine(Version(4, 19), KERNEL),
        "a a a a",
        expect![[r#"
        PageTaken { task: a, right: Low }
        OverLimit { task: a, memcg: MemcgId(0) }
        Killed { task: a, process: v, thread: v, points: 11, memcg: Some(MemcgId(0)) }
        Signalled { task: v }
        ReaperQueued { victim: v }
    "#]],
    );
}

#[test]
fn kernel_pages_are_paid_for_until_they_are_given_back() {
    let cast = KERNEL.replace("11 pages", "4 pages");
    let machine = machine(Version(4, 19), &cast);
    let (state, _) = play(&machine, "a a a");
    assert_eq!(memcontrol::level(&machine, &state, MemcgId(0)), 14);
    let (state, _) = play(&machine, "a a a a a");
    assert_eq!(memcontrol::level(&machine, &state, MemcgId(0)), 13);
}

#[test]
fn a_killed_task_is_let_over_the_limit_up_to_5_15() {
    let cast =
        format!("{KERNEL}[[process]]\nname = \"k\"\nrss = \"1 pages\"\nprogram = \"kill a\"\n");
    check(
        &machine(Version(5, 15), &cast),
        "a k a a",
        expect![[r#"
        Signalled { task: a }
        ProgramEnded { task: k }
        PageTaken { task: a, right: Low }
        OverLimit { task: a, memcg: MemcgId(0) }
        ForceCharged { task: a, memcg: MemcgId(0) }
        PageTaken { task: a, right: Low }
    "#]],
    );
    check(
        &machine(Version(5, 16), &cast),
        "a k a a",
        expect![[r#"
        Signalled { task: a }
        ProgramEnded { task: k }
        PageTaken { task: a, right: Low }
        OverLimit { task: a, memcg: MemcgId(0) }
        AllocFailed { task: a, gfp: Gfp(2055), order: 0, why: Limit }
    "#]],
    );
}

#[test]
fn a_victim_outside_does_not_keep_the_cgroup_waiting() {
    let cast = format!(
        "{FAULT}[[process]]\nname = \"x\"\nrss = \"1 pages\"\nprogram = \"alloc_page GFP_KERNEL 15\\nalloc_page GFP_KERNEL 15\\nalloc_page GFP_KERNEL 15\"\n"
    );
    let machine = machine(Version(4, 19), &cast);
    let names = format!("a a a {} a", "x ".repeat(41));
    let (_, table) = play(&machine, &names);
    let kills: Vec<&str> = table
        .lines()
        .filter(|line| line.contains("Killed"))
        .collect();
    assert_eq!(
        kills,
        [
            "Killed { task: x, process: big, thread: big, points: 30, memcg: None }",
            "Killed { task: a, process: v, thread: v, points: 11, memcg: Some(MemcgId(0)) }",
        ]
    );
}

#[test]
fn a_group_dies_as_a_whole_and_whoever_stands_behind_the_first_is_lost_up_to_4_20() {
    let cast = "[[process]]\nname = \"q\"\nrss = \"5 pages\"\nmemcg = \"box\"\n\
         [[process]]\nname = \"v\"\nrss = \"10 pages\"\nmemcg = \"box\"\n\
         [[process]]\nname = \"a\"\nrss = \"5 pages\"\nmemcg = \"box\"\nprogram = \"page_fault a\"\n";
    let told = |version| {
        let mut machine = machine(version, cast);
        machine.memcgs[0].oom_group = true;
        // The reaper takes v off the list; q is killed, v comes a second time, then a.
        let (_, table) = play(
            &machine,
            "a a a oom_reaper a a a oom_reaper oom_reaper oom_reaper",
        );
        let telling = ["Group", "ReaperQueued", "ReaperLost", "ReaperStarts"];
        let lines = table
            .lines()
            .filter(|line| telling.iter().any(|word| line.starts_with(word)));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    expect![[r#"
        ReaperQueued { victim: v }
        GroupChosen { task: a, memcg: MemcgId(0) }
        ReaperStarts { victim: v }
        GroupKilled { task: a, process: q, thread: q, memcg: Some(MemcgId(0)) }
        ReaperQueued { victim: q }
        ReaperQueued { victim: v }
        GroupKilled { task: a, process: a, thread: a, memcg: Some(MemcgId(0)) }
        ReaperQueued { victim: a }
        ReaperLost { victim: q }
        ReaperStarts { victim: a }
    "#]]
    .assert_eq(&told(Version(4, 19)));
    expect![[r#"
        ReaperQueued { victim: v }
        GroupChosen { task: a, memcg: MemcgId(0) }
        ReaperStarts { victim: v }
        GroupKilled { task: a, process: q, thread: q, memcg: Some(MemcgId(0)) }
        ReaperQueued { victim: q }
        GroupKilled { task: a, process: a, thread: a, memcg: Some(MemcgId(0)) }
        ReaperQueued { victim: a }
        ReaperStarts { victim: a }
    "#]]
    .assert_eq(&told(Version(5, 4)));
}

#[test]
fn who_comes_second_sleeps_until_the_kill_is_over_and_burns_no_cpu() {
    let second = "[[process]]\nname = \"b\"\nrss = \"1 pages\"\nmemcg = \"box\"\nprogram = \"page_fault b 2\"\n";
    let mut machine = machine(Version(4, 5), &format!("{FAULT}{second}"));
    machine.rules.killer_window = KillerWindow::Split;
    let [a, b] = ["a", "b"].map(|name| machine.task_named(name).expect("a task"));
    let mut state = State::start(&machine);
    let go_on = |state: &mut State, task, until: Run| {
        for _ in 0..20 {
            if state.task(task).run == until {
                return;
            }
            step(&machine, state, Transition(task), &mut ());
        }
        panic!("{:?}, not {until:?}", state.task(task).run);
    };
    go_on(&mut state, a, Run::Ready(Pc::Memcg(Memcg::Scan)));
    go_on(&mut state, b, Run::Parked(Pc::Memcg(Memcg::Slept)));
    assert!(!state.task(b).is_parked());
    assert!(!page_alloc::burns_cpu(&machine, &state, b));
    step(&machine, &mut state, Transition(a), &mut ());
    assert_eq!(state.task(b).run, Run::Ready(Pc::Memcg(Memcg::Retry)));
}
