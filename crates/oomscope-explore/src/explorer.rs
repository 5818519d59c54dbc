//! Breadth-first search in slices. Deterministic: states are numbered in the order in which
//! they are found, transitions are taken lowest task first, so the first state with a
//! property is at the end of a shortest schedule to it. With reductions ([`Reductions`]) every
//! state is replaced by its stand-in before it is looked up, here and in every question.

mod memory;
mod ways;

use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::state::State;
use oomscope_model::step::{enabled, is_starved, step};
use oomscope_model::transition::Transition;

use crate::graph::Graph;
use crate::mark;
use crate::memo::{self, Made, Memo};
use crate::parts::bits;
use crate::reductions::{Found, Reducer, Reductions};
use crate::regions::Regions;
use crate::room::NUMBERS_MAX;
use crate::store::{Loaded, Store};
use crate::traits::Traits;
use crate::{Class, Full, LockupKind, Outcome, Progress};

/// How many states are expanded before what they lead to is looked up.
const BATCH: u32 = 64;

/// A state that was reached and is not looked up yet.
struct Arrow {
    parent: u32,
    via: u8,
    /// What it shows by itself, except for what it takes all tasks to know.
    marks: u8,
}

/// Which marks states were found to have: bit n of all for marks n.
struct Seen([u64; 4]);

impl Seen {
    /// Notes of all outcomes that these marks show the first state.
    #[inline(always)]
    fn see(&mut self, marks: u8, index: u32, first: &mut [Option<u32>]) {
        let seen = &mut self.0[usize::from(marks / 64)];
        if *seen >> (marks % 64) & 1 == 0 {
            *seen |= 1 << (marks % 64);
            for outcome in Outcome::ALL {
                if first[outcome as usize].is_none() && mark::shows(marks, outcome) {
                    first[outcome as usize] = Some(index);
                }
            }
        }
    }
}

/// A breadth-first exploration, advanced in slices; stop calling to cancel.
pub struct Explorer {
    pub(crate) machine: Machine,
    start: State,
    reducer: Reducer,
    pub(crate) store: Store,
    /// The state being expanded.
    from: Loaded,
    /// What steps do, where that may be known in advance.
    memo: Option<Memo>,
    /// There will be one when enough states are found.
    memo_due: bool,
    /// What the states being expanded lead to.
    arrows: Vec<Arrow>,
    /// What each state shows by itself; what it takes all tasks to know from when it is expanded.
    pub(crate) marks: Vec<u8>,
    parents: Vec<u32>,
    via: Vec<u8>,
    /// Successors of state `i`: `targets[offsets[i]..offsets[i + 1]]`.
    pub(crate) offsets: Vec<u32>,
    pub(crate) targets: Vec<u32>,
    /// Which of `targets` are reached only by a task that gets no CPU, ascending.
    starved: Vec<u32>,
    depth: u32,
    depth_end: u32,
    kills_max: u8,
    seen: Seen,
    pub(crate) first: [Option<u32>; Outcome::ALL.len()],
    pub(crate) regions: Option<Regions>,
    /// The most bytes it may hold.
    bytes_max: u64,
    /// The most states, and the most arrows.
    pub(crate) numbers_max: u32,
    /// Why it had no room for more, if it did not.
    full: Option<Full>,
}

impl Explorer {
    /// Starts an exploration of everything reachable from `start`.
    pub fn new(machine: &Machine, start: &State) -> Explorer {
        Explorer::with_reductions(machine, start, Reductions::NONE)
    }

    /// Starts one that need not tell all states apart. It may find out on the way that two
    /// tasks differ that looked alike; then it begins again by itself, at most once for every
    /// task, and [`Explorer::progress`] falls back.
    pub fn with_reductions(machine: &Machine, start: &State, reductions: Reductions) -> Explorer {
        Explorer::with_reducer(machine, start, Reducer::of(machine, reductions))
    }

    fn with_reducer(machine: &Machine, start: &State, reducer: Reducer) -> Explorer {
        let mut first = start.clone();
        reducer.stand_in(machine, &mut first);
        let store = Store::new(&first, machine.rules.timing);
        let mut explorer = Explorer {
            machine: machine.clone(),
            start: start.clone(),
            reducer,
            from: store.loaded(),
            store,
            memo: None,
            memo_due: false,
            arrows: Vec::new(),
            marks: Vec::new(),
            parents: Vec::new(),
            via: Vec::new(),
            offsets: vec![0],
            targets: Vec::new(),
            starved: Vec::new(),
            depth: 0,
            depth_end: 1,
            kills_max: 0,
            seen: Seen([0; 4]),
            first: [None; Outcome::ALL.len()],
            regions: None,
            bytes_max: u64::MAX,
            numbers_max: NUMBERS_MAX,
            full: None,
        };
        // All of it is new.
        explorer.store.collect(&mut explorer.from, &mut 0);
        explorer.note(true, 0, 0);
        explorer.take_in::<0>();
        // No arrow leads to it.
        explorer.targets.clear();
        // A stand-in depends on the whole state.
        explorer.memo_due = explorer.reducer.is_trivial();
        explorer
    }

    /// Expands at most `budget_states` further states, fewer if there is no room for what they
    /// may lead to; the regions are computed with the last one.
    pub fn advance(&mut self, budget_states: u32) -> Progress {
        self.full = None;
        let mut left = budget_states;
        while left > 0 && self.expanded() < self.store.len() {
            if self.expanded() == self.depth_end {
                self.depth += 1;
                self.depth_end = self.store.len();
            }
            let batch = (self.depth_end - self.expanded()).min(BATCH).min(left);
            if let Err(full) = self.make_room(batch) {
                self.full = Some(full);
                break;
            }
            left -= batch;
            let begin = self.expanded();
            let found = match self.store.layout().0.words() {
                1 => self.expand_batch::<1>(batch),
                2 => self.expand_batch::<2>(batch),
                _ => self.expand_batch::<0>(batch),
            };
            match found {
                Found::Step => {}
                Found::Difference => self.begin_again(),
                Found::Full => {
                    self.drop_batch(begin);
                    self.full = Some(Full::Bytes);
                    break;
                }
            }
            if self.memo_due && self.store.len() >= memo::FROM_STATES {
                self.memo_due = false;
                self.memo = Memo::new(&self.machine, &self.store);
            }
        }
        if self.expanded() == self.store.len() && self.regions.is_none() {
            self.give_room_back();
            self.finish();
        }
        self.progress()
    }

    /// Begins again with what is known now of tasks that are not equal.
    fn begin_again(&mut self) {
        let reducer = self.reducer.clone();
        let (bytes_max, numbers_max) = (self.bytes_max, self.numbers_max);
        *self = Explorer::with_reducer(&self.machine, &self.start, reducer);
        self.numbers_max = numbers_max;
        self.set_bytes_max(bytes_max);
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        Progress {
            states: self.store.len(),
            transitions: self.targets.len() as u64,
            depth: self.depth,
            bytes: self.bytes(),
            done: self.regions.is_some(),
            full: self.full,
        }
    }

    /// Where this state lies. `None`: unknown, the exploration is not done or the state is
    /// not reachable from its start.
    pub fn class(&self, state: &State) -> Option<Class> {
        let index = self.find(state)?;
        let regions = self.regions.as_ref()?;
        Some(regions.class(&self.graph(), index))
    }

    /// How many states are reachable from this one, itself included; with reductions, how
    /// many stand-ins.
    pub fn reachable_from(&self, state: &State) -> Option<u32> {
        let regions = self.regions.as_ref()?;
        let index = self.find(state)?;
        Some(regions.count_reachable(index, &self.offsets, &self.targets))
    }

    /// What kind of lockup a doomed state leads to.
    pub fn lockup_kind(&self, state: &State) -> Option<LockupKind> {
        let index = self.find(state)?;
        self.regions
            .as_ref()
            .and_then(|regions| regions.kind(index))
    }

    /// Whether every way out of this state needs a task that gets no CPU ([`Outcome::Stall`]).
    pub fn is_stalled(&self, state: &State) -> bool {
        let index = self.find(state);
        let regions = self.regions.as_ref();
        regions.is_some_and(|regions| index.is_some_and(|index| regions.is_stalled(index)))
    }

    /// Which outcomes are reachable from the start. Complete only when done; what is in it
    /// earlier is true already. An end counts from when it is expanded.
    pub fn outcomes(&self) -> Vec<Outcome> {
        Outcome::ALL
            .into_iter()
            .filter(|&outcome| self.first[outcome as usize].is_some())
            .collect()
    }

    /// Whether the states that were found are those of the machine, and not stand-ins.
    pub(crate) fn is_full(&self) -> bool {
        self.reducer.is_trivial()
    }

    pub(crate) fn find(&self, state: &State) -> Option<u32> {
        if self.reducer.is_trivial() {
            return self.store.find(state);
        }
        let mut stand_in = state.clone();
        self.reducer.stand_in(&self.machine, &mut stand_in);
        self.store.find(&stand_in)
    }

    /// From which state a state was found first.
    pub(crate) fn parent(&self, index: u32) -> u32 {
        self.parents[index as usize]
    }

    /// The state with this index.
    pub(crate) fn state(&self, index: u32) -> State {
        let mut loaded = self.store.loaded();
        self.store.load(index, &mut loaded);
        loaded.state
    }

    /// The most processes that any run found so far kills.
    pub fn kills_max(&self) -> u8 {
        self.kills_max
    }

    fn expanded(&self) -> u32 {
        self.offsets.len() as u32 - 1
    }

    /// Expands so many states and looks up what they lead to. The code is there once for every
    /// small number `W` of words that a state has, which the compiler can count with; `W` is 0
    /// where it is any number. Never inlined: a browser enters the well compiled function at its
    /// next call (ARCHITECTURE, *Decisions*: wasm-opt leaves functions apart).
    #[inline(never)]
    fn expand_batch<const W: usize>(&mut self, count: u32) -> Found {
        for _ in 0..count {
            let found = self.expand::<W>();
            if found != Found::Step {
                return found;
            }
        }
        match self.is_width::<W>() {
            true => self.take_in::<W>(),
            false => self.take_in::<0>(),
        }
        Found::Step
    }

    /// Whether states have still as many words as they had when a batch was begun.
    #[inline]
    fn is_width<const W: usize>(&self) -> bool {
        W == 0 || self.store.layout().0.words() == W
    }

    fn expand<const W: usize>(&mut self) -> Found {
        let index = self.expanded();
        match self.is_width::<W>() {
            true => self.store.look_up::<W>(index, &mut self.from),
            false => self.store.look_up::<0>(index, &mut self.from),
        }
        debug_assert!(self.is_invertible(index));
        let marks = &mut self.marks[index as usize];
        *marks |= mark::of_tasks(*marks, self.from.crowd.any());
        let marks = *marks;
        if marks & mark::FINISHED != 0 {
            self.seen.see(marks, index, &mut self.first);
        }
        let mut who = match self.from.crowd.who(Traits::MOVES) {
            _ if marks & mark::PANIC != 0 => 0,
            0 => {
                self.store.unpack(&mut self.from);
                let sleepers = enabled(&self.machine, &self.from.state);
                sleepers.fold(0, |who, it| who | 1 << it.0.0)
            }
            who => who,
        };
        let crowd = self.memo.as_ref().map_or(0, |memo| memo.crowd(&self.from));
        while who != 0 {
            let task = who.trailing_zeros() as u8;
            who &= who - 1;
            let is_known = match self.is_width::<W>() {
                true => self.repeat::<W>(index, crowd, task),
                false => self.repeat::<0>(index, crowd, task),
            };
            if !is_known {
                let found = self.make(index, task);
                if found != Found::Step {
                    return found;
                }
            }
        }
        let end = self.targets.len() + self.arrows.len();
        self.offsets.push(end as u32);
        Found::Step
    }

    fn is_invertible(&self, index: u32) -> bool {
        let mut loaded = self.from.clone();
        self.store.unpack(&mut loaded);
        self.store.find(&loaded.state) == Some(index)
    }

    /// Notes where a step leads that is known from elsewhere; says whether it is.
    #[inline]
    fn repeat<const W: usize>(&mut self, parent: u32, crowd: u64, via: u8) -> bool {
        let Some(memo) = &mut self.memo else {
            return false;
        };
        let Some(known) = memo.find::<W>(&self.from, crowd, usize::from(via)) else {
            return false;
        };
        self.store.collect_known::<W>(&self.from, known.difference);
        let marks = self.marks[parent as usize] & mark::SECOND_KILL | known.marks;
        self.arrows.push(Arrow { parent, via, marks });
        debug_assert!(self.is_repeated(via, marks), "a step is not what it was");
        true
    }

    /// Whether the arrow noted last is what the step does.
    fn is_repeated(&self, via: u8, marks: u8) -> bool {
        let mut loaded = self.from.clone();
        self.store.unpack(&mut loaded);
        let mut next = loaded.state;
        step(&self.machine, &mut next, Transition(TaskId(via)), &mut ());
        let all = mark::of_state(&self.machine, &next);
        self.store.is_collected(&next) && all & !mark::OF_TASKS == marks
    }

    /// Makes a step and notes where it leads.
    fn make(&mut self, parent: u32, via: u8) -> Found {
        let transition = Transition(TaskId(via));
        self.store.unpack(&mut self.from);
        let Loaded { state, next, .. } = &mut self.from;
        next.take_reads();
        let found = self.reducer.step(&self.machine, next, transition);
        if found != Found::Step {
            return found;
        }
        let reads = next.take_reads();
        self.reducer.stand_in(&self.machine, next);
        let touched = next.take_touched(state);
        if is_starved(&self.machine, &self.from.state, transition) {
            let arrow = self.targets.len() + self.arrows.len();
            self.starved.push(arrow as u32);
        }
        let mut changed = touched;
        let collected = self.store.collect(&mut self.from, &mut changed);
        let Some(kills_changed) = collected else {
            let Loaded { state, next, .. } = &mut self.from;
            bits(touched, |part| next.copy_part(part, state));
            return Found::Full;
        };
        let marks = self.note(kills_changed, parent, via);
        self.memo.take_if(|memo| !memo.keep_up(&self.store));
        if let Some(memo) = self.memo.as_mut().filter(|_| !kills_changed) {
            let made = Made {
                task: via,
                reads,
                marks,
            };
            memo.learn(&self.store, &self.from, &made);
        }
        let Loaded { state, next, .. } = &mut self.from;
        bits(changed, |part| next.copy_part(part, state));
        Found::Step
    }

    /// Notes the state that was collected last; says those of its marks that are of the machine.
    fn note(&mut self, kills_changed: bool, parent: u32, via: u8) -> u8 {
        let kills = if kills_changed {
            let kills = self.from.next.kills(&self.machine);
            self.kills_max = self.kills_max.max(kills);
            if kills >= 2 { mark::SECOND_KILL } else { 0 }
        } else {
            self.marks[parent as usize] & mark::SECOND_KILL
        };
        let of_machine = mark::of_machine(&self.from.next);
        let marks = kills | of_machine;
        self.arrows.push(Arrow { parent, via, marks });
        of_machine
    }

    /// Finds or adds the states that were noted.
    fn take_in<const W: usize>(&mut self) {
        let (found, fresh) = self.store.take_in::<W>();
        self.targets.extend_from_slice(found);
        let fresh = fresh.iter().map(|&at| &self.arrows[at as usize]);
        self.parents.extend(fresh.clone().map(|arrow| arrow.parent));
        self.via.extend(fresh.clone().map(|arrow| arrow.via));
        let first = self.marks.len();
        self.marks.extend(fresh.map(|arrow| arrow.marks));
        for (index, &marks) in (first as u32..).zip(&self.marks[first..]) {
            if marks != 0 {
                self.seen.see(marks, index, &mut self.first);
            }
        }
        self.arrows.clear();
    }

    pub(crate) fn graph(&self) -> Graph<'_> {
        Graph {
            offsets: &self.offsets,
            targets: &self.targets,
            parents: &self.parents,
        }
    }

    fn finish(&mut self) {
        let regions = Regions::new(&self.marks, &self.graph(), &self.starved);
        self.first[Outcome::Stall as usize] = regions.first_stall();
        self.first[Outcome::Lockup as usize] = regions.first_lockup();
        self.first[Outcome::Hang as usize] = regions.first_of(LockupKind::Hang);
        self.regions = Some(regions);
    }
}
