//! How fast states are found. `cargo bench -p oomscope-explore`
//!
//! Each row explores one scenario to the end; states per second is states (see
//! `assets/scenarios/pins`) divided by the median time, which the last column shows as
//! items per second.

use divan::{Bencher, counter::ItemsCount};
use oomscope_explore::Explorer;
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{Machine, Timing};
use oomscope_model::patches::PatchId;
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_scenario::builtin::Builtin;

fn main() {
    divan::main();
}

fn machine(id: &str, on: &[&str], timing: Timing) -> Machine {
    let scenario = Builtin::named(id)
        .and_then(Builtin::scenario)
        .expect("built in");
    let mut machine = scenario.machine;
    for patch in on {
        let patch = PatchId::named(patch).expect("in the table");
        machine.patches = machine.patches.with(patch, true);
    }
    machine.kernel = Kernel::of(machine.patches);
    machine.rules.timing = timing;
    machine
}

fn explore(machine: &Machine) -> u32 {
    let mut explorer = Explorer::new(machine, &State::start(machine));
    while !explorer.advance(u32::MAX).done {}
    explorer.progress().states
}

const CASES: [(&str, &[&str], Timing); 3] = [
    ("writer-in-queue", &[], Timing::SleepsAreLong),
    (
        "writer-in-queue",
        &["killable-writers", "clear-mark", "reap-twice"],
        Timing::Adversarial,
    ),
    (
        "writer-in-queue-pinned",
        &["killable-writers", "clear-mark", "reap-twice"],
        Timing::Adversarial,
    ),
];

#[divan::bench(args = [0, 1, 2], sample_count = 10)]
fn exploration(bencher: Bencher, case: usize) {
    let (id, on, timing) = CASES[case];
    let machine = machine(id, on, timing);
    let states = explore(&machine);
    bencher
        .counter(ItemsCount::new(states))
        .bench_local(|| explore(&machine));
}

/// One transition with nobody watching.
#[divan::bench]
fn one_step(bencher: Bencher) {
    let machine = machine("writer-in-queue", &[], Timing::SleepsAreLong);
    let start = State::start(&machine);
    let first = enabled(&machine, &start).next().expect("something moves");
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let mut state = start.clone();
        step(&machine, &mut state, first, &mut ());
        state
    });
}
