//! From state to boxes, tokens, edges and levels: puts the parts of a picture together.

use oomscope_model::event::Event;
use oomscope_model::machine::{LockId, Machine, TaskId};
use oomscope_model::state::State;

use crate::boxes;
use crate::chain::{Chain, Root, chain};
use crate::edges;
use crate::layout::Layout;
use crate::picture::Picture;
use crate::strips::strips;
use crate::tokens;
use crate::vessel::vessel;
use crate::wait::{Party, WaitEdge, Why, wait_edges};

/// What every part of a picture is made from.
pub(crate) struct Scene<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) state: &'a State,
    pub(crate) layout: &'a Layout,
    pub(crate) graph: Vec<WaitEdge>,
    pub(crate) chain: Option<Chain>,
}

pub(crate) fn draw(machine: &Machine, state: &State, layout: &Layout, recent: &[Event]) -> Picture {
    let graph = wait_edges(machine, state);
    let chain = chain(machine, state);
    let scene = Scene {
        machine,
        state,
        layout,
        graph,
        chain,
    };
    let memory = vessel(&scene);
    let label = match &scene.chain {
        Some(chain) => chain.text(),
        None => format!("Nobody waits. {}.", memory.aria),
    };
    Picture {
        width: layout.width,
        height: layout.height,
        tasks: layout
            .tasks
            .iter()
            .map(|place| boxes::task_box(&scene, place))
            .collect(),
        locks: layout
            .locks
            .iter()
            .map(|place| boxes::lock_box(&scene, place))
            .collect(),
        tokens: tokens::tokens(&scene, recent),
        edges: edges::edges(&scene, recent),
        memory,
        strips: strips(&scene, recent),
        chain: scene.chain,
        label,
    }
}

impl Scene<'_> {
    pub(crate) fn chain_edges(&self) -> &[WaitEdge] {
        self.chain.as_ref().map_or(&[], |chain| &chain.edges)
    }

    pub(crate) fn is_cycle(&self) -> bool {
        self.chain
            .as_ref()
            .is_some_and(|chain| chain.root == Root::Cycle)
    }

    pub(crate) fn on_chain(&self, task: TaskId) -> bool {
        let party = Party::Task(task);
        self.chain_edges()
            .iter()
            .any(|edge| edge.from == party || edge.to == party)
    }

    pub(crate) fn lock_on_chain(&self, lock: LockId) -> bool {
        self.chain_edges().iter().any(|edge| match edge.why {
            Why::HeldBy(on) | Why::Behind(on) | Why::Trylock(on) => on == lock,
            Why::KillerBusy => lock == oomscope_model::machine::OOM_LOCK,
            _ => false,
        })
    }
}
