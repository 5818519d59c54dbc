//! The cycle, or the longest chain to a root, as numbered hops and one sentence.

use oomscope_model::kernel::memcontrol;
use oomscope_model::kernel::oom_kill::blocks_killer;
use oomscope_model::machine::{CompletionId, Machine, ProcessId};
use oomscope_model::state::{Nap, Pc, Run, State};

use crate::names;
use crate::wait::{Party, WaitEdge, Why, reaper_has, wait_edges};

/// A piece of a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// Its words, with the spaces and commas that belong there.
    pub text: String,
    /// Stressed.
    pub strong: bool,
}

/// Where a chain ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Root {
    /// Nowhere: it bites its own tail.
    Cycle,
    /// At somebody whom nobody blocks and who gets nowhere all the same.
    Spins,
    /// At somebody who runs.
    Runs,
    /// At something outside the picture, or at the end of a sleep.
    External,
}

/// The cycle, or the longest chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// Its edges in order: each starts where the one before it ended.
    pub edges: Vec<WaitEdge>,
    /// How it ends.
    pub root: Root,
    /// The party at the end; on a cycle, where it starts.
    pub end: Party,
    spans: Vec<Span>,
}

impl Chain {
    /// The chain as one sentence.
    pub fn sentence(&self) -> &[Span] {
        &self.spans
    }

    /// The sentence without stress.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// The shortest cycle, through memory where possible; else the longest chain; nothing if
/// nobody waits.
pub fn chain(machine: &Machine, state: &State) -> Option<Chain> {
    let graph = wait_edges(machine, state);
    let (edges, root, end) = match cycle(state, &graph) {
        Some(edges) => {
            let end = edges.first()?.from;
            (edges, Root::Cycle, end)
        }
        None => {
            let edges = longest(&graph);
            let end = edges.last()?.to;
            (edges, root_at(state, end), end)
        }
    };
    let spans = sentence(machine, state, &edges, root, end);
    Some(Chain {
        edges,
        root,
        end,
        spans,
    })
}

/// The shortest cycle through memory, starting at the task that needs a page; else the
/// shortest among tasks.
fn cycle(state: &State, graph: &[WaitEdge]) -> Option<Vec<WaitEdge>> {
    let mut cycle = shortest_back(state, graph, Party::Memory);
    if let Some(found) = &mut cycle {
        found.rotate_right(1);
        return cycle;
    }
    let starts = graph.iter().map(|edge| edge.from);
    starts
        .filter_map(|start| shortest_back(state, graph, start))
        .min_by_key(Vec::len)
}

/// The shortest way from a party back to itself, breadth first. Among equals, one that
/// leads through a lock, which is what the kernel's patches are about, and not through a
/// task that is about to move.
fn shortest_back(state: &State, graph: &[WaitEdge], start: Party) -> Option<Vec<WaitEdge>> {
    let mut seen = vec![start];
    let mut paths: Vec<Vec<WaitEdge>> = vec![Vec::new()];
    while !paths.is_empty() {
        let mut longer = Vec::new();
        for path in &paths {
            let at = path.last().map_or(start, |edge| edge.to);
            let mut next: Vec<&WaitEdge> = graph.iter().filter(|edge| edge.from == at).collect();
            next.sort_by_key(|edge| slack(state, edge.to));
            for edge in next {
                let mut path = path.clone();
                path.push(*edge);
                if edge.to == start {
                    return Some(path);
                }
                if !seen.contains(&edge.to) {
                    seen.push(edge.to);
                    longer.push(path);
                }
            }
        }
        paths = longer;
    }
    None
}

/// How far a party is from being stuck: asleep in a queue, otherwise waiting, or about to
/// move. A killed writer that is on its way out of the queue keeps nobody waiting for long.
fn slack(state: &State, party: Party) -> u8 {
    let Party::Task(task) = party else { return 1 };
    match state.task(task).run {
        Run::Queued { awake: false, .. } => 0,
        Run::Queued { awake: true, .. } | Run::Ready(_) => 2,
        _ => 1,
    }
}

/// The longest path of a graph without cycles; among equals the first. Who waits for a
/// holder is followed to the holder, not through everybody ahead in the queue.
fn longest(graph: &[WaitEdge]) -> Vec<WaitEdge> {
    let held = |from: Party| {
        graph
            .iter()
            .any(|edge| edge.from == from && matches!(edge.why, Why::HeldBy(_)))
    };
    let graph: Vec<WaitEdge> = (graph.iter().copied())
        .filter(|edge| !(matches!(edge.why, Why::Behind(_)) && held(edge.from)))
        .collect();
    let graph = graph.as_slice();
    fn from(
        graph: &[WaitEdge],
        at: Party,
        known: &mut Vec<(Party, Vec<WaitEdge>)>,
    ) -> Vec<WaitEdge> {
        if let Some((_, path)) = known.iter().find(|(party, _)| *party == at) {
            return path.clone();
        }
        let mut best: Vec<WaitEdge> = Vec::new();
        for edge in graph.iter().filter(|edge| edge.from == at) {
            let rest = from(graph, edge.to, known);
            if rest.len() + 1 > best.len() {
                best = vec![*edge];
                best.extend(rest);
            }
        }
        known.push((at, best.clone()));
        best
    }
    let mut known = Vec::new();
    let mut best = Vec::new();
    for edge in graph {
        let path = from(graph, edge.from, &mut known);
        if path.len() > best.len() {
            best = path;
        }
    }
    best
}

fn root_at(state: &State, end: Party) -> Root {
    match end {
        Party::Memory => {
            let any_ready = state.tasks().any(|(_, task)| {
                matches!(
                    task.run,
                    Run::Ready(
                        Pc::AllocTry | Pc::AllocOom | Pc::AllocScan | Pc::Kmem(_) | Pc::Memcg(_)
                    )
                )
            });
            if any_ready { Root::Runs } else { Root::Spins }
        }
        Party::Task(task) => match state.task(task).run {
            Run::Ready(_) | Run::Queued { awake: true, .. } => Root::Runs,
            _ if state.task(task).is_parked() => Root::Spins,
            _ => Root::External,
        },
    }
}

fn sentence(
    machine: &Machine,
    state: &State,
    edges: &[WaitEdge],
    root: Root,
    end: Party,
) -> Vec<Span> {
    let mut spans = Vec::new();
    for (index, edge) in edges.iter().enumerate() {
        if index > 0 {
            push(&mut spans, ", ", false);
        }
        clause(machine, state, edge, &mut spans);
    }
    let last = edges.last();
    let ending = match (root, last.map(|edge| edge.why)) {
        (Root::Cycle, _) => ".".to_string(),
        (_, Some(Why::Orphaned(completion))) => orphan_clause(machine, completion, end),
        _ => root_clause(machine, state, root, end),
    };
    push(&mut spans, &ending, false);
    spans
}

/// One edge in words. The stressed part is what a person would stress when reading aloud.
fn clause(machine: &Machine, state: &State, edge: &WaitEdge, spans: &mut Vec<Span>) {
    let name = |party: Party| match party {
        Party::Task(task) => names::task(machine, task).to_string(),
        Party::Memory => "memory".to_string(),
    };
    let (from, to) = (name(edge.from), name(edge.to));
    let mut say = |text: &str, strong: bool| push(spans, text, strong);
    match edge.why {
        Why::NeedsPage => {
            say(&format!("{from} "), false);
            match edge.from {
                Party::Task(task) if let Some(memcg) = memcontrol::full(machine, state, task) => {
                    let name = names::memcg(machine, memcg);
                    say(&format!("needs room in the memory cgroup {name}"), true);
                }
                _ => say("needs a page", true),
            }
        }
        Why::Pins { process, .. } => {
            let victim = names::process(machine, process);
            let only = if reaper_has(machine, state, process).is_some() {
                ""
            } else {
                "only "
            };
            let thread =
                matches!(edge.to, Party::Task(task) if machine.process_of(task) == Some(process));
            say("pages are ", false);
            if thread {
                say(&format!("freed {only}when {victim} exits"), true);
            } else {
                say(
                    &format!("freed {only}when {to} lets go of {victim}’s memory"),
                    true,
                );
            }
        }
        Why::Reaps { mm } => {
            say("pages are ", false);
            say(
                &format!("freed when {to} reaps {}", names::mm(machine, mm)),
                true,
            );
        }
        Why::HeldBy(lock) => {
            say(&format!("{from} "), false);
            say(&format!("waits for {}", names::lock(machine, lock)), true);
            say(&format!(", which {to} "), false);
            say("holds", true);
        }
        Why::Behind(lock) => {
            say(&format!("{from} "), false);
            say(
                &format!("waits for {} behind {to}", names::lock(machine, lock)),
                true,
            );
        }
        Why::Completes(completion) => {
            let what = names::completion(machine, completion);
            say(&format!("{from} "), false);
            say(&format!("waits for {to} to complete {what}"), true);
        }
        Why::Orphaned(completion) => {
            let what = names::completion(machine, completion);
            say(&format!("{from} "), false);
            say(&format!("waits for {what}"), true);
            let (owner, fate) = orphaned(machine, edge.to, completion);
            say(&format!(", {owner} {to} "), false);
            say(fate, true);
        }
        Why::Trylock(lock) => {
            let holds =
                matches!(edge.to, Party::Task(task) if state.task(task).held.mode(lock).is_some());
            let how = if holds { "holds it" } else { "is queued" };
            say(&format!("{from} "), false);
            say(&format!("cannot take {}", names::lock(machine, lock)), true);
            say(&format!(" because {to} {how}"), false);
        }
        Why::Isolated => {
            say(&format!("{from} "), false);
            say(&format!("waits for pages that {to} has isolated"), true);
        }
        Why::KillerBusy => {
            say(&format!("{from} "), false);
            say("cannot take oom_lock", true);
            say(&format!(", which {to} "), false);
            say("holds", true);
        }
    }
}

/// Whether this is a futex on the robust list of that task.
fn is_robust(machine: &Machine, party: Party, completion: CompletionId) -> bool {
    matches!(party, Party::Task(task) if machine.actor(task).robust_list == Some(completion))
}

/// What the dead one is to the completion, and what became of it.
pub(crate) fn orphaned(
    machine: &Machine,
    party: Party,
    completion: CompletionId,
) -> (&'static str, &'static str) {
    match is_robust(machine, party, completion) {
        true => ("whose owner", "has died"),
        false => ("which", "died without completing"),
    }
}

/// Why the death of its owner does not end a wait: `exit_robust_list` did not find the futex.
fn orphan_clause(machine: &Machine, completion: CompletionId, end: Party) -> String {
    if is_robust(machine, end, completion) {
        "; its robust list was reaped before exit_robust_list could walk it, so nobody sets FUTEX_OWNER_DIED.".to_string()
    } else {
        "; nobody else will.".to_string()
    }
}

/// The victim at which the killer's scan ends.
fn blocking_victim(machine: &Machine, state: &State) -> Option<String> {
    (0..machine.processes.len() as u8)
        .map(ProcessId)
        .find(|&process| blocks_killer(machine, state, process))
        .map(|process| names::process(machine, process).to_string())
}

fn root_clause(machine: &Machine, state: &State, root: Root, end: Party) -> String {
    match end {
        Party::Memory => match blocking_victim(machine, state) {
            Some(victim) => {
                format!("; {victim} still counts as dying, so the OOM killer chooses nobody.")
            }
            None if state.kills(machine) > 0 => {
                "; no victim keeps the OOM killer from choosing again.".to_string()
            }
            None if root == Root::Runs => "; the OOM killer has chosen nobody yet.".to_string(),
            None => "; nobody has been killed and nobody gives pages back.".to_string(),
        },
        Party::Task(task) => {
            let name = names::task(machine, task);
            let word = state.task(task);
            match word.run {
                Run::Exited | Run::Idle => format!("; {name} is gone and will not let go."),
                Run::Asleep { nap, .. } => format!("; {name} sleeps {}.", nap_words(nap)),
                Run::Waits { .. } => format!("; nobody in sight wakes {name}."),
                Run::Queued { awake: false, .. } => format!("; nobody in sight wakes {name}."),
                _ => format!("; {name} runs."),
            }
        }
    }
}

pub(crate) fn nap_words(nap: Nap) -> &'static str {
    match nap {
        Nap::Jiffy => "one jiffy",
        Nap::Hz50 => "20 ms",
        Nap::Hz10 => "100 ms",
        Nap::Hz => "1 s",
        Nap::Hz2 => "2 s",
        Nap::Hz3 => "3 s",
    }
}

fn push(spans: &mut Vec<Span>, text: &str, strong: bool) {
    match spans.last_mut() {
        Some(last) if last.strong == strong => last.text.push_str(text),
        _ => spans.push(Span {
            text: text.to_string(),
            strong,
        }),
    }
}
