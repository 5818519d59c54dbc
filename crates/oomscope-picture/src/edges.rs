//! Which edges are drawn, between which ends, with which words and hop numbers.

use oomscope_model::event::Event;
use oomscope_model::kernel::memcontrol;
use oomscope_model::machine::{Kind, LockId, MmId, OOM_LOCK, TaskId};
use oomscope_model::state::{Notify, Pc, Reap, Run};

use crate::chain::orphaned;
use crate::draw::Scene;
use crate::names;
use crate::picture::{Edge, EdgeKind, Tone};
use crate::route::{End, route};
use crate::wait::{Party, Why, reaper_has};

/// An edge before it has a way.
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) kind: EdgeKind,
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) words: String,
    /// What is drawn beside it; shorter than the words.
    pub(crate) short: String,
    pub(crate) labelled: bool,
    pub(crate) hop: Option<u8>,
    pub(crate) tone: Tone,
    pub(crate) double: bool,
}

/// All edges with their ways, those of the chain last.
pub(crate) fn edges(scene: &Scene<'_>, recent: &[Event]) -> Vec<Edge> {
    let mut drafts = Vec::new();
    holds(scene, &mut drafts);
    waits(scene, &mut drafts);
    memory(scene, &mut drafts);
    reaper(scene, recent, &mut drafts);
    number(scene, &mut drafts);
    let mut edges = route(scene, &drafts);
    edges.sort_by_key(|edge| edge.hop.map_or(0, |hop| hop.number));
    edges
}

fn draft(id: String, kind: EdgeKind, from: End, to: End, words: String, tone: Tone) -> Draft {
    let short = match kind {
        EdgeKind::Holds => "held by".to_string(),
        EdgeKind::WaitsFor => "waits".to_string(),
        _ => words.clone(),
    };
    Draft {
        id,
        kind,
        from,
        to,
        words,
        short,
        labelled: false,
        hop: None,
        tone,
        double: false,
    }
}

fn holds_id(lock: LockId, task: TaskId) -> String {
    format!("holds-lock-{}-task-{}", lock.0, task.0)
}

fn waits_id(task: TaskId) -> String {
    format!("waits-task-{}", task.0)
}

fn holds(scene: &Scene<'_>, drafts: &mut Vec<Draft>) {
    for place in &scene.layout.locks {
        for (task, _) in scene.state.holders(place.lock) {
            if scene.layout.task(task).is_some() {
                let (from, to) = (End::LockTop(place.lock), End::Task(task));
                let words = format!("held by {}", names::task(scene.machine, task));
                let id = holds_id(place.lock, task);
                drafts.push(draft(id, EdgeKind::Holds, from, to, words, Tone::Neutral));
            }
        }
    }
}

fn waits(scene: &Scene<'_>, drafts: &mut Vec<Draft>) {
    for place in &scene.layout.tasks {
        let task = place.task;
        if let Run::Queued { on, mode, rank, .. } = scene.state.task(task).run
            && let Some(lock) = scene.layout.lock(on)
            && usize::from(rank) <= lock.slots.len()
        {
            let words = format!(
                "{} waits for {}{}",
                names::task(scene.machine, task),
                names::lock(scene.machine, on),
                names::purpose(scene.machine, on, mode)
            );
            let to = End::Slot(on, rank);
            let mut edge = draft(
                waits_id(task),
                EdgeKind::WaitsFor,
                End::Task(task),
                to,
                words,
                Tone::Wait,
            );
            edge.short = format!("waits{}", names::purpose(scene.machine, on, mode));
            drafts.push(edge);
        }
    }
    for place in &scene.layout.locks {
        if scene.state.queued(place.lock, 1).is_some() {
            let id = format!("head-lock-{}", place.lock.0);
            let (from, to) = (End::Slot(place.lock, 1), End::LockSide(place.lock));
            let words = "next in line".to_string();
            drafts.push(draft(id, EdgeKind::WaitsFor, from, to, words, Tone::Wait));
        }
    }
    for edge in &scene.graph {
        if let (Party::Task(from), Party::Task(to), Why::Isolated) = (edge.from, edge.to, edge.why)
        {
            let (who, whom) = (
                names::task(scene.machine, from),
                names::task(scene.machine, to),
            );
            drafts.push(draft(
                format!("isolated-task-{}-task-{}", from.0, to.0),
                EdgeKind::Completion,
                End::TaskLeft(from),
                End::TaskLeft(to),
                format!("{who} waits for pages that {whom} has isolated"),
                Tone::Wait,
            ));
        }
        if let (
            Party::Task(from),
            Party::Task(to),
            Why::Completes(completion) | Why::Orphaned(completion),
        ) = (edge.from, edge.to, edge.why)
        {
            let id = format!("completes-task-{}-task-{}", from.0, to.0);
            let (who, whom) = (
                names::task(scene.machine, from),
                names::task(scene.machine, to),
            );
            let what = names::completion(scene.machine, completion);
            let words = match edge.why {
                Why::Completes(_) => format!("{who} waits for {whom} to complete {what}"),
                _ => {
                    let (owner, fate) = orphaned(scene.machine, edge.to, completion);
                    format!("{who} waits for {what}, {owner} {whom} {fate}")
                }
            };
            let ends = (End::TaskLeft(from), End::TaskLeft(to));
            drafts.push(draft(
                id,
                EdgeKind::Completion,
                ends.0,
                ends.1,
                words,
                Tone::Wait,
            ));
        }
    }
}

fn memory(scene: &Scene<'_>, drafts: &mut Vec<Draft>) {
    for edge in &scene.graph {
        match (edge.from, edge.to, edge.why) {
            (Party::Task(task), Party::Memory, Why::NeedsPage) => {
                let id = format!("needs-task-{}", task.0);
                // A full memory cgroup has no room, however much is free.
                let full = memcontrol::full(scene.machine, scene.state, task)
                    .filter(|&memcg| scene.layout.memcg(memcg).is_some());
                let (words, to) = match full {
                    Some(memcg) => (
                        format!("no room in /{}", names::memcg(scene.machine, memcg)),
                        End::Memcg(memcg),
                    ),
                    None => ("needs a page".to_string(), End::Free),
                };
                let ends = (End::Task(task), to);
                drafts.push(draft(
                    id,
                    EdgeKind::NeedsMemory,
                    ends.0,
                    ends.1,
                    words,
                    Tone::Wait,
                ));
            }
            (Party::Memory, Party::Task(task), Why::Pins { process, mm }) => {
                let only = if reaper_has(scene.machine, scene.state, process).is_some() {
                    ""
                } else {
                    "only "
                };
                let words = if scene.machine.process_of(task) == Some(process) {
                    format!(
                        "freed {only}when {} exits",
                        names::process(scene.machine, process)
                    )
                } else {
                    format!("pinned by {}", names::task(scene.machine, task))
                };
                pinned(task, mm, words, drafts);
            }
            (Party::Memory, Party::Task(task), Why::Reaps { mm }) => {
                let words = format!("comes back when {} is reaped", names::mm(scene.machine, mm));
                pinned(task, mm, words, drafts);
            }
            _ => {}
        }
    }
}

fn pinned(task: TaskId, mm: MmId, words: String, drafts: &mut Vec<Draft>) {
    let id = format!("pinned-mm-{}-task-{}", mm.0, task.0);
    // Two processes that share an address space die for it together.
    if drafts.iter().any(|draft| draft.id == id) {
        return;
    }
    drafts.push(draft(
        id,
        EdgeKind::PinnedBy,
        End::Segment(mm),
        End::Task(task),
        words,
        Tone::Neutral,
    ));
}

/// The failing trylocks, and memory flowing back.
fn reaper(scene: &Scene<'_>, recent: &[Event], drafts: &mut Vec<Draft>) {
    for edge in &scene.graph {
        let (Party::Task(task), Party::Task(other)) = (edge.from, edge.to) else {
            continue;
        };
        let (lock, tone) = match edge.why {
            Why::Trylock(lock) => (lock, Tone::Reaper),
            Why::KillerBusy => (OOM_LOCK, Tone::Wait),
            _ => continue,
        };
        let holds = scene.state.task(other).held.mode(lock).is_some();
        let words = match (edge.why, holds) {
            (Why::Trylock(_), false) => "trylock fails while anyone is queued".to_string(),
            _ => format!(
                "trylock fails: {} holds it",
                names::task(scene.machine, other)
            ),
        };
        let id = format!("trylock-task-{}-lock-{}", task.0, lock.0);
        let ends = (End::Task(task), End::LockBottom(lock));
        let mut edge = draft(id, EdgeKind::TrylockFailed, ends.0, ends.1, words, tone);
        edge.labelled = tone == Tone::Reaper;
        drafts.push(edge);
    }
    let Some(reaper) = scene.machine.kernel_task(Kind::OomReaper) else {
        return;
    };
    let zapping = match scene.state.task(reaper).run {
        Run::Ready(Pc::Reap(Reap::Zap) | Pc::Notify(Notify::Zap)) => {
            scene.state.task(reaper).mm_job
        }
        _ => recent.iter().find_map(|event| match *event {
            Event::VmaZapped { task, mm, .. } if task == reaper => Some(mm),
            _ => None,
        }),
    };
    if let Some(mm) = zapping {
        let words = format!("takes {}’s anonymous pages", names::mm(scene.machine, mm));
        let id = format!("reaps-mm-{}", mm.0);
        let ends = (End::Task(reaper), End::Segment(mm));
        let mut edge = draft(id, EdgeKind::Reaps, ends.0, ends.1, words, Tone::Reaper);
        edge.labelled = true;
        drafts.push(edge);
    }
}

/// Puts the chain's numbers on the edges that draw it. Waiting for a held lock is two
/// hops: to the lock, and on to its holder.
fn number(scene: &Scene<'_>, drafts: &mut [Draft]) {
    let mut hop = 0;
    let double = scene.is_cycle();
    let mut mark = |id: String| {
        if let Some(draft) = drafts.iter_mut().find(|draft| draft.id == id) {
            if draft.hop.is_none() {
                hop += 1;
                draft.hop = Some(hop);
                draft.labelled = true;
            }
            draft.double = double;
            draft.tone = if double { Tone::Stuck } else { Tone::Wait };
        }
    };
    for edge in scene.chain_edges() {
        match (edge.from, edge.to, edge.why) {
            (Party::Task(task), _, Why::NeedsPage) => mark(format!("needs-task-{}", task.0)),
            (_, Party::Task(task), Why::Pins { mm, .. } | Why::Reaps { mm }) => {
                mark(format!("pinned-mm-{}-task-{}", mm.0, task.0));
            }
            (Party::Task(task), Party::Task(holder), Why::HeldBy(lock)) => {
                mark(waits_id(task));
                mark(holds_id(lock, holder));
            }
            (Party::Task(task), _, Why::Behind(_)) => mark(waits_id(task)),
            (Party::Task(from), Party::Task(to), Why::Completes(_) | Why::Orphaned(_)) => {
                mark(format!("completes-task-{}-task-{}", from.0, to.0));
            }
            (Party::Task(from), Party::Task(to), Why::Isolated) => {
                mark(format!("isolated-task-{}-task-{}", from.0, to.0));
            }
            (Party::Task(task), Party::Task(other), Why::Trylock(lock)) => {
                mark(format!("trylock-task-{}-lock-{}", task.0, lock.0));
                mark(holds_id(lock, other));
            }
            (Party::Task(task), Party::Task(other), Why::KillerBusy) => {
                mark(format!("trylock-task-{}-lock-0", task.0));
                mark(holds_id(OOM_LOCK, other));
            }
            _ => {}
        }
    }
    // The short arrow from the head of a lane belongs to the hop of the task that stands
    // there, but carries no number of its own.
    let heads: Vec<(String, bool)> = scene
        .layout
        .locks
        .iter()
        .filter_map(|place| {
            scene
                .state
                .queued(place.lock, 1)
                .map(|(task, _)| (place.lock, task))
        })
        .map(|(lock, task)| {
            (
                format!("head-lock-{}", lock.0),
                scene.on_chain(task) && scene.lock_on_chain(lock),
            )
        })
        .collect();
    for (id, on_chain) in heads {
        if on_chain && let Some(draft) = drafts.iter_mut().find(|draft| draft.id == id) {
            draft.double = double;
            draft.tone = if double { Tone::Stuck } else { Tone::Wait };
        }
    }
}
