//! A part of a search that is too large for one machine: a bounded search in an order of its
//! own. Many of them with different keys, a swarm, see far more of a large space than one
//! that is stopped at the same bound, and need not know of each other.
//!
//! **Order.** Bursts of depth-first search, each at most [`BURST`] states long and as deep as
//! the key says; every choice is a number computed from the key. A burst begins at a state
//! that was found and not expanded yet, every fourth at the one nearest to the start, so
//! that short schedules are not left out.
//!
//! **What is certain.** Membership is exact, and whatever is reported was reached. A doomed
//! state is only called so when everything behind it has been seen: a strongly connected
//! part that a burst closed, with no way out of it to a finished state or to one that is not
//! expanded (Tarjan's algorithm, as the bursts go). So nothing is claimed too much; what a
//! bound leaves out, and stalls, are not claimed at all. [`Swarm::advance`] says `done` when
//! nothing was left out after all; then the space is small enough for
//! [`crate::Explorer`], which says the rest.
//!
//! **Overlap.** The swarm keeps the smallest [`SAMPLE`] digests of its states. Which states
//! these are depends on nothing but the states, so the samples of two shards say how much
//! of what they saw is the same ([`distinct`]).

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::state::State;
use oomscope_model::step::{enabled, step};
use oomscope_model::transition::Transition;
use oomscope_model::words::fold;

use crate::mark;
use crate::room::{NUMBERS_MAX, Room};
use crate::store::{Loaded, Store};
use crate::{Full, Outcome, Progress};

/// States that one burst expands at most.
const BURST: u32 = 1 << 12;
/// And so many before there has to be room for more.
const BATCH: u32 = 1 << 6;
/// How many digests a sample holds: two of them tell an overlap to about a twentieth.
pub const SAMPLE: usize = 512;

/// A way out: to a finished state, or to one of which nothing is known.
const ESCAPES: u8 = 1;
const LEADS_TO_LIVELOCK: u8 = 1 << 1;
const LEADS_TO_HANG: u8 = 1 << 2;
/// Leads out of its strongly connected part.
const LEAVES: u8 = 1 << 3;
/// Somebody in this part wants memory.
const WANTS_PAGE: u8 = 1 << 4;
/// In a part that is not closed yet.
const OPEN: u8 = 1 << 5;
/// What whoever leads to a closed part has from it.
const INHERITED: u8 = ESCAPES | LEADS_TO_LIVELOCK | LEADS_TO_HANG;

/// What is known of one state besides itself.
#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    depth: u32,
    /// When it was expanded, from 1; 0: it was not.
    order: u32,
    low: u32,
    via: u8,
    bits: u8,
    marks: u8,
}

/// A state on the path of the burst, and which of its tasks have not moved yet.
struct Frame {
    index: u32,
    left: u32,
}

/// A bounded search in an order of its own, advanced in slices; stop calling to cancel.
pub struct Swarm {
    machine: Machine,
    key: u64,
    /// How many states deep a burst goes.
    reach: usize,
    store: Store,
    /// The state that was looked at last.
    from: Loaded,
    nodes: Vec<Node>,
    path: Vec<Frame>,
    open: Vec<u32>,
    /// States not expanded yet, in an order by lot and nearest first. One that was expanded
    /// meanwhile is passed over.
    by_lot: BinaryHeap<(u64, u32)>,
    nearest: BinaryHeap<Reverse<(u32, u64, u32)>>,
    clock: u32,
    bursts: u32,
    burst_end: u32,
    transitions: u64,
    depth: u32,
    kills_max: u8,
    /// The state at the end of the shortest schedule to each outcome.
    ends: [Option<u32>; Outcome::ALL.len()],
    sample: BTreeSet<u64>,
    done: bool,
    /// The most bytes it may hold.
    bytes_max: u64,
    /// The most states, and the most times that one is expanded.
    pub(crate) numbers_max: u32,
    /// There is room until the clock is there.
    roomy_until: u32,
    /// Why it had no room for more, if it did not.
    full: Option<Full>,
}

impl Swarm {
    /// Starts the search number `shard` of those with this seed.
    pub fn new(machine: &Machine, start: &State, seed: u64, shard: u32) -> Swarm {
        let key = fold(&[seed, u64::from(shard)]);
        let store = Store::new(start, machine.rules.timing);
        let mut swarm = Swarm {
            machine: machine.clone(),
            key,
            reach: 24 + (key >> 32) as usize % 104,
            from: store.loaded(),
            store,
            nodes: Vec::new(),
            path: Vec::new(),
            open: Vec::new(),
            by_lot: BinaryHeap::new(),
            nearest: BinaryHeap::new(),
            clock: 0,
            bursts: 0,
            burst_end: 0,
            transitions: 0,
            depth: 0,
            kills_max: 0,
            ends: [None; Outcome::ALL.len()],
            sample: BTreeSet::new(),
            done: false,
            bytes_max: u64::MAX,
            numbers_max: NUMBERS_MAX,
            roomy_until: 0,
            full: None,
        };
        let start = swarm.add(start, u64::MAX >> (64 - start.part_count()), 0, 0);
        // There is room for one.
        swarm.postpone(start.unwrap_or(0));
        swarm
    }

    /// From now on it stops ([`Full::Bytes`]) before it would hold more bytes than these.
    pub fn set_bytes_max(&mut self, bytes_max: u64) {
        self.bytes_max = bytes_max;
        self.store.allow(bytes_max.saturating_sub(self.bytes()));
    }

    /// Expands at most `budget_states` further states, fewer if there is no room for what they
    /// may lead to. `done`: nothing is left to expand.
    pub fn advance(&mut self, budget_states: u32) -> Progress {
        self.full = None;
        let end = self.clock.saturating_add(budget_states);
        while self.clock < end && !self.done && self.full.is_none() {
            if self.clock < self.roomy_until {
                self.advance_to(end.min(self.roomy_until));
            } else if let Err(full) = self.make_room() {
                self.full = Some(full);
            }
        }
        self.progress()
    }

    fn advance_to(&mut self, end: u32) {
        while self.clock < end && !self.done && self.full.is_none() {
            match self.path.last_mut() {
                None => self.begin_burst(),
                Some(_) if self.clock >= self.burst_end => self.abandon_burst(),
                Some(frame) if frame.left == 0 => self.close(),
                Some(_) => self.move_one(),
            }
        }
    }

    /// Makes room for whatever the next states lead to: those of a batch, and those on the path
    /// who have tasks left. Each of them may have to wait for another burst.
    fn make_room(&mut self) -> Result<(), Full> {
        let most = (BATCH as usize + self.reach) * self.machine.tasks.len();
        let numbers = self.clock.max(self.store.len()) as usize;
        if numbers + most > self.numbers_max as usize {
            return Err(Full::Size);
        }
        let mut room = Room::new(self.bytes(), self.bytes_max);
        room.take(self.store.growth(most))?;
        room.grow(&mut self.nodes, most)?;
        let (len, capacity) = (self.by_lot.len(), self.by_lot.capacity());
        if let Some(capacity) = room.capacity(len, capacity, size_of::<(u64, u32)>(), most)? {
            self.by_lot.reserve_exact(capacity - len);
        }
        let (len, capacity) = (self.nearest.len(), self.nearest.capacity());
        if let Some(capacity) = room.capacity(len, capacity, size_of::<(u32, u64, u32)>(), most)? {
            self.nearest.reserve_exact(capacity - len);
        }
        self.store.allow(room.spare());
        self.roomy_until = self.clock + BATCH;
        Ok(())
    }

    /// Bytes held.
    fn bytes(&self) -> u64 {
        let nodes = self.nodes.capacity() * size_of::<Node>();
        let by_lot = self.by_lot.capacity() * size_of::<(u64, u32)>();
        let nearest = self.nearest.capacity() * size_of::<(u32, u64, u32)>();
        self.store.bytes() + (nodes + by_lot + nearest) as u64
    }

    /// How far it is. Transitions are those taken, some of them twice.
    pub fn progress(&self) -> Progress {
        Progress {
            states: self.store.len(),
            transitions: self.transitions,
            depth: self.depth,
            bytes: self.bytes(),
            done: self.done,
            full: self.full,
        }
    }

    /// Which outcomes were reached; there may be others.
    pub fn outcomes(&self) -> Vec<Outcome> {
        let reached = |outcome: &Outcome| self.ends[*outcome as usize].is_some();
        Outcome::ALL.into_iter().filter(reached).collect()
    }

    /// The shortest schedule to an outcome that this search has met; not the shortest there is.
    pub fn witness(&self, outcome: Outcome) -> Option<Vec<Transition>> {
        let mut index = self.ends[outcome as usize]?;
        let mut schedule = Vec::new();
        while index != 0 {
            let node = &self.nodes[index as usize];
            schedule.push(Transition(TaskId(node.via)));
            index = node.parent;
        }
        schedule.reverse();
        Some(schedule)
    }

    /// The most processes that any run found so far kills.
    pub fn kills_max(&self) -> u8 {
        self.kills_max
    }

    /// The smallest digests of the states found, ascending.
    pub fn sample(&self) -> Vec<u64> {
        self.sample.iter().copied().collect()
    }

    fn draw(&self, index: u32, task: u32) -> u64 {
        fold(&[self.key, u64::from(index) << 32 | u64::from(task)])
    }

    /// Finds or adds a state that differs from what was loaded last in these parts. `None`:
    /// there is no room for it.
    fn add(&mut self, state: &State, changed: u64, parent: u32, via: u8) -> Option<u32> {
        let (index, new) = self.store.insert(state, &mut self.from, changed)?;
        let depth = self
            .nodes
            .get(parent as usize)
            .map_or(0, |node| node.depth + 1);
        if new {
            let marks = mark::of_state(&self.machine, state);
            self.nodes.push(Node {
                parent,
                depth,
                order: 0,
                low: 0,
                via,
                bits: 0,
                marks,
            });
            self.depth = self.depth.max(depth);
            self.kills_max = self.kills_max.max(state.kills(&self.machine));
            self.sample.insert(state.digest());
            if self.sample.len() > SAMPLE {
                self.sample.pop_last();
            }
        } else if depth < self.nodes[index as usize].depth {
            // A shorter way, also for whatever hangs on it. Whoever stands above a state is
            // nearer than it, so this closes no circle.
            let node = &mut self.nodes[index as usize];
            (node.parent, node.via, node.depth) = (parent, via, depth);
        } else {
            return Some(index);
        }
        let node = self.nodes[index as usize];
        for outcome in Outcome::ALL {
            if mark::shows(node.marks, outcome) || doom(node.bits) == Some(outcome) {
                self.ends_in(outcome, index);
            }
        }
        Some(index)
    }

    /// Notes the end of a schedule to an outcome, if it is shorter than the one known.
    fn ends_in(&mut self, outcome: Outcome, index: u32) {
        let depth = |index: u32| self.nodes[index as usize].depth;
        if self.ends[outcome as usize].is_none_or(|known| depth(index) < depth(known)) {
            self.ends[outcome as usize] = Some(index);
        }
    }

    /// Leaves a state for another burst.
    fn postpone(&mut self, index: u32) {
        let lot = self.draw(index, u32::MAX);
        let depth = self.nodes[index as usize].depth;
        self.by_lot.push((lot, index));
        self.nearest.push(Reverse((depth, lot, index)));
    }

    fn begin_burst(&mut self) {
        let from = loop {
            let next = match self.bursts % 4 {
                0 => self.nearest.pop().map(|Reverse((_, _, index))| index),
                _ => self.by_lot.pop().map(|(_, index)| index),
            };
            match next {
                Some(index) if self.nodes[index as usize].order != 0 => {}
                next => break next,
            }
        };
        // Each state that is not expanded is in both heaps: one empty, both are.
        let Some(from) = from else {
            self.done = true;
            return;
        };
        self.bursts += 1;
        self.burst_end = self.clock.saturating_add(BURST);
        self.enter(from);
    }

    /// The burst is over: what it has closed stays known, the rest of its path is for others.
    fn abandon_burst(&mut self) {
        for index in core::mem::take(&mut self.open) {
            self.nodes[index as usize].bits = ESCAPES;
        }
        for frame in core::mem::take(&mut self.path) {
            if frame.left != 0 {
                self.nodes[frame.index as usize].order = 0;
                self.nodes[frame.index as usize].bits = 0;
                self.postpone(frame.index);
            }
        }
    }

    fn enter(&mut self, index: u32) {
        self.store.load(index, &mut self.from);
        let left =
            enabled(&self.machine, &self.from.state).fold(0, |left, next| left | 1 << next.0.0);
        self.clock += 1;
        let node = &mut self.nodes[index as usize];
        let finished = node.marks & mark::FINISHED != 0;
        let wants = node.marks & mark::WANTS_PAGE != 0;
        (node.order, node.low) = (self.clock, self.clock);
        node.bits = OPEN;
        node.bits |= if finished { ESCAPES } else { 0 };
        node.bits |= if wants { WANTS_PAGE } else { 0 };
        self.open.push(index);
        self.path.push(Frame { index, left });
    }

    /// Lets one more task of the last state on the path move.
    fn move_one(&mut self) {
        let Some(&Frame { index, left }) = self.path.last() else {
            return;
        };
        let tasks = (0..32).filter(|task| left >> task & 1 != 0);
        let Some(task) = tasks.min_by_key(|&task| self.draw(index, task)) else {
            return;
        };
        self.store.load(index, &mut self.from);
        let mut state = self.from.state.clone();
        let transition = Transition(TaskId(task as u8));
        step(&self.machine, &mut state, transition, &mut ());
        let known = self.store.len();
        let changed = state.take_touched(&self.from.state);
        let Some(target) = self.add(&state, changed, index, task as u8) else {
            self.full = Some(Full::Bytes);
            return;
        };
        self.transitions += 1;
        if let Some(frame) = self.path.last_mut() {
            frame.left &= !(1 << task);
        }
        let node = self.nodes[target as usize];
        if node.order != 0 {
            let own = &mut self.nodes[index as usize];
            match node.bits & OPEN {
                0 => own.bits |= node.bits & INHERITED | LEAVES,
                _ => own.low = own.low.min(node.order),
            }
        } else if self.path.len() < self.reach {
            self.enter(target);
        } else {
            self.nodes[index as usize].bits |= ESCAPES;
            if target >= known {
                self.postpone(target);
            }
        }
    }

    /// Everything behind the last state on the path has been seen, or left out on purpose.
    fn close(&mut self) {
        let Some(Frame { index, .. }) = self.path.pop() else {
            return;
        };
        let node = self.nodes[index as usize];
        let above = self.path.last().map(|frame| frame.index);
        if node.low != node.order {
            // Its part goes on above it.
            if let Some(above) = above {
                let above = &mut self.nodes[above as usize];
                above.bits |= node.bits & !OPEN;
                above.low = above.low.min(node.low);
            }
            return;
        }
        let bits = closed(node.bits);
        while let Some(member) = self.open.pop() {
            self.nodes[member as usize].bits = bits;
            if member == index {
                break;
            }
        }
        if let Some(outcome) = doom(bits) {
            self.ends_in(outcome, index);
        }
        if let Some(above) = above {
            self.nodes[above as usize].bits |= bits | LEAVES;
        }
    }
}

/// What is known of a strongly connected part that has been seen as a whole, from what its
/// members have together.
fn closed(bits: u8) -> u8 {
    if bits & ESCAPES != 0 || bits & LEAVES != 0 {
        bits & INHERITED
    } else if bits & WANTS_PAGE != 0 {
        LEADS_TO_LIVELOCK
    } else {
        LEADS_TO_HANG
    }
}

/// What a state whose part is closed leads to, if it leads to no end.
fn doom(bits: u8) -> Option<Outcome> {
    match bits & (OPEN | INHERITED) {
        LEADS_TO_HANG => Some(Outcome::Hang),
        bits if bits & (OPEN | ESCAPES) == 0 && bits & LEADS_TO_LIVELOCK != 0 => {
            Some(Outcome::Lockup)
        }
        _ => None,
    }
}

/// About how many different states several shards have found together, from their samples
/// and their numbers of states: the smallest digests are spread evenly, so the one at a known
/// place among all says how dense they are.
pub fn distinct(shards: &[(u32, &[u64])]) -> u64 {
    let mut all: Vec<u64> = shards
        .iter()
        .flat_map(|(_, sample)| sample.iter().copied())
        .collect();
    all.sort_unstable();
    all.dedup();
    // Beyond the end of a full sample there is more that it does not say.
    let full = shards.iter().filter(|(_, sample)| sample.len() >= SAMPLE);
    let Some(end) = full.filter_map(|(_, sample)| sample.last().copied()).min() else {
        return all.len() as u64;
    };
    let seen = all.partition_point(|&digest| digest <= end) as u128;
    let estimate = ((seen - 1) << 64) / u128::from(end.max(1));
    let sum: u64 = shards.iter().map(|(states, _)| u64::from(*states)).sum();
    let most = shards.iter().map(|(states, _)| u64::from(*states)).max();
    (estimate as u64).clamp(most.unwrap_or(0), sum)
}
