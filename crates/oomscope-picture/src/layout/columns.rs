//! The places themselves: rail, locks and memory side by side, or one below the other.

use oomscope_model::machine::{Machine, TaskId};

use super::cast::{drawn_locks, drawn_tasks};
use super::locks::{Grid, Rows, most_queuers, row_heights, rows};
use super::{Channels, Layout, Size, Stage, TaskPlace};
use crate::geometry::Rect;
use crate::strips::{self, StripPlace};

/// The fixed distances of a stage with columns.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    width: f32,
    height: f32,
    rail_x: f32,
    rail_w: f32,
    grid: Grid,
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
    grid: Grid {
        lane: (378.0, 628.0),
        lock: (652.0, 148.0),
        beside: 0.0,
    },
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
    grid: Grid {
        lane: (296.0, 466.0),
        lock: (490.0, 124.0),
        beside: 0.0,
    },
    memory_x: 658.0,
    memory_w: 96.0,
    top: 36.0,
    bottom: 14.0,
};

pub(super) const SMALL: Columns = Columns {
    width: 640.0,
    height: 240.0,
    rail_x: 18.0,
    rail_w: 200.0,
    grid: Grid {
        lane: (260.0, 368.0),
        lock: (392.0, 98.0),
        beside: 0.0,
    },
    memory_x: 518.0,
    memory_w: 78.0,
    top: 27.0,
    bottom: 12.0,
};

/// The least height of a corridor: two lines with their labels.
const CORRIDOR_MIN: f32 = 40.0;

/// More tasks than this have one line and half a rail each.
fn crowd(size: Size) -> usize {
    match size {
        Size::Wide | Size::Narrow => 10,
        Size::Embed | Size::Small => 8,
    }
}

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
    fn of(size: Size, cast: &[TaskId], width: f32, (row, gap): (f32, f32)) -> Rail<'_> {
        let brick = cast.len() > crowd(size);
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

impl Columns {
    /// The same with two columns of locks: wider, and only half as tall.
    fn doubled(&self, slots: usize, width: f32) -> Columns {
        let grid = self.grid.doubled(slots, width);
        let more = grid.end() - self.grid.end();
        Columns {
            width: self.width + more,
            memory_x: self.memory_x + more,
            grid,
            ..*self
        }
    }

    /// How large a stage of this size is drawn where the plain one just fits.
    fn scale(&self, layout: &Layout) -> f32 {
        (self.width / layout.width).min(self.height / layout.height)
    }
}

/// Rail, locks and memory side by side. A cast that would make the stage taller than its
/// frame is arranged in whichever way shrinks it least.
pub(super) fn side_by_side(machine: &Machine, stage: Stage, columns: &Columns) -> Layout {
    /// Less than this is gained: not worth another arrangement.
    const WORTH: f32 = 1.03;
    let mut best = arranged(machine, stage, columns, Rows::Usual);
    let mut others = vec![(*columns, Rows::Low)];
    if drawn_locks(machine).len() > 3 {
        let (most, width) = match stage.size {
            Size::Wide => (3, 64.0),
            _ => (2, 52.0),
        };
        let doubled = columns.doubled(most_queuers(machine).min(most), width);
        others.extend([(doubled, Rows::Usual), (doubled, Rows::Low)]);
    }
    for (other, rows) in others {
        let layout = arranged(machine, stage, &other, rows);
        if columns.scale(&layout) > columns.scale(&best) * WORTH {
            best = layout;
        }
    }
    best
}

fn arranged(machine: &Machine, stage: Stage, columns: &Columns, style: Rows) -> Layout {
    let cast = drawn_tasks(machine, stage.kworker);
    let drawn = drawn_locks(machine);
    let row_h = row_heights(stage.size, style, columns.grid.per_row(), &drawn);
    let corridor_min = match (stage.size, style, row_h.len()) {
        (Size::Small, Rows::Low, _) => 24.0,
        (Size::Small, ..) | (_, Rows::Low, _) => 28.0,
        (_, _, ..=4) => CORRIDOR_MIN,
        _ => 32.0,
    };
    let locks_h: f32 = row_h.iter().sum::<f32>() + corridor_min * (row_h.len() + 1) as f32;
    let base = columns.height - columns.top - columns.bottom;
    let (box_h, gap) = task_pitch(stage.size, cast.len(), base.max(locks_h));
    let rail = Rail::of(stage.size, &cast, columns.rail_w, (box_h, gap));
    let mut shelf = Shelf::of(machine, stage, columns, (rail.height, locks_h), base);
    let inner = base
        .max(rail.height + shelf.below_rail)
        .max(locks_h + shelf.below_locks);
    let height = columns.top + inner + columns.bottom;

    let rail_top = columns.top + (inner - shelf.below_rail - rail.height) / 2.0;
    let tasks = rail.places(columns.rail_x, rail_top);
    let (locks, corridors) = rows(
        machine,
        &drawn,
        &row_h,
        (
            columns.top - corridor_min.min(24.0),
            height - shelf.below_locks,
        ),
        corridor_min,
        &columns.grid,
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
            rail: (
                columns.rail_x + columns.rail_w + 16.0,
                columns.grid.lane.0 - 8.0,
            ),
            memory: (columns.grid.end() + 10.0, columns.memory_x - 16.0),
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
        let grid = &columns.grid;
        let end = grid.end();
        let mut best: Option<(f32, Shelf)> = None;
        // Under the locks, or under rail and locks; the first that makes the stage least tall.
        for (x, beside) in [
            (grid.lane.0, 1),
            (columns.rail_x, 2),
            (grid.lane.0, grid.per_row()),
            (columns.rail_x, grid.per_row() + 1),
        ] {
            let (strips, below) = strips::places(&all, x, end - x, beside);
            let shelf = Shelf {
                strips,
                below_rail: if x == columns.rail_x { below } else { 0.0 },
                below_locks: below,
            };
            let tall = (rail + shelf.below_rail).max(locks + below).max(base);
            if best.as_ref().is_none_or(|&(least, _)| tall + 1.0 < least) {
                best = Some((tall, shelf));
            }
        }
        best.map_or(
            Shelf {
                strips: Vec::new(),
                below_rail: 0.0,
                below_locks: 0.0,
            },
            |(_, shelf)| shelf,
        )
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
    let rail = Rail::of(stage.size, &cast, RIGHT - LEFT, (box_h, gap));
    let tasks = rail.places(LEFT, 12.0);
    let rail_bottom = 12.0 + rail.height;
    let grid = Grid {
        lane: (LEFT - 8.0, RIGHT - LOCK - 16.0),
        lock: (RIGHT - LOCK, LOCK),
        beside: 0.0,
    };
    let heights = row_heights(stage.size, Rows::Usual, grid.per_row(), &drawn);
    let locks_bottom = rail_bottom + heights.iter().sum::<f32>() + 44.0 * (drawn.len() + 1) as f32;
    let (locks, corridors) = rows(
        machine,
        &drawn,
        &heights,
        (rail_bottom, locks_bottom),
        44.0,
        &grid,
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
