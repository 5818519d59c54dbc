//! The history of free memory and the scrubber, on one axis.

use oomscope_picture::clock;
use oomscope_picture::geometry::{Font, number, text_width};
use oomscope_picture::picture::Anchor;
use oomscope_picture::plot::{Frame, Prim, history};
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use super::{Props, on};
use crate::store::{Action, MarkerAt, Store, View};

/// The step at the right end. A run grows while it is played; the axis grows in a few large
/// leaps instead, so that the past stands still.
pub(crate) fn horizon(len: usize) -> usize {
    let mut end = 24;
    while end < len {
        end += end / 2;
    }
    end
}

/// The diameter of the scrubber's thumb, see tokens.css. Half of it is where step 0 is.
pub(crate) fn thumb(store: &Store) -> f32 {
    match store.view() {
        View::Embed(_) => 16.0,
        View::Full if store.width() < 1100 => 24.0,
        View::Full => 18.0,
    }
}

/// The width of an element, measured when the window changes.
#[hook]
fn use_width(store: &Store) -> (NodeRef, f32) {
    let node = use_node_ref();
    let width = use_state(|| 0.0f32);
    {
        let (node, width) = (node.clone(), width.clone());
        use_effect_with((store.width(), store.height()), move |_| {
            if let Some(element) = node.cast::<Element>() {
                width.set(element.client_width() as f32);
            }
        });
    }
    (node, *width)
}

/// The plot.
#[component]
pub fn Plot(props: &Props) -> Html {
    let store = &props.store;
    let (node, width) = use_width(store);
    let height = plot_height(store);
    let last = horizon(store.len());
    let pad = thumb(store) / 2.0;
    let frame = Frame {
        width,
        height,
        pad_left: pad,
        pad_right: pad,
        last_step: last as u32,
    };
    // While one only looks around, nothing of this changes. The words go above the cursor.
    let body = {
        let store = store.clone();
        let known = (
            store.samples().len(),
            store.samples().last().copied(),
            store.flags().to_vec(),
            frame,
        );
        use_memo(known, move |_| {
            if frame.width < 40.0 {
                return (Html::default(), Html::default());
            }
            let all = history(store.samples(), store.flags(), &store.machine().zone, frame);
            let (words, shapes): (Vec<&Prim>, Vec<&Prim>) =
                (all.iter()).partition(|prim| matches!(prim, Prim::Text { .. }));
            let draw = |prims: Vec<&Prim>| prims.into_iter().map(prim).collect::<Html>();
            (draw(shapes), draw(words))
        })
    };
    let (shapes, said) = (*body).clone();
    let x = pad + (width - 2.0 * pad) * store.cursor() as f32 / last as f32;
    html! {
        <div id="plot" class="plot" ref={node} style={format!("height:{height}px")}>
            <svg viewBox={format!("0 0 {} {height}", width.max(1.0))} role="img" aria-label={words(store)}>
                { shapes }
                <path d={format!("M0,0V{height}")} class="cursor" style={format!("transform:translateX({}px)", number(x))} />
                { said }
            </svg>
        </div>
    }
}

fn plot_height(store: &Store) -> f32 {
    match (store.width(), store.height()) {
        (width, height) if width >= 1100 && height <= 800 => 62.0,
        (width, _) if width >= 1100 => 96.0,
        _ => 84.0,
    }
}

/// The plot for those who cannot see it.
fn words(store: &Store) -> String {
    let zone = &store.machine().zone;
    let at = |pages: u16| u32::from(pages) * u32::from(zone.mb_per_page);
    let least = store
        .samples()
        .iter()
        .map(|sample| sample.free_pages)
        .min()
        .unwrap_or_default();
    format!(
        "Free memory over the run: now {} MB, at least {} MB; watermarks min {} MB, low {} MB, high {} MB",
        at(store.state().free_pages),
        at(least),
        at(zone.min),
        at(zone.low),
        at(zone.high),
    )
}

fn prim(prim: &Prim) -> Html {
    match prim {
        Prim::Path { class, d } => html! { <path class={*class} d={d.clone()} /> },
        Prim::Line {
            class,
            x1,
            y1,
            x2,
            y2,
        } => html! {
            <path class={*class} d={format!("M{},{}L{},{}", number(*x1), number(*y1), number(*x2), number(*y2))} />
        },
        Prim::Rect { class, x, y, w, h } => html! {
            <rect class={*class} x={number(*x)} y={number(*y)} width={number(w.max(0.0))} height={number(h.max(0.0))} />
        },
        Prim::Circle { class, cx, cy, r } => html! {
            <circle class={*class} cx={number(*cx)} cy={number(*cy)} r={number(*r)} />
        },
        Prim::Text {
            class,
            x,
            y,
            anchor,
            size,
            text,
        } => {
            let anchor = match anchor {
                Anchor::Start => None,
                Anchor::Middle => Some("middle"),
                Anchor::End => Some("end"),
            };
            html! {
                <text class={*class} x={number(*x)} y={number(*y)} text-anchor={anchor}
                      font-size={number(size.max(12.0))}>{ text }</text>
            }
        }
    }
}

/// The native slider with the named moments as ticks on its track and words below.
#[component]
pub fn Scrubber(props: &Props) -> Html {
    let Props { store, dispatch } = props;
    let (node, width) = use_width(store);
    let last = horizon(store.len());
    let share = |step: usize| 100.0 * step as f32 / last as f32;
    let seek = {
        let (dispatch, len) = (dispatch.clone(), store.len());
        Callback::from(move |event: InputEvent| {
            let value = event
                .target_dyn_into::<HtmlInputElement>()
                .map(|input| input.value());
            if let Some(step) = value.and_then(|value| value.parse::<usize>().ok()) {
                dispatch.emit(Action::Seek {
                    step: step.min(len),
                });
            }
        })
    };
    let time = clock::seconds(store.time_usec(store.cursor()));
    let spoken = format!("Step {} of {}, {time}", store.cursor(), store.len());
    let track = width - thumb(store);
    // The thumb's middle is half a thumb inside at both ends; so is the ink behind it.
    let done = format!(
        "--done:calc({}px + {} * (100% - {}px))",
        thumb(store) / 2.0,
        share(store.cursor()) / 100.0,
        thumb(store)
    );
    html! {
        <div class="scrub" ref={node}>
            <input id="scrubber" type="range" min="0" max={last.to_string()} step="1"
                   value={store.cursor().to_string()} aria-label="Step" aria-valuetext={spoken}
                   style={done} oninput={seek} />
            <div class="ticks" aria-hidden="true">
                { for store.markers().iter().map(|marker| html! {
                    <i key={marker.id.clone()} class={classes!((marker.step == store.cursor()).then_some("now"))}
                       style={format!("left:{}%", share(marker.step))} />
                }) }
            </div>
            if store.view() == View::Full {
                <div class="markers" role="group" aria-label="Named moments">
                    { for place(store.markers(), store.cursor(), last, track).iter().map(|placed| html! {
                        <button key={placed.marker.id.clone()} type="button"
                                class={classes!((placed.marker.step == store.cursor()).then_some("now"))}
                                style={format!("left:{}px;width:{}px;text-align:{}", number(placed.x), number(placed.width), placed.align)}
                                title={format!("Step {}", placed.marker.step)}
                                onclick={on(dispatch, Action::Seek { step: placed.marker.step })}>
                            { &placed.marker.title }
                        </button>
                    }) }
                </div>
            }
        </div>
    }
}

/// A marker's words at their place.
struct Placed<'a> {
    marker: &'a MarkerAt,
    x: f32,
    width: f32,
    align: &'static str,
}

/// The widths that a marker's words may be cut to where all of them find no room.
const CUT: [f32; 3] = [190.0, 140.0, 96.0];

/// Puts words under ticks so that none overlap: centred where there is room, else to one
/// side, and cut rather than left out. What still finds no room keeps its tick. The one at the
/// cursor goes first.
fn place(markers: &[MarkerAt], cursor: usize, last: usize, track: f32) -> Vec<Placed<'_>> {
    let mut order: Vec<&MarkerAt> = markers.iter().collect();
    order.sort_by_key(|marker| (marker.step != cursor, marker.step == 0));
    let mut placed: Vec<Placed<'_>> = Vec::new();
    let mut crowded = Vec::new();
    for marker in order {
        let tick = track * marker.step as f32 / last.max(1) as f32;
        let width = text_width(&marker.title, 12.5, Font::Sans) + 14.0;
        match free_place(marker, tick, width, track, &placed) {
            Some(found) => placed.push(found),
            None => crowded.push((marker, tick, width)),
        }
    }
    for (marker, tick, width) in crowded {
        let cut = (CUT.iter().filter(|&&cut| cut < width))
            .find_map(|&cut| free_place(marker, tick, cut, track, &placed));
        placed.extend(cut);
    }
    placed.sort_by_key(|placed| placed.marker.step);
    placed
}

/// Where words of this width cover no others, nearest to their tick.
fn free_place<'a>(
    marker: &'a MarkerAt,
    tick: f32,
    width: f32,
    track: f32,
    placed: &[Placed<'_>],
) -> Option<Placed<'a>> {
    const GAP: f32 = 4.0;
    let room = |x: f32| {
        x >= -9.0
            && x + width <= track + 9.0
            && (placed.iter())
                .all(|other| x + width + GAP <= other.x || other.x + other.width + GAP <= x)
    };
    let tries = [
        (tick - width / 2.0, "center"),
        (tick - 8.0, "left"),
        (tick - width + 8.0, "right"),
    ];
    let &(x, align) = tries.iter().find(|(x, _)| room(*x))?;
    Some(Placed {
        marker,
        x,
        width,
        align,
    })
}
