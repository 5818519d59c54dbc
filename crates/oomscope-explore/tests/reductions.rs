//! Reductions change no verdict: equal tasks commute with every step, on every state of
//! every scenario and of generated machines; and a naive search over stand-ins comes to what
//! the search over all states comes to.

use std::collections::HashMap;

use oomscope_explore::ample::{self, Static};
use oomscope_explore::symmetry::{Symmetry, Watch};
use oomscope_model::kernel::{Kernel, page_alloc};
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
/// Runs by lot, and how long one is at most.
const RUNS: usize = 10;
const STEPS_MAX: usize = 150;

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
    let mut found = vec![start];
    let mut meet = |found: &mut Vec<State>, state: State, transition: Transition| {
        let mut next = state;
        step(machine, &mut next, transition, &mut ());
        if seen.insert(key(&next), ()).is_none() {
            found.push(next);
        }
        next
    };
    let mut at = 0;
    while at < found.len() && found.len() < STATES_MAX {
        let state = found[at];
        at += 1;
        for transition in enabled(machine, &state) {
            meet(&mut found, state, transition);
        }
    }
    let mut dice = Dice(1);
    for _ in 0..RUNS {
        let mut state = start;
        for _ in 0..STEPS_MAX {
            let possible: Vec<Transition> = enabled(machine, &state).collect();
            if possible.is_empty() || found.len() > 3 * STATES_MAX {
                break;
            }
            let drawn = possible[dice.roll(possible.len() as u64) as usize];
            state = meet(&mut found, state, drawn);
        }
    }
    found
}

/// Every machine that the laws are held against: each scenario under its rules with none,
/// half and all of its patches, and generated ones.
fn each_machine(mut test: impl FnMut(&str, &Machine)) {
    for builtin in BUILTIN {
        let scenario = parse(builtin.text).scenario.expect("parsed");
        let combinations = scenario.combinations();
        for (word, rules) in rules::WORDS {
            for at in [0, combinations.len() / 2, combinations.len() - 1] {
                let mut machine = scenario.machine.clone();
                machine.patches = combinations[at];
                machine.kernel = Kernel::of(machine.patches);
                machine.rules = rules;
                test(&format!("{} {word} {at}", builtin.id), &machine);
            }
        }
    }
    for seed in 0..400 {
        let machine = generate(&mut Dice(seed * 2 + 1));
        test(&format!("seed {seed}"), &machine);
        let strange = odd(machine.clone(), &mut Dice(seed * 2 + 7));
        test(&format!("odd {seed}"), &strange);
        test(&format!("alike {seed}"), &alike(machine));
    }
}

#[test]
fn exchanging_equal_tasks_commutes_with_every_step() {
    let mut checked = 0;
    each_machine(|name, machine| {
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
                let mut after = state;
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
    each_machine(|name, machine| {
        let fixed = Static::of(machine);
        let named = |state: &State| -> Vec<TaskId> {
            let tasks = machine.task_ids();
            tasks
                .filter(|&task| ample::is_indifferent(machine, &fixed, state, task))
                .collect()
        };
        let after = |state: &State, task: TaskId| {
            assert!(
                enabled(machine, state).any(|it| it.0 == task),
                "{name}: {task:?} cannot move in {state:?}"
            );
            let mut next = *state;
            step(machine, &mut next, Transition(task), &mut ());
            next
        };
        for state in states(machine) {
            if ample::choose(machine, &fixed, &state).is_none() {
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
                    if first.flags.has(StateFlags::PANIC) {
                        let [mut one, other] = [&first, &last].map(|it| marks(machine, it));
                        // Nothing runs any more, so it is as good as finished.
                        one.3 = other.3;
                        assert_eq!(one, other, "{place}");
                        continue;
                    }
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
