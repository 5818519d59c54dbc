//! Where everything stands: a pure function of the cast and the size of the stage, never
//! of the state, so that nothing but tokens, edges and levels ever moves.

use oomscope_model::kernel::Kernel;
use oomscope_model::machine::{
    Gfp, Kind, Line, LockClass, LockId, Machine, MmId, OOM_LOCK, Op, TaskId,
};
use oomscope_model::patches::{PatchId, PatchSet};

use crate::geometry::{Point, Rect};
use crate::strips::{self, StripPlace};

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
    let stage = stage.into();
    match stage.size {
        Size::Wide => side_by_side(machine, stage, &WIDE),
        Size::Embed => side_by_side(machine, stage, &EMBED),
        Size::Small => side_by_side(machine, stage, &SMALL),
        Size::Narrow => stacked(machine, stage),
    }
}

/// The tasks that are drawn, top to bottom.
pub fn drawn_tasks(machine: &Machine, kworker: bool) -> Vec<TaskId> {
    let mut tasks: Vec<TaskId> = machine
        .task_ids()
        .filter(|&task| match machine.actor(task).kind {
            Kind::User(_) | Kind::Kthread | Kind::Kswapd => true,
            Kind::Kworker => kworker,
            Kind::OomReaper => false,
        })
        .collect();
    tasks.extend(machine.kernel_task(Kind::OomReaper));
    tasks
}

/// The locks that are drawn, top to bottom: those that two tasks can contend for, and
/// `oom_lock` at the end.
pub fn drawn_locks(machine: &Machine) -> Vec<LockId> {
    let mut locks: Vec<LockId> = (1..machine.locks.len() as u8)
        .map(LockId)
        .filter(|&lock| {
            let queuers = queuers(machine, lock);
            match machine.locks[lock.0 as usize].class {
                // With mlocked memory the protocol between exit_mmap and the reaper is the
                // story, and this lock is where it happens.
                LockClass::MmapSem(mm) => {
                    let info = &machine.mms[mm.0 as usize];
                    let mlocked = info.vmas.iter().any(|vma| vma.locked);
                    queuers >= 2 || mlocked || !info.notifiers.is_empty()
                }
                _ => queuers >= 1,
            }
        })
        .collect();
    locks.push(OOM_LOCK);
    locks
}

/// How many tasks could ever stand in this lock's queue, by their programs and the way
/// they exit.
pub fn queuers(machine: &Machine, lock: LockId) -> usize {
    let class = machine.locks[lock.0 as usize].class;
    machine
        .task_ids()
        .filter(|&task| {
            let actor = machine.actor(task);
            let by_program = actor.program.iter().any(|line| match line.op {
                Op::Lock { lock: wanted, .. } => wanted == lock,
                Op::MapFile { mm, i_mmap, .. } => machine.mmap_sem(mm) == lock || i_mmap == lock,
                Op::Fault { mm, .. }
                | Op::Mmap { mm }
                | Op::Copy { mm }
                | Op::Munmap { mm, .. }
                | Op::WriteSite { mm, .. }
                | Op::Mrelease { mm }
                | Op::RemoteRead { mm, .. } => machine.mmap_sem(mm) == lock,
                Op::GuestAccess { mm } => class == LockClass::NotifierCount(mm),
                _ => false,
            });
            let by_exit = matches!(actor.kind, Kind::User(_))
                && match class {
                    LockClass::MmapSem(mm) => actor.mm == Some(mm),
                    LockClass::PageLock => actor.mm.is_some_and(|mm| has_page(machine, mm, lock)),
                    LockClass::OomLock => true,
                    LockClass::Srcu => actor.mm.is_some_and(|mm| has_notifiers(machine, mm)),
                    _ => actor.mm.is_some_and(|mm| maps_file(machine, mm, lock)),
                };
            let by_reaper = actor.kind == Kind::OomReaper
                && (class == LockClass::OomLock || is_notifiers_lock(machine, lock));
            let by_reclaim = is_reclaims_lock(machine, lock)
                && (actor.kind == Kind::Kswapd || may_reclaim(&actor.program));
            by_program || by_exit || by_reaper || by_reclaim
        })
        .count()
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

    /// Row of a lock, from the top.
    pub fn row_of(&self, lock: LockId) -> Option<usize> {
        self.locks.iter().position(|place| place.lock == lock)
    }
}

fn has_page(machine: &Machine, mm: MmId, lock: LockId) -> bool {
    machine.mms[mm.0 as usize]
        .vmas
        .iter()
        .any(|vma| vma.page_lock == Some(lock))
}

fn has_notifiers(machine: &Machine, mm: MmId) -> bool {
    !machine.mms[mm.0 as usize].notifiers.is_empty()
}

/// Whether `unlink_file_vma` takes this lock when the address space goes.
fn maps_file(machine: &Machine, mm: MmId, lock: LockId) -> bool {
    let mut vmas = machine.mms[mm.0 as usize].vmas.iter();
    vmas.any(|vma| vma.i_mmap == Some(lock))
}

/// Whether a shrinker, `pageout` or a callback of `oom_notify_list` takes this lock.
fn is_reclaims_lock(machine: &Machine, lock: LockId) -> bool {
    let lists = machine.lrus.iter().map(|lru| lru.lock);
    let callbacks = machine.oom_notifiers.iter().map(|it| it.lock);
    lists.chain(callbacks).any(|wanted| wanted == Some(lock))
}

/// Whether a program asks for memory in a way that lets reclaim take file system locks.
fn may_reclaim(program: &[Line]) -> bool {
    program.iter().any(|line| match line.op {
        Op::Alloc { gfp, .. } | Op::KmemAlloc { gfp, .. } => gfp.has(Gfp::FS),
        op => op.faults().is_some(),
    })
}

/// Whether the reaper may wait for it inside a callback.
fn is_notifiers_lock(machine: &Machine, lock: LockId) -> bool {
    let mut notifiers = machine.mms.iter().flat_map(|mm| &mm.notifiers);
    notifiers.any(|it| it.lock == Some(lock))
}

/// The fixed distances of a stage with columns.
struct Columns {
    width: f32,
    height: f32,
    rail_x: f32,
    rail_w: f32,
    lane_x: f32,
    lock_x: f32,
    lock_w: f32,
    memory_x: f32,
    memory_w: f32,
    top: f32,
    bottom: f32,
}

const WIDE: Columns = Columns {
    width: 1024.0,
    height: 520.0,
    rail_x: 28.0,
    rail_w: 272.0,
    lane_x: 378.0,
    lock_x: 652.0,
    lock_w: 148.0,
    memory_x: 858.0,
    memory_w: 118.0,
    top: 44.0,
    bottom: 20.0,
};

const EMBED: Columns = Columns {
    width: 800.0,
    height: 320.0,
    rail_x: 22.0,
    rail_w: 218.0,
    lane_x: 296.0,
    lock_x: 490.0,
    lock_w: 124.0,
    memory_x: 660.0,
    memory_w: 100.0,
    top: 36.0,
    bottom: 14.0,
};

const SMALL: Columns = Columns {
    width: 640.0,
    height: 240.0,
    rail_x: 18.0,
    rail_w: 200.0,
    lane_x: 260.0,
    lock_x: 392.0,
    lock_w: 98.0,
    memory_x: 518.0,
    memory_w: 78.0,
    top: 24.0,
    bottom: 12.0,
};

/// Less room for a task than this is no room for two lines.
const CROWDED: f32 = 46.0;

/// Height of a task box and the gap below it, for this many tasks in this height.
fn task_pitch(size: Size, count: usize, height: f32) -> (f32, f32) {
    let pitch = height / count.max(1) as f32;
    if size == Size::Small || pitch < CROWDED {
        // One line a task. A crowd keeps its names readable and gives up the second line.
        (28.0, (pitch - 28.0).clamp(4.0, 12.0))
    } else if pitch >= 70.0 {
        (58.0, (pitch - 58.0).min(20.0))
    } else if pitch >= 56.0 {
        (48.0, (pitch - 48.0).min(12.0))
    } else {
        (40.0, (pitch - 40.0).clamp(6.0, 10.0))
    }
}

fn side_by_side(machine: &Machine, stage: Stage, columns: &Columns) -> Layout {
    let cast = drawn_tasks(machine, stage.kworker);
    let drawn = drawn_locks(machine);
    let (box_h, gap) = task_pitch(
        stage.size,
        cast.len(),
        columns.height - columns.top - columns.bottom,
    );
    let rail_h = cast.len() as f32 * (box_h + gap) - gap;
    let row_h = row_heights(stage.size, &drawn);
    let corridor_min = if stage.size == Size::Small {
        28.0
    } else {
        CORRIDOR_MIN
    };
    let locks_h: f32 = row_h.iter().sum::<f32>() + corridor_min * (drawn.len() + 1) as f32;
    let cast_strips = match stage.size {
        Size::Small => Vec::new(),
        _ => strips::strips_of(machine, stage),
    };
    let strips_h = strips::height(cast_strips.len());
    let inner = (columns.height - columns.top - columns.bottom)
        .max(rail_h)
        .max(locks_h + strips_h);
    let height = columns.top + inner + columns.bottom;

    let rail_top = columns.top + (inner - rail_h) / 2.0;
    let tasks = (cast.iter().enumerate())
        .map(|(index, &task)| TaskPlace {
            task,
            rect: Rect::new(
                columns.rail_x,
                rail_top + index as f32 * (box_h + gap),
                columns.rail_w,
                box_h,
            ),
        })
        .collect();
    let lane = (columns.lane_x, columns.lock_x - 24.0);
    let (locks, corridors) = rows(
        machine,
        &drawn,
        &row_h,
        (columns.top - corridor_min.min(24.0), height - strips_h),
        lane,
        (columns.lock_x, columns.lock_w),
    );
    let strips = strips::places(
        &cast_strips,
        Point::new(columns.lane_x, height - strips_h),
        columns.lock_x + columns.lock_w - columns.lane_x,
    );
    Layout {
        stage,
        width: columns.width,
        height,
        tasks,
        locks,
        memory: Rect::new(columns.memory_x, columns.top, columns.memory_w, inner),
        strips,
        channels: Channels {
            gutter: (4.0, columns.rail_x - 6.0),
            rail: (columns.rail_x + columns.rail_w + 16.0, columns.lane_x - 8.0),
            memory: (
                columns.lock_x + columns.lock_w + 10.0,
                columns.memory_x - 16.0,
            ),
            corridors,
        },
    }
}

/// The least width of a slot with the gap beside it.
const SLOT_MIN: f32 = 44.0;

/// The least height of a corridor: two lines with their labels.
const CORRIDOR_MIN: f32 = 40.0;

/// Rows shrink when there are many; `oom_lock` is always small.
fn row_heights(size: Size, locks: &[LockId]) -> Vec<f32> {
    let full = if locks.len() <= 3 && size != Size::Small {
        92.0
    } else {
        60.0
    };
    locks
        .iter()
        .map(|&lock| if lock == OOM_LOCK { 56.0 } else { full })
        .collect()
}

/// Spreads the rows evenly over the height, lanes to the left of the boxes.
fn rows(
    machine: &Machine,
    locks: &[LockId],
    heights: &[f32],
    (top, bottom): (f32, f32),
    lane: (f32, f32),
    (lock_x, lock_w): (f32, f32),
) -> (Vec<LockPlace>, Vec<(f32, f32)>) {
    let corridor = (bottom - top - heights.iter().sum::<f32>()) / (locks.len() + 1) as f32;
    let mut places = Vec::new();
    let mut corridors = Vec::new();
    let mut y = top;
    for (&lock, &height) in locks.iter().zip(heights) {
        corridors.push((y, y + corridor));
        y += corridor;
        places.push(row(machine, lock, y, height, lane, (lock_x, lock_w)));
        y += height;
    }
    corridors.push((y, bottom));
    (places, corridors)
}

fn row(
    machine: &Machine,
    lock: LockId,
    y: f32,
    height: f32,
    (lane_left, lane_right): (f32, f32),
    (lock_x, lock_w): (f32, f32),
) -> LockPlace {
    let roomy = height > 80.0;
    let limit = if lock == OOM_LOCK { 3 } else { 5 };
    // A slot too narrow for a name says less than a count of those behind.
    let room = ((lane_right - lane_left) / SLOT_MIN) as usize;
    let count = queuers(machine, lock).clamp(1, limit.min(room.max(1)));
    let pitch = ((lane_right - lane_left) / count as f32).min(76.0);
    let slot_h = if roomy { 40.0 } else { 34.0 };
    let slot_y = if roomy {
        y + 26.0
    } else {
        y + (height - slot_h - 14.0) / 2.0
    };
    let gap = if pitch > 60.0 { 10.0 } else { 5.0 };
    let slots = (0..count)
        .map(|index| {
            Rect::new(
                lane_right - (index + 1) as f32 * pitch + gap,
                slot_y,
                pitch - gap,
                slot_h,
            )
        })
        .collect();
    LockPlace {
        lock,
        rect: Rect::new(lock_x, y, lock_w, height),
        row: Rect::new(lane_left, y, lock_x + lock_w - lane_left, height),
        slots,
        roomy,
    }
}

/// A phone: rail, locks and memory one below the other, one channel to their right.
fn stacked(machine: &Machine, stage: Stage) -> Layout {
    const WIDTH: f32 = 380.0;
    const LEFT: f32 = 22.0;
    const RIGHT: f32 = 300.0;
    let cast = drawn_tasks(machine, stage.kworker);
    let drawn = drawn_locks(machine);
    let (box_h, gap) = if cast.len() > 10 {
        (30.0, 8.0)
    } else {
        (50.0, 10.0)
    };
    let tasks: Vec<TaskPlace> = (cast.iter().enumerate())
        .map(|(index, &task)| TaskPlace {
            task,
            rect: Rect::new(
                LEFT,
                12.0 + index as f32 * (box_h + gap),
                RIGHT - LEFT,
                box_h,
            ),
        })
        .collect();
    let rail_bottom = 12.0 + cast.len() as f32 * (box_h + gap) - gap;
    let heights = row_heights(stage.size, &drawn);
    let locks_bottom = rail_bottom + heights.iter().sum::<f32>() + 44.0 * (drawn.len() + 1) as f32;
    let lane = (LEFT - 8.0, RIGHT - 118.0 - 16.0);
    let (locks, corridors) = rows(
        machine,
        &drawn,
        &heights,
        (rail_bottom, locks_bottom),
        lane,
        (RIGHT - 118.0, 118.0),
    );
    // The watermarks stand to its left here, because lines arrive from the right.
    let cast_strips = strips::strips_of(machine, stage);
    let strips = strips::places(&cast_strips, Point::new(LEFT, locks_bottom), RIGHT - LEFT);
    let top = locks_bottom + strips::height(cast_strips.len());
    let memory = Rect::new(LEFT + 42.0, top + 28.0, RIGHT - LEFT - 42.0, 220.0);
    Layout {
        stage,
        width: WIDTH,
        height: memory.bottom() + 16.0,
        tasks,
        locks,
        memory,
        strips,
        channels: Channels {
            gutter: (4.0, LEFT - 6.0),
            rail: (RIGHT + 14.0, WIDTH - 8.0),
            memory: (RIGHT + 14.0, RIGHT + 14.0),
            corridors,
        },
    }
}
