//! The ways that edges take: horizontal parts in the corridors between the rows of locks,
//! vertical parts in the channels beside the rail and before memory, one track each.
//!
//! This is channel routing as circuit boards use it. Boxes never move, so the strips
//! between them are known, and an edge only has to choose its tracks.

use oomscope_model::machine::{LockId, MemcgId, MmId, TaskId};

use crate::draw::Scene;
use crate::edges::Draft;
use crate::geometry::{Point, rounded};
use crate::layout::Size;
use crate::marks;
use crate::picture::{Edge, EdgeKind};
use crate::tracks;
use crate::vessel::{free_y, segment_y};

/// Where an edge starts or ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// Right side of a task.
    Task(TaskId),
    /// Left side of a task.
    TaskLeft(TaskId),
    /// A slot of a lane, 1 is the head.
    Slot(LockId, u8),
    /// Left side of a lock.
    LockSide(LockId),
    /// Top of a lock.
    LockTop(LockId),
    /// Bottom of a lock.
    LockBottom(LockId),
    /// Free memory.
    Free,
    /// An address space in memory.
    Segment(MmId),
    /// A memory cgroup in its strip.
    Memcg(MemcgId),
}

/// Where in its corridor an edge runs.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub(crate) enum Lane {
    /// Close to the row above, at this rank.
    Top(u8),
    /// Anywhere; best at this height.
    Middle(f32),
    /// Close to the row below, at this rank from below.
    Bottom(u8),
}

/// An edge between the rail and something to its right, on its way through a corridor.
pub(crate) struct Way {
    pub(crate) draft: usize,
    pub(crate) task: TaskId,
    /// Corridor, or none if it stays in the rail's channel (memory on a narrow stage).
    pub(crate) corridor: Option<usize>,
    pub(crate) lane: Lane,
    /// Where it leaves the corridor, and the end point there.
    pub(crate) far: Vec<Point>,
    pub(crate) far_x: f32,
    pub(crate) port_y: f32,
    pub(crate) y: f32,
    pub(crate) track_x: f32,
    /// Words are to stand beside it.
    pub(crate) labelled: bool,
    /// Ways of one bus share their tracks.
    pub(crate) bus: Option<EdgeKind>,
}

/// Finds the ways of all drafts.
pub(crate) fn route(scene: &Scene<'_>, drafts: &[Draft]) -> Vec<Edge> {
    let mut ways: Vec<Way> = (drafts.iter().enumerate())
        .filter_map(|(index, draft)| way(scene, index, draft))
        .collect();
    tracks::ports(scene, &mut ways);
    for corridor in 0..scene.layout.channels.corridors.len() {
        tracks::tracks_in_corridor(scene, &mut ways, corridor);
    }
    tracks::straighten(scene, &mut ways);
    tracks::tracks_before_memory(scene, &mut ways);
    tracks::tracks_in_channel(scene, &mut ways);
    let mut lines: Vec<(usize, Vec<Point>)> = ways
        .iter()
        .map(|way| (way.draft, points(scene, way, &drafts[way.draft])))
        .collect();
    lines.extend(gutter(scene, drafts));
    lines.extend(heads(scene, drafts));
    lines.sort_by_key(|line| line.0);
    let mut edges: Vec<Edge> = lines
        .into_iter()
        .map(|(index, points)| edge(&drafts[index], points))
        .collect();
    marks::place(scene, drafts, &mut edges);
    edges
}

fn edge(draft: &Draft, points: Vec<Point>) -> Edge {
    let cross = (draft.kind == EdgeKind::TrylockFailed).then(|| points[points.len() - 1]);
    let tether = matches!(draft.to, End::Slot(..));
    Edge {
        id: draft.id.clone(),
        kind: draft.kind,
        d: rounded(&points, 12.0),
        points,
        words: draft.words.clone(),
        label: None,
        hop: None,
        tone: draft.tone,
        double: draft.double,
        arrow: cross.is_none() && !tether,
        cross,
    }
}

/// The rail's end of an edge, and the rest of its way.
fn way(scene: &Scene<'_>, index: usize, draft: &Draft) -> Option<Way> {
    let layout = scene.layout;
    let (task, other) = match (draft.from, draft.to) {
        (End::Task(task), other) | (other, End::Task(task)) => (task, other),
        _ => return None,
    };
    let home = layout.task(task)?.rect;
    let narrow = layout.stage.size == Size::Narrow;
    let memory = layout.memory;
    let to_memory = |y: f32| {
        if narrow {
            (
                None,
                Lane::Middle(y),
                vec![Point::new(memory.right() + 3.0, y)],
                memory.right(),
            )
        } else {
            let near = nearest_corridor(scene, home.center().y);
            let x = layout.channels.memory.0.midpoint(layout.channels.memory.1);
            (
                Some(near),
                Lane::Middle(home.center().y),
                vec![Point::new(memory.x - 3.0, y)],
                x,
            )
        }
    };
    let (corridor, lane, far, far_x) = match other {
        End::Slot(lock, place) => {
            let at = layout.lock(lock)?;
            let rect = *at.slots.get(usize::from(place) - 1)?;
            let drop = if at.roomy { 20.0 } else { 13.0 };
            let end = Point::new(rect.center().x, rect.bottom() + drop);
            // Farther to the right means farther down, or they would cross.
            let left_by = 20 * (at.columns - 1 - at.column);
            let lane = Lane::Top(u8::MAX - left_by - place);
            (Some(at.line + 1), lane, vec![end], end.x)
        }
        End::LockTop(lock) => {
            let at = layout.lock(lock)?;
            let rect = at.rect;
            let holders: Vec<TaskId> = scene.state.holders(lock).map(|(task, _)| task).collect();
            let rank = holders.iter().position(|holder| *holder == task)? as u8;
            let x = rect.center().x + 10.0 * (f32::from(rank) - (holders.len() as f32 - 1.0) / 2.0);
            let lane = Lane::Bottom(rank + 2 * at.column);
            (Some(at.line), lane, vec![Point::new(x, rect.y)], x)
        }
        End::LockBottom(lock) => {
            let at = layout.lock(lock)?;
            let rect = at.rect;
            let end = Point::new(rect.center().x, rect.bottom() + 12.0);
            (
                Some(at.line + 1),
                Lane::Middle(home.center().y.max(rect.bottom() + 34.0)),
                vec![end],
                end.x,
            )
        }
        End::Memcg(memcg) => {
            let cell = layout.memcg(memcg)?;
            let end = Point::new(cell.x + cell.w * 0.75, cell.y - 2.0);
            let last = layout.channels.corridors.len() - 1;
            (Some(last), Lane::Middle(home.center().y), vec![end], end.x)
        }
        End::Free => to_memory(free_y(scene)),
        End::Segment(mm) => to_memory(segment_y(scene, mm)),
        End::Task(_) | End::TaskLeft(_) | End::LockSide(_) => return None,
    };
    // Lines to memory that are not on the chain run together, so that a crowd of
    // allocators stays one line.
    let bus =
        (matches!(other, End::Free | End::Segment(_)) && draft.hop.is_none() && !draft.labelled)
            .then_some(draft.kind);
    Some(Way {
        draft: index,
        task,
        corridor,
        lane,
        far,
        far_x,
        port_y: 0.0,
        y: 0.0,
        track_x: 0.0,
        labelled: draft.labelled,
        bus,
    })
}

fn nearest_corridor(scene: &Scene<'_>, y: f32) -> usize {
    let corridors = &scene.layout.channels.corridors;
    let distance = |&(top, bottom): &(f32, f32)| (top + 10.0 - y).max(y - bottom + 10.0).max(0.0);
    (0..corridors.len())
        .min_by(|&a, &b| distance(&corridors[a]).total_cmp(&distance(&corridors[b])))
        .unwrap_or(0)
}

/// The corners of a way, from where it starts.
fn points(scene: &Scene<'_>, way: &Way, draft: &Draft) -> Vec<Point> {
    let from_task = matches!(draft.from, End::Task(_));
    let rail = scene
        .layout
        .task(way.task)
        .map_or(0.0, |place| place.rect.right());
    let start = if from_task { rail } else { rail + 2.0 };
    let mut points = vec![Point::new(start, way.port_y)];
    if (way.port_y - way.y).abs() > 1.0 {
        points.push(Point::new(way.track_x, way.port_y));
        points.push(Point::new(way.track_x, way.y));
    }
    let last = way.far[way.far.len() - 1];
    if way.corridor.is_some() {
        points.push(Point::new(way.far_x, way.y));
        if (last.x - way.far_x).abs() > 0.5 {
            points.push(Point::new(way.far_x, last.y));
        }
    }
    points.push(last);
    if !from_task {
        points.reverse();
    }
    points.dedup();
    points
}

/// Completions run left of the rail.
fn gutter(scene: &Scene<'_>, drafts: &[Draft]) -> Vec<(usize, Vec<Point>)> {
    let (left, right) = scene.layout.channels.gutter;
    let all: Vec<(usize, TaskId, TaskId)> = (drafts.iter().enumerate())
        .filter_map(|(index, draft)| match (draft.from, draft.to) {
            (End::TaskLeft(from), End::TaskLeft(to)) => Some((index, from, to)),
            _ => None,
        })
        .collect();
    let gap = ((right - left) / all.len().max(1) as f32).min(5.0);
    let mut lines = Vec::new();
    for (nth, &(index, from, to)) in all.iter().enumerate() {
        let (Some(a), Some(b)) = (scene.layout.task(from), scene.layout.task(to)) else {
            continue;
        };
        let x = right - 4.0 - gap * nth as f32;
        let up = if a.rect.y > b.rect.y { 1.0 } else { -1.0 };
        let off = if a.brick { 3.0 } else { 6.0 } * up;
        let start = Point::new(a.rect.x, a.rect.center().y - off);
        let end = Point::new(b.rect.x - 2.0, b.rect.center().y + off);
        lines.push((
            index,
            vec![start, Point::new(x, start.y), Point::new(x, end.y), end],
        ));
    }
    lines
}

/// The short arrows from the head of a lane to its lock.
fn heads(scene: &Scene<'_>, drafts: &[Draft]) -> Vec<(usize, Vec<Point>)> {
    (drafts.iter().enumerate())
        .filter_map(|(index, draft)| {
            let (End::Slot(lock, _), End::LockSide(_)) = (draft.from, draft.to) else {
                return None;
            };
            let place = scene.layout.lock(lock)?;
            let slot = place.slots.first()?;
            let y = slot.center().y;
            Some((
                index,
                vec![
                    Point::new(slot.right(), y),
                    Point::new(place.rect.x - 2.0, y),
                ],
            ))
        })
        .collect()
}
