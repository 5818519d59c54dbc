//! Which states lead nowhere: who can reach an end, what those lead to who cannot, and who can
//! still come to them.

use std::sync::OnceLock;

use crate::graph::{self, Graph, Tarjan, successors};
use crate::{Class, LockupKind, mark};

const CAN_FINISH: u8 = 1;
const LEADS_TO_LIVELOCK: u8 = 1 << 2;
const LEADS_TO_HANG: u8 = 1 << 3;
const LEADS_TO_DEADLOCK: u8 = 1 << 5;
const LOCKUP: u8 = LEADS_TO_LIVELOCK | LEADS_TO_DEADLOCK;
const KINDS: u8 = LOCKUP | LEADS_TO_HANG;
/// A way to the end exists that needs no starved task.
const NOT_STALLED: u8 = 1 << 4;

/// The regions of a fully explored graph.
pub(crate) struct Regions {
    bits: Vec<u8>,
    /// The first doomed state that leads to a livelock.
    first_livelock: Option<u32>,
    /// The first doomed state that leads to a deadlock.
    first_deadlock: Option<u32>,
    /// The first doomed state from which no lockup is reachable.
    first_hang: Option<u32>,
    /// The first state that can finish, but not while the scheduler starves whom it starves.
    first_stall: Option<u32>,
    /// One state of each part in which a livelock goes round, ascending.
    livelocks: Vec<u32>,
    /// Who can come to a doomed state. No outcome asks for it, so it waits until somebody does.
    at_risk: OnceLock<Vec<u8>>,
}

impl Regions {
    /// Computes them. `starved` says which of the arrows need a task that gets no CPU.
    pub(crate) fn new(marks: &[u8], graph: &Graph<'_>, starved: &[u32]) -> Regions {
        let finished = |&marks: &u8| marks & mark::FINISHED != 0;
        let others = if starved.is_empty() { NOT_STALLED } else { 0 };
        let ends = marks.iter().map(|marks| match finished(marks) {
            true => CAN_FINISH | NOT_STALLED,
            false => others,
        });
        let mut bits: Vec<u8> = ends.collect();
        let all = 0..marks.len() as u32;
        graph.spread(&mut bits, CAN_FINISH, all.clone());
        let mut first_stall = None;
        if !starved.is_empty() {
            let (offsets, targets) = graph::without(graph, starved);
            let fed = Graph {
                offsets: &offsets,
                targets: &targets,
                parents: &[],
            };
            fed.spread(&mut bits, NOT_STALLED, all.clone());
            first_stall = all.clone().find(|&index| is_stalled(&bits, index));
        }
        let is_doomed = |index: &u32| bits[*index as usize] & CAN_FINISH == 0;
        let doomed: Vec<u32> = all.filter(is_doomed).collect();
        let mut livelocks = Vec::new();
        if !doomed.is_empty() {
            livelocks = spread_kinds(&doomed, marks, graph, &mut bits);
        }
        let first = |is_it: fn(u8) -> bool| {
            let mut doomed = doomed.iter().copied();
            doomed.find(|&index| is_it(bits[index as usize]))
        };
        Regions {
            first_livelock: first(|bits| bits & LEADS_TO_LIVELOCK != 0),
            first_deadlock: first(|bits| bits & LEADS_TO_DEADLOCK != 0),
            first_hang: first(|bits| bits & LEADS_TO_HANG != 0 && bits & LOCKUP == 0),
            first_stall,
            bits,
            livelocks,
            at_risk: OnceLock::new(),
        }
    }

    /// Where a state of the graph lies.
    pub(crate) fn class(&self, graph: &Graph<'_>, index: u32) -> Class {
        let at_risk = self.at_risk.get_or_init(|| {
            let doomed = self
                .bits
                .iter()
                .map(|bits| u8::from(bits & CAN_FINISH == 0));
            let mut bits: Vec<u8> = doomed.collect();
            if bits.contains(&1) {
                graph.spread(&mut bits, 1, 0..self.bits.len() as u32);
            }
            bits
        });
        if self.is_doomed(index) {
            Class::Doomed
        } else if at_risk[index as usize] != 0 {
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
        let both = [self.first_livelock, self.first_deadlock];
        both.into_iter().flatten().min()
    }

    /// The first doomed state that leads there; of a hang the first that leads nowhere else.
    pub(crate) fn first_of(&self, kind: LockupKind) -> Option<u32> {
        match kind {
            LockupKind::Livelock => self.first_livelock,
            LockupKind::Deadlock => self.first_deadlock,
            LockupKind::Hang => self.first_hang,
        }
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
        is_stalled(&self.bits, index)
    }

    /// The first state that can finish, but not while the scheduler starves whom it starves.
    pub(crate) fn first_stall(&self) -> Option<u32> {
        self.first_stall
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

fn is_stalled(bits: &[u8], index: u32) -> bool {
    bits[index as usize] & (CAN_FINISH | NOT_STALLED) == CAN_FINISH
}

/// Tells of all doomed states what they lead to. Says one state of each part in which a livelock
/// goes round, ascending.
fn spread_kinds(doomed: &[u32], marks: &[u8], graph: &Graph<'_>, bits: &mut [u8]) -> Vec<u32> {
    let mut livelocks = Vec::new();
    let mut found = 0;
    let mut end = |found: &mut u8, bits: &mut [u8], part: &[u32]| {
        let kind = kind_of_end(part, marks, graph);
        bits[part[0] as usize] |= kind;
        *found |= kind;
        if kind == LEADS_TO_LIVELOCK {
            livelocks.push(part[0]);
        }
    };
    let spread_all = |kinds: u8, bits: &mut [u8]| {
        for kind in [LEADS_TO_LIVELOCK, LEADS_TO_HANG, LEADS_TO_DEADLOCK] {
            if kinds & kind != 0 {
                graph.spread(bits, kind, doomed.iter().copied());
            }
        }
    };
    // Mostly all come to where nobody moves.
    for &index in doomed.iter().filter(|&&it| graph.successors(it).is_empty()) {
        end(&mut found, bits, &[index]);
    }
    spread_all(found, bits);
    // From these nobody does. What nothing leaves is a strongly connected part of them.
    let endless = |index: &&u32| bits[**index as usize] & KINDS == 0;
    let endless: Vec<u32> = doomed.iter().filter(endless).copied().collect();
    if !endless.is_empty() {
        let mut search = Tarjan::new(marks.len());
        for &root in &endless {
            if search.order[root as usize] == 0 {
                search.walk(root, graph.offsets, graph.targets, |part| {
                    let mut next = part.iter().flat_map(|&index| graph.successors(index));
                    if next.all(|to| part.binary_search(to).is_ok()) {
                        end(&mut found, bits, part);
                    }
                });
            }
        }
        spread_all(found, bits);
    }
    livelocks.sort_unstable();
    livelocks
}

/// What it is when a strongly connected part that nothing leaves is reached.
fn kind_of_end(part: &[u32], marks: &[u8], graph: &Graph<'_>) -> u8 {
    let mut all = part.iter().map(|&index| marks[index as usize]);
    let wants = all.any(|marks| marks & mark::WANTS_PAGE != 0);
    let runs = !graph.successors(part[0]).is_empty() || marks[part[0] as usize] & mark::PARKED != 0;
    match (wants, runs) {
        // Somebody wants memory, and somebody runs or retries.
        (true, true) => LEADS_TO_LIVELOCK,
        // Somebody wants memory, and all sleep.
        (true, false) => LEADS_TO_DEADLOCK,
        // Nobody wants memory.
        (false, _) => LEADS_TO_HANG,
    }
}
