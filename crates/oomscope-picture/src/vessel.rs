//! Memory, to scale: free pages on top, then each address space, then the kernel's own.

use oomscope_model::kernel::{memcontrol, xfs};
use oomscope_model::machine::{Machine, MemcgId, MmId, ProcessId};
use oomscope_model::state::State;

use crate::boxes::label;
use crate::draw::Scene;
use crate::geometry::{Font, Point, Rect, fit, number, text_width};
use crate::layout::Size;
use crate::names;
use crate::picture::{Anchor, Label, Mark, Segment, SegmentKind, Tone, Vessel};
use crate::wait::{Party, Why};

/// A strip at the rim in which the free pages are named even when there are none. It
/// belongs to the free segment and is not part of the scale.
const RIM: f32 = 20.0;

pub(crate) fn vessel(scene: &Scene<'_>) -> Vessel {
    let rect = scene.layout.memory;
    let machine = scene.machine;
    let free = names::megabytes(machine, scene.state.free_pages);
    let total = names::megabytes(machine, machine.zone.total_pages);
    let small = if rect.w < 110.0 { 1.5 } else { 0.0 };
    Vessel {
        rect,
        title: Label {
            strong: true,
            ..label(
                "Memory".to_string(),
                Point::new(rect.x, rect.y - 13.0),
                15.5 - small,
            )
        },
        total: Label {
            anchor: Anchor::End,
            ..label(
                // A slim vessel has room for its name only; readers hear the total.
                if rect.w < 90.0 {
                    String::new()
                } else {
                    total.clone()
                },
                Point::new(rect.right(), rect.y - 13.0),
                13.0 - small,
            )
        },
        segments: segments(scene),
        marks: marks(scene),
        aria: {
            let mut aria = format!("Memory: {free} of {total} free");
            for (index, memcg) in machine.memcgs.iter().enumerate() {
                let level = memcg_level(machine, scene.state, MemcgId(index as u8));
                aria.push_str(&format!("; memory cgroup {}: {level}", memcg.name));
            }
            aria
        },
    }
}

/// How full a memory cgroup is: `12 of 16 MB`.
pub(crate) fn memcg_level(machine: &Machine, state: &State, memcg: MemcgId) -> String {
    let per_page = u32::from(machine.zone.mb_per_page);
    let level = u32::from(memcontrol::level(machine, state, memcg)) * per_page;
    let limit = u32::from(machine.memcg(memcg).limit) * per_page;
    format!("{level} of {limit} MB")
}

/// Where the middle of a segment's left or right edge is, for edges that start there.
pub(crate) fn segment_y(scene: &Scene<'_>, mm: MmId) -> f32 {
    segments(scene)
        .iter()
        .find(|segment| segment.kind == SegmentKind::Mm(mm))
        .map_or(scene.layout.memory.center().y, |segment| {
            segment.rect.y + (segment.rect.h * 0.6).min(segment.rect.h - 4.0).max(0.0)
        })
}

/// Where a request for pages arrives.
pub(crate) fn free_y(scene: &Scene<'_>) -> f32 {
    scene.layout.memory.y + RIM * 0.5
}

fn y_of(scene: &Scene<'_>, pages: u16) -> f32 {
    let rect = scene.layout.memory;
    let total = f32::from(scene.machine.zone.total_pages.max(1));
    rect.y + RIM + (rect.h - RIM) * f32::from(pages) / total
}

fn segments(scene: &Scene<'_>) -> Vec<Segment> {
    let (machine, state) = (scene.machine, scene.state);
    let mut parts = Vec::new();
    let mut depth = state.free_pages;
    for index in 0..machine.mms.len() as u8 {
        let pages = state.mm(MmId(index)).rss();
        parts.push((SegmentKind::Mm(MmId(index)), depth, pages));
        depth += pages;
    }
    let rest = machine.zone.total_pages.saturating_sub(depth);
    parts.push((SegmentKind::Kernel, depth, rest));
    let mut segments = vec![free_segment(scene)];
    segments.extend(parts.into_iter().map(|(kind, depth, pages)| {
        let (top, bottom) = (y_of(scene, depth), y_of(scene, depth + pages));
        let memory = scene.layout.memory;
        segment(
            scene,
            kind,
            pages,
            Rect::new(memory.x, top, memory.w, bottom - top),
        )
    }));
    segments
}

fn free_segment(scene: &Scene<'_>) -> Segment {
    let memory = scene.layout.memory;
    let pages = scene.state.free_pages;
    let level = y_of(scene, pages);
    let short = pages <= scene.machine.zone.min;
    let size = names::megabytes(scene.machine, pages);
    let text = first_fitting([format!("{size} free"), size], memory.w - 20.0);
    let at = Point::new(memory.x + 12.0, memory.y + 15.0);
    Segment {
        id: "segment-free".to_string(),
        kind: SegmentKind::Free,
        rect: Rect::new(memory.x, memory.y, memory.w, level - memory.y),
        name: Some(Label {
            strong: true,
            ..label(fit(&text, memory.w - 20.0, 12.0, Font::Sans), at, 12.0)
        }),
        detail: None,
        tone: if short { Tone::Stuck } else { Tone::Memory },
        on_chain: false,
        pages,
    }
}

fn segment(scene: &Scene<'_>, kind: SegmentKind, pages: u16, rect: Rect) -> Segment {
    let machine = scene.machine;
    let (id, name, victim, on_chain) = match kind {
        SegmentKind::Mm(mm) => (
            format!("segment-mm-{}", mm.0),
            names::mm(machine, mm).to_string(),
            is_victim(scene, mm),
            scene.chain_edges().iter().any(|edge| {
                edge.from == Party::Memory
                    && matches!(edge.why, Why::Pins { mm: pinned, .. } if pinned == mm)
            }),
        ),
        _ => (
            "segment-kernel".to_string(),
            "kernel".to_string(),
            false,
            false,
        ),
    };
    let room = rect.w - 20.0;
    let size = names::megabytes(machine, pages);
    let detail = if victim {
        first_fitting([format!("{size}, victim"), "victim".to_string()], room)
    } else {
        size
    };
    let at = |y: f32| Point::new(rect.x + 12.0, rect.y + y);
    Segment {
        id,
        kind,
        rect,
        name: (rect.h >= 19.0).then(|| label(fit(&name, room, 13.0, Font::Sans), at(15.5), 13.0)),
        detail: (rect.h >= 37.0)
            .then(|| label(fit(&detail, room, 12.0, Font::Sans), at(32.0), 12.0)),
        tone: match (on_chain && scene.is_cycle(), victim) {
            (true, _) => Tone::Stuck,
            (false, true) => Tone::Signal,
            (false, false) => Tone::Neutral,
        },
        on_chain,
        pages,
    }
}

/// The long form if there is room for it. How much it is one sees, too.
fn first_fitting([long, short]: [String; 2], room: f32) -> String {
    if text_width(&long, 12.0, Font::Sans) <= room {
        long
    } else {
        short
    }
}

fn is_victim(scene: &Scene<'_>, mm: MmId) -> bool {
    (0..scene.machine.processes.len() as u8)
        .map(ProcessId)
        .any(|process| {
            let leader = scene.machine.process(process).leader;
            scene.machine.actor(leader).mm == Some(mm)
                && scene.state.is_killed(scene.machine, process)
        })
}

/// The three watermarks at their exact levels; their names keep a distance from each
/// other, with a kink in the line where that moves them.
fn marks(scene: &Scene<'_>) -> Vec<Mark> {
    let zone = &scene.machine.zone;
    let reserved = xfs::reserved(scene.state);
    let memory = scene.layout.memory;
    let mirrored = scene.layout.stage.size == Size::Narrow;
    let (edge, out, anchor) = if mirrored {
        (memory.x, -1.0, Anchor::End)
    } else {
        (memory.right(), 1.0, Anchor::Start)
    };
    let mut below = f32::NEG_INFINITY;
    // Transactions that have reserved pages lift all three; the mark below which nothing of
    // theirs goes stays where it was.
    let lifted = (reserved > 0).then_some(("min+", zone.min + reserved));
    [("min", zone.min)]
        .into_iter()
        .chain(lifted)
        .chain([("low", zone.low + reserved), ("high", zone.high + reserved)])
        .map(|(name, pages)| {
            let level = y_of(scene, pages);
            let text_y = (level + 4.0).max(below + 12.5);
            below = text_y;
            let d = format!(
                "M{},{}H{}L{},{}",
                number(edge - 5.0 * out),
                number(level),
                number(edge + 5.0 * out),
                number(edge + 13.0 * out),
                number(text_y - 4.0)
            );
            let at = Point::new(edge + 17.0 * out, text_y);
            let label = Label {
                anchor,
                ..label(name.to_string(), at, 12.0)
            };
            Mark {
                id: format!("mark-{}", name.replace('+', "-raised")),
                d,
                label,
            }
        })
        .collect()
}
