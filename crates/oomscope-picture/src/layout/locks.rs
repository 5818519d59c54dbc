//! The rows of locks: how tall they are, how many stand in one, and the lanes before them.

use oomscope_model::machine::{LockId, Machine, OOM_LOCK};

use super::cast::{drawn_locks, queuers};
use super::{LockPlace, Size};
use crate::geometry::Rect;

/// Where lanes and boxes stand, from left to right.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    /// Left and right end of the lanes.
    pub(super) lane: (f32, f32),
    /// Left side and width of the boxes.
    pub(super) lock: (f32, f32),
    /// From one column of lanes and boxes to the next; 0 if there is only one.
    pub(super) beside: f32,
}

impl Grid {
    /// Two columns with lanes of so many slots of this width.
    pub(super) fn doubled(&self, slots: usize, width: f32) -> Grid {
        let (arrow, between) = (20.0, 16.0);
        let lane = slots.max(2) as f32 * width.max(SLOT_MIN);
        let lock = (self.lane.0 + lane + arrow, self.lock.1 - 8.0);
        Grid {
            lane: (self.lane.0, self.lane.0 + lane),
            lock,
            beside: lane + arrow + lock.1 + between,
        }
    }

    /// How many locks stand beside each other.
    pub(super) fn per_row(&self) -> usize {
        if self.beside > 0.0 { 2 } else { 1 }
    }

    /// The right end of all boxes.
    pub(super) fn end(&self) -> f32 {
        self.lock.0 + self.beside + self.lock.1
    }
}

/// How tall the rows of locks are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rows {
    /// As tall as they like to be.
    Usual,
    /// As low as a lock's name and holder allow.
    Low,
}

/// The longest queue that any lock of the cast can have.
pub(super) fn most_queuers(machine: &Machine) -> usize {
    let drawn = drawn_locks(machine).into_iter();
    drawn
        .filter(|&lock| lock != OOM_LOCK)
        .map(|lock| queuers(machine, lock))
        .max()
        .unwrap_or(1)
}

/// Rows shrink when there are many; `oom_lock` is always small. A row is as tall as the tallest
/// lock in it.
pub(super) fn row_heights(size: Size, rows: Rows, per_row: usize, locks: &[LockId]) -> Vec<f32> {
    const LOW: f32 = 50.0;
    let full = if locks.len() <= 3 && size != Size::Small {
        92.0
    } else {
        60.0
    };
    let height = |lock: LockId| match rows {
        Rows::Low => LOW,
        Rows::Usual if lock == OOM_LOCK => 56.0,
        Rows::Usual => full,
    };
    let tallest = |row: &[LockId]| row.iter().map(|&lock| height(lock)).fold(0.0, f32::max);
    locks.chunks(per_row).map(tallest).collect()
}

/// Spreads the rows over the height, lanes to the left of the boxes. Of what corridors have
/// beyond the least, one between two rows gets twice as much as those at the ends: most lines
/// run there.
pub(super) fn rows(
    machine: &Machine,
    locks: &[LockId],
    heights: &[f32],
    (top, bottom): (f32, f32),
    least: f32,
    grid: &Grid,
) -> (Vec<LockPlace>, Vec<(f32, f32)>) {
    /// What the corridor below the last row, which is that of `oom_lock`, needs of the least.
    const LAST: f32 = 0.6;
    let count = heights.len() + 1;
    let needed = heights.iter().sum::<f32>() + least * (count as f32 - 1.0 + LAST);
    let share = (bottom - top - needed) / (2 * count - 2).max(1) as f32;
    let corridor = |line: usize| match line {
        0 => least + share,
        line if line + 1 < count => least + 2.0 * share,
        _ => least * LAST + share,
    };
    let per_row = grid.per_row();
    let mut places = Vec::new();
    let mut corridors = Vec::new();
    let mut y = top;
    for (line, (row, &height)) in locks.chunks(per_row).zip(heights).enumerate() {
        corridors.push((y, y + corridor(line)));
        y += corridor(line);
        for (column, &lock) in row.iter().enumerate() {
            let along = grid.beside * column as f32;
            let lane = (grid.lane.0 + along, grid.lane.1 + along);
            let rect = Rect::new(grid.lock.0 + along, y, grid.lock.1, height);
            let roomy = height > 80.0;
            places.push(LockPlace {
                lock,
                rect,
                row: Rect::new(lane.0, y, rect.right() - lane.0, height),
                slots: slots(machine, lock, lane, rect, roomy),
                roomy,
                line,
                column: column as u8,
                columns: per_row as u8,
            });
        }
        y += height;
    }
    corridors.push((y, bottom));
    (places, corridors)
}

/// The least width of a slot with the gap beside it, so that a name fits.
const SLOT_MIN: f32 = 48.0;

fn slots(
    machine: &Machine,
    lock: LockId,
    (left, right): (f32, f32),
    rect: Rect,
    roomy: bool,
) -> Vec<Rect> {
    let limit = if lock == OOM_LOCK { 3 } else { 5 };
    // A slot too narrow for a name says less than a count of those behind.
    let room = ((right - left) / SLOT_MIN) as usize;
    let count = queuers(machine, lock).clamp(1, limit.min(room.max(1)));
    let pitch = ((right - left) / count as f32).min(82.0);
    let (y, height) = if roomy {
        (rect.y + 26.0, 40.0)
    } else {
        (rect.y + (rect.h - 34.0 - 14.0) / 2.0, 34.0)
    };
    let gap = if pitch > 60.0 { 10.0 } else { 5.0 };
    (0..count)
        .map(|index| {
            let x = right - (index + 1) as f32 * pitch + gap;
            Rect::new(x, y, pitch - gap, height)
        })
        .collect()
}
