//! Who holds and who waits.

use oomscope_picture::geometry::number;
use oomscope_picture::picture::Edge;
use yew::prelude::*;

use super::Scene;
use super::draw::{arrow, heading, label};

/// An edge without its words, which are drawn above everything else.
pub(crate) fn edge(scene: &Scene<'_>, edge: &Edge) -> Html {
    let dash = Some(edge.kind.dash()).filter(|dash| !dash.is_empty());
    let classes = classes!(
        "edge",
        edge.tone.class(),
        edge.kind.class(),
        scene.dim(&edge.id),
    );
    let hop = edge.hop.is_some() || edge.double;
    html! {
        <g key={edge.id.clone()} class={classes}>
            <title>{ &edge.words }</title>
            if edge.double {
                <path d={edge.d.clone()} class="line under" stroke-dasharray={dash} />
                <path d={edge.d.clone()} class="line gap" />
            } else {
                <path d={edge.d.clone()} class={classes!("line", hop.then_some("hop"))} stroke-dasharray={dash} />
            }
            if let Some((tip, way)) = heading(&edge.points).filter(|_| edge.arrow) {
                { arrow(tip, way) }
            }
            if let Some(at) = edge.cross {
                <circle cx={number(at.x)} cy={number(at.y)} r="8" class="cross" />
                <path d={format!("M{},{}m-3,-3l6,6m0,-6l-6,6", number(at.x), number(at.y))} class="cross-bars" />
            }
        </g>
    }
}

/// The words and the number of an edge.
pub(crate) fn words(scene: &Scene<'_>, edge: &Edge) -> Html {
    if edge.label.is_none() && edge.hop.is_none() {
        return Html::default();
    }
    let classes = classes!("edge", edge.tone.class(), scene.dim(&edge.id));
    html! {
        <g key={edge.id.clone()} class={classes}>
            if let Some(words) = &edge.label {
                { label(words, "c halo") }
            }
            if let Some(hop) = edge.hop {
                <circle cx={number(hop.at.x)} cy={number(hop.at.y)} r="10.5" class="hop-disc" />
                <text x={number(hop.at.x)} y={number(hop.at.y + 4.5)} font-size="13"
                      text-anchor="middle" class="hop-number">{ hop.number }</text>
            }
        </g>
    }
}
