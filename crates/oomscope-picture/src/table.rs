//! The picture's twin for those who read: one row per task.

use oomscope_model::machine::{Machine, TaskId};
use oomscope_model::state::{Run, State};

use crate::names;
use crate::status::status;
use crate::wait::{Party, Why, wait_edges};

/// One task in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Which task.
    pub id: TaskId,
    /// Its name.
    pub task: String,
    /// Its status.
    pub state: String,
    /// What it holds.
    pub holds: String,
    /// What it waits for.
    pub waits_for: String,
    /// `2 of 3`.
    pub queue_position: String,
    /// Who blocks it, directly.
    pub blocked_by: String,
}

/// One row per task, in the order of the cast; `kworker` only while it has work.
pub fn table(machine: &Machine, state: &State) -> Vec<Row> {
    let graph = wait_edges(machine, state);
    machine
        .task_ids()
        .filter(|&task| {
            machine.actor(task).kind != oomscope_model::machine::Kind::Kworker
                || state.task(task).run != Run::Idle
        })
        .map(|task| {
            let mut waits_for: Vec<String> = Vec::new();
            let mut blocked_by: Vec<&str> = Vec::new();
            for edge in graph.iter().filter(|edge| edge.from == Party::Task(task)) {
                let what = match edge.why {
                    Why::HeldBy(lock) | Why::Behind(lock) | Why::Trylock(lock) => {
                        names::lock(machine, lock)
                    }
                    Why::KillerBusy => "oom_lock".to_string(),
                    Why::Isolated => "isolated pages".to_string(),
                    Why::NeedsPage => "a page".to_string(),
                    Why::Completes(completion) | Why::Orphaned(completion) => {
                        names::completion(machine, completion).to_string()
                    }
                    Why::Pins { .. } | Why::Reaps { .. } => continue,
                };
                if !waits_for.contains(&what) {
                    waits_for.push(what);
                }
                let who = match edge.to {
                    Party::Task(other) => names::task(machine, other),
                    Party::Memory => "memory",
                };
                if !blocked_by.contains(&who) {
                    blocked_by.push(who);
                }
            }
            let mut queue_position = String::new();
            if let Run::Queued { on, rank, .. } = state.task(task).run {
                queue_position = format!("{rank} of {}", state.queue_len(on));
                if waits_for.is_empty() {
                    waits_for.push(names::lock(machine, on));
                }
            }
            if let Run::Waits { completion, .. } = state.task(task).run
                && waits_for.is_empty()
            {
                waits_for.push(names::completion(machine, completion).to_string());
            }
            let holds: Vec<String> = (state.task(task).held.locks())
                .map(|(lock, mode)| {
                    let how = names::mode(machine, lock, mode);
                    format!("{} ({how})", machine.locks[lock.0 as usize].name)
                })
                .collect();
            Row {
                id: task,
                task: names::task(machine, task).to_string(),
                state: status(machine, state, task).word,
                holds: holds.join(", "),
                waits_for: waits_for.join(", "),
                queue_position,
                blocked_by: blocked_by.join(", "),
            }
        })
        .collect()
}
