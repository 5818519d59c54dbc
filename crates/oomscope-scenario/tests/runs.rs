//! Runs: their text, reaching any step, and the walk that chooses steps.

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{KillerWindow, Machine, Parking, Rules, Timing};
use oomscope_model::patches::PatchId;
use oomscope_model::state::State;
use oomscope_model::step::{act, enabled, step};
use oomscope_model::transition::{Act, Move};
use oomscope_scenario::builtin::BUILTIN;
use oomscope_scenario::parse::parse;
use oomscope_scenario::replay::Replay;
use oomscope_scenario::run::{MOVES_MAX, Run};
use oomscope_scenario::scenario::Scenario;
use oomscope_scenario::walk::Walk;

fn own() -> Scenario {
    parse(include_str!("own-scenario.toml")).scenario.unwrap()
}

/// A machine that never comes to rest: the victim waits for a lock whose holder loops in
/// the allocator, and nobody parks.
fn restless() -> Machine {
    let mut machine = own().machine;
    let reaper = PatchId::named("oom-reaper").unwrap();
    machine.patches = machine.patches.with(reaper, false);
    machine.kernel = Kernel::of(machine.patches);
    machine.rules = Rules {
        timing: Timing::Adversarial,
        killer_window: KillerWindow::Closed,
        parking: Parking::Off,
    };
    machine
}

/// Walks up to `steps` steps, with some acts in between.
fn walked(machine: Machine, seed: u32, steps: usize) -> Replay {
    let walk = Walk {
        seed,
        lead: Vec::new(),
    };
    let patch = PatchId::named("killable-writers").unwrap();
    let mut replay = Replay::new(machine);
    while replay.len() < steps {
        if replay.len() % 150 == 149 {
            let on = !replay.tip_machine().patches.has(patch);
            replay.push(Move::Act(Act::Switch { patch, on })).unwrap();
            continue;
        }
        match walk.next(replay.tip_machine(), replay.tip(), replay.moves()) {
            Some(next) => drop(replay.push(Move::Step(next)).unwrap()),
            None => break,
        }
    }
    replay
}

#[test]
fn a_run_survives_its_text() {
    let machine = own().machine;
    let text = "vhost-900*3 db-checkpoint cc1*9 +killable-writers -oom-reaper kill:cc1 pages:4 pages:4 cc1";
    let run = Run::parse(&machine, text).unwrap();
    assert_eq!(run.moves.len(), 19);
    assert_eq!(run.print(&machine), text);
    for (text, complaint) in [
        (
            "cc1 cc2",
            r#"line 1: unknown task "cc2"; did you mean "cc1"?"#,
        ),
        (
            "cc1\n +oom-reapr",
            r#"line 2: unknown patch "oom-reapr"; did you mean "oom-reaper"?"#,
        ),
        (
            "cc1*0",
            r#"line 1: "0" is not a number of steps from 1 to 100000"#,
        ),
        ("cc1*99999 cc1*2", "line 1: a run has at most 100000 steps"),
        (
            "pages:0",
            r#"line 1: "0" is not a number of pages from 1 to 255"#,
        ),
        (
            "kill:kworker",
            "line 1: kworker is a kernel thread and cannot be killed",
        ),
    ] {
        assert_eq!(
            Run::parse(&machine, text).unwrap_err().to_string(),
            complaint
        );
    }
}

#[test]
fn every_step_of_a_replay_is_the_one_that_was_walked() {
    for seed in 0..4 {
        let replay = walked(restless(), seed, 400);
        assert_eq!(replay.len(), 400);
        let mut machine = restless();
        let mut state = State::start(&machine);
        for (at, &entry) in replay.moves().iter().enumerate() {
            assert_eq!(
                (replay.machine_at(at), replay.state(at)),
                (machine.clone(), state.clone()),
                "{at}"
            );
            let mut events = Vec::new();
            match entry {
                Move::Step(transition) => step(&machine, &mut state, transition, &mut events),
                Move::Act(wanted) => act(&mut machine, &mut state, wanted, &mut events).unwrap(),
            }
            assert_eq!(replay.events(at), events, "{at}");
        }
        assert_eq!(
            (replay.tip_machine(), replay.tip().clone()),
            (&machine, state)
        );
        let text = Run {
            moves: replay.moves().to_vec(),
        }
        .print(&machine);
        let mut again = Replay::new(restless());
        again
            .extend(Run::parse(&machine, &text).unwrap().moves)
            .unwrap();
        assert_eq!(again.tip(), replay.tip());
        for cut in [399, 257, 256, 255, 64, 1, 0] {
            let (expected_machine, expected) = replay.at(cut);
            again.truncate(cut);
            assert_eq!((again.len(), again.tip().clone()), (cut, expected));
            assert_eq!(*again.tip_machine(), expected_machine);
        }
        again.extend(replay.moves().iter().copied()).unwrap();
        assert_eq!(again.tip(), replay.tip());
    }
}

#[test]
fn an_impossible_move_is_a_value() {
    let machine = own().machine;
    let run = Run::parse(&machine, "db kworker db").unwrap();
    let mut replay = Replay::new(machine);
    let diverged = replay.extend(run.moves).unwrap_err();
    assert_eq!(diverged.to_string(), "step 1: kworker cannot move here");
    assert_eq!(replay.len(), 1);
    let reaper = PatchId::named("oom-reaper").unwrap();
    let clear = PatchId::named("reap-twice").unwrap();
    assert!(
        replay
            .push(Move::Act(Act::Switch {
                patch: PatchId(200),
                on: true
            }))
            .is_err()
    );
    assert!(
        replay
            .push(Move::Act(Act::Switch {
                patch: clear,
                on: true
            }))
            .is_err()
    );
    assert!(
        replay
            .push(Move::Act(Act::Switch {
                patch: reaper,
                on: false
            }))
            .is_ok()
    );
}

#[test]
fn a_long_run_is_small_and_ends_at_its_bound() {
    let replay = walked(restless(), 7, MOVES_MAX);
    assert_eq!(replay.len(), MOVES_MAX);
    let next = enabled(replay.tip_machine(), replay.tip()).next().unwrap();
    let mut full = replay.clone();
    assert!(full.push(Move::Step(next)).is_err());
    let bytes = MOVES_MAX * size_of::<Move>() + MOVES_MAX / 64 * (size_of::<State>() + 8);
    assert!(bytes < 100 << 20, "{bytes}");
    println!(
        "{} bytes of state, {bytes} bytes of replay",
        size_of::<State>()
    );
    // A seek replays less than one stride: the bench of this crate measures it.
    let last = replay.state(MOVES_MAX - 1);
    assert_eq!(replay.at(MOVES_MAX - 1).1, last);
}

#[test]
fn a_walk_is_the_same_every_time_and_starves_nobody() {
    let walk = Walk {
        seed: 3,
        lead: Vec::new(),
    };
    let mut replay = Replay::new(restless());
    let mut waiting = vec![0_usize; replay.tip_machine().tasks.len()];
    for _ in 0..3000 {
        let (machine, state) = (replay.tip_machine(), replay.tip().clone());
        let Some(next) = walk.next(machine, &state, replay.moves()) else {
            break;
        };
        assert_eq!(walk.next(machine, &state, replay.moves()), Some(next));
        let possible: Vec<_> = enabled(machine, &state).collect();
        for (task, waits) in waiting.iter_mut().enumerate() {
            let could = possible.iter().any(|t| t.0.0 as usize == task);
            *waits = if could && next.0.0 as usize != task {
                *waits + 1
            } else {
                0
            };
            assert!(*waits <= 200, "task {task} starves");
        }
        replay.push(Move::Step(next)).unwrap();
    }
    assert_eq!(replay.len(), 3000);
}

#[test]
fn a_walk_begins_with_the_lead_and_leaves_it_for_good() {
    let machine = own().machine;
    let lead = |text: &str| {
        let moves = Run::parse(&machine, text).unwrap().moves;
        moves.into_iter().map(|entry| match entry {
            Move::Step(transition) => transition,
            Move::Act(_) => unreachable!(),
        })
    };
    let follow = |text: &str, steps: usize| {
        let walk = Walk {
            seed: 1,
            lead: lead(text).collect(),
        };
        let mut replay = Replay::new(machine.clone());
        for _ in 0..steps {
            let next = walk
                .next(replay.tip_machine(), replay.tip(), replay.moves())
                .unwrap();
            replay.push(Move::Step(next)).unwrap();
        }
        Run {
            moves: replay.moves().to_vec(),
        }
        .print(&machine)
    };
    assert_eq!(follow("db flusher*2 cc1", 4), "db flusher*2 cc1");
    // kworker cannot move, so the seed goes on, and never comes back to the lead.
    let with_gap = follow("db kworker db", 3);
    assert!(with_gap.starts_with("db"), "{with_gap}");
    assert_eq!(with_gap, follow("db kworker cc1*9", 3));
}

#[test]
fn every_builtin_walks_and_its_markers_are_found() {
    for builtin in BUILTIN {
        let scenario = builtin.scenario().unwrap();
        let walk = Walk::of(&scenario);
        let mut replay = Replay::new(scenario.machine.clone());
        while replay.len() < 2000 {
            match walk.next(replay.tip_machine(), replay.tip(), replay.moves()) {
                Some(next) => drop(replay.push(Move::Step(next)).unwrap()),
                None => break,
            }
        }
        let markers = replay.markers(&scenario.markers);
        println!(
            "{}: {} steps, markers {markers:?}",
            builtin.id,
            replay.len()
        );
        println!(
            "{}",
            Run {
                moves: replay.moves().to_vec()
            }
            .print(&scenario.machine)
        );
    }
}
