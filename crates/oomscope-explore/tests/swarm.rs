//! A swarm claims nothing that the exact search does not find, and everything if it is let.

use oomscope_explore::swarm::{SAMPLE, Swarm, distinct};
use oomscope_explore::{Class, Explorer, LockupKind, Outcome};
use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{Machine, Timing};
use oomscope_model::patches::PatchId;
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_scenario::builtin::Builtin;

mod machines;

use machines::{Dice, alike, generate};

/// The exact search, unless the machine is too large for this test.
fn explored(machine: &Machine, states_max: u32) -> Option<Explorer> {
    let mut explorer = Explorer::new(machine, &State::start(machine));
    explorer.advance(states_max).done.then_some(explorer)
}

/// Replays every schedule of the swarm and looks at where it ends.
fn holds(machine: &Machine, swarm: &Swarm, exact: &Explorer) {
    let all = exact.outcomes();
    assert!(swarm.kills_max() <= exact.kills_max());
    for outcome in swarm.outcomes() {
        assert!(all.contains(&outcome), "{outcome:?} is not among {all:?}");
        let mut state = State::start(machine);
        for transition in swarm.witness(outcome).expect("a schedule") {
            assert!(enabled(machine, &state).any(|other| other == transition));
            step(machine, &mut state, transition, &mut ());
        }
        let doomed = exact.class(&state) == Some(Class::Doomed);
        let hangs = exact.lockup_kind(&state) == Some(LockupKind::Hang);
        match outcome {
            Outcome::Ok => assert!(state.is_finished()),
            Outcome::ExtraKill => assert!(state.kills(machine) >= 2),
            Outcome::Lockup => assert!(doomed && !hangs),
            Outcome::Hang => assert!(doomed && hangs),
            _ => {}
        }
    }
}

#[test]
fn on_generated_machines_it_comes_to_the_same() {
    let mut dice = Dice(7);
    let mut looked_at = 0;
    for round in 0..60 {
        let machine = alike(generate(&mut dice));
        let Some(exact) = explored(&machine, 5_000) else {
            continue;
        };
        let start = State::start(&machine);
        for shard in 0..3 {
            let mut swarm = Swarm::new(&machine, &start, round, shard);
            // As it goes.
            for _ in 0..6 {
                swarm.advance(20);
                holds(&machine, &swarm, &exact);
            }
            while !swarm.advance(10_000).done {}
            holds(&machine, &swarm, &exact);
            assert_eq!(swarm.progress().states, exact.progress().states);
            assert_eq!(swarm.kills_max(), exact.kills_max());
            let shown = |outcome: &Outcome| {
                !matches!(outcome, Outcome::Lockup | Outcome::Hang | Outcome::Stall)
            };
            let seen = swarm.outcomes().into_iter().filter(shown);
            assert!(seen.eq(exact.outcomes().into_iter().filter(shown)));
        }
        looked_at += 1;
    }
    assert!(looked_at > 20, "{looked_at}");
}

/// `writer-in-queue` with killable writers, under adversarial timing: several bursts.
fn large() -> Machine {
    let scenario = Builtin::named("writer-in-queue").and_then(Builtin::scenario);
    let mut machine = scenario.expect("built in").machine;
    let patch = PatchId::named("killable-writers").expect("in the table");
    machine.patches = machine.patches.with(patch, true);
    machine.kernel = Kernel::of(machine.patches);
    machine.rules.timing = Timing::Adversarial;
    machine
}

#[test]
fn over_many_bursts_too() {
    let machine = large();
    let exact = explored(&machine, 200_000).expect("it is small enough");
    let start = State::start(&machine);
    let mut lockups = 0;
    for shard in 0..4 {
        let mut swarm = Swarm::new(&machine, &start, 1, shard);
        while swarm.progress().states < exact.progress().states / 3 && !swarm.advance(1000).done {}
        println!(
            "{:?} {:?} of {:?}",
            swarm.progress(),
            swarm.outcomes(),
            exact.progress()
        );
        holds(&machine, &swarm, &exact);
        lockups += u32::from(swarm.outcomes().contains(&Outcome::Lockup));
        while !swarm.advance(100_000).done {}
        assert_eq!(swarm.progress().states, exact.progress().states);
    }
    assert!(lockups > 0);
}

#[test]
fn the_same_numbers_make_the_same_search() {
    let machine = large();
    let start = State::start(&machine);
    let search = |seed, shard, slice| {
        let mut swarm = Swarm::new(&machine, &start, seed, shard);
        for _ in 0..6000 / slice {
            swarm.advance(slice);
        }
        (swarm.progress(), swarm.sample(), swarm.witness(Outcome::Ok))
    };
    assert_eq!(search(3, 1, 6000), search(3, 1, 10));
    assert_ne!(search(3, 1, 6000).1, search(3, 2, 6000).1);
    assert_ne!(search(3, 1, 6000).1, search(4, 1, 6000).1);
}

#[test]
fn samples_tell_the_overlap() {
    let machine = large();
    let start = State::start(&machine);
    let searches: Vec<Swarm> = (0..3)
        .map(|shard| {
            let mut swarm = Swarm::new(&machine, &start, 1, shard);
            while !swarm.advance(1000).done && swarm.progress().states < 4000 {}
            swarm
        })
        .collect();
    let samples: Vec<Vec<u64>> = searches.iter().map(Swarm::sample).collect();
    assert!(samples.iter().all(|sample| sample.len() == SAMPLE));
    let states = |at: usize| searches[at].progress().states;
    let one = [(states(0), samples[0].as_slice())];
    let same = [one[0], one[0]];
    assert_eq!(distinct(&one), u64::from(states(0)));
    assert_eq!(distinct(&same), u64::from(states(0)));
    let all: Vec<(u32, &[u64])> = (0..3)
        .map(|at| (states(at), samples[at].as_slice()))
        .collect();
    let together = distinct(&all);
    let sum = u64::from(states(0) + states(1) + states(2));
    assert!(together > u64::from(states(0)) && together < sum);
}
