//! Walks over the arrows between the states that were found.

/// Looks at the states, for bits that go against the arrows, before the arrows are turned round.
const SWEEPS: u32 = 8;
/// It cannot reach who has the bit that is being spread, nor can any that it leads to.
const SETTLED: u8 = 1 << 7;

pub(crate) fn successors<'a>(offsets: &[u32], targets: &'a [u32], index: u32) -> &'a [u32] {
    &targets[offsets[index as usize] as usize..offsets[index as usize + 1] as usize]
}

/// Offsets and targets without these arrows.
pub(crate) fn without(graph: &Graph<'_>, dropped: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let kept = |end: u32| end - dropped.partition_point(|&arrow| arrow < end) as u32;
    let offsets = graph.offsets.iter().map(|&end| kept(end)).collect();
    let targets = (0..graph.targets.len() as u32)
        .filter(|arrow| dropped.binary_search(arrow).is_err())
        .map(|arrow| graph.targets[arrow as usize])
        .collect();
    (offsets, targets)
}

/// States and arrows.
#[derive(Clone, Copy)]
pub(crate) struct Graph<'a> {
    /// Successors of state `i`: `targets[offsets[i]..offsets[i + 1]]`.
    pub(crate) offsets: &'a [u32],
    pub(crate) targets: &'a [u32],
    /// For each state one that has an arrow to it; of the first, itself. Empty if that is not
    /// known.
    pub(crate) parents: &'a [u32],
}

impl<'a> Graph<'a> {
    pub(crate) fn successors(&self, index: u32) -> &'a [u32] {
        successors(self.offsets, self.targets, index)
    }

    /// Gives every state of these, which are ascending, this bit if a state has it which it can
    /// reach. Others may get it as well, if they can.
    pub(crate) fn spread(
        &self,
        bits: &mut [u8],
        bit: u8,
        among: impl DoubleEndedIterator<Item = u32>,
    ) {
        let mut left = Vec::new();
        let mut is_more = self.sweep(bits, bit, among.rev(), &mut left);
        for _ in 1..SWEEPS {
            if !is_more || left.is_empty() {
                break;
            }
            let among = core::mem::take(&mut left);
            is_more = self.sweep(bits, bit, among.into_iter(), &mut left);
        }
        for bits in bits.iter_mut() {
            *bits &= !SETTLED;
        }
        if is_more && !left.is_empty() {
            Reverse::new(self).spread(bits, bit);
        }
    }

    /// Looks once at every state that may get the bit, the last found first. What was found later
    /// mostly stands further on, so one look decides about most, and memory is read in its order.
    /// Says whether any got it, and about which nothing is decided.
    fn sweep(
        &self,
        bits: &mut [u8],
        bit: u8,
        among: impl Iterator<Item = u32>,
        left: &mut Vec<u32>,
    ) -> bool {
        let mut is_any = false;
        for index in among {
            if bits[index as usize] & (bit | SETTLED) != 0 {
                continue;
            }
            let (mut any, mut all) = (0, SETTLED);
            for &to in self.successors(index) {
                let next = bits[to as usize];
                any |= next & bit;
                all &= next;
                if any != 0 {
                    break;
                }
            }
            if any != 0 {
                self.pass_up(bits, index, bit);
                is_any = true;
            } else if all != 0 {
                bits[index as usize] |= SETTLED;
            } else {
                left.push(index);
            }
        }
        is_any
    }

    /// Gives a bit to a state and to all on the way on which it was found.
    fn pass_up(&self, bits: &mut [u8], mut index: u32, bit: u8) {
        while bits[index as usize] & bit == 0 {
            bits[index as usize] |= bit;
            match self.parents.get(index as usize) {
                Some(&parent) => index = parent,
                None => break,
            }
        }
    }
}

/// The graph with all arrows turned round.
struct Reverse {
    offsets: Vec<u32>,
    sources: Vec<u32>,
}

impl Reverse {
    fn new(graph: &Graph<'_>) -> Reverse {
        let states = graph.offsets.len() - 1;
        let mut starts = vec![0u32; states + 1];
        for &target in graph.targets {
            starts[target as usize + 1] += 1;
        }
        for index in 0..states {
            starts[index + 1] += starts[index];
        }
        let mut fill = starts.clone();
        let mut sources = vec![0u32; graph.targets.len()];
        for source in 0..states as u32 {
            for &target in graph.successors(source) {
                sources[fill[target as usize] as usize] = source;
                fill[target as usize] += 1;
            }
        }
        Reverse {
            offsets: starts,
            sources,
        }
    }

    /// Sets `bit` on all that can reach who has it.
    fn spread(&self, bits: &mut [u8], bit: u8) {
        let has = |index: &u32| bits[*index as usize] & bit != 0;
        let mut stack: Vec<u32> = (0..bits.len() as u32).filter(has).collect();
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

/// Every strongly connected part with a cycle of these states and no others, smallest state
/// first.
pub(crate) fn cycles(
    among: impl Fn(u32) -> bool,
    offsets: &[u32],
    targets: &[u32],
    mut found: impl FnMut(&[u32]),
) {
    let states = offsets.len() as u32 - 1;
    let mut search = Tarjan::new(states as usize);
    for index in (0..states).filter(|&index| !among(index)) {
        search.leave_out(index);
    }
    for root in 0..states {
        if search.order[root as usize] == 0 {
            search.walk(root, offsets, targets, |part| {
                let turns =
                    part.len() > 1 || successors(offsets, targets, part[0]).contains(&part[0]);
                if turns {
                    found(part);
                }
            });
        }
    }
}

pub(crate) struct Tarjan {
    /// When each state was entered; 0: not yet.
    pub(crate) order: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    /// The way to where the walk is, and how many arrows were followed from each state on it.
    path: Vec<(u32, usize)>,
    clock: u32,
}

impl Tarjan {
    pub(crate) fn new(states: usize) -> Tarjan {
        Tarjan {
            order: vec![0; states],
            low: vec![0; states],
            on_stack: vec![false; states],
            stack: Vec::new(),
            path: Vec::new(),
            clock: 0,
        }
    }

    /// As if it had been entered and left before everything else.
    fn leave_out(&mut self, index: u32) {
        self.order[index as usize] = u32::MAX;
    }

    fn enter(&mut self, index: u32) {
        self.clock += 1;
        self.order[index as usize] = self.clock;
        self.low[index as usize] = self.clock;
        self.on_stack[index as usize] = true;
        self.stack.push(index);
    }

    /// Calls `part_found` with every strongly connected part that can be reached from `root`
    /// and was not found yet, what it leads to first.
    pub(crate) fn walk(
        &mut self,
        root: u32,
        offsets: &[u32],
        targets: &[u32],
        mut part_found: impl FnMut(&[u32]),
    ) {
        self.enter(root);
        let mut path = core::mem::take(&mut self.path);
        path.push((root, 0));
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
                        let at = at.unwrap_or(0);
                        let part = &mut self.stack[at..];
                        for &member in &*part {
                            self.on_stack[member as usize] = false;
                        }
                        part.sort_unstable();
                        part_found(part);
                        self.stack.truncate(at);
                    }
                }
            }
        }
        self.path = path;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small source of chance.
    struct Lots(u64);

    impl Lots {
        fn below(&mut self, end: u32) -> u32 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            ((self.0 >> 33) % u64::from(end)) as u32
        }
    }

    /// Every state but the first has an arrow from an earlier one, and there are others, in
    /// any direction: offsets, targets, parents.
    fn any_graph(lots: &mut Lots, states: u32) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
        let mut arrows = vec![Vec::new(); states as usize];
        let mut parents = vec![0];
        for index in 1..states {
            let parent = lots.below(index);
            parents.push(parent);
            arrows[parent as usize].push(index);
        }
        for _ in 0..lots.below(2 * states) {
            arrows[lots.below(states) as usize].push(lots.below(states));
        }
        let mut offsets = vec![0];
        for targets in &arrows {
            offsets.push(offsets[offsets.len() - 1] + targets.len() as u32);
        }
        (offsets, arrows.concat(), parents)
    }

    /// The same by walking from every state.
    fn reached(graph: &Graph<'_>, bits: &[u8], from: u32) -> u8 {
        let mut seen = vec![false; bits.len()];
        let mut stack = vec![from];
        let mut all = 0;
        while let Some(index) = stack.pop() {
            if !core::mem::replace(&mut seen[index as usize], true) {
                all |= bits[index as usize];
                stack.extend(graph.successors(index));
            }
        }
        all
    }

    #[test]
    fn bits_go_to_all_who_can_reach_them_and_to_nobody_else() {
        let mut lots = Lots(1);
        for round in 0..600 {
            let states = 2 + lots.below(40);
            let (offsets, targets, parents) = any_graph(&mut lots, states);
            let graph = Graph {
                offsets: &offsets,
                targets: &targets,
                parents: if round % 2 == 0 { &parents } else { &[] },
            };
            let mut bits = vec![0; states as usize];
            for _ in 0..3 {
                bits[lots.below(states) as usize] |= 1 << lots.below(2);
            }
            let wanted: Vec<u8> = (0..states).map(|it| reached(&graph, &bits, it)).collect();
            let mut swept = bits.clone();
            graph.spread(&mut swept, 1, 0..states);
            graph.spread(&mut swept, 2, 0..states);
            assert_eq!(swept, wanted, "round {round}");
            let mut turned = bits;
            let reverse = Reverse::new(&graph);
            reverse.spread(&mut turned, 1);
            reverse.spread(&mut turned, 2);
            assert_eq!(turned, wanted, "round {round}");
        }
    }

    #[test]
    fn cycles_are_found_of_these_states_and_no_others() {
        let mut lots = Lots(7);
        let mut found = 0;
        for round in 0..600 {
            let states = 2 + lots.below(12);
            let (offsets, targets, _) = any_graph(&mut lots, states);
            let among: Vec<bool> = (0..states).map(|_| lots.below(3) > 0).collect();
            let among = |index: u32| among[index as usize];
            let mut parts: Vec<Vec<u32>> = Vec::new();
            cycles(among, &offsets, &targets, |part| parts.push(part.to_vec()));
            parts.sort();
            // Who comes back to where they are, and who else is on such a way.
            let inside = |from: u32| {
                let mut seen = Vec::new();
                let mut stack = vec![from];
                while let Some(index) = stack.pop() {
                    for &next in successors(&offsets, &targets, index) {
                        if among(next) && !seen.contains(&next) {
                            seen.push(next);
                            stack.push(next);
                        }
                    }
                }
                seen
            };
            let ways: Vec<Vec<u32>> = (0..states).map(inside).collect();
            let both =
                |a: u32, b: u32| ways[a as usize].contains(&b) && ways[b as usize].contains(&a);
            let of = |a: u32| (0..states).filter(|&b| both(a, b)).collect::<Vec<_>>();
            let turns = (0..states).filter(|&a| among(a) && both(a, a));
            let mut wanted: Vec<Vec<u32>> = turns.map(of).collect();
            wanted.sort();
            wanted.dedup();
            assert_eq!(parts, wanted, "round {round}");
            found += parts.len();
        }
        assert!(found > 100);
    }

    #[test]
    fn a_chain_that_runs_backwards_needs_more_than_all_sweeps() {
        // Found in this order, every state leads to the one before: no parents are known.
        let states = 4 * SWEEPS;
        let offsets: Vec<u32> = (0..=states).map(|index| index.saturating_sub(1)).collect();
        let targets: Vec<u32> = (0..states - 1).collect();
        let graph = Graph {
            offsets: &offsets,
            targets: &targets,
            parents: &[],
        };
        let mut bits = vec![0; states as usize];
        bits[0] = 1;
        graph.spread(&mut bits, 1, 0..states);
        assert!(bits.iter().all(|&bits| bits == 1));
    }
}
