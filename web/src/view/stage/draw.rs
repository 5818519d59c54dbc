//! Labels, boxes and arrow heads.

use oomscope_picture::geometry::{Font, Point, Rect, number};
use oomscope_picture::picture::{Anchor, Glyph, Label};
use yew::prelude::*;

/// A line of text, moved by so much.
pub(crate) fn label_at(label: &Label, class: &'static str, dx: f32, dy: f32) -> Html {
    let anchor = match label.anchor {
        Anchor::Start => None,
        Anchor::Middle => Some("middle"),
        Anchor::End => Some("end"),
    };
    let classes = classes!(
        class,
        (label.font == Font::Mono).then_some("mono"),
        label.strong.then_some("strong"),
    );
    html! {
        <text x={number(label.at.x + dx)} y={number(label.at.y + dy)} font-size={number(label.size)}
              text-anchor={anchor} class={classes}>{ &label.text }</text>
    }
}

/// A line of text at its place.
pub(crate) fn label(label: &Label, class: &'static str) -> Html {
    label_at(label, class, 0.0, 0.0)
}

/// A box with round corners.
pub(crate) fn rect(rect: Rect, radius: f32, class: &'static str) -> Html {
    html! {
        <rect x={number(rect.x)} y={number(rect.y)} width={number(rect.w.max(0.0))}
              height={number(rect.h.max(0.0))} rx={number(radius)} class={class} />
    }
}

/// The ring around a box that has the focus, is selected, or has just moved.
pub(crate) fn ring(around: Rect, radius: f32) -> Html {
    let wide = Rect::new(
        around.x - 4.0,
        around.y - 4.0,
        around.w + 8.0,
        around.h + 8.0,
    );
    rect(wide, radius + 4.0, "ring")
}

/// A status glyph.
pub(crate) fn glyph(glyph: Glyph, at: Point) -> Html {
    let classes = classes!("glyph", glyph.is_stroke().then_some("stroked"));
    let transform = format!("translate({},{})", number(at.x), number(at.y));
    html! { <path transform={transform} d={glyph.path()} class={classes} /> }
}

/// An arrow head with its tip here, pointing this way.
pub(crate) fn arrow(tip: Point, way: Point) -> Html {
    let (back, side) = (11.0, 5.5);
    let corner = |side: f32| {
        let x = tip.x - way.x * back - way.y * side;
        let y = tip.y - way.y * back + way.x * side;
        format!("{},{}", number(x), number(y))
    };
    let d = format!(
        "M{},{}L{}L{}z",
        number(tip.x),
        number(tip.y),
        corner(side),
        corner(-side)
    );
    html! { <path d={d} class="tip" /> }
}

/// The direction of a line's last part, which is level or upright.
pub(crate) fn heading(points: &[Point]) -> Option<(Point, Point)> {
    let [.., before, last] = points else {
        return None;
    };
    let (dx, dy) = (last.x - before.x, last.y - before.y);
    let way = if dx.abs() > dy.abs() {
        Point::new(dx.signum(), 0.0)
    } else {
        Point::new(0.0, dy.signum())
    };
    Some((*last, way))
}

/// Moves a group by transform alone, so that CSS can slide it.
pub(crate) fn shift(x: f32, y: f32) -> String {
    format!("transform:translate({}px,{}px)", number(x), number(y))
}
