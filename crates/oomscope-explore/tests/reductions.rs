//! Reductions change no verdict: equal tasks commute with every step, on every state of
//! every scenario and of generated machines; and a naive search over stand-ins comes to what
//! the search over all states comes to.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use oomscope_explore::ample::{self, Static};
use oomscope_explore::symmetry::{Symmetry, Watch};
use oomscope_explore::{Explorer, LockupKind, Outcome, Reductions};
use oomscope_judge::machine;
use oomscope_model::kernel::page_alloc;
use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::rename::Renaming;
use oomscope_model::state::{Pc, Run, State, StateFlags};
use oomscope_model::step::{enabled, step};
use oomscope_model::transition::Transition;
use oomscope_model::words::WORDS_MAX;
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::parse::parse;
use oomscope_scenario::rules;

mod machines;

use machines::odd::odd;
use machines::{Dice, alike, generate};

/// States of one machine that the laws are held against.
const STATES_MAX: usize = 150;
/// Generated machines that the laws are held against, and as many with equal tasks.
const SEEDS: u64 = 400;
/// Runs by lot, and how long one is at most.
const RUNS: usize = 10;
const STEPS_MAX: usize = 150;

/// Nobody enters a guest who was killed on the way back from the kernel.
const KILLED_BEFORE_A_GUEST: &str = r#"format = 1
id = "vcpu"
title = "Killed before a guest"
kernel = "4.14"
[zone]
total = "64 pages"
page = "4 MB"
free = "20 pages"
min = "2 pages"
low = "3 pages"
high = "4 pages"
[[lock]]
name = "m"
kind = "mutex"
[[process]]
name = "qemu"
rss = "10 pages"
[[process.notifier]]
kind = "kvm"
[[process.thread]]
program = """
mutex_lock m
mutex_unlock m
guest_access qemu
"""
[[kthread]]
name = "admin"
program = """
kill qemu
"""
"#;

fn key(state: &State) -> Vec<u64> {
    let mut words = [0; WORDS_MAX];
    state.words(&mut words);
    words[..state.word_count()].to_vec()
}

/// States of a machine: the first ones that a breadth-first search finds, and twice as many on
/// the way to the end of runs in which whoever moves is drawn by lot.
fn states(machine: &Machine) -> Vec<State> {
    let start = State::start(machine);
    let mut seen = HashMap::from([(key(&start), ())]);
    let mut found = vec![start.clone()];
    let mut meet = |found: &mut Vec<State>, state: &State, transition: Transition| {
        let mut next = state.clone();
        step(machine, &mut next, transition, &mut ());
        if seen.insert(key(&next), ()).is_none() {
            found.push(next.clone());
        }
        next
    };
    let mut at = 0;
    while at < found.len() && found.len() < STATES_MAX {
        let state = found[at].clone();
        at += 1;
        for transition in enabled(machine, &state) {
            meet(&mut found, &state, transition);
        }
    }
    let mut dice = Dice(1);
    for _ in 0..RUNS {
        let mut state = start.clone();
        for _ in 0..STEPS_MAX {
            let possible: Vec<Transition> = enabled(machine, &state).collect();
            if possible.is_empty() || found.len() > 3 * STATES_MAX {
                break;
            }
            let drawn = possible[dice.roll(possible.len() as u64) as usize];
            state = meet(&mut found, &state, drawn);
        }
    }
    found
}

/// Every machine that this is held against: each scenario under each rule, with a
/// different combination of its patches under each, generated ones with and without equal
/// tasks, and one that no lot draws.
fn each_machine(seeds: u64, mut test: impl FnMut(&str, &Machine)) {
    for (index, builtin) in BUILTIN.iter().enumerate() {
        let scenario = parse(builtin.text).scenario.expect("parsed");
        let combinations = scenario.combinations();
        for (at, (word, rules)) in rules::WORDS.into_iter().enumerate() {
            let combination = (index + at * combinations.len() / 3) % combinations.len();
            let machine = machine(&scenario, combinations[combination], rules);
            test(&format!("{} {word} {combination}", builtin.id), &machine);
        }
    }
    for seed in 0..seeds {
        let machine = generate(&mut Dice(seed * 2 + 1));
        test(&format!("seed {seed}"), &machine);
        let strange = odd(machine.clone(), &mut Dice(seed * 2 + 7));
        test(&format!("odd {seed}"), &strange);
        test(&format!("alike {seed}"), &alike(machine));
    }
    let vcpu = parse(KILLED_BEFORE_A_GUEST).scenario.expect("parsed");
    test("killed before a guest", &vcpu.machine);
}

#[test]
fn exchanging_equal_tasks_commutes_with_every_step() {
    let mut checked = 0;
    each_machine(SEEDS, |name, machine| {
        let symmetry = Symmetry::of(machine);
        if symmetry.is_trivial() {
            return;
        }
        let pairs: Vec<(TaskId, TaskId)> = symmetry
            .groups()
            .flat_map(|group| {
                group
                    .windows(2)
                    .map(|two| (two[0], two[1]))
                    .collect::<Vec<_>>()
            })
            .collect();
        for state in states(machine) {
            for transition in enabled(machine, &state) {
                let mut watch = Watch::default();
                let mut after = state.clone();
                step(machine, &mut after, transition, &mut watch);
                if symmetry.unfair(machine, &state, &watch).is_some() {
                    continue;
                }
                let (expected, _) = symmetry.canonical(machine, &after);
                for &(a, b) in &pairs {
                    let renaming = Renaming::exchange(a, b);
                    let mut other = state.rename(&renaming);
                    let Transition(task) = transition;
                    let renamed = Transition(renaming.task(task));
                    assert!(enabled(machine, &other).any(|it| it == renamed), "{name}");
                    step(machine, &mut other, renamed, &mut ());
                    let (found, _) = symmetry.canonical(machine, &other);
                    assert_eq!(
                        found, expected,
                        "{name}: {a:?} {b:?} {transition:?} in {state:?}"
                    );
                    checked += 1;
                }
            }
        }
    });
    println!("{checked} steps");
    assert!(checked > 1_000_000, "only {checked} steps were checked");
}

/// What an outcome is made of.
fn marks(machine: &Machine, state: &State) -> (bool, u8, StateFlags, bool) {
    let wants = machine
        .task_ids()
        .any(|task| page_alloc::wants_page(state, task));
    (
        state.is_finished(),
        state.kills(machine),
        state.flags,
        wants,
    )
}

#[test]
fn steps_taken_at_once_commute_with_every_other_step() {
    let mut checked = 0;
    each_machine(SEEDS, |name, machine| {
        let fixed = Static::of(machine);
        let named = |state: &State| -> Vec<TaskId> {
            let tasks = machine.task_ids();
            tasks
                .filter(|&task| ample::is_indifferent(machine, &fixed, state, task))
                .collect()
        };
        let after = |state: &State, task: TaskId| {
            assert!(
                state.flags.has(StateFlags::PANIC)
                    || enabled(machine, state).any(|it| it.0 == task),
                "{name}: {task:?} cannot move in {state:?}"
            );
            let mut next = state.clone();
            step(machine, &mut next, Transition(task), &mut ());
            next
        };
        for state in states(machine) {
            if state.flags.has(StateFlags::PANIC) {
                continue;
            }
            for task in named(&state) {
                let place = format!("{name}: {task:?} in {state:?}");
                let taken = after(&state, task);
                let (mut before, now) = (marks(machine, &state), marks(machine, &taken));
                // Who asks for pages may have one more now; it does not come back here.
                let place_in_program = |state: &State| {
                    let word = state.task(task);
                    (word.line, u8::MAX - word.todo)
                };
                let starts = state.task(task).run == Run::Ready(Pc::Line);
                if starts || place_in_program(&taken) > place_in_program(&state) {
                    before.3 = now.3;
                }
                assert_eq!(before, now, "{place}");
                for Transition(other) in enabled(machine, &state) {
                    if other == task {
                        continue;
                    }
                    let first = after(&state, other);
                    let last = after(&taken, other);
                    assert!(named(&first).contains(&task), "{place}, {other:?} first");
                    assert_eq!(after(&first, task), last, "{place}, {other:?} first");
                    checked += 1;
                }
            }
        }
    });
    println!("{checked} steps");
    assert!(checked > 10_000, "only {checked} steps were checked");
}

/// States beyond which a machine is not searched twice here.
const SEARCH_MAX: u32 = 1_500;
/// Generated machines that are searched twice.
const MACHINES: u64 = 2_800;

fn search(machine: &Machine, reductions: Reductions) -> Option<Explorer> {
    search_up_to(machine, reductions, SEARCH_MAX)
}

fn search_up_to(machine: &Machine, reductions: Reductions, most: u32) -> Option<Explorer> {
    let start = State::start(machine);
    let mut explorer = Explorer::with_reductions(machine, &start, reductions);
    while !explorer.advance(500).done {
        if explorer.progress().states > most {
            return None;
        }
    }
    Some(explorer)
}

/// Plays a schedule; every step of it must be possible. The state before the last step, and
/// the one after it.
fn play(machine: &Machine, schedule: &[Transition], place: &str) -> (State, State) {
    let mut before = State::start(machine);
    let mut state = before.clone();
    for &transition in schedule {
        before = state.clone();
        let mut possible = enabled(machine, &state);
        assert!(
            possible.any(|it| it == transition),
            "{place}: {transition:?}"
        );
        step(machine, &mut state, transition, &mut ());
    }
    (before, state)
}

/// Whether a schedule ends where this outcome shows for the first time.
fn ends_in(
    full: &Explorer,
    machine: &Machine,
    outcome: Outcome,
    (before, after): &(State, State),
) -> bool {
    let has = |bit| after.flags.has(bit) && (before == after || !before.flags.has(bit));
    match outcome {
        Outcome::Ok => after.is_finished() && after.flags == StateFlags(0),
        Outcome::ExtraKill => after.kills(machine) >= 2,
        Outcome::Oops => has(StateFlags::OOPS),
        Outcome::Corrupt => has(StateFlags::CORRUPT),
        Outcome::Panic => has(StateFlags::PANIC),
        Outcome::WrongErrno => has(StateFlags::WRONG_ERRNO),
        Outcome::Stall => full.is_stalled(after),
        Outcome::Lockup | Outcome::Hang => {
            let hangs = outcome == Outcome::Hang;
            let shows = |state: &State| {
                let kind = full.lockup_kind(state);
                kind.is_some_and(|kind| (kind == LockupKind::Hang) == hangs)
            };
            shows(after) && (before == after || !shows(before))
        }
    }
}

fn compare(name: &str, machine: &Machine, full: &Explorer, reductions: Reductions) -> Option<()> {
    let place = format!("{name} {reductions:?}");
    let reduced = search(machine, reductions)?;
    assert!(
        reduced.progress().states <= full.progress().states,
        "{place}"
    );
    assert_eq!(reduced.outcomes(), full.outcomes(), "{place}");
    assert_eq!(reduced.kills_max(), full.kills_max(), "{place}");
    for state in states(machine) {
        assert_eq!(
            reduced.class(&state),
            full.class(&state),
            "{place}: {state:?}"
        );
        let kinds = [&reduced, full].map(|it| it.lockup_kind(&state));
        assert_eq!(kinds[0], kinds[1], "{place}: {state:?}");
        let stalled = [&reduced, full].map(|it| it.is_stalled(&state));
        assert_eq!(stalled[0], stalled[1], "{place}: {state:?}");
    }
    for outcome in full.outcomes() {
        let place = format!("{place} {}", outcome.word());
        let schedule = reduced.witness(outcome).expect("reachable");
        let shortest = full.witness(outcome).expect("reachable");
        assert!(schedule.len() >= shortest.len(), "{place}");
        if !reductions.partial_order {
            assert_eq!(schedule.len(), shortest.len(), "{place}");
        }
        let ends = play(machine, &schedule, &place);
        assert!(
            ends_in(full, machine, outcome, &ends),
            "{place}: {schedule:?}"
        );
    }
    Some(())
}

/// States beyond which a mix of a scenario is not searched twice.
const SCENARIO_MAX: u32 = 6_000;
/// States of the largest mix that has a pin.
const PINNED_MAX: u32 = 4_000_000;

/// What a search without reductions comes to.
struct Unreduced {
    outcomes: Vec<String>,
    kills_max: Option<u8>,
}

fn words(found: &Explorer) -> Vec<String> {
    let all = found.outcomes().into_iter();
    all.map(|it| it.word().to_owned()).collect()
}

impl Unreduced {
    /// By searching, if there are few enough states.
    fn searched(machine: &Machine) -> Option<Unreduced> {
        let full = search_up_to(machine, Reductions::NONE, SCENARIO_MAX)?;
        Some(Unreduced {
            outcomes: words(&full),
            kills_max: Some(full.kills_max()),
        })
    }

    /// As it is pinned; `tests/scenarios.rs` holds the pins against searches without reductions.
    fn pinned(pins: &str, case: &str) -> Option<Unreduced> {
        let line = pins.lines().find_map(|line| line.strip_prefix(case))?;
        let outcomes = line.strip_prefix(": ")?.split(", ").skip(2);
        let word = |it: &str| it.split(' ').next().map(str::to_owned);
        Some(Unreduced {
            outcomes: outcomes.filter_map(word).collect(),
            kills_max: None,
        })
    }
}

/// Every scenario, every mix of its patches, every rule: the verdict itself. [`compare`] looks
/// closer, at fewer machines. What is too large to be searched twice here is held against its
/// pin; what is too large for a pin, or under a rule that its file does not speak of, is left.
#[test]
fn reductions_change_no_verdict_of_a_scenario() {
    let (mut compared, mut pinned, mut left) = (0, 0, 0);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/scenarios/pins");
    for builtin in BUILTIN {
        let scenario = parse(builtin.text).scenario.expect("parsed");
        let pins = match scenario.bound {
            // Too large to be pinned.
            Some(_) => String::new(),
            None => fs::read_to_string(folder.join(format!("{}.txt", builtin.id))).expect("pinned"),
        };
        for mix in scenario.combinations() {
            for (rule, rules) in rules::WORDS {
                let case = format!("{rule} {}", scenario.combination_in_words(mix));
                let machine = machine(&scenario, mix, rules);
                let (full, most) = match Unreduced::searched(&machine) {
                    Some(full) => {
                        compared += 1;
                        (full, SCENARIO_MAX)
                    }
                    None => match Unreduced::pinned(&pins, &case) {
                        Some(full) => {
                            pinned += 1;
                            (full, PINNED_MAX)
                        }
                        None => {
                            let spoken_of = pins.lines().any(|it| it.starts_with(rule));
                            assert!(!spoken_of, "{}: {case} has no pin", builtin.id);
                            left += 1;
                            continue;
                        }
                    },
                };
                for reductions in [Reductions::SYMMETRY, Reductions::ALL] {
                    let place = format!("{} {case} {reductions:?}", builtin.id);
                    let reduced = search_up_to(&machine, reductions, most);
                    let reduced = reduced.unwrap_or_else(|| panic!("{place}: larger"));
                    assert_eq!(words(&reduced), full.outcomes, "{place}");
                    if let Some(kills_max) = full.kills_max {
                        assert_eq!(reduced.kills_max(), kills_max, "{place}");
                    }
                }
            }
        }
    }
    println!("{compared} searched twice, {pinned} held against their pins, {left} left");
    assert!(compared > 1_000, "only {compared} were small enough");
    assert!(pinned > 100, "only {pinned} are pinned");
}

#[test]
fn reductions_change_no_verdict() {
    let mut compared = 0;
    let mut smaller = 0;
    each_machine(MACHINES / 2, |name, machine| {
        let Some(full) = search(machine, Reductions::NONE) else {
            return;
        };
        for reductions in [Reductions::SYMMETRY, Reductions::ALL] {
            compare(name, machine, &full, reductions).expect("not larger");
        }
        compared += 1;
        let reduced = search(machine, Reductions::ALL).expect("not larger");
        smaller += u32::from(reduced.progress().states < full.progress().states);
    });
    println!("{compared} machines, {smaller} of them smaller");
    assert!(
        compared > 3_000,
        "only {compared} machines were small enough"
    );
    assert!(smaller > compared / 5, "only {smaller} became smaller");
}
