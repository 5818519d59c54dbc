//! Memory as a vessel whose levels rise and fall by transform alone.

use oomscope_picture::geometry::{Rect, number};
use oomscope_picture::picture::{Segment, SegmentKind, Tone};
use yew::prelude::*;

use super::Scene;
use super::draw::{label, label_at, rect, ring, shift};
use super::tasks::{press, select_by_key};
use crate::store::Selection;

pub(crate) fn vessel(scene: &Scene<'_>) -> Html {
    let memory = &scene.picture.memory;
    let selected = scene.store.selection() == Some(Selection::Memory);
    let classes = classes!(
        "vessel",
        Tone::Memory.class(),
        selected.then_some("selected"),
        scene.dim("memory")
    );
    html! {
        <g key="memory" class={classes} data-memory="" onclick={scene.select(Selection::Memory)}>
            { ring(memory.rect, 9.0) }
            <g aria-hidden="true">
                { label(&memory.title, "") }
                { label(&memory.total, "soft") }
            </g>
            <clipPath id="vessel-glass">{ rect(memory.rect, 9.0, "glass") }</clipPath>
            { rect(memory.rect, 9.0, "glass") }
            <g clip-path="url(#vessel-glass)">
                { for memory.segments.iter().map(|segment| level(memory.rect, segment)) }
            </g>
            { for memory.segments.iter().map(words) }
            { rect(memory.rect, 9.0, "rim") }
            { for memory.marks.iter().map(|mark| html! {
                <g key={mark.id.clone()} aria-hidden="true">
                    <path d={mark.d.clone()} class="mark" />
                    { label(&mark.label, "mark-name") }
                </g>
            }) }
            { press(memory.rect, &memory.aria, selected, select_by_key(scene, Selection::Memory)) }
        </g>
    }
}

/// A part of memory: a box of height one, stretched to its level.
fn level(glass: Rect, segment: &Segment) -> Html {
    let part = match (segment.kind, segment.tone) {
        (SegmentKind::Free, _) => "free",
        (_, Tone::Stuck) => "victim",
        (_, Tone::Signal) => "marked",
        _ => "rest",
    };
    let stretch = format!(
        "transform:translate({}px,{}px) scaleY({})",
        number(segment.rect.x),
        number(segment.rect.y),
        segment.rect.h.max(0.0)
    );
    html! {
        <g key={segment.id.clone()}>
            <rect width={number(glass.w)} height="1" class={classes!("level", "part", part)} style={stretch} />
            <path d={format!("M0,0h{}", number(glass.w))} class="level seam"
                  style={shift(segment.rect.x, segment.rect.y)} />
        </g>
    }
}

fn words(segment: &Segment) -> Html {
    let (dx, dy) = (-segment.rect.x, -segment.rect.y);
    let classes = classes!("words", segment.tone.class());
    let name = if segment.tone == Tone::Neutral {
        ""
    } else {
        "c strong"
    };
    html! {
        <g key={segment.id.clone()} class={classes} aria-hidden="true" style={shift(segment.rect.x, segment.rect.y)}>
            if let Some(text) = &segment.name {
                { label_at(text, name, dx, dy) }
            }
            if let Some(text) = &segment.detail {
                { label_at(text, "soft", dx, dy) }
            }
        </g>
    }
}
