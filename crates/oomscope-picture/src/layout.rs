//! Where everything stands: a pure function of the cast and the size of the stage, never
//! of the state, so that nothing but tokens, edges and levels ever moves.

mod cast;
mod columns;
mod locks;

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{LockId, Machine, MemcgId, TaskId};
use oomscope_model::patches::{PatchId, PatchSet};

use self::cast::asks_for_kills;
pub use self::cast::{drawn_locks, drawn_tasks, queuers};
use self::columns::{EMBED, SMALL, WIDE, side_by_side, stacked};
use crate::geometry::Rect;
use crate::strips::{StripKind, StripPlace};

/// The shape of the stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Size {
    /// About 1000 × 520: rail, locks and memory side by side.
    Wide,
    /// About 380 wide and tall: rail, then locks, then memory.
    Narrow,
    /// About 800 × 320: as wide, closer together.
    Embed,
    /// About 640 × 240: the same for a small frame, one line a task.
    Small,
}

/// A size, and whether `kworker` is part of the cast.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Stage {
    /// The shape.
    pub size: Size,
    /// Draw `kworker`. Decide it once per scenario, from the patches that it offers, so
    /// that no switch moves a box.
    pub kworker: bool,
    /// Draw who may take the last pages, decided in the same way.
    pub reserves: bool,
    /// Draw what the reaper and the worker have been given to do, decided in the same way.
    pub handed_over: bool,
}

/// All places.
#[derive(Clone, PartialEq, Debug)]
pub struct Layout {
    /// What was asked for.
    pub stage: Stage,
    /// Width of the stage.
    pub width: f32,
    /// Height of the stage.
    pub height: f32,
    /// Tasks from top to bottom: scenario order, `oom_reaper` last.
    pub tasks: Vec<TaskPlace>,
    /// Locks from top to bottom, `oom_lock` last.
    pub locks: Vec<LockPlace>,
    /// The vessel.
    pub memory: Rect,
    /// What else the cast has, below the locks; a small frame has no room for it.
    pub strips: Vec<StripPlace>,
    /// Where lines between the columns may run.
    pub channels: Channels,
}

/// A task's place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TaskPlace {
    /// Which task.
    pub task: TaskId,
    /// Its box.
    pub rect: Rect,
    /// It stands in a wall of bricks: lines leave it where its neighbours leave a gap.
    pub brick: bool,
}

/// A lock's place.
#[derive(Clone, PartialEq, Debug)]
pub struct LockPlace {
    /// Which lock.
    pub lock: LockId,
    /// Its box.
    pub rect: Rect,
    /// The whole row: lane and box.
    pub row: Rect,
    /// Its slots, the head first, which is nearest to the box.
    pub slots: Vec<Rect>,
    /// Room for title and numbers outside the slots.
    pub roomy: bool,
    /// Which row of locks it stands in, from the top; the corridor above has this number.
    pub line: usize,
    /// Which column of locks it stands in, from the left.
    pub column: u8,
    /// How many columns there are.
    pub columns: u8,
}

/// The free strips between the columns and rows.
#[derive(Clone, PartialEq, Debug)]
pub struct Channels {
    /// Left of the rail: completions.
    pub gutter: (f32, f32),
    /// Right of the rail: the vertical parts of all other lines.
    pub rail: (f32, f32),
    /// Left of memory; empty on a narrow stage, where memory is reached from the rail's.
    pub memory: (f32, f32),
    /// Above, between and below the rows of locks: horizontal parts.
    pub corridors: Vec<(f32, f32)>,
}

impl From<Size> for Stage {
    fn from(size: Size) -> Stage {
        Stage {
            size,
            kworker: false,
            reserves: false,
            handed_over: false,
        }
    }
}

impl Stage {
    /// The stage of a scenario that offers these patches, whichever of them are on.
    pub fn of(size: Size, patches: PatchSet, offered: &[PatchId]) -> Stage {
        // Only a reaper that hands mmput over needs the worker.
        let hands_over = PatchId::named("mmput-async");
        let decides = |differs: fn(&Kernel, &Kernel) -> bool| {
            offered.iter().any(|&patch| {
                let kernel = |on| Kernel::of(patches.with(patch, on));
                differs(&kernel(true), &kernel(false))
            })
        };
        Stage {
            size,
            kworker: hands_over.is_some_and(|patch| patches.has(patch) || offered.contains(&patch)),
            reserves: decides(|a, b| {
                (a.reserve, a.nofail_reserve) != (b.reserve, b.nofail_reserve)
            }),
            handed_over: decides(|a, b| {
                (a.mmput, a.reaper_queue, a.reap_delay) != (b.mmput, b.reaper_queue, b.reap_delay)
            }),
        }
    }
}

/// Places the cast of this machine on the stage.
pub fn layout(machine: &Machine, stage: impl Into<Stage>) -> Layout {
    let mut stage = stage.into();
    stage.kworker |= asks_for_kills(machine);
    match stage.size {
        Size::Wide => side_by_side(machine, stage, &WIDE),
        Size::Embed => side_by_side(machine, stage, &EMBED),
        Size::Small => side_by_side(machine, stage, &SMALL),
        Size::Narrow => stacked(machine, stage),
    }
}

impl Layout {
    /// The place of a task, if it is drawn.
    pub fn task(&self, task: TaskId) -> Option<&TaskPlace> {
        self.tasks.iter().find(|place| place.task == task)
    }

    /// The place of a lock, if it is drawn.
    pub fn lock(&self, lock: LockId) -> Option<&LockPlace> {
        self.locks.iter().find(|place| place.lock == lock)
    }

    /// The cell of a memory cgroup, where there is room for it.
    pub fn memcg(&self, memcg: MemcgId) -> Option<Rect> {
        let strip = self
            .strips
            .iter()
            .find(|strip| strip.kind == StripKind::Memcgs)?;
        strip.cells.get(usize::from(memcg.0)).copied()
    }
}
