//! Strips: what the cast has besides tasks and locks.
//!
//! Cells never move. What is left in one is a level that rises and falls by transform alone,
//! as in the vessel.

use oomscope_picture::geometry::{Point, number};
use oomscope_picture::picture::{Cell, Content, Strip, Tone};
use yew::prelude::*;

use super::Scene;
use super::draw::{arrow, glyph, label, rect};

/// One strip. Readers hear it as one sentence.
pub(crate) fn strip(scene: &Scene<'_>, strip: &Strip) -> Html {
    let classes = classes!("strip", scene.dim(&strip.id));
    html! {
        <g key={strip.id.clone()} class={classes} role="img" aria-label={strip.aria.clone()}>
            <pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <path d="M0,0V7" class="hatch" />
            </pattern>
            { label(&strip.title, "") }
            if let Some(note) = &strip.note {
                { label(note, "soft") }
            }
            { for strip.cells.iter().map(cell) }
            { for strip.links.iter().map(|&(from, to)| link(from, to)) }
        </g>
    }
}

fn cell(cell: &Cell) -> Html {
    let gone = cell.content == Content::Gone;
    let plain = matches!(cell.tone, Tone::Neutral | Tone::Memory);
    // A box of width one, stretched: an empty one stays, so that it can fill again.
    let full = cell.fill();
    let share = if gone { 0.0 } else { full.w.max(0.0) };
    let stretch = format!(
        "transform:translate({}px,{}px) scale({share},1)",
        number(full.x),
        number(full.y)
    );
    let locked = (cell.content == Content::Locked).then_some("hatched");
    html! {
        <g class={classes!("cell", cell.tone.class(), gone.then_some("gone"))}>
            { rect(cell.rect, 6.0, "box") }
            <rect class="level" style={stretch} width="1" height={number(full.h)} />
            if locked.is_some() {
                { rect(full, 5.0, "hatched") }
            }
            if let Some(shape) = cell.glyph {
                { glyph(shape, cell.glyph_at) }
            }
            { label(&cell.name, if gone { "soft" } else { "" }) }
            { label(&cell.detail, if plain { "soft" } else { "c" }) }
        </g>
    }
}

/// The arrow from one cell of a chain to the next.
fn link(from: Point, to: Point) -> Html {
    let (y, end) = (number(from.y), number(to.x - 6.0));
    let d = format!("M{},{y}H{end}", number(from.x));
    html! {
        <g class={classes!("edge", Tone::Neutral.class())}>
            <path d={d} class="line" />
            { arrow(to, Point::new(1.0, 0.0)) }
        </g>
    }
}
