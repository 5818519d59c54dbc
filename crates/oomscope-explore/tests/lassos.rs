//! Lassos, explanations and maps of every built-in scenario, replayed step by step.

use oomscope_explore::{Class, Explorer, Lasso, LockupKind, Outcome};
use oomscope_model::machine::{Machine, Parking};
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_model::transition::Transition;
use oomscope_scenario::builtin::{BUILTIN, Builtin};
use oomscope_scenario::parse::parse;
use oomscope_scenario::rules;

/// Searches up to this many states are judged here; `tests/scenarios.rs` does the large ones.
const STATES_MAX: u32 = 30_000;

/// The same where every mix is searched.
const MIX_STATES_MAX: u32 = 4_000;

/// The scenarios as their files set them up, searched to the end.
fn searched(parking: Parking) -> Vec<(&'static str, Machine, Explorer)> {
    let mut all = Vec::new();
    for builtin in BUILTIN {
        let scenario = builtin.scenario().expect("built-in scenarios parse");
        let mut machine = scenario.machine;
        machine.rules.parking = parking;
        let mut explorer = Explorer::new(&machine, &State::start(&machine));
        if explorer.advance(STATES_MAX).done {
            all.push((builtin.id, machine, explorer));
        }
    }
    all
}

/// Plays a schedule from the start; every step must be enabled.
fn played(machine: &Machine, schedule: &[Transition]) -> State {
    let mut state = State::start(machine);
    for &transition in schedule {
        assert!(enabled(machine, &state).any(|other| other == transition));
        step(machine, &mut state, transition, &mut ());
    }
    state
}

fn goes_round(machine: &Machine, lasso: &Lasso, explorer: &Explorer) -> Class {
    let start = played(machine, &lasso.stem);
    let mut state = start.clone();
    for _ in 0..3 {
        lasso.lap(machine, &mut state, &mut ());
        assert!(state == start, "a lap ends elsewhere");
    }
    assert_eq!(lasso.kills, 0);
    explorer.class(&start).expect("searched")
}

/// What a lockup of this machine is, where it begins.
fn kind(machine: &Machine, explorer: &Explorer) -> Option<LockupKind> {
    let witness = explorer.witness(Outcome::Lockup)?;
    explorer.lockup_kind(&played(machine, &witness))
}

/// Every small mix of every scenario, under all rules, searched to the end.
fn every_mix(mut look: impl FnMut(&str, &Machine, &Explorer)) {
    for builtin in BUILTIN {
        let scenario = builtin.scenario().expect("built-in scenarios parse");
        for mix in scenario.combinations() {
            for (word, rules) in rules::WORDS {
                let machine = oomscope_judge::machine(&scenario, mix, rules);
                let mut explorer = Explorer::new(&machine, &State::start(&machine));
                if explorer.advance(MIX_STATES_MAX).done {
                    let mix = scenario.combination_in_words(mix);
                    look(
                        &format!("{} {word}, {mix}", builtin.id),
                        &machine,
                        &explorer,
                    );
                }
            }
        }
    }
}

/// A lap may leave out nobody who could move all the way round: else it would be starvation.
#[test]
fn every_livelock_has_a_fair_lasso_and_nothing_else_has_one() {
    let mut livelocks = 0;
    every_mix(|id, machine, explorer| {
        let lasso = explorer.livelock();
        if kind(machine, explorer) == Some(LockupKind::Livelock) {
            livelocks += 1;
            let lasso = lasso.unwrap_or_else(|| panic!("{id}: a livelock without a lasso"));
            assert_eq!(goes_round(machine, &lasso, explorer), Class::Doomed, "{id}");
            assert_eq!(lasso.starved, [], "{id}");
        } else {
            assert_eq!(lasso, None, "{id}");
        }
    });
    assert!(livelocks > 200, "{livelocks}");
}

/// Without parking, whoever retries while somebody else could help goes round as well, but
/// only as long as the other never runs.
#[test]
fn starvation_is_not_livelock() {
    let (mut livelocks, mut starvations) = (0, 0);
    for (id, machine, explorer) in searched(Parking::Off) {
        if kind(&machine, &explorer) == Some(LockupKind::Livelock) {
            livelocks += 1;
            let lasso = explorer.livelock().expect("a livelock goes round");
            assert_eq!(
                goes_round(&machine, &lasso, &explorer),
                Class::Doomed,
                "{id}"
            );
            assert_eq!(lasso.starved, [], "{id}");
        }
        if let Some(lasso) = explorer.starvation() {
            starvations += 1;
            assert_ne!(
                goes_round(&machine, &lasso, &explorer),
                Class::Doomed,
                "{id}"
            );
            assert_ne!(lasso.starved, [], "{id}: fair, and yet not doomed");
        }
    }
    assert!(livelocks > 20 && starvations > 20);
}

/// With parking on the starvation that is left is the declared one: allocators retry, and
/// whoever could end that gets no CPU.
#[test]
fn a_stall_goes_round_until_the_starved_get_a_cpu() {
    let mut stalls = 0;
    for (id, machine, explorer) in searched(Parking::On) {
        let stall = explorer.witness(Outcome::Stall);
        let lasso = explorer.starvation();
        assert_eq!(stall.is_some(), lasso.is_some(), "{id}");
        let Some(lasso) = lasso else {
            continue;
        };
        stalls += 1;
        let class = goes_round(&machine, &lasso, &explorer);
        assert_ne!(class, Class::Doomed, "{id}");
        assert!(explorer.is_stalled(&played(&machine, &lasso.stem)), "{id}");
        assert_ne!(lasso.starved, [], "{id}");
        assert!(lasso.cycle.iter().all(|it| !lasso.starved.contains(&it.0)));
    }
    assert!(stalls > 0);
}

/// Somebody wants memory, and nobody will ever move again.
#[test]
fn a_deadlock_is_not_a_livelock() {
    let builtin = Builtin::named("oom-notifier-blocks").expect("built in");
    let text = builtin
        .text
        .replace("alloc_page GFP_KERNEL 2   #", "wait_for cc1_done #")
        .replace("page_fault cc1 2", "page_fault cc1 2\ncomplete cc1_done");
    let scenario = parse(&text).scenario.expect("still a scenario");
    let machine = scenario.machine;
    let mut explorer = Explorer::new(&machine, &State::start(&machine));
    assert!(explorer.advance(STATES_MAX).done);
    assert_eq!(kind(&machine, &explorer), Some(LockupKind::Deadlock));
    assert_eq!(explorer.livelock(), None);
}

#[test]
fn a_good_run_parts_from_the_witness_at_the_last_state_from_which_it_can() {
    let mut explained = 0;
    for (id, machine, explorer) in searched(Parking::On) {
        for outcome in explorer.outcomes() {
            let Some(why) = explorer.explain(outcome) else {
                continue;
            };
            explained += 1;
            assert_eq!(
                why.witness[..why.parts_at],
                why.good[..why.parts_at],
                "{id}"
            );
            assert_ne!(why.witness[why.parts_at], why.good[why.parts_at], "{id}");
            let end = played(&machine, &why.good);
            assert!(end.is_finished(), "{id}: the good run does not finish");
            if outcome == Outcome::Lockup {
                let wrong = played(&machine, &why.witness[..=why.parts_at]);
                assert_eq!(explorer.class(&wrong), Some(Class::Doomed), "{id}");
                let fork = played(&machine, &why.witness[..why.parts_at]);
                assert_eq!(explorer.class(&fork), Some(Class::AtRisk), "{id}");
            }
            if let Some(step) = why.harmless_after {
                assert!(step >= why.parts_at && step < why.good.len(), "{id}");
                let harmless = played(&machine, &why.good[..=step]);
                let free = explorer.class(&harmless) == Some(Class::Free);
                assert!(outcome != Outcome::Lockup || why.only == free, "{id}");
            }
            // A run that goes on after it has come to it is explained by the same step.
            let mut longer = why.witness.clone();
            let end = played(&machine, &longer);
            longer.extend(enabled(&machine, &end).next());
            let again = explorer.explain_run(outcome, longer.clone());
            match outcome {
                // Whoever stalls may get out again.
                Outcome::Stall => {}
                _ => assert_eq!(again.map(|it| it.parts_at), Some(why.parts_at), "{id}"),
            }
        }
    }
    assert!(explained > 30);
}

/// A stall ends, so it must be told apart from the runs that end without one.
#[test]
fn a_stall_is_held_against_a_run_that_never_stalls() {
    let mut explained = 0;
    for (id, machine, explorer) in searched(Parking::On) {
        let Some(why) = explorer.explain(Outcome::Stall) else {
            continue;
        };
        explained += 1;
        for length in 0..=why.good.len() {
            let state = played(&machine, &why.good[..length]);
            assert!(!explorer.is_stalled(&state), "{id}: step {length}");
        }
        let wrong = played(&machine, &why.witness[..=why.parts_at]);
        assert!(explorer.is_stalled(&wrong), "{id}");
    }
    assert!(explained > 0);
}

#[test]
fn a_map_has_every_state_at_its_distance_from_the_start() {
    for (id, machine, explorer) in searched(Parking::On).into_iter().take(12) {
        let map = explorer.map(STATES_MAX).expect("small enough");
        assert_eq!(map.spots.len() as u32, explorer.progress().states, "{id}");
        assert!(explorer.map(map.spots.len() as u32 - 1).is_none());
        for &(from, to) in &map.arrows {
            let [from, to] = [from, to].map(|spot| map.spots[spot as usize]);
            assert!(to.depth <= from.depth + 1, "{id}");
            assert!(
                from.class != Class::Doomed || to.class == Class::Doomed,
                "{id}"
            );
            assert!(from.class != Class::Free || to.class == Class::Free, "{id}");
        }
        for spot in (0..map.spots.len() as u32).step_by(37) {
            let path = explorer.path_to_spot(spot).expect("on the map");
            assert_eq!(path.len() as u32, map.spots[spot as usize].depth, "{id}");
            assert_eq!(explorer.spot(&played(&machine, &path)), Some(spot), "{id}");
        }
    }
}

/// A search may begin in the middle of a run, where tasks stand in queues.
#[test]
fn a_search_begins_where_tasks_are_queued() {
    let builtin = BUILTIN.iter().find(|it| it.id == "writer-in-queue");
    let scenario = builtin.expect("built in").scenario().expect("parsed");
    let machine = scenario.machine;
    let mut whole = Explorer::new(&machine, &State::start(&machine));
    while !whole.advance(1_000).done {}
    let mut state = State::start(&machine);
    let mut queued = 0;
    for next in scenario.lead.expect("a lead").steps {
        step(&machine, &mut state, next, &mut ());
        let mut here = Explorer::new(&machine, &state);
        while !here.advance(1_000).done {}
        assert_eq!(here.class(&state), whole.class(&state));
        let is_queued = |run| matches!(run, oomscope_model::state::Run::Queued { .. });
        queued += usize::from(state.tasks().any(|(_, task)| is_queued(task.run)));
    }
    assert!(queued > 3);
}
