//! Which states lead nowhere: two walks against the direction of the transitions, and the
//! strongly connected parts of what is left.

use crate::explorer::mark;
use crate::{Class, LockupKind};

const CAN_FINISH: u8 = 1;
const AT_RISK: u8 = 1 << 1;
const LEADS_TO_LIVELOCK: u8 = 1 << 2;
const LEADS_TO_HANG: u8 = 1 << 3;
const LEADS_TO_DEADLOCK: u8 = 1 << 5;
const LOCKUP: u8 = LEADS_TO_LIVELOCK | LEADS_TO_DEADLOCK;
/// A way to the end exists that needs no starved task.
const NOT_STALLED: u8 = 1 << 4;

/// The regions of a fully explored graph.
pub(crate) struct Regions {
    bits: Vec<u8>,
    /// One state of each part in which a livelock goes round, ascending.
    livelocks: Vec<u32>,
}

impl Regions {
    /// Computes them. `offsets` and `targets` list the successors of each state; `starved`
    /// says which of the targets need a task that gets no CPU.
    pub(crate) fn new(marks: &[u8], offsets: &[u32], targets: &[u32], starved: &[u32]) -> Regions {
        let mut bits = vec![0; marks.len()];
        let finished: Vec<u32> = (0..marks.len() as u32)
            .filter(|&index| marks[index as usize] & mark::FINISHED != 0)
            .collect();
        if !starved.is_empty() {
            let (offsets, targets) = without(offsets, targets, starved);
            let fed = Reverse::new(marks.len(), &offsets, &targets);
            fed.spread(&mut bits, finished.clone(), NOT_STALLED);
        }
        let reverse = Reverse::new(marks.len(), offsets, targets);
        reverse.spread(&mut bits, finished, CAN_FINISH);
        if starved.is_empty() {
            bits.iter_mut().for_each(|bits| *bits |= NOT_STALLED);
        }
        let doomed: Vec<u32> = (0..marks.len() as u32)
            .filter(|&index| bits[index as usize] & CAN_FINISH == 0)
            .collect();
        let mut ends = bottoms(&doomed, marks, &bits, offsets, targets);
        ends.livelocks.sort_unstable();
        reverse.spread(&mut bits, ends.livelocks.clone(), LEADS_TO_LIVELOCK);
        reverse.spread(&mut bits, ends.deadlocks, LEADS_TO_DEADLOCK);
        reverse.spread(&mut bits, ends.hangs, LEADS_TO_HANG);
        reverse.spread(&mut bits, doomed, AT_RISK);
        Regions {
            bits,
            livelocks: ends.livelocks,
        }
    }

    pub(crate) fn class(&self, index: u32) -> Class {
        let bits = self.bits[index as usize];
        if bits & CAN_FINISH == 0 {
            Class::Doomed
        } else if bits & AT_RISK != 0 {
            Class::AtRisk
        } else {
            Class::Free
        }
    }

    pub(crate) fn kind(&self, index: u32) -> Option<LockupKind> {
        let bits = self.bits[index as usize];
        if bits & CAN_FINISH != 0 {
            None
        } else if bits & LEADS_TO_LIVELOCK != 0 {
            Some(LockupKind::Livelock)
        } else if bits & LEADS_TO_DEADLOCK != 0 {
            Some(LockupKind::Deadlock)
        } else {
            Some(LockupKind::Hang)
        }
    }

    /// The first doomed state in which somebody will want memory for ever.
    pub(crate) fn first_lockup(&self) -> Option<u32> {
        self.first(LOCKUP, 0)
    }

    /// The first doomed state from which no lockup is reachable.
    pub(crate) fn first_hang(&self) -> Option<u32> {
        self.first(LEADS_TO_HANG, LOCKUP)
    }

    /// One state of each part of the graph in which a livelock goes round, ascending.
    pub(crate) fn livelocks(&self) -> &[u32] {
        &self.livelocks
    }

    /// Whether no finished state is reachable.
    pub(crate) fn is_doomed(&self, index: u32) -> bool {
        self.bits[index as usize] & CAN_FINISH == 0
    }

    /// Whether this state can finish, but not while the scheduler starves whom it starves.
    pub(crate) fn is_stalled(&self, index: u32) -> bool {
        self.bits[index as usize] & (CAN_FINISH | NOT_STALLED) == CAN_FINISH
    }

    /// The first state that can finish, but not while the scheduler starves whom it starves.
    pub(crate) fn first_stall(&self) -> Option<u32> {
        (0..self.bits.len() as u32).find(|&index| self.is_stalled(index))
    }

    fn first(&self, with: u8, without: u8) -> Option<u32> {
        let is_it = |bits: u8| bits & CAN_FINISH == 0 && bits & with != 0 && bits & without == 0;
        self.bits
            .iter()
            .position(|&bits| is_it(bits))
            .map(|index| index as u32)
    }

    /// How many states a forward walk from here meets.
    pub(crate) fn count_reachable(&self, from: u32, offsets: &[u32], targets: &[u32]) -> u32 {
        let mut seen = vec![false; self.bits.len()];
        let mut stack = vec![from];
        seen[from as usize] = true;
        let mut count = 0;
        while let Some(index) = stack.pop() {
            count += 1;
            for &next in successors(offsets, targets, index) {
                if !core::mem::replace(&mut seen[next as usize], true) {
                    stack.push(next);
                }
            }
        }
        count
    }
}

pub(crate) fn successors<'a>(offsets: &[u32], targets: &'a [u32], index: u32) -> &'a [u32] {
    &targets[offsets[index as usize] as usize..offsets[index as usize + 1] as usize]
}

/// The graph without these arrows.
fn without(offsets: &[u32], targets: &[u32], dropped: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let kept = |end: u32| end - dropped.partition_point(|&arrow| arrow < end) as u32;
    let offsets = offsets.iter().map(|&end| kept(end)).collect();
    let targets = (0..targets.len() as u32)
        .filter(|arrow| dropped.binary_search(arrow).is_err())
        .map(|arrow| targets[arrow as usize])
        .collect();
    (offsets, targets)
}

/// The graph with all arrows turned round.
pub(crate) struct Reverse {
    offsets: Vec<u32>,
    sources: Vec<u32>,
}

impl Reverse {
    pub(crate) fn new(states: usize, offsets: &[u32], targets: &[u32]) -> Reverse {
        let mut starts = vec![0u32; states + 1];
        for &target in targets {
            starts[target as usize + 1] += 1;
        }
        for index in 0..states {
            starts[index + 1] += starts[index];
        }
        let mut fill = starts.clone();
        let mut sources = vec![0u32; targets.len()];
        for source in 0..states as u32 {
            for &target in successors(offsets, targets, source) {
                sources[fill[target as usize] as usize] = source;
                fill[target as usize] += 1;
            }
        }
        Reverse {
            offsets: starts,
            sources,
        }
    }

    /// Sets `bit` on these states and on all that can reach them.
    pub(crate) fn spread(&self, bits: &mut [u8], from: Vec<u32>, bit: u8) {
        let mut stack = from;
        for &index in &stack {
            bits[index as usize] |= bit;
        }
        while let Some(index) = stack.pop() {
            for &source in successors(&self.offsets, &self.sources, index) {
                if bits[source as usize] & bit == 0 {
                    bits[source as usize] |= bit;
                    stack.push(source);
                }
            }
        }
    }
}

/// One state of every strongly connected part of the doomed region that nothing leaves.
#[derive(Default)]
struct Ends {
    /// Somebody wants memory, and somebody runs or retries.
    livelocks: Vec<u32>,
    /// Somebody wants memory, and all sleep.
    deadlocks: Vec<u32>,
    /// Nobody wants memory.
    hangs: Vec<u32>,
}

/// Finds them with Tarjan's algorithm, iterative.
fn bottoms(doomed: &[u32], marks: &[u8], bits: &[u8], offsets: &[u32], targets: &[u32]) -> Ends {
    let mut search = Tarjan::new(marks.len());
    let mut ends = Ends::default();
    for &root in doomed {
        if search.order[root as usize] != 0 {
            continue;
        }
        search.walk(root, offsets, targets, |part| {
            let leaves = part.iter().any(|&index| {
                successors(offsets, targets, index).iter().any(|next| {
                    bits[*next as usize] & CAN_FINISH != 0 || part.binary_search(next).is_err()
                })
            });
            if leaves {
                return;
            }
            let wants = part
                .iter()
                .any(|&index| marks[index as usize] & mark::WANTS_PAGE != 0);
            let runs = !successors(offsets, targets, part[0]).is_empty()
                || marks[part[0] as usize] & mark::PARKED != 0;
            let ends = match (wants, runs) {
                (true, true) => &mut ends.livelocks,
                (true, false) => &mut ends.deadlocks,
                (false, _) => &mut ends.hangs,
            };
            ends.push(part[0]);
        });
    }
    ends
}

/// Every strongly connected part with a cycle among these states, smallest state first.
pub(crate) fn cycles(
    among: impl Fn(u32) -> bool,
    offsets: &[u32],
    targets: &[u32],
    mut found: impl FnMut(&[u32]),
) {
    let states = offsets.len() as u32 - 1;
    let mut search = Tarjan::new(states as usize);
    for root in 0..states {
        if search.order[root as usize] == 0 {
            search.walk(root, offsets, targets, |part| {
                let turns =
                    part.len() > 1 || successors(offsets, targets, part[0]).contains(&part[0]);
                if turns && among(part[0]) {
                    found(part);
                }
            });
        }
    }
}

struct Tarjan {
    order: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    clock: u32,
}

impl Tarjan {
    fn new(states: usize) -> Tarjan {
        Tarjan {
            order: vec![0; states],
            low: vec![0; states],
            on_stack: vec![false; states],
            stack: Vec::new(),
            clock: 0,
        }
    }

    fn enter(&mut self, index: u32) {
        self.clock += 1;
        self.order[index as usize] = self.clock;
        self.low[index as usize] = self.clock;
        self.on_stack[index as usize] = true;
        self.stack.push(index);
    }

    fn walk(
        &mut self,
        root: u32,
        offsets: &[u32],
        targets: &[u32],
        mut part_found: impl FnMut(&[u32]),
    ) {
        self.enter(root);
        let mut path = vec![(root, 0usize)];
        while let Some(&mut (index, ref mut at)) = path.last_mut() {
            let next = successors(offsets, targets, index).get(*at).copied();
            *at += 1;
            match next {
                Some(next) if self.order[next as usize] == 0 => {
                    self.enter(next);
                    path.push((next, 0));
                }
                Some(next) if self.on_stack[next as usize] => {
                    let order = self.order[next as usize];
                    let low = &mut self.low[index as usize];
                    *low = order.min(*low);
                }
                Some(_) => {}
                None => {
                    path.pop();
                    if let Some(&(above, _)) = path.last() {
                        let below = self.low[index as usize];
                        let low = &mut self.low[above as usize];
                        *low = below.min(*low);
                    }
                    if self.low[index as usize] == self.order[index as usize] {
                        let at = self.stack.iter().rposition(|&other| other == index);
                        let mut part = self.stack.split_off(at.unwrap_or(0));
                        for &member in &part {
                            self.on_stack[member as usize] = false;
                        }
                        part.sort_unstable();
                        part_found(&part);
                    }
                }
            }
        }
    }
}
