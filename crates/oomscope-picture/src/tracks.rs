//! Which track of a corridor or channel every line takes, and where it leaves its task.

use crate::draw::Scene;
use crate::layout::Size;
use crate::route::{Lane, Way};

/// Half of the gap that bricks leave, less a little.
pub(crate) const GAP: f32 = 5.0;

/// Gives every edge a height at its task: those that go up leave above those that go down.
pub(crate) fn ports(scene: &Scene<'_>, ways: &mut [Way]) {
    for place in &scene.layout.tasks {
        let mut mine: Vec<usize> = (0..ways.len())
            .filter(|&index| ways[index].task == place.task)
            .collect();
        let key = |way: &Way| {
            let (row, lane) = match way.corridor {
                Some(corridor) => (corridor, way.lane),
                None => (usize::MAX, way.lane),
            };
            let within = match lane {
                Lane::Top(rank) => f32::from(rank),
                Lane::Middle(y) => 1000.0 + y,
                Lane::Bottom(rank) => 9000.0 - f32::from(rank),
            };
            (row, within)
        };
        mine.sort_by(|&a, &b| {
            key(&ways[a])
                .partial_cmp(&key(&ways[b]))
                .unwrap_or(core::cmp::Ordering::Equal)
        });
        let (from, height) = if place.brick {
            (place.rect.center().y - GAP, 2.0 * GAP)
        } else {
            (place.rect.y, place.rect.h)
        };
        let step = height / (mine.len() + 1) as f32;
        for (nth, index) in mine.into_iter().enumerate() {
            ways[index].port_y = from + step * (nth + 1) as f32;
        }
    }
}

/// Spreads the ways of one corridor over its height.
pub(crate) fn tracks_in_corridor(scene: &Scene<'_>, ways: &mut [Way], corridor: usize) {
    let (top, bottom) = scene.layout.channels.corridors[corridor];
    let mut lines: Vec<Vec<usize>> = Vec::new();
    for index in (0..ways.len()).filter(|&index| ways[index].corridor == Some(corridor)) {
        let shared = lines
            .iter_mut()
            .find(|line| ways[index].bus.is_some() && ways[line[0]].bus == ways[index].bus);
        match shared {
            Some(line) => line.push(index),
            None => lines.push(vec![index]),
        }
    }
    let wish = |way: &Way| match way.lane {
        Lane::Top(place) => top + 2.0 + f32::from(u8::MAX - place) * 0.01 + f32::from(place) * 0.02,
        Lane::Middle(_) => way.port_y.clamp(top + 6.0, bottom - 6.0),
        Lane::Bottom(rank) => bottom - 18.0 - f32::from(rank) * 18.0,
    };
    let class = |way: &Way| match way.lane {
        Lane::Top(_) => 0,
        Lane::Middle(_) => 1,
        Lane::Bottom(_) => 2,
    };
    lines.sort_by(|a, b| {
        let (a, b) = (&ways[a[0]], &ways[b[0]]);
        class(a).cmp(&class(b)).then(wish(a).total_cmp(&wish(b)))
    });
    let mut ys: Vec<f32> = lines.iter().map(|line| wish(&ways[line[0]])).collect();
    let labelled: Vec<bool> = (lines.iter())
        .map(|line| line.iter().any(|&index| ways[index].labelled))
        .collect();
    spread(
        &mut ys,
        &distances(&labelled, bottom - top),
        (top + 11.0, bottom - 6.0),
    );
    for (line, y) in lines.iter().zip(ys) {
        for &index in line {
            ways[index].y = y;
        }
    }
}

/// How far each line of a corridor keeps from the one above it: all alike where that leaves
/// room for words, else more above as many of those with words as possible.
fn distances(labelled: &[bool], height: f32) -> Vec<f32> {
    /// Words and a little air; two lines without words.
    const WORDS: f32 = 17.5;
    const PLAIN: f32 = 9.0;
    let even = ((height - 10.0) / labelled.len().max(1) as f32).min(20.0);
    if even >= WORDS {
        return vec![even; labelled.len()];
    }
    // Better words on some of the lines than on none: the upper ones have them.
    let room = height - 17.0;
    let plain = PLAIN * labelled.len().saturating_sub(1) as f32;
    let mut left = ((room - plain) / (WORDS - PLAIN)).max(0.0) as usize;
    let share = (room / plain.max(1.0)).min(1.0);
    let mut own = |(nth, &words): (usize, &bool)| {
        let roomy = words && nth > 0 && left > 0;
        left -= usize::from(roomy);
        if roomy { WORDS } else { PLAIN * share }
    };
    labelled.iter().enumerate().map(&mut own).collect()
}

/// Moves heights apart, downwards and back up, within limits.
fn spread(ys: &mut [f32], apart: &[f32], (top, bottom): (f32, f32)) {
    let mut least = top;
    for (nth, y) in ys.iter_mut().enumerate() {
        *y = y.max(least);
        least = *y + apart.get(nth + 1).copied().unwrap_or_default();
    }
    let mut most = bottom;
    for (y, apart) in ys.iter_mut().zip(apart).rev() {
        *y = y.min(most);
        most = *y - apart;
    }
}

/// A line whose corridor lies beside its task leaves at the corridor track's own height,
/// if no other line of that task is in the way.
pub(crate) fn straighten(scene: &Scene<'_>, ways: &mut [Way]) {
    for index in 0..ways.len() {
        if ways[index].corridor.is_none() {
            ways[index].y = ways[index].far[0].y;
            continue;
        }
        let Some(place) = scene.layout.task(ways[index].task) else {
            continue;
        };
        let y = ways[index].y;
        let (reach, apart) = if place.brick {
            (GAP, 3.0)
        } else {
            (place.rect.h / 2.0 - 7.0, 9.0)
        };
        let inside = (y - place.rect.center().y).abs() < reach;
        let clear = (0..ways.len()).all(|other| {
            other == index
                || ways[other].task != ways[index].task
                || (ways[other].port_y - y).abs() > apart
        });
        if inside && clear {
            ways[index].port_y = y;
        }
    }
}

/// Gives the vertical parts beside the rail their tracks, as few crossings as possible: of
/// two lines that go down, the upper one turns farther to the right.
pub(crate) fn tracks_in_channel(scene: &Scene<'_>, ways: &mut [Way]) {
    let narrow = scene.layout.stage.size == Size::Narrow;
    let mut order: Vec<usize> = (0..ways.len())
        .filter(|&index| (ways[index].port_y - ways[index].y).abs() > 1.0)
        .collect();
    let rank = |way: &Way| {
        let length = (way.y - way.port_y).abs();
        if narrow {
            -length
        } else if way.y > way.port_y {
            way.port_y
        } else {
            -way.port_y
        }
    };
    order.sort_by(|&a, &b| rank(&ways[a]).total_cmp(&rank(&ways[b])));
    let mut tracks: Vec<Vec<usize>> = Vec::new();
    for index in order {
        let span = |way: &Way| (way.port_y.min(way.y) - 6.0, way.port_y.max(way.y) + 6.0);
        let (low, high) = span(&ways[index]);
        let free = tracks.iter_mut().find(|track| {
            track.iter().all(|&other| {
                let (a, b) = span(&ways[other]);
                let same_bus = ways[other].bus.is_some() && ways[other].bus == ways[index].bus;
                same_bus || high < a || b < low
            })
        });
        match free {
            Some(track) => track.push(index),
            None => tracks.push(vec![index]),
        }
    }
    let (left, right) = scene.layout.channels.rail;
    let gap = ((right - left) / tracks.len().max(1) as f32).min(15.0);
    let count = tracks.len();
    for (nth, track) in tracks.into_iter().enumerate() {
        for index in track {
            ways[index].track_x = if narrow {
                left + gap * (count - 1 - nth) as f32
            } else {
                right - 4.0 - gap * nth as f32
            };
        }
    }
}

/// Lines to memory turn at tracks of their own, the chain's nearest to the vessel.
pub(crate) fn tracks_before_memory(scene: &Scene<'_>, ways: &mut [Way]) {
    if scene.layout.stage.size == Size::Narrow {
        return;
    }
    let memory = scene.layout.memory;
    let mut lines: Vec<Vec<usize>> = Vec::new();
    for index in 0..ways.len() {
        if ways[index].corridor.is_none() || ways[index].far[0].x < memory.x - 4.0 {
            continue;
        }
        let shared = lines
            .iter_mut()
            .find(|line| ways[index].bus.is_some() && ways[line[0]].bus == ways[index].bus);
        match shared {
            Some(line) => line.push(index),
            None => lines.push(vec![index]),
        }
    }
    lines.sort_by_key(|line| ways[line[0]].bus.is_some());
    let (left, right) = scene.layout.channels.memory;
    let gap = ((right - left) / lines.len().max(1) as f32).min(11.0);
    for (nth, line) in lines.into_iter().enumerate() {
        for index in line {
            ways[index].far_x = right - 2.0 - gap * nth as f32;
        }
    }
}
