//! The tracepoints of one killed process, kernel by kernel (oom.md 8).

use oomscope_model::kernel::Kernel;
use oomscope_model::patches::{PatchSet, Version};
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_picture::trace_lines;
use oomscope_scenario::builtin::Builtin;

/// Plays the scenario on that kernel, always the last task that can move or always the first,
/// and returns what the tracepoints say, without time stamps.
fn traced(id: &str, version: Version, reaper_first: bool) -> Vec<String> {
    let builtin = Builtin::named(id).expect("built in");
    let mut machine = builtin.scenario().expect("parsed").machine;
    machine.patches = PatchSet::of_version(version);
    machine.kernel = Kernel::of(machine.patches);
    let mut state = State::start(&machine);
    let mut lines = Vec::new();
    for _ in 0..200 {
        let mut moves = enabled(&machine, &state);
        let next = if reaper_first {
            moves.last()
        } else {
            moves.next()
        };
        let Some(next) = next else { break };
        let mut events = Vec::new();
        step(&machine, &mut state, next, &mut events);
        for event in &events {
            let said = trace_lines(&machine, version, event, &state, 0);
            lines.extend(said.iter().map(|line| {
                let (_, what) = line.text.split_once("oom:").expect("of subsystem oom");
                String::from(what)
            }));
        }
    }
    lines
}

#[test]
fn there_are_none_before_4_14() {
    let none: Vec<String> = Vec::new();
    assert_eq!(traced("robust-futex", Version(4, 9), true), none);
}

#[test]
fn a_healthy_victim_leaves_four_lines() {
    let four = [
        "mark_victim: pid=3301",
        "wake_reaper: pid=3301",
        "start_task_reaping: pid=3301",
        "finish_task_reaping: pid=3301",
    ];
    for version in [Version(4, 14), Version(4, 19), Version(5, 17)] {
        assert_eq!(traced("robust-futex", version, true), four, "{version}");
    }
}

#[test]
fn from_5_18_on_a_victim_that_exits_in_time_is_never_handed_over() {
    let marked = ["mark_victim: pid=3301"];
    assert_eq!(traced("robust-futex", Version(5, 18), false), marked);
}

#[test]
fn every_failed_trylock_is_one_line() {
    let lines = traced("ksm-exit", Version(4, 14), false);
    let skipped = lines
        .iter()
        .filter(|line| line.starts_with("skip_task_reaping: pid=3301"))
        .count();
    assert_eq!(skipped, 10, "{lines:?}");
}

#[test]
fn a_partial_reap_ends_and_the_next_try_finds_the_address_space_gone() {
    let lines = [
        "mark_victim: pid=1187",
        "wake_reaper: pid=1187",
        "start_task_reaping: pid=1187",
        "finish_task_reaping: pid=1187",
        "skip_task_reaping: pid=1187",
    ];
    assert_eq!(traced("notifier-eras", Version(4, 19), true), lines);
}
