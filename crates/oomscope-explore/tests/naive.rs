//! A second opinion: a naive checker that shares nothing with the explorer but the step
//! function, held against it on a thousand generated machines, half of them odd. Same outcomes, same
//! witness lengths, same number of states in each region; and the same outcomes when
//! fruitless rounds spin instead of parking.

use std::collections::{HashMap, VecDeque};

use oomscope_explore::{Class, Explorer, LockupKind, Outcome};
use oomscope_model::kernel::page_alloc;
use oomscope_model::machine::{Machine, Parking, Timing};
use oomscope_model::state::{State, StateFlags};
use oomscope_model::step::{enabled, is_starved, step};
use oomscope_model::words::WORDS_MAX;

mod machines;

use machines::odd::odd;
use machines::{Dice, generate};

/// States beyond which a generated machine is too large for the naive checker.
const STATES_MAX: usize = 1_200;
const MACHINES: u64 = 1_200;

/// Plain machines, then odd ones, each with its name.
fn each_machine() -> impl Iterator<Item = (String, Machine)> {
    let plain = |seed| generate(&mut Dice(seed * 2 + 1));
    let plains = (0..MACHINES).map(move |seed| (format!("seed {seed}"), plain(seed)));
    let odds = (0..MACHINES).map(move |seed| {
        let machine = odd(plain(seed), &mut Dice(seed * 2 + 7));
        (format!("odd {seed}"), machine)
    });
    plains.chain(odds)
}

#[test]
fn the_explorer_agrees_with_a_naive_checker() {
    let mut compared = 0;
    let mut seen = [0u32; Outcome::ALL.len()];
    let mut both = 0;
    for (seed, machine) in each_machine() {
        let Some(naive) = Naive::run(&machine) else {
            continue;
        };
        let mut explorer = Explorer::new(&machine, &State::start(&machine));
        while !explorer.advance(7).done {}
        assert_eq!(
            explorer.progress().states as usize,
            naive.states.len(),
            "{seed}"
        );
        for outcome in Outcome::ALL {
            let witness = explorer.witness(outcome).map(|schedule| schedule.len());
            assert_eq!(
                witness,
                naive.depth_of(outcome),
                "{seed}, {}",
                outcome.word()
            );
            seen[outcome as usize] += u32::from(witness.is_some());
        }
        let mut kinds = 0;
        for kind in [LockupKind::Livelock, LockupKind::Deadlock] {
            let witness = explorer.lockup_witness(kind).map(|schedule| schedule.len());
            assert_eq!(witness, naive.depth_of_kind(kind), "{seed}, {kind:?}");
            kinds += u32::from(witness.is_some());
        }
        both += u32::from(kinds == 2);
        for (index, state) in naive.states.iter().enumerate() {
            let expected = match (naive.can_finish[index], naive.at_risk[index]) {
                (false, _) => Class::Doomed,
                (true, true) => Class::AtRisk,
                (true, false) => Class::Free,
            };
            assert_eq!(
                explorer.class(state),
                Some(expected),
                "{seed}, state {index}"
            );
        }
        compared += 1;
    }
    println!("compared {compared} machines, {both} with both kinds of lockup");
    assert!(compared > 200, "only {compared} machines were small enough");
    for (outcome, least) in [
        (Outcome::Ok, 6),
        (Outcome::ExtraKill, 6),
        (Outcome::Lockup, 6),
        (Outcome::Hang, 6),
        (Outcome::Panic, 6),
        (Outcome::Stall, 2),
    ] {
        let times = seen[outcome as usize];
        let word = outcome.word();
        assert!(times >= least, "{word} came up {times} times only");
    }
}

#[test]
fn parking_changes_no_verdict() {
    let mut compared = 0;
    for (seed, mut machine) in each_machine() {
        machine.rules.timing = Timing::Adversarial;
        machine.rules.parking = Parking::Off;
        let Some(spinning) = Naive::run(&machine) else {
            continue;
        };
        machine.rules.parking = Parking::On;
        let mut explorer = Explorer::new(&machine, &State::start(&machine));
        while !explorer.advance(1_000).done {}
        let spun: Vec<Outcome> = Outcome::ALL
            .into_iter()
            .filter(|&o| spinning.depth_of(o).is_some())
            .collect();
        assert_eq!(explorer.outcomes(), spun, "{seed}");
        compared += 1;
    }
    println!("compared {compared} machines");
    assert!(compared > 100, "only {compared} machines were small enough");
}

/// Everything the naive checker knows, found without any of the explorer's means.
struct Naive {
    states: Vec<State>,
    depth: Vec<usize>,
    next: Vec<Vec<usize>>,
    /// The same without those of tasks that get no CPU.
    fed: Vec<Vec<usize>>,
    can_finish: Vec<bool>,
    at_risk: Vec<bool>,
    kills: Vec<u8>,
    wants: Vec<bool>,
    /// Somebody can move, or retries and is parked.
    runs: Vec<bool>,
}

impl Naive {
    fn run(machine: &Machine) -> Option<Naive> {
        let mut ids: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut naive = Naive {
            states: Vec::new(),
            depth: Vec::new(),
            next: Vec::new(),
            fed: Vec::new(),
            can_finish: Vec::new(),
            at_risk: Vec::new(),
            kills: Vec::new(),
            wants: Vec::new(),
            runs: Vec::new(),
        };
        let start = State::start(machine);
        ids.insert(key(&start), 0);
        naive.states.push(start);
        naive.depth.push(0);
        let mut queue = VecDeque::from([0]);
        while let Some(index) = queue.pop_front() {
            let state = naive.states[index].clone();
            let mut next = Vec::new();
            let mut fed = Vec::new();
            for transition in enabled(machine, &state) {
                let mut after = state.clone();
                step(machine, &mut after, transition, &mut ());
                let fresh = naive.states.len();
                let id = *ids.entry(key(&after)).or_insert(fresh);
                if id == fresh {
                    naive.states.push(after);
                    naive.depth.push(naive.depth[index] + 1);
                    queue.push_back(id);
                }
                next.push(id);
                if !is_starved(machine, &state, transition) {
                    fed.push(id);
                }
            }
            naive.next.push(next);
            naive.fed.push(fed);
            if naive.states.len() > STATES_MAX {
                return None;
            }
        }
        naive.can_finish = naive.reaches(|state| state.is_finished());
        let doomed: Vec<bool> = naive.can_finish.iter().map(|&can| !can).collect();
        naive.at_risk = naive.spread(doomed);
        naive.kills = naive
            .states
            .iter()
            .map(|state| state.kills(machine))
            .collect();
        let wants = |state: &State| {
            machine
                .task_ids()
                .any(|task| page_alloc::wants_page(state, task))
        };
        naive.wants = naive.states.iter().map(wants).collect();
        let parked = |state: &State| state.tasks().any(|(_, task)| task.is_parked());
        let runs = |(state, next): (&State, &Vec<usize>)| !next.is_empty() || parked(state);
        naive.runs = naive.states.iter().zip(&naive.next).map(runs).collect();
        Some(naive)
    }

    fn reaches(&self, goal: impl Fn(&State) -> bool) -> Vec<bool> {
        self.spread(self.states.iter().map(goal).collect())
    }

    /// Adds predecessors until nothing changes.
    fn spread(&self, bits: Vec<bool>) -> Vec<bool> {
        Naive::spread_over(&self.next, bits)
    }

    fn spread_over(edges: &[Vec<usize>], mut bits: Vec<bool>) -> Vec<bool> {
        loop {
            let mut changed = false;
            for index in 0..bits.len() {
                if !bits[index] && edges[index].iter().any(|&next| bits[next]) {
                    bits[index] = true;
                    changed = true;
                }
            }
            if !changed {
                return bits;
            }
        }
    }

    fn reachable(&self, from: usize) -> Vec<bool> {
        let mut seen = vec![false; self.states.len()];
        let mut stack = vec![from];
        while let Some(index) = stack.pop() {
            if !std::mem::replace(&mut seen[index], true) {
                stack.extend(&self.next[index]);
            }
        }
        seen
    }

    /// Recurrent: whatever happens, the way back here stays open. Such a state is part of
    /// what a doomed run ends in.
    fn is_recurrent(&self, index: usize) -> bool {
        let back = self.spread((0..self.states.len()).map(|other| other == index).collect());
        let ahead = self.reachable(index);
        ahead
            .iter()
            .zip(&back)
            .all(|(&ahead, &back)| !ahead || back)
    }

    /// Doomed states that can end in a part of this kind.
    fn doomed_into(&self, kind: LockupKind) -> Vec<bool> {
        let ends: Vec<bool> = (0..self.states.len())
            .map(|index| {
                if self.can_finish[index] || !self.is_recurrent(index) {
                    return false;
                }
                let part = self.reachable(index);
                let any = |what: &[bool]| (0..part.len()).any(|it| part[it] && what[it]);
                kind == match (any(&self.wants), any(&self.runs)) {
                    (true, true) => LockupKind::Livelock,
                    (true, false) => LockupKind::Deadlock,
                    (false, _) => LockupKind::Hang,
                }
            })
            .collect();
        self.spread(ends)
    }

    fn depth_of_kind(&self, kind: LockupKind) -> Option<usize> {
        let leads = self.doomed_into(kind);
        let doomed = |index: &usize| !self.can_finish[*index] && leads[*index];
        let all = (0..self.states.len()).filter(doomed);
        all.map(|index| self.depth[index]).min()
    }

    fn depth_of(&self, outcome: Outcome) -> Option<usize> {
        let broken = |index: usize| {
            self.kills[index] >= 2 || self.states[index].flags != StateFlags::default()
        };
        let first = |test: &dyn Fn(usize) -> bool| {
            (0..self.states.len())
                .filter(|&index| test(index))
                .map(|index| self.depth[index])
                .min()
        };
        let flag = |bit: u8| first(&|index| self.states[index].flags.has(bit));
        match outcome {
            Outcome::Ok => first(&|index| self.states[index].is_finished() && !broken(index)),
            Outcome::ExtraKill => first(&|index| self.kills[index] >= 2),
            Outcome::Oops => flag(StateFlags::OOPS),
            Outcome::Corrupt => flag(StateFlags::CORRUPT),
            Outcome::Panic => flag(StateFlags::PANIC),
            Outcome::Lockup => {
                let kinds = [LockupKind::Livelock, LockupKind::Deadlock];
                let depths = kinds.into_iter().filter_map(|it| self.depth_of_kind(it));
                depths.min()
            }
            Outcome::Hang => {
                let kinds = [LockupKind::Livelock, LockupKind::Deadlock];
                let [livelock, deadlock] = kinds.map(|kind| self.doomed_into(kind));
                first(&|index| !self.can_finish[index] && !livelock[index] && !deadlock[index])
            }
            Outcome::WrongErrno => flag(StateFlags::WRONG_ERRNO),
            Outcome::Stall => {
                let ends = self.states.iter().map(State::is_finished).collect();
                let fed = Naive::spread_over(&self.fed, ends);
                first(&|index| self.can_finish[index] && !fed[index])
            }
        }
    }
}

fn key(state: &State) -> Vec<u64> {
    let mut words = [0; WORDS_MAX];
    state.words(&mut words);
    let key = words[..state.word_count()].to_vec();
    assert_eq!(
        State::from_words(state, &key),
        *state,
        "words() and from_words() disagree"
    );
    key
}
