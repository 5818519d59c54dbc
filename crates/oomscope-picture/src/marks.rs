//! Where the numbered discs and the words of edges go: on the longest horizontal part, as
//! far as possible from boxes, lines and each other.

use crate::boxes::label;
use crate::draw::Scene;
use crate::edges::Draft;
use crate::geometry::{Point, Rect};
use crate::picture::{Edge, HopMark, Label};

/// Radius of a disc.
pub(crate) const HOP_RADIUS: f32 = 10.5;

/// Gives discs and labels their places.
pub(crate) fn place(scene: &Scene<'_>, drafts: &[Draft], edges: &mut [Edge]) {
    let mut taken = obstacles(scene);
    let draft_of = |edge: &Edge| drafts.iter().find(|draft| draft.id == edge.id);
    for index in 0..edges.len() {
        if let Some(number) = draft_of(&edges[index]).and_then(|draft| draft.hop) {
            let at = hop_at(scene, edges, index, &taken);
            taken.push(around(at, HOP_RADIUS + 2.0));
            edges[index].hop = Some(HopMark { number, at });
        }
    }
    for index in 0..edges.len() {
        let Some(draft) = draft_of(&edges[index]).filter(|draft| draft.labelled) else {
            continue;
        };
        let at = |words: &str| label_at(scene, edges, index, words, &taken);
        let label = at(&draft.short).or_else(|| at(first_words(&draft.short)?));
        if let Some(label) = label {
            taken.push(label.bounds());
            edges[index].label = Some(label);
        }
    }
}

/// What an edge says without the reason, for where there is no room for that.
fn first_words(words: &str) -> Option<&str> {
    let parts = [" while ", ": "].map(|at| words.split_once(at));
    parts.into_iter().flatten().map(|(first, _)| first).next()
}

fn obstacles(scene: &Scene<'_>) -> Vec<Rect> {
    let layout = scene.layout;
    let tasks = layout.tasks.iter().map(|place| place.rect);
    let locks = layout
        .locks
        .iter()
        .flat_map(|place| place.slots.iter().copied().chain([place.rect]));
    let title = Rect::new(
        layout.memory.x,
        layout.memory.y - 28.0,
        layout.memory.w,
        22.0,
    );
    let lanes = layout
        .locks
        .iter()
        .filter(|place| place.roomy)
        .filter_map(|place| {
            let last = place.slots.last()?;
            Some(Rect::new(last.x, place.row.y, 96.0, 20.0))
        });
    let numbers = layout.locks.iter().flat_map(|place| {
        place
            .slots
            .iter()
            .map(|slot| Rect::new(slot.center().x - 5.0, slot.bottom(), 10.0, 17.0))
    });
    let strips = layout.strips.iter().map(|place| place.rect);
    tasks
        .chain(strips)
        .chain(locks)
        .chain(lanes)
        .chain(numbers)
        .chain([layout.memory, title])
        .collect()
}

fn around(at: Point, radius: f32) -> Rect {
    Rect::new(at.x - radius, at.y - radius, 2.0 * radius, 2.0 * radius)
}

/// The longest part of a line, horizontal ones preferred, and what is inside of a wall of
/// bricks left out.
fn longest(scene: &Scene<'_>, points: &[Point]) -> (Point, Point) {
    let wall = scene.layout.tasks.iter().filter(|place| place.brick);
    let outside = wall.fold(0.0, |right: f32, place| right.max(place.rect.right()));
    let clear = |pair: &[Point]| {
        let level = (pair[0].y - pair[1].y).abs() < 1.0;
        let out = |point: Point| Point::new(point.x.max(outside), point.y);
        if level {
            [out(pair[0]), out(pair[1])]
        } else {
            [pair[0], pair[1]]
        }
    };
    let weight = |pair: &[Point; 2]| {
        let (dx, dy) = ((pair[0].x - pair[1].x).abs(), (pair[0].y - pair[1].y).abs());
        if dx > dy { dx * 3.0 } else { dy }
    };
    points
        .windows(2)
        .map(clear)
        .max_by(|a, b| weight(a).total_cmp(&weight(b)))
        .map_or((Point::default(), Point::default()), |pair| {
            (pair[0], pair[1])
        })
}

fn along(from: Point, to: Point, share: f32) -> Point {
    Point::new(
        from.x + (to.x - from.x) * share,
        from.y + (to.y - from.y) * share,
    )
}

/// How much of a box other lines run through.
fn crossed(edges: &[Edge], except: usize, area: Rect) -> usize {
    (edges.iter().enumerate())
        .filter(|(index, _)| *index != except)
        .flat_map(|(_, edge)| edge.points.windows(2))
        .filter(|pair| {
            let line = Rect::new(
                pair[0].x.min(pair[1].x) - 1.0,
                pair[0].y.min(pair[1].y) - 1.0,
                (pair[0].x - pair[1].x).abs() + 2.0,
                (pair[0].y - pair[1].y).abs() + 2.0,
            );
            line.overlaps(area)
        })
        .count()
}

/// How often a line turns through a box beside the part that the box belongs to.
fn turns(points: &[Point], area: Rect) -> usize {
    let through = |pair: &&[Point]| {
        let (top, bottom) = (pair[0].y.min(pair[1].y), pair[0].y.max(pair[1].y));
        let upright = (pair[0].x - pair[1].x).abs() < 1.0;
        let line = Rect::new(pair[0].x - 1.0, top, 2.0, bottom - top);
        upright && line.overlaps(area)
    };
    points.windows(2).filter(through).count()
}

fn hop_at(scene: &Scene<'_>, edges: &[Edge], index: usize, taken: &[Rect]) -> Point {
    let (from, to) = longest(scene, &edges[index].points);
    let cost = |share: f32| {
        let area = around(along(from, to, share), HOP_RADIUS + 2.0);
        let boxes = taken.iter().filter(|rect| rect.overlaps(area)).count();
        boxes * 10 + crossed(edges, index, area) * 3
    };
    let shares = [
        0.45, 0.5, 0.4, 0.55, 0.35, 0.6, 0.3, 0.65, 0.25, 0.7, 0.2, 0.8,
    ];
    let best = shares
        .into_iter()
        .min_by_key(|&share| cost(share))
        .unwrap_or(0.5);
    along(from, to, best)
}

/// Above or below a horizontal part, the longest if that has room, beside the disc if there is
/// one; nothing if every place would cover something.
fn label_at(
    scene: &Scene<'_>,
    edges: &[Edge],
    index: usize,
    words: &str,
    taken: &[Rect],
) -> Option<Label> {
    /// How far from the disc to look, on both sides and above and below.
    const STEPS: usize = 18;
    const STEP: f32 = 14.0;
    let edge = &edges[index];
    let first = longest(scene, &edge.points);
    let level = |&(from, to): &(Point, Point)| (from.y - to.y).abs() < 1.0;
    let others = edge.points.windows(2).map(|pair| (pair[0], pair[1]));
    let mut parts: Vec<(Point, Point)> = [first].into_iter().chain(others).collect();
    parts.retain(level);
    let draft = label(words.to_string(), Point::new(0.0, 0.0), 12.5);
    let width = draft.bounds().w;
    let stage = Rect::new(2.0, 0.0, scene.layout.width - 2.0, scene.layout.height);
    let mut best: Option<(usize, Label)> = None;
    for (rest, (from, to)) in parts.into_iter().enumerate() {
        let (left, right) = (from.x.min(to.x), from.x.max(to.x));
        let hop = edge.hop.filter(|hop| (hop.at.y - from.y).abs() < 1.0);
        let near = hop.map_or(left.midpoint(right) - width / 2.0, |hop| hop.at.x + 16.0);
        let before = hop.map_or(near, |hop| hop.at.x - 16.0 - width);
        for place in 0..4 * STEPS {
            let (away, side) = (place / 4, place % 2);
            let x = match place / 2 % 2 {
                0 => near + STEP * away as f32,
                _ => before - STEP * away as f32,
            };
            let dy = [-5.0, 14.0][side];
            let candidate = Label {
                at: Point::new(x, from.y + dy),
                ..draft.clone()
            };
            let area = candidate.bounds();
            let boxes = taken.iter().any(|rect| rect.overlaps(area));
            let beside = area.x < left - 20.0 || area.right() > right + 60.0;
            // Words on top of lines are worse than the number alone.
            let lines = crossed(edges, index, area) + turns(&edge.points, area);
            if boxes || beside || lines > 0 || !stage.contains(area) {
                continue;
            }
            let cost = usize::from(rest > 0) * 8 + place;
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, candidate));
            }
            break;
        }
    }
    best.map(|(_, label)| label)
}
