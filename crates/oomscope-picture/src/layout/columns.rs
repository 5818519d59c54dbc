//! The places themselves: rail, locks and memory side by side, or one below the other.

use oomscope_model::machine::{LockId, Machine, OOM_LOCK, TaskId};

use super::cast::{drawn_locks, drawn_tasks, queuers};
use super::{Channels, Layout, LockPlace, Size, Stage, TaskPlace};
use crate::geometry::Rect;
use crate::strips::{self, StripPlace};

/// The fixed distances of a stage with columns.
pub(super) struct Columns {
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

pub(super) const WIDE: Columns = Columns {
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

pub(super) const EMBED: Columns = Columns {
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

pub(super) const SMALL: Columns = Columns {
    width: 640.0,
    height: 240.0,
    rail_x: 18.0,
    rail_w: 200.0,
    lane_x: 260.0,
    lock_x: 392.0,
    lock_w: 98.0,
    memory_x: 518.0,
    memory_w: 78.0,
    top: 27.0,
    bottom: 12.0,
};

/// More tasks than this have one line and half a rail each.
const CROWD: usize = 10;

/// Height of a task box and the gap below it, for this many tasks in this height.
fn task_pitch(size: Size, count: usize, height: f32) -> (f32, f32) {
    let pitch = height / count.max(1) as f32;
    if size == Size::Small {
        (28.0, (pitch - 28.0).clamp(5.0, 12.0))
    } else if pitch >= 70.0 {
        (58.0, (pitch - 58.0).min(20.0))
    } else if pitch >= 56.0 {
        (48.0, (pitch - 48.0).min(12.0))
    } else {
        (40.0, (pitch - 40.0).clamp(6.0, 10.0))
    }
}

/// The tasks below each other; a crowd as a wall of bricks, whose gaps let lines through.
struct Rail<'a> {
    cast: &'a [TaskId],
    width: f32,
    rows: (f32, f32),
    brick: bool,
    height: f32,
}

/// A brick, and the gap around it.
const BRICK: (f32, f32) = (28.0, 12.0);

impl Rail<'_> {
    fn of(cast: &[TaskId], width: f32, (row, gap): (f32, f32)) -> Rail<'_> {
        let brick = cast.len() > CROWD;
        let (rows, height) = if brick {
            let (row, gap) = BRICK;
            let courses = cast.len() as f32 / 2.0 + 0.5;
            (
                (row, gap),
                courses.floor() * (row + gap) + (row - gap) / 2.0,
            )
        } else {
            ((row, gap), cast.len() as f32 * (row + gap) - gap)
        };
        Rail {
            cast,
            width,
            rows,
            brick,
            height,
        }
    }

    fn places(&self, x: f32, top: f32) -> Vec<TaskPlace> {
        const JOINT: f32 = 8.0;
        let (row, gap) = self.rows;
        let half = (self.width - JOINT) / 2.0;
        let rect = |index: usize| {
            if self.brick {
                let column = (index % 2) as f32;
                let y = top + ((index / 2) as f32 + column / 2.0) * (row + gap);
                Rect::new(x + column * (half + JOINT), y, half, row)
            } else {
                Rect::new(x, top + index as f32 * (row + gap), self.width, row)
            }
        };
        (self.cast.iter().enumerate())
            .map(|(index, &task)| TaskPlace {
                task,
                rect: rect(index),
                brick: self.brick,
            })
            .collect()
    }
}

pub(super) fn side_by_side(machine: &Machine, stage: Stage, columns: &Columns) -> Layout {
    let cast = drawn_tasks(machine, stage.kworker);
    let drawn = drawn_locks(machine);
    let row_h = row_heights(stage.size, &drawn);
    let corridor_min = match (stage.size, drawn.len()) {
        (Size::Small, _) => 28.0,
        (_, ..=4) => CORRIDOR_MIN,
        _ => 32.0,
    };
    let locks_h: f32 = row_h.iter().sum::<f32>() + corridor_min * (drawn.len() + 1) as f32;
    let base = columns.height - columns.top - columns.bottom;
    let (box_h, gap) = task_pitch(stage.size, cast.len(), base.max(locks_h));
    let rail = Rail::of(&cast, columns.rail_w, (box_h, gap));
    let mut shelf = Shelf::of(machine, stage, columns, (rail.height, locks_h), base);
    let inner = base
        .max(rail.height + shelf.below_rail)
        .max(locks_h + shelf.below_locks);
    let height = columns.top + inner + columns.bottom;

    let rail_top = columns.top + (inner - shelf.below_rail - rail.height) / 2.0;
    let tasks = rail.places(columns.rail_x, rail_top);
    let lane = (columns.lane_x, columns.lock_x - 24.0);
    let (locks, corridors) = rows(
        machine,
        &drawn,
        &row_h,
        (
            columns.top - corridor_min.min(24.0),
            height - shelf.below_locks,
        ),
        lane,
        (columns.lock_x, columns.lock_w),
    );
    strips::lower(&mut shelf.strips, height - shelf.below_locks);
    Layout {
        stage,
        width: columns.width,
        height,
        tasks,
        locks,
        memory: Rect::new(columns.memory_x, columns.top, columns.memory_w, inner),
        strips: shelf.strips,
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

/// Where the strips stand: under the locks, or in two columns under rail and locks, whichever
/// makes the stage less tall.
struct Shelf {
    strips: Vec<StripPlace>,
    below_rail: f32,
    below_locks: f32,
}

impl Shelf {
    fn of(
        machine: &Machine,
        stage: Stage,
        columns: &Columns,
        (rail, locks): (f32, f32),
        base: f32,
    ) -> Shelf {
        let all = match stage.size {
            Size::Small => Vec::new(),
            _ => strips::strips_of(machine, stage),
        };
        let end = columns.lock_x + columns.lock_w;
        let places = |x: f32, beside| strips::places(&all, x, end - x, beside);
        let (under, one) = places(columns.lane_x, 1);
        let (beside, two) = places(columns.rail_x, 2);
        let tall = rail.max(locks + one).max(base);
        if base.max(rail.max(locks) + two) + 1.0 < tall {
            Shelf {
                strips: beside,
                below_rail: two,
                below_locks: two,
            }
        } else {
            Shelf {
                strips: under,
                below_rail: 0.0,
                below_locks: one,
            }
        }
    }
}

/// The least width of a slot with the gap beside it, so that a name fits.
const SLOT_MIN: f32 = 48.0;

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
    let pitch = ((lane_right - lane_left) / count as f32).min(82.0);
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
pub(super) fn stacked(machine: &Machine, stage: Stage) -> Layout {
    const WIDTH: f32 = 380.0;
    const LEFT: f32 = 22.0;
    const RIGHT: f32 = 300.0;
    const LOCK: f32 = 134.0;
    let cast = drawn_tasks(machine, stage.kworker);
    let drawn = drawn_locks(machine);
    let (box_h, gap) = (50.0, 10.0);
    let rail = Rail::of(&cast, RIGHT - LEFT, (box_h, gap));
    let tasks = rail.places(LEFT, 12.0);
    let rail_bottom = 12.0 + rail.height;
    let heights = row_heights(stage.size, &drawn);
    let locks_bottom = rail_bottom + heights.iter().sum::<f32>() + 44.0 * (drawn.len() + 1) as f32;
    let lane = (LEFT - 8.0, RIGHT - LOCK - 16.0);
    let (locks, corridors) = rows(
        machine,
        &drawn,
        &heights,
        (rail_bottom, locks_bottom),
        lane,
        (RIGHT - LOCK, LOCK),
    );
    // The watermarks stand to its left here, because lines arrive from the right.
    let all = strips::strips_of(machine, stage);
    let (mut strips, strips_h) = strips::places(&all, LEFT, RIGHT - LEFT, 1);
    strips::lower(&mut strips, locks_bottom);
    let top = locks_bottom + strips_h;
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
