//! What belongs to a selection: everything it waits for, step by step, and who waits for it
//! directly.
//!
//! The picture's own ids say which ends an edge has, so nothing here knows about kernels.

use std::collections::BTreeSet;

use oomscope_picture::Picture;
use oomscope_picture::picture::{Edge, EdgeKind};

use crate::store::Selection;

const MEMORY: &str = "memory";

/// The ids to leave lit.
pub(crate) fn lit(picture: &Picture, what: Selection) -> BTreeSet<String> {
    let start = match what {
        Selection::Task(task) => format!("task-{}", task.0),
        Selection::Lock(lock) => format!("lock-{}", lock.0),
        Selection::Memory => MEMORY.to_string(),
    };
    let links: Vec<(&Edge, String, String)> = (picture.edges.iter())
        .filter_map(|edge| ends(picture, edge).map(|(from, to)| (edge, from, to)))
        .collect();
    let mut lit = BTreeSet::from([start.clone()]);
    let mut open = vec![start.clone()];
    while let Some(at) = open.pop() {
        for (edge, _, to) in links.iter().filter(|(_, from, _)| *from == at) {
            lit.insert(edge.id.clone());
            if lit.insert(to.clone()) {
                open.push(to.clone());
            }
        }
    }
    for (edge, from, _) in links.iter().filter(|(_, _, to)| *to == start) {
        lit.insert(edge.id.clone());
        lit.insert(from.clone());
    }
    lit
}

/// From which box to which an edge leads.
fn ends(picture: &Picture, edge: &Edge) -> Option<(String, String)> {
    let parts: Vec<&str> = edge.id.split('-').collect();
    let party = |index: usize| Some(format!("{}-{}", parts.get(index)?, parts.get(index + 1)?));
    match edge.kind {
        EdgeKind::Holds | EdgeKind::Completion | EdgeKind::TrylockFailed => {
            Some((party(1)?, party(3)?))
        }
        EdgeKind::NeedsMemory => Some((party(1)?, MEMORY.to_string())),
        EdgeKind::PinnedBy => Some((MEMORY.to_string(), party(3)?)),
        EdgeKind::Reaps => {
            let reaper = picture.tasks.last()?;
            Some((reaper.id.clone(), MEMORY.to_string()))
        }
        // The head of a lane, and with it the lane, leads to the lock.
        EdgeKind::WaitsFor if parts.first() == Some(&"head") => {
            let lock = party(1)?;
            Some((lock.clone(), lock))
        }
        EdgeKind::WaitsFor => {
            let task = party(1)?;
            let token = picture
                .tokens
                .iter()
                .find(|token| format!("task-{}", token.task.0) == task)?;
            Some((task, format!("lock-{}", token.lock.0)))
        }
    }
}
